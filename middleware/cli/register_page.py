"""The record of processing activities as a page: plain words beside codes, what is open told once for a pack."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from middleware.cli import words
from middleware.cli.common import harmless
from middleware.core.register import CONTROLLER, MANDATORY, PROCESSOR, Entry

COLUMNS = tuple(entry.name for entry in fields(Entry))
DUTCH = frozenset(("lia_note", "ground"))
"""Cells that quote the policy's own text, where it has one."""

_TITLES = {
    CONTROLLER: "Register of the controller (Article 30(1))",
    PROCESSOR: "Register of the processor (Article 30(2))",
}
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:0 0 2rem}th,td{border:1px solid #bbb;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{width:14rem;font-weight:600}th.must{color:#b00020}"
    "ul{margin:0;padding-left:1.1rem}code{color:#555;font-size:.85em}"
)
_DUTCH_WORDS = re.compile(r"\b(?:de|het|een|van|voor|worden|die|alsook|tijdens)\b")
_BASIS = re.compile(r"A6-1-([a-f])")
_OPEN = "open_points"


def page(found: Sequence[Entry]) -> Iterator[str]:
    """The lines of the page."""
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Record of processing activities</title>'
    yield f"<style>{_STYLE}</style></head><body><h1>Record of processing activities</h1>"
    yield "<p>Made from the policy packs. Red: what Article 30 itself asks for. not_stated: the policy is silent.</p>"
    kinds = {kind: [entry for entry in found if entry.register == (kind,)] for kind in _TITLES}
    yield from _contents(kinds)
    for kind, entries in kinds.items():
        yield f'<h2 id="{kind}">{_TITLES[kind]}</h2>'
        for entry in entries:
            yield from _activity(entry)
    yield from _open_points(found)
    yield "</body></html>"


def title(entry: Entry) -> str:
    """What an activity is called: its purpose, and of whose data; the operator's has a name of its own."""
    if entry.record_id[0].endswith("/parcelveil"):
        return entry.activity[0]
    return f"{entry.purpose[0]}: {', '.join(entry.subject_category)}"


def _contents(kinds: Mapping[str, Sequence[Entry]]) -> Iterator[str]:
    yield "<nav><ul>"
    for kind, entries in kinds.items():
        told = "".join(f"<li>{_link(_place(entry), title(entry), entry.pack[0])}</li>" for entry in entries)
        yield f"<li>{_link(kind, _TITLES[kind])}<ul>{told}</ul></li>"
    yield f"<li>{_link(_OPEN, 'Open points')}</li></ul></nav>"


def _link(place: str, text: str, beside: str = "") -> str:
    code = f" <code>{_safe(beside)}</code>" if beside else ""
    return f'<a href="#{html.escape(place)}">{_safe(text)}</a>{code}'


def _place(entry: Entry) -> str:
    return re.sub(r"[^\w-]+", "-", entry.record_id[0])


def _activity(entry: Entry) -> Iterator[str]:
    yield f'<h3 id="{_place(entry)}">{_safe(title(entry))}</h3><table>'
    for name in COLUMNS:
        mark = ' class="must"' if name in MANDATORY else ""
        cell = _items([_cell(name, value) for value in getattr(entry, name)])
        if name == _OPEN:
            cell = _link(f"{_OPEN}-{entry.pack[0]}", f"{len(entry.open_points)}, of the whole pack")
        yield f'<tr><th scope="row"{mark}>{name.replace("_", " ")}</th><td>{cell}</td></tr>'
    yield "</table>"


def _open_points(found: Sequence[Entry]) -> Iterator[str]:
    """Once for each pack, for they are the same for all of its activities."""
    yield f'<h2 id="{_OPEN}">Open points</h2>'
    for pack, points in {entry.pack[0]: entry.open_points for entry in found}.items():
        yield f'<h3 id="{_OPEN}-{html.escape(pack)}">{_safe(pack)}</h3>{_items([_safe(point) for point in points])}'


def _cell(name: str, value: str) -> str:
    who, colon, rest = value.partition(": ")
    if name in DUTCH and _DUTCH_WORDS.search(rest if name == "ground" else value):
        before, quoted = (f"{_safe(who)}: ", rest) if name == "ground" and colon else ("", value)
        return f'{before}<q lang="nl">{_safe(quoted)}</q>'
    plain = _plain(name, rest if colon else value)
    if plain is None:
        return _safe(value)
    return f"{_safe(f'{who}: ') if colon else ''}{_safe(plain)} <code>{_safe(rest if colon else value)}</code>"


def _plain(name: str, code: str) -> str | None:
    """A code in plain words, None of what is none."""
    if name == "legal_basis" and (letter := _BASIS.fullmatch(code)):
        return f"Art. 6(1)({letter[1]}) GDPR: {words.BASES[code]}"
    if name == "duration" and re.fullmatch(r"P\d+[YMD]", code):
        return words.duration(code)
    if name in ("trigger", "duration"):
        return words.EVENTS.get(code)
    return "as the general policy says" if code == "per_general_policy" else None


def _safe(text: str) -> str:
    return html.escape(harmless(text))


def _items(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"<ul>{''.join(f'<li>{value}</li>' for value in values)}</ul>"
