"""What bpost was told, and what it gave a box itself, are told apart on the terminal and on the page."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from middleware.demo import screen
from middleware.demo.carriers import BPOST_SHM
from middleware.demo.went_out import went_out
from simulator.evidence import Shipment
from tests.demo.bench import post, shipment
from tests.demo.chapters import chapters

TOLD = (
    ("nationalBox/atHome/product", "bpack 24h Pro"),
    ("nationalBox/atHome/options/infoNextDay/@language", "NL"),
    ("nationalBox/atHome/options/saturdayDelivery", ""),
    ("nationalBox/atHome/receiver/address/box", "14"),
)
GIVEN = (("barcode", "323212345600000000001030"), ("status", "PRINTED"))


def box(*elements: tuple[str, str]) -> Shipment:
    one = shipment("r-1", {"recipient.delivery": {"name": "Lotte Verzonnen"}})
    return replace(one, elements=elements)


def page(one: Shipment) -> str:
    return str(went_out(one, post(1, b"<order/>"), {}, BPOST_SHM.words.seen))


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ((*TOLD, *GIVEN), "bpost was told product, language, saturdayDelivery, box; it gave the box barcode, status;"),
        (TOLD, "bpost was told product, language, saturdayDelivery, box; label printed"),
    ],
)
def test_on_the_terminal(elements: tuple[tuple[str, str], ...], said: str, tmp_path: Path) -> None:
    (chapter,) = [one for one in chapters(tmp_path) if one.title == "01-domestic-full"]
    (_, entry, body), *_ = chapter.shipments
    out = Console(file=io.StringIO(), width=100)
    screen.chapters(out, [replace(chapter, shipments=((box(*elements), entry, body),))], verbose=False)
    assert isinstance(out.file, io.StringIO)
    assert said in " ".join(out.file.getvalue().split())


def test_on_the_page() -> None:
    whole = page(box(*TOLD, *GIVEN))
    asked, _, answered = whole.partition("What bpost gave the box, and tells of it")
    assert "What bpost was told, element by element" in asked
    assert [path for path, _ in TOLD if path not in asked or path in answered] == []
    assert [path for path, text in GIVEN if f">{text}<" in asked or f">{text}<" not in answered] == []
    assert "What bpost gave" not in page(box(*TOLD))
