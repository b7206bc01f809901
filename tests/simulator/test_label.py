from __future__ import annotations

import io
from pathlib import Path

import pypdf
import pytest

from simulator.label import Label, printable, render
from simulator.label_reader import read_label
from tests.simulator.bench import DELIVERY, Client, Json, Sealer


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def label(client: Client, sealer: Sealer, delivery: Json, **parcel: object) -> list[str]:
    client.post(sealer.shipment("r-1", {"recipient.delivery": delivery}, **parcel))
    answer = client.get("/shipments/r-1/label")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "no-store"
    return [line for line in read(answer.content).pages[0].extract_text().splitlines() if line]


def test_a_label_tells_the_driver_what_is_needed(client: Client, sealer: Sealer) -> None:
    lines = label(client, sealer, {**DELIVERY, "company": "Verzinsel & Co"})
    barcode = client.get("/shipments/r-1").json()["barcode"]
    assert lines == [
        "Lotte Verzinsel",
        "Verzinsel & Co",
        "Verzonnenlaan 12 / 3",
        "2e verdieping",
        "1000 Brussel",
        "BE",
        "SPECIMEN",
        "K7Q2M",
        barcode,
    ]


def test_a_label_for_a_pickup_point_shows_the_point_and_not_the_home(client: Client, sealer: Sealer) -> None:
    lines = label(client, sealer, DELIVERY, pickup_point="PUP-2000-01")
    assert lines[:5] == [
        "Lotte Verzinsel",
        "PUP-2000-01 Dagwinkel Schelde",
        "Denkbeeldige Kaai 44",
        "2000 Antwerpen",
        "BE",
    ]
    assert not any("Verzonnenlaan" in line for line in lines)


def test_a_label_is_one_a6_page_whose_metadata_tell_nothing(client: Client, sealer: Sealer) -> None:
    label(client, sealer, DELIVERY)
    document = read(client.get("/shipments/r-1/label").content)
    assert len(document.pages) == 1
    width, height = (float(side) / 72 * 25.4 for side in document.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (105, 148)
    told = " ".join(str(value) for value in (document.metadata or {}).values())
    assert "Label" in told
    for personal in ("Lotte", "Verzonnenlaan", "verdieping", "Brussel", "K7Q2M", "3232", "r-1"):
        assert personal not in told


@pytest.mark.parametrize("pickup_point", [None, "PUP-2000-01"])
def test_every_label_says_across_its_width_that_it_is_a_specimen(
    client: Client, sealer: Sealer, pickup_point: str | None
) -> None:
    label(client, sealer, {**DELIVERY, "company": "Verzinsel"}, pickup_point=pickup_point)
    drawing = read_label(client.get("/shipments/r-1/label").content)
    (marked,) = [text for text in drawing.texts if text.text == "SPECIMEN"]
    assert marked.size >= 3 * max(text.size for text in drawing.texts if text is not marked)
    others = [text.y for text in drawing.texts if text is not marked]
    assert not [y for y in others if marked.y - 10 < y < marked.y + 0.72 * marked.size]  # nothing is drawn over it
    assert not [bar for bar in drawing.bars if bar.y + bar.height > marked.y]


def test_a_barcode_is_drawn(client: Client, sealer: Sealer) -> None:
    with_bars = render(Label(lines=("A",), reference="B", barcode="323200000000000000001030"))
    content = read(with_bars).pages[0].get_contents()
    assert content is not None
    assert content.get_data().count(b" re") > 40


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Zoé Müller-Ŵ €5", "Zoé Müller-W €5"),
        ("Ελένη", "Eleni"),
        ("Юлия", "Yuliya"),
        ("架空", "JiaKong"),
        ("Cafe\u0301", "Café"),
        ("a\u202eb\u200bc\x00d", "abcd"),
        (" two\n lines\t", "two lines"),
    ],
)
def test_what_the_font_lacks_is_transliterated(text: str, printed: str) -> None:
    assert printable(text) == printed


def test_names_in_other_scripts_are_on_the_label(client: Client, sealer: Sealer) -> None:
    lines = label(client, sealer, {"name": "Ελένη Zoé", "street": "Οδός", "number": "3", "locality": "Αθήνα"})
    assert lines[:3] == ["Eleni Zoé", "Odos 3", "1000 Athina"]


def test_a_long_line_shrinks_and_then_is_cut(client: Client, sealer: Sealer, tmp_path: Path) -> None:
    lines = label(client, sealer, {"name": "N" * 45, "street": "W" * 200, "locality": "Gent"})
    assert lines[0] == "N" * 45
    assert 20 < len(lines[1]) < 100
    assert set(lines[1]) == {"W"}


def test_no_label_rests_on_the_disk(client: Client, sealer: Sealer, tmp_path: Path) -> None:
    label(client, sealer, DELIVERY)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"r-1" in stored
    assert b"%PDF" not in stored
