"""Labels in one document: whose page stands where, what is left behind, and what a hostile document may cost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from pypdf.errors import PyPdfError

from middleware.exchange import Sheaf
from middleware.pages import apart, joining
from tests.middleware.pages.documents import (
    ATTACHED,
    AUTHOR,
    SCRIPT,
    active,
    bomb,
    circle,
    document,
    empty_pages,
    encrypted,
    laden,
    texts,
)


def test_pages_stand_in_the_order_of_their_places() -> None:
    made = joining.joined([(document("three"), (2,)), (document("one"), (0,)), (document("two"), (1,))])
    assert texts(made) == ["one", "two", "three"]


def test_a_document_with_a_page_for_each_label_is_taken_apart() -> None:
    together = document("three", "three back", "one", "one back")
    assert texts(joining.joined([(together, (2, 2, 0, 0)), (document("two"), (1,))])) == [
        *("one", "one back", "two", "three", "three back")
    ]


def test_any_other_stays_whole_where_its_first_label_stands() -> None:
    sheet = document("three and one", "for the customs of three")
    made = joining.joined([(sheet, (2, 0, 1)), (document("between"), (1,)), (document("a", "b"), (3,))])
    assert texts(made) == ["between", "three and one", "for the customs of three", "a", "b"]


def test_a_hundred_labels_have_a_hundred_pages() -> None:
    sheaves = [Sheaf(content=document(f"label {99 - place}"), places=(99 - place,)) for place in range(100)]
    made = apart.joined(sheaves)
    assert made is not None
    assert texts(made) == [f"label {place}" for place in range(100)]


def test_what_a_document_does_stays_behind_and_so_does_what_is_not_shown() -> None:
    hostile = active("label")
    traces = (SCRIPT.encode(), ATTACHED, AUTHOR.encode())
    actions = (b"/JavaScript", b"/OpenAction", b"/AA", b"/Annots", b"/Names", b"/AcroForm", b"/EmbeddedFile", b"/Info")
    assert [trace for trace in (*traces, *actions) if trace not in hostile] == []
    made = joining.joined([(hostile, (0,)), (document("another"), (1,))])
    assert [trace for trace in (*traces, *actions) if trace in made] == []
    assert texts(made) == ["label", "another"]


def test_what_hangs_on_a_drawing_and_is_not_drawn_stays_behind() -> None:
    hostile = laden("label")
    traces = (SCRIPT.encode(), ATTACHED, AUTHOR.encode())
    members = (b"/AF", b"/EF", b"/Metadata", b"/PieceInfo", b"/OPI", b"/Ref", b"/Unheard", b"/Properties")
    assert [trace for trace in (*traces, *members) if trace not in hostile] == []
    made = joining.joined([(hostile, (0,))])
    assert [trace for trace in (*traces, *members) if trace in made] == []
    assert texts(made) == ["label"]
    assert (b"/In Do" in made, b"0 0 1 1 re f" in made) == (True, True)


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "no document": lambda: b"",
    "garbage": lambda: b"%PDF-1.7 " + b"\x00\xff<<made up>>" * 1_000,
    "half a document": lambda: document("label")[:300],
    "encrypted": lambda: encrypted("label"),
    "ten thousand pages": lambda: empty_pages(10_000),
    "more pages than a label has": lambda: empty_pages(joining.MOST_PAGES + 1),
    "no page": lambda: empty_pages(0),
    "pages of themselves": circle,
    "a bomb": lambda: bomb(joining.LONGEST_DRAWING // 1024 // 1024 + 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused(name: str) -> None:
    with pytest.raises((joining.UnfitError, PyPdfError)):
        joining.joined([(document("label"), (0,)), (HOSTILE[name](), (1,))])


@contextmanager
def complaints() -> Iterator[int]:
    """The end of a pipe at which all is heard that this process and its children say on standard error."""
    (hearing, saying), before = os.pipe(), os.dup(2)
    os.dup2(saying, 2)
    os.close(saying)
    try:
        yield hearing
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(hearing)


@pytest.mark.parametrize("name", ["garbage", "a bomb"])
def test_the_process_tells_nothing_of_a_hostile_document(name: str) -> None:
    sheaves = [Sheaf(content=document("label"), places=(0,)), Sheaf(content=HOSTILE[name](), places=(1,))]
    with complaints() as hearing:
        assert apart.joined(sheaves) is None
        os.write(2, b"nothing before")
        assert os.read(hearing, 1_000) == b"nothing before"


def test_as_many_pages_as_a_label_has_are_taken() -> None:
    assert len(texts(joining.joined([(empty_pages(joining.MOST_PAGES), (0,))]))) == joining.MOST_PAGES


def test_a_document_that_grows_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "LARGEST", 500)
    with pytest.raises(joining.UnfitError):
        joining.joined([(document("label"), (0,))])


def test_the_process_is_held_to_time_and_memory_and_writes_no_file(tmp_path: Path) -> None:
    script = f"""
import resource, signal
from middleware.pages import joining
joining.bound()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
print([resource.getrlimit(one) for one in (resource.RLIMIT_CPU, resource.RLIMIT_CORE)])
try:
    bytearray(joining.MEMORY_BYTES)
except MemoryError:
    print("no memory")
try:
    with open({str(tmp_path)!r} + "/file", "wb") as file:
        file.write(b"label")
except OSError:
    print("no file")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    seconds = joining.CPU_SECONDS
    assert done.stdout.splitlines() == [f"[({seconds}, {seconds}), (0, 0)]", "no memory", "no file"]


def test_a_process_that_is_not_done_in_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0.001)
    assert apart.joined([Sheaf(content=document("label"), places=(0,))]) is None


def test_the_process_is_given_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "script.py"
    script.write_text("import os\nprint(os.getcwd(), *os.environ)\n", encoding="utf-8")
    monkeypatch.setattr(apart, "_SCRIPT", script)
    monkeypatch.setenv("MADE_UP_SECRET", "4711")
    told = (apart.joined([]) or b"").decode().split()
    assert (told[0], "MADE_UP_SECRET" in told) == ("/", False)
