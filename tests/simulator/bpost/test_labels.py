"""What a label shows, in its three forms."""

from __future__ import annotations

import base64
import io
from itertools import pairwise
from typing import Any

import pytest
from lxml import etree
from PIL import Image
from pypdf import PdfReader

from simulator.bpost.printing import png
from simulator.label import Label
from simulator.label_reader import read_label
from tests.simulator.bpost.bench import Asker, accepted, media


def documents(bpost: Asker, line: str) -> list[bytes]:
    root = etree.fromstring(bpost.ask(line).body)
    return [base64.b64decode(node.text or "") for node in root.iter("{*}bytes")]


def test_a_label_shows_the_addressee_and_that_it_is_a_specimen(bpost: Asker) -> None:
    bpost.take("at-home-all")
    (document,) = documents(bpost, "GET /orders/Made%20up%20%2F%201/labels/A6 pdf-v3.4")
    lines = [text.text for text in read_label(document).texts]
    assert lines == [
        "Lotte Verzinsel",
        "Verzonnenlaan 12 / 3",
        "1000 Brussel",
        "BE",
        "bpack 24h Pro",
        "none",
        "SPECIMEN",
        "Made up / 1",
        "323212345600000000001030",
    ]


def test_a_printer_gets_the_reference_that_the_shop_added(bpost: Asker) -> None:
    bpost.take("at-home-all")
    code = etree.fromstring(bpost.ask("GET /orders/Made%20up%20%2F%201/labels/A6 zpl-v5").body).findtext(
        ".//{*}zplCode"
    )
    assert code is not None
    assert "^FDnone^FS" in code


def test_a_label_for_a_point_shows_the_point(bpost: Asker) -> None:
    bpost.take("at-bpost")
    (document,) = documents(bpost, "GET /orders/R-2/labels/A6 pdf-v3.4")
    lines = [text.text for text in read_label(document).texts]
    assert lines[:4] == ["Zoé Dupont-Imaginaire", "Verzinsel", "Boekhandel De Vlieger", "Verzonnenstraat 12"]


def test_the_second_page_goes_back_to_the_sender(bpost: Asker) -> None:
    bpost.take("at-home-all")
    (document,) = documents(bpost, "GET /orders/Made%20up%20%2F%201/labels/A6/withReturnLabels pdf-v3.4")
    outward, back = (page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)
    assert "Lotte Verzinsel" in outward
    assert "323212345600000000001030" in outward
    assert "Winkel Verzinsel" in back
    assert "323212345600000000001050" in back
    assert "Lotte" not in back


@pytest.mark.parametrize(("sheet", "size"), [("A6", (105, 148)), ("A4", (210, 297))])
def test_a_sheet_has_its_size(bpost: Asker, sheet: str, size: tuple[int, int]) -> None:
    bpost.take("at-home")
    (document,) = documents(bpost, f"GET /orders/R-1/labels/{sheet} pdf-v3.4")
    box: Any = PdfReader(io.BytesIO(document)).pages[0].mediabox
    assert tuple(round(float(side) / 72 * 25.4) for side in box[2:]) == size
    drawing = read_label(document)
    assert min(text.y for text in drawing.texts) > drawing.height - 420  # in the upper quarter, points
    assert max(bar.x + bar.width for bar in drawing.bars) < 298


def test_many_labels_in_one_document_have_a_page_each(bpost: Asker) -> None:
    bpost.turn({"many-labels": "together"})
    bpost.take("at-24-7")
    (document,) = documents(bpost, "GET /orders/R-3/labels/A6/withReturnLabels pdf-v3.4")
    assert len(PdfReader(io.BytesIO(document)).pages) == 4


def test_many_pictures_stand_beneath_each_other(bpost: Asker) -> None:
    bpost.turn({"many-labels": "together"})
    bpost.take("at-24-7")
    (document,) = documents(bpost, "GET /orders/R-3/labels/A6 image-v3.4")
    assert Image.open(io.BytesIO(document)).size == (839, 2 * 1183)


@pytest.mark.parametrize(("sheet", "size"), [("A6", (839, 1183)), ("A4", (1678, 2366))])
def test_a_picture_has_bars_where_a_printer_wants_them(bpost: Asker, sheet: str, size: tuple[int, int]) -> None:
    bpost.take("at-home")
    (document,) = documents(bpost, f"GET /orders/R-1/labels/{sheet} image-v3.4")
    picture = Image.open(io.BytesIO(document))
    assert (picture.format, picture.size) == ("PNG", size)
    row = [picture.getpixel((x, 900)) for x in range(839)]
    edges = sum(1 for left, right in pairwise(row) if left != right)
    assert edges == 2 * (3 * (2 + 12) + 4)  # Code 128: three bars a symbol (start, 12 pairs, check), four for the stop


def test_a_picture_has_letters_that_are_not_english() -> None:
    labels = [Label(lines=(letter,), reference="R", barcode="CD121033378BE") for letter in "éèçßŒ€"]
    assert len({png([label], "A6") for label in labels}) == len(labels)  # not one empty frame for all of them


def test_a_command_in_a_name_does_not_reach_the_printer(bpost: Asker) -> None:
    order = accepted("at-home").replace(b"Lotte Verzinsel", b"Lotte ^XZ~JR_5E")
    answer = bpost.send("POST", "/orders", order, content_type=media("order-v5"))
    assert answer.status == 201
    code = etree.fromstring(bpost.ask("GET /orders/R-1/labels/A6 zpl-v5").body).findtext(".//{*}zplCode")
    assert code is not None
    assert "^FDLotte _5EXZ_7EJR_5F5E^FS" in code
    assert code.count("^XZ") == 1
