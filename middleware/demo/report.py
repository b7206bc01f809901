"""The page: the verdicts, then each order with what came in beside what went out. One file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence

from middleware.demo.came_in import came_in
from middleware.demo.carriers import Words
from middleware.demo.later_page import PLACE, second_act
from middleware.demo.later_screen import NOT_PLAYED
from middleware.demo.later_story import Told
from middleware.demo.marks import Marks, arrived_texts
from middleware.demo.markup import Html, tag
from middleware.demo.screen import OPENING
from middleware.demo.story import Chapter, tags
from middleware.demo.style import CSS
from middleware.demo.went_out import went_out
from schemas.known import REASONS
from simulator.verdict import Verdict

TITLE = "Parcelveil: what came in, what went out"

LEGEND = (
    ("clear", "clear", "kept in the clear: a fact that the route or the price needs"),
    ("used", "used", "read to decide something, then gone"),
    ("index", "indexed", "known again by a keyed digest; of the newest version the time stands beside it"),
    ("removed", "removed", "never left the intake; the reason stands beside it"),
)


def page(told: Sequence[Chapter], later: Told | None, said: Sequence[Verdict], words: Words) -> str:
    """The whole page; ``later`` is the second act, if it was played, ``said`` are the verdicts on all acts, and
    ``words`` what the carrier has them said.
    """
    digest = base64.b64encode(hashlib.sha256(CSS.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", TITLE),
        tag("style", Html(CSS)),
    )
    acts = [*(_chapter(chapter, words) for chapter in told), *([second_act(later)] if later else [])]
    body = tag("body", _top(told, later, said, words), tag("main", *acts))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _top(told: Sequence[Chapter], later: Told | None, said: Sequence[Verdict], words: Words) -> Html:
    broken = sum(not verdict.kept for verdict in said)
    end = f"{broken} of {len(said)} promises broken" if broken else f"All {len(said)} promises kept"
    deliveries = sum(len(chapter.statuses) for chapter in told)
    return tag(
        "header",
        tag("h1", TITLE),
        tag("p", OPENING),
        tag(
            "p",
            f"{len(told)} made-up orders, sent in {deliveries} signed deliveries by a simulated Shopify shop; all "
            "people, streets and companies are invented. The verdicts come from a judge that asks Parcelveil nothing: "
            "it goes by the platform's ledger, by what the platform could open, and by raw bytes.",
            class_="note",
        ),
        tag("p", end, class_=f"summary {'broken' if broken else 'kept'}"),
        "" if later else tag("p", NOT_PLAYED, class_="note"),
        tag("ul", *(_verdict(verdict) for verdict in said), class_="promises"),
        tag(
            "div",
            *(cell for row in (("sealed", "sealed", words.sealed), *LEGEND) for cell in _explained(*row)),
            class_="legend",
        ),
        tag(
            "nav",
            *(tag("a", chapter.title, href=f"#{chapter.title}") for chapter in told),
            tag("a", "the second act", href=f"#{PLACE}") if later else "",
            aria_label="Orders",
        ),
    )


def _verdict(verdict: Verdict) -> Html:
    kind = "kept" if verdict.kept else "broken"
    return tag(
        "li",
        tag("b", kind if verdict.kept else "BROKEN", class_=kind),
        " ",
        tag("code", verdict.promise),
        f" {verdict.sentence}",
        tag("div", verdict.basis),
        tag("ul", *(tag("li", finding) for finding in verdict.findings)) if verdict.findings else "",
    )


def _explained(kind: str, word: str, meaning: str) -> tuple[Html, Html]:
    return tag("span", tag("span", word, class_="why"), class_=kind), tag("span", meaning)


def _chapter(chapter: Chapter, words: Words) -> Html:
    kind = "kept" if chapter.inspection["status"] == "accepted" else "note"
    out = [went_out(*shipment, words.seen) for shipment in chapter.shipments] or [tag("p", "Nothing.", class_="note")]
    marks = Marks(chapter.inspection, arrived_texts(chapter.shipments))
    statuses = ", ".join(str(status or "no answer") for status in chapter.statuses)
    return tag(
        "section",
        tag("header", tag("h2", chapter.title), tag("span", chapter.verdict, class_=kind)),
        tag("p", chapter.order.why),
        tag(
            "div",
            tag(
                "div",
                tag("h3", "What came in"),
                tag("p", f"The shop was answered {statuses}.", class_="note"),
                came_in(json.loads(chapter.order.body), marks),
                _reasons(chapter),
            ),
            tag("div", tag("h3", "What went out"), _tags(chapter), *out),
            class_="columns",
        ),
        id=chapter.title,
    )


def _reasons(chapter: Chapter) -> Html:
    rows = [
        tag("tr", tag("td", count), tag("td", name), tag("td", REASONS[name]))
        for name, count in chapter.reasons.most_common()
    ]
    if not rows:
        return Html("")
    head = tag("tr", tag("th", "paths"), tag("th", "removed as"), tag("th", "because"))
    return tag("div", tag("table", head, *rows), class_="scroll")


def _tags(chapter: Chapter) -> Html:
    rows = [
        tag(
            "tr",
            *(tag("td", cell) for cell in (", ".join(parts), class_)),
            tag("td", f"{trigger.replace('_', ' ')} ", tag("span", starts, class_="day")),
            tag("td", until, class_="day"),
        )
        for (class_, trigger, starts, until), parts in tags(chapter).items()
    ]
    if not rows:
        return Html("")
    head = tag("tr", *(tag("th", name) for name in ("part", "retention class", "from", "last permitted day")))
    return tag("div", tag("table", head, *rows), class_="scroll")
