from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from middleware.demo import screen
from middleware.demo.carriers import PLATFORM
from middleware.demo.orders import made_up
from middleware.demo.story import Chapter
from simulator.judge import judge
from simulator.verdict import Finding, Verdict
from tests.demo.bench import sound
from tests.demo.chapters import chapters

WELL = Verdict(promise="nothing-left", sentence="Nothing is left.", checked=3, basis="3 parts", findings=())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Chapter, ...]:
    return chapters(tmp_path_factory.mktemp("orders"))


def console(width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False)


def shown(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("verbose", [False, True])
def test_everything_fits(told: tuple[Chapter, ...], width: int, verbose: bool) -> None:
    out = console(width)
    screen.opening(out, 23, PLATFORM.words)
    screen.chapters(out, told, verbose)
    screen.verdicts(out, judge(sound()), PLATFORM.words.promised)
    screen.closing(out, judge(sound()), "demo-report.html")
    assert max(len(line) for line in shown(out).splitlines()) <= width
    assert "…" not in shown(out)


def test_the_first_sentence_says_what_goes_on() -> None:
    out = console()
    screen.opening(out, 23, PLATFORM.words)
    assert words(shown(out)).startswith("Parcelveil stands between a webshop and a parcel platform:")


@pytest.mark.parametrize("judged", [True, False])
def test_that_months_pass_is_said_where_they_do(judged: bool) -> None:
    out = console()
    screen.opening(out, 23, PLATFORM.words, judged=judged)
    assert ("thirteen months pass" in shown(out), "left running" in shown(out)) == (judged, not judged)


def test_a_block_says_what_was_kept_sealed_used_indexed_removed_and_tagged(told: tuple[Chapter, ...]) -> None:
    out = console(100)
    screen.chapters(out, told[:1], verbose=False)
    text = words(shown(out))
    assert text.startswith("01-domestic-full accepted")
    for part in (
        "in clear postal code, country",
        "sealed recipient.delivery: name, company, street, number, box, locality",
        "recipient.notification: email, language",
        "sender.contact: who sends, from the settings of the shop",
        "arrived ledger entry 1, code 7K3MW-9Q2XA: opened recipient.delivery, sender.contact; label printed",
    ):
        assert part in text
    assert re.search(r"tagged vp.recipient.operational, label_created \d{4}-\d\d-\d\d → \d{4}-\d\d-\d\d", text)
    assert re.search(r"tagged vp.sender.legal, label_created \d{4}-\d\d-\d\d → \d{4}-\d\d-\d\d", text)
    assert re.search(r"used \d+ paths: read to decide", text)
    assert re.search(r"indexed \d+ paths: keyed digests", text)
    assert re.search(r"removed \d+ paths: \d+ payment", text)
    assert "free_text free text can say anything of anybody" in text


def test_what_did_not_arrive_is_told(told: tuple[Chapter, ...]) -> None:
    out = console(100)
    screen.chapters(out, told, verbose=False)
    text = words(shown(out))
    assert "07-digital-only ignored: nothing_to_ship" in text
    assert text.count("arrived nothing") == 2


def test_verbose_names_every_path(told: tuple[Chapter, ...]) -> None:
    short, long = console(100), console(100)
    screen.chapters(short, told[:1], verbose=False)
    screen.chapters(long, told[:1], verbose=True)
    inspection = told[0].inspection
    paths = {
        *(entry["path"] for entry in inspection["kept"]),
        *inspection["used"],
        *inspection["index"],
        *(removal["path"] for removal in inspection["removed"]),
    }
    squeezed = "".join(shown(long).split())
    assert len(paths) > 300
    assert [path for path in paths if path not in squeezed] == []
    assert "billing_address.address1" not in shown(short)


def test_no_value_of_an_order_is_shown(told: tuple[Chapter, ...]) -> None:
    out = console(100)
    screen.chapters(out, told, verbose=True)
    text = shown(out)
    for value in ("Lieselot", "Kersenpitstraat", "192.0.2.44", "aanbellen", "Krelis", "<script", "\x1b", "\u202e"):
        assert value not in text


def test_verdicts_are_told_with_their_evidence() -> None:
    findings = tuple(Finding(what=f"{number}.json: note", where=f"ledger entry {number}") for number in range(6))
    ill = Verdict(promise="nothing-leaked", sentence="Nothing leaks.", checked=9, basis="9 texts", findings=findings)
    out = console(100)
    screen.verdicts(out, (WELL, ill), "What was promised")
    screen.closing(out, (WELL, ill), "[bold]page.html")
    text = words(shown(out))
    assert text.startswith("What was promised kept nothing-left: Nothing is left. 3 parts")
    assert "BROKEN nothing-leaked: Nothing leaks. 9 texts 0.json: note — ledger entry 0" in text
    assert "… and 2 more" in text
    assert "1 of 2 promises broken: nothing-leaked." in text
    assert text.endswith("[bold]page.html")


def test_the_last_line_when_all_is_well() -> None:
    out = console()
    screen.closing(out, (WELL,), "page.html")
    assert shown(out).startswith("All 1 promises kept.")


def test_the_made_up_orders_are_found_where_the_package_has_them() -> None:
    orders = made_up()
    folder = Path(__file__).parents[2] / "examples" / "orders"
    assert [order.file for order in orders] == sorted(path.name for path in folder.glob("[0-9][0-9]-*.json"))
    assert all(order.body == (folder / order.file).read_bytes() and order.why for order in orders)
    assert {order.status for order in orders} == {"accepted", "ignored", "rejected"}
