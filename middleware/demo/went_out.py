"""The right side of the page: what the platform got, what it could open of it, and the label that it printed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from middleware.demo.markup import Html, joined, tag
from simulator.bpost.elements import sides
from simulator.evidence import Entry, Shipment
from simulator.label_reader import Drawing, read_label

START = 20
"""Characters that are shown of a sealed part or receipt."""


def went_out(shipment: Shipment, entry: Entry, body: Mapping[str, Any], seen: str) -> Html:
    """One shipment. ``seen`` stands over what the platform could read of it."""
    return tag(
        "div",
        tag("p", f"Ledger entry {entry.seq}: POST {entry.path}, answered {entry.status}. ", class_="note"),
        *([] if shipment.elements else [tag("div", _body(body, ""), class_="json")]),
        tag("h4", seen),
        *(_elements(shipment) if shipment.elements else map(_opened, shipment.parts, shipment.parts.values())),
        *(tag("p", f"{name} could not be opened.", class_="broken") for name in shipment.unreadable),
        tag("h4", "The label that it printed"),
        label(shipment.label),
    )


def _body(value: object, name: str) -> Html:
    if isinstance(value, (dict, list)) and value:
        members = value.items() if isinstance(value, dict) else enumerate(value)
        inner = tag("div", *(_body(inner, str(key)) for key, inner in members), class_="in")
        return joined((tag("div", tag("span", name, class_="k"), class_="l"), inner)) if name else inner
    kind, text = ("sealed", _short(value)) if _token(value) else ("plain", json.dumps(value, ensure_ascii=False))
    return tag("div", tag("span", name, class_="k"), " ", tag("bdi", text, class_="v"), class_=f"l {kind}")


def _token(value: object) -> bool:
    return isinstance(value, str) and value.count(".") in (2, 4) and len(value) > 4 * START


def _short(value: object) -> str:
    text = str(value)
    name = "JWE, sealed" if text.count(".") == 4 else "JWS, the signed receipt"
    return f"{text[:START]}… ({name}, {len(text):,} characters)"


def _opened(name: str, content: Mapping[str, Any]) -> Html:
    items = content.get("items")
    rows = items if isinstance(items, list) else [content]
    return tag(
        "dl",
        tag("dt", name),
        *(tag("dd", *(_member(key, value) for key, value in row.items())) for row in rows),
    )


def _elements(shipment: Shipment) -> Iterator[Html]:
    """An element without a text says something by being there."""
    told, given = sides(shipment.elements)
    yield tag("dl", *(tag("dd", _member(path, text or "(there)")) for path, text in told))
    if given:
        yield tag("h4", "What bpost gave the box, and tells of it")
        yield tag("dl", *(tag("dd", _member(path, text)) for path, text in given))


def _member(name: str, value: object) -> Html:
    return tag("div", tag("span", name, class_="k"), " ", tag("bdi", value, class_="v"))


def label(pdf: bytes) -> Html:
    """A label as a picture, drawn from its PDF, which hangs beside it."""
    try:
        drawing = read_label(pdf)
    except ValueError:
        return tag("p", "There is none that can be read.", class_="broken")
    document = f"data:application/pdf;base64,{base64.b64encode(pdf).decode('ascii')}"
    link = tag("a", "the PDF itself", href=document, download="label.pdf")
    return tag("figure", _picture(drawing), tag("figcaption", "Drawn from the platform's PDF: ", link))


def _picture(drawing: Drawing) -> Html:
    lines = [
        tag("text", text.text, x=f"{text.x:.2f}", y=f"{drawing.height - text.y:.2f}", font_size=f"{text.size:g}")
        for text in drawing.texts
    ]
    bars = [
        tag(
            "rect",
            x=f"{bar.x:.2f}",
            y=f"{drawing.height - bar.y - bar.height:.2f}",
            width=f"{bar.width:.2f}",
            height=f"{bar.height:.2f}",
        )
        for bar in drawing.bars
    ]
    box = f"0 0 {drawing.width:.2f} {drawing.height:.2f}"
    return tag("svg", *lines, *bars, viewBox=box, role="img", aria_label="parcel label", class_="label")
