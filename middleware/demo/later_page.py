"""The second act on the page."""

from __future__ import annotations

from middleware.demo.later import Scene
from middleware.demo.later_story import Count, Pair, Told
from middleware.demo.markup import Html, tag

PLACE = "thirteen-months"
"""Where it stands on the page."""


def second_act(told: Told) -> Html:
    """Scenes with their commands, then what was where, order by order."""
    return tag(
        "section",
        tag("header", tag("h2", told.words.second_opening)),
        tag("p", told.words.turned),
        *(_scene(scene) for scene in told.scenes),
        tag("h3", "What was where"),
        tag("div", _table(told), class_="scroll"),
        tag("p", told.words.explained, class_="note"),
        id=PLACE,
    )


def _scene(scene: Scene) -> Html:
    return tag(
        "div",
        tag("h3", f"{scene.at:%Y-%m-%d %H:%M}"),
        tag("p", scene.what),
        *(
            tag("div", tag("b", typed.line), tag("div", typed.said, class_="said"), class_="json")
            for typed in scene.typed
        ),
    )


def _table(told: Told) -> Html:
    days = tag(
        "tr", tag("th", "order"), *(tag("th", tag("div", day), tag("div", place)) for day, place in told.columns)
    )
    return tag("table", days, *(tag("tr", tag("td", row.title), *map(_cell, row.cells)) for row in told.rows))


def _cell(cell: Pair | Count) -> Html:
    return tag("td", cell, class_="kept" if cell.well else "broken")
