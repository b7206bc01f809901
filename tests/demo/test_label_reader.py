from __future__ import annotations

from itertools import pairwise

import pytest

from simulator.label import Label, render
from simulator.label_reader import read_label

NAME = "Anaïs (d'Ôr) \\ Œillet €"


def printed(*lines: str) -> bytes:
    return render(Label(lines=lines, reference="7K3MW-9Q2XA", barcode="323200000000000000001030"))


def test_every_printed_line_is_read_in_order() -> None:
    drawing = read_label(printed(NAME, "Kersenpitlaan 128", "9000 Gent"))
    assert [text.text for text in drawing.texts] == [
        NAME,
        "Kersenpitlaan 128",
        "9000 Gent",
        "SPECIMEN",
        "7K3MW-9Q2XA",
        "323200000000000000001030",
    ]


def test_lines_and_bars_stand_on_the_page() -> None:
    drawing = read_label(printed("Liva Brandsteeg"))
    assert (round(drawing.width), round(drawing.height)) == (298, 420)
    assert len(drawing.bars) > 40
    assert all(bar.x > 0 and bar.x + bar.width < drawing.width and bar.height > 50 for bar in drawing.bars)
    assert all(0 < text.x < drawing.width and 0 < text.y < drawing.height and text.size > 5 for text in drawing.texts)
    assert [text.y for text in drawing.texts] == sorted((text.y for text in drawing.texts), reverse=True)


def test_bars_do_not_touch() -> None:
    bars = read_label(printed("Liva Brandsteeg")).bars
    assert all(left.x + left.width < right.x for left, right in pairwise(bars))


@pytest.mark.parametrize("change", [b"", b"nothing", b"%PDF-1.3\n", None])
def test_what_is_no_label_is_refused(change: bytes | None) -> None:
    pdf = printed("Liva Brandsteeg")
    with pytest.raises(ValueError, match=r"^label$"):
        read_label(pdf.replace(b"Gat", b"}}}", 1) if change is None else change)
