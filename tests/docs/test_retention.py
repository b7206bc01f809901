"""docs/retention.md: its script tells of each part of a backup whether a key that is left opens it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from middleware.core import seal
from middleware.retention_keys import KeyRing, PublicKeys
from tests.docs.reading import DOCS

TEXT = (DOCS / "retention.md").read_text(encoding="utf-8")
KIDS = ("recipient.delivery/vp.recipient.operational/2027-12", "sender.contact/vp.sender.legal/2036-11")
GONE, LEFT = "no key that is left opens it", "opens"


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the script prints, run in the working directory."""
    (script,) = re.findall(r"^cat > opens.py <<'END'\n(.*?)^END\n", TEXT, re.M | re.S)
    exec(compile(script, "opens.py", "exec"), {})  # noqa: S102 - the document's own, as it stands
    return sorted(capsys.readouterr().out.splitlines())


def backed_up(folder: Path) -> KeyRing:
    ring = KeyRing(folder / "keys")
    ring.provision(set(KIDS))
    known = PublicKeys(folder / "keys").known()
    with closing(sqlite3.connect(folder / "backup.db")) as database:
        database.execute("CREATE TABLE copies (jwe TEXT)")
        tokens = [(seal.sealed_to(kid, "r1", b"{}".ljust(256), known[kid]),) for kid in KIDS]
        database.executemany("INSERT INTO copies VALUES (?)", tokens)
        database.commit()
    return ring


@pytest.mark.parametrize(
    ("end", "recipient"), [(lambda ring: None, LEFT), (lambda ring: ring.destroy(KIDS[0]), GONE)], ids=[LEFT, GONE]
)
def test_its_script_tells_what_a_backup_still_opens(
    end: Callable[[KeyRing], None],
    recipient: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir(mode=0o700)
    end(backed_up(tmp_path / "var"))
    assert said(capsys) == [f"r1 recipient.delivery {recipient}", f"r1 sender.contact {LEFT}"]
    assert all(f"{part}: {word}" in TEXT for part, word in (("recipient.delivery", GONE), ("sender.contact", LEFT)))


def test_keys_are_provisioned_after_the_clock_is_turned() -> None:
    walk = TEXT.partition("## Turn the clock")[2]
    assert walk.index("_clock") < walk.rindex("parcelveil keys provision") < walk.index("parcelveil keys destroy")
