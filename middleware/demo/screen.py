"""What the terminal shows: a block for each order, then the promises and the verdicts on them. Paths, never values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from middleware.demo.carriers import Words
from middleware.demo.story import Chapter, tags
from schemas.known import DOUBTS, REASONS
from simulator.bpost.elements import sides
from simulator.evidence import Shipment
from simulator.verdict import Verdict

WIDEST = 100
SHOWN = 4
"""How many pieces of evidence are printed for a broken promise; the page has them all."""

FROM_SETTINGS = "who sends, from the settings of the shop"

OPENING = (
    "Parcelveil stands between a webshop and a parcel platform: of every order it lets pass what the parcel needs, "
    "seals what is personal in it, tags it with how long it may be kept, and leaves the rest behind."
)


def console() -> Console:
    """Standard output, never wider than can be read."""
    out = Console(highlight=False)
    out.width = min(out.width, WIDEST)
    return out


def opening(out: Console, orders: int, words: Words, *, judged: bool = True) -> None:
    """The first words; where nothing is judged, everything is left running and no month passes."""
    then = "Then thirteen months pass." if judged else "Everything is left running; nothing is judged."
    out.print(Text(OPENING, style="bold"))
    out.print(
        f"\nHere a simulated Shopify shop signs and sends {orders} made-up orders, one of them twice, over real HTTP. "
        f"{words.opens} {then}\n"
    )


def chapters(out: Console, told: Sequence[Chapter], verbose: bool) -> None:
    """A block for each order, then what the reasons mean."""
    for chapter in told:
        out.print(_heading(chapter))
        out.print(_block(chapter, verbose))
        out.print()
    used = sorted({reason for chapter in told for reason in (*chapter.reasons, *chapter.doubts)})
    table = Table(
        title="Why something is removed, or unclear", title_style="bold", title_justify="left", box=None, pad_edge=False
    )
    table.add_column(style="yellow")
    table.add_column()
    table.show_header = False
    for reason in used:
        table.add_row(reason, Text(REASONS.get(reason) or DOUBTS[reason]))
    out.print(table)
    out.print()


def _heading(chapter: Chapter) -> Text:
    colour = {"accepted": "green", "rejected": "red"}.get(chapter.inspection["status"], "yellow")
    return Text.assemble((chapter.title, "bold"), "  ", (chapter.verdict, colour), "\n", (chapter.order.why, "italic"))


def _block(chapter: Chapter, verbose: bool) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=9, style="dim")
    grid.add_column(overflow="fold")
    if chapter.clear:
        grid.add_row("in clear", Text(", ".join(chapter.clear), style="green"))
    for label, text in _sealed(chapter):
        grid.add_row(label, text)
    if verbose:
        _paths(grid, chapter)
    else:
        _counts(grid, chapter)
    if chapter.doubts:
        told = ", ".join(f"{count} {reason}" for reason, count in chapter.doubts.most_common())
        grid.add_row("unclear", Text(f"{chapter.doubts.total()} paths: {told}"))
    grid.add_row("arrived", _arrived(chapter))
    return grid


def _sealed(chapter: Chapter) -> Iterable[tuple[str, Text]]:
    for (class_, trigger, starts, until), parts in tags(chapter).items():
        for part in parts:
            names = FROM_SETTINGS if part == "sender.contact" else ", ".join(chapter.sealed[part])
            yield "sealed" if part == parts[0] else "", Text(f"{part}: {names}", style="cyan")
        yield "tagged", Text(f"{class_}, {trigger} {starts} → {until}")


def _counts(grid: Table, chapter: Chapter) -> None:
    for label, paths in (("used", chapter.inspection["used"]), ("indexed", chapter.inspection["index"])):
        if paths:
            note = (
                "read to decide, then gone" if label == "used" else "keyed digests, and the time of the newest version"
            )
            grid.add_row(label, f"{len(paths)} {'path' if len(paths) == 1 else 'paths'}: {note}")
    reasons = chapter.reasons
    if reasons:
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        grid.add_row("removed", Text(f"{sum(reasons.values())} paths: {told}", style="yellow"))


def _paths(grid: Table, chapter: Chapter) -> None:
    kept = [f"{entry['path']} → {entry['part']}: {entry['target']}" for entry in chapter.inspection["kept"]]
    for label, paths in (
        ("kept", kept),
        ("used", chapter.inspection["used"]),
        ("indexed", chapter.inspection["index"]),
    ):
        if paths:
            grid.add_row(label, Text("\n".join(paths)))
    removed = sorted(chapter.inspection["removed"], key=lambda removal: str(removal["reason"]))
    for reason, group in groupby(removed, key=lambda removal: str(removal["reason"])):
        paths = [str(removal["path"]) for removal in group]
        grid.add_row("removed", Text(f"{reason}: {REASONS[reason]}", style="yellow"))
        grid.add_row("", Text(", ".join(paths)))


def _arrived(chapter: Chapter) -> Text:
    if not chapter.shipments:
        return Text("nothing", style="red" if chapter.inspection["status"] == "accepted" else "")
    lines = []
    for shipment, entry, body in chapter.shipments:
        label = "label printed" if shipment.label else "no label"
        code = body.get("parcel", {}).get("reference")
        lines.append(f"ledger entry {entry.seq}, code {code}: {_read(shipment)}; {label}")
    return Text("\n".join(lines))


def _read(shipment: Shipment) -> str:
    if shipment.elements:
        told, given = (_names(elements) for elements in sides(shipment.elements))
        return f"bpost was told {told}; it gave the box {given}" if given else f"bpost was told {told}"
    return f"opened {', '.join(shipment.parts) or 'nothing'}"


def _names(elements: Iterable[tuple[str, str]]) -> str:
    return ", ".join(dict.fromkeys(path.rpartition("/")[2].removeprefix("@") for path, _ in elements))


def verdicts(out: Console, said: Sequence[Verdict], title: str) -> None:
    """The promises, each with its verdict and what it rests on, or the evidence against it."""
    out.print(Text(title, "bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for verdict in said:
        mark = Text("kept  ", "green") if verdict.kept else Text("BROKEN", "bold red")
        table.add_row(mark, Text.assemble((f"{verdict.promise}: ", "bold"), verdict.sentence))
        table.add_row("", Text(verdict.basis, "dim"))
        for finding in verdict.findings[:SHOWN]:
            table.add_row("", Text(str(finding), "red"))
        if len(verdict.findings) > SHOWN:
            table.add_row("", Text(f"… and {len(verdict.findings) - SHOWN} more", "red"))
    out.print(table)
    out.print()


def closing(out: Console, said: Sequence[Verdict], page: str) -> None:
    """The last lines."""
    broken = [verdict.promise for verdict in said if not verdict.kept]
    end = (
        f"{len(broken)} of {len(said)} promises broken: {', '.join(broken)}."
        if broken
        else f"All {len(said)} promises kept."
    )
    out.print(Text(end, "bold red" if broken else "bold green"))
    out.print(f"The same to look at, with the labels: {escape(page)}", soft_wrap=True)
