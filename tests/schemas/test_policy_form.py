"""The form of a pack's file is held, and the file itself must be readable: one clear line for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import SchemaFault
from schemas.policy_loader import load, load_file
from tests.schemas.broken_pack import TEXT, fault


def _row(name: str) -> str:
    """The rows of one named table of the pack, to be changed."""
    start = TEXT.index(f"[{name}]")
    return TEXT[start : TEXT.index("\n\n", start)]


def test_the_pack_unchanged_is_good(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(TEXT, encoding="utf-8")
    assert load_file(path) == load("bpost-shipping-platform")
    assert load_file(str(path)).id == "bpost-shipping-platform"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('version = "1.0.0"', 'verison = "1.0.0"', "verison: unknown key; correct its spelling or remove it"),
        ('id = "bpost-shipping-platform"\n', "", "id: missing; add it"),
        ('version = "1.0.0"', 'version = "1"', "version: must look like '1.0.0'"),
        ('version = "1.0.0"', "version = 1", "version: must be a text in quotes"),
        ('version = "1.0.0"', 'version = ""', "version: empty; give it a value"),
        ('language = "nl"', 'language = "n\\nl"', "language: must be one line, without control characters"),
        ("retrieved_on = 2026-11-22", 'retrieved_on = "2026-11-22"', "retrieved_on: must be a date such as 2026-01-31"),
        ("retrieved_on = 2026-11-22", "retrieved_on = 2026-11-22T10:00:00", "retrieved_on: must be a date"),
        ('"publication"', '"some day"', "effective_from: must be 'publication' or a date"),
        ('country = "BE"', 'country = "Belgium"', "controller.country: must be an ISO 3166 code"),
        ('kind = "post"', 'kind = "pigeon"', "controller.channels[row 2].kind: must be one of web_form, post"),
        ("plugin = true", 'plugin = "yes"', "account_types.professional.plugin: must be true or false"),
        ("plugin = true", "plugin = 1", "account_types.professional.plugin: must be true or false"),
        ('covers = ["account.credential"]', "covers = []", "categories[row 1].covers: empty; give it a value"),
        ('default = "drop"', 'default = "maybe"', "categories[row 1].default: must be one of keep, drop"),
        ('covers = ["account.credential"]', 'covers = "x"', "categories[row 1].covers: must be a list of texts"),
        ('unless = "notify"', 'unless = "on_a_whim"', "categories[row 16].unless: must be one of notify, notify_email"),
        ('basis = "A6-1-b"', 'basis = "A6-1-z"', "bases.professional.basis: must be one of A6-1-a, A6-1-b"),
        ('["dpv:DeliveryOfGoods"]', '["DeliveryOfGoods"]', "purposes.label_and_delivery.iris[row 1]: must look like"),
        (
            'duration = "P13M"',
            'duration = "13 months"',
            'retention."vp.recipient.operational".duration: must look like',
        ),
        ('duration = "P13M"', 'duration = "P"', 'retention."vp.recipient.operational".duration: must look like'),
        ('trigger = "received"', 'trigger = "whenever"', 'retention."pv.index".trigger: must be one of label_created'),
        ("[parts.index]", '[parts."a b"]', 'parts."a b": not a name: letters and digits'),
        ("[parts.index]", "[parts.index]\nsecret = true", "parts.index.secret: unknown key"),
        ("[reads_with]", "[[reads_with]]", "reads_with: must be a table"),
        (
            'ref = "0§8 L183"',
            'ref = "page 3"',
            "interpretations.recipient_clock.clause.ref: must look like '0§8 L181-184'",
        ),
        ('ids = ["VP-SCO-2", "VP-PRE-1"]', "ids = []", "reads_with.clause.ids: empty; give it a value"),
        ('ids = ["VP-SCO-2", "VP-PRE-1"]', 'ids = ["x"]', "reads_with.clause.ids[row 1]: must look like 'VP-RET-4'"),
    ],
)
def test_the_form_is_held(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert fault(tmp_path, old, new).startswith(f"own.toml: {line}")


def test_an_unknown_key_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    for row in (line for line in TEXT.splitlines() if line.startswith("[")):
        assert "zzz: unknown key; correct its spelling or remove it" in fault(tmp_path, f"{row}\n", f"{row}\nzzz = 1\n")


def test_a_list_of_tables_is_not_a_table(tmp_path: Path) -> None:
    old = TEXT[TEXT.index("[[transfers]]") : TEXT.index("# ---- Retention")]
    assert fault(tmp_path, old, "[transfers]\nx = 1\n\n") == "own.toml: transfers: must be a list of tables"
    assert fault(tmp_path, old, "[[transfers]]\nx = 1\n\n").startswith("own.toml: transfers[row 1].")


@pytest.mark.parametrize(
    "row",
    [
        'retention."vp.recipient.operational"',
        'retention."pv.inbox"',
        'parts."recipient.delivery"',
        "purposes.label_and_delivery",
        "bases.recipient",
        "levels.Optimaal",
        "topics.art22",
        "account_types.guest",
    ],
)
def test_a_row_without_a_clause_is_refused(tmp_path: Path, row: str) -> None:
    old = _row(row)
    new = "\n".join(line for line in old.splitlines() if not line.startswith("clause"))
    assert fault(tmp_path, old, new) == f"own.toml: {row}.clause: missing; add it"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(SchemaFault) as refused:
        load_file(path)
    assert (
        str(refused.value) == f"{path}: cannot be read (No such file or directory); check the path and its permissions"
    )


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("id = \n", encoding="utf-8")
    with pytest.raises(SchemaFault, match=r"^own\.toml: not TOML: .*line 1, column 6\); correct that line$"):
        load_file(path)


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b'id = "\xe9"\n')
    with pytest.raises(SchemaFault, match=r"^own\.toml: byte 6 is not UTF-8; save the file as UTF-8$"):
        load_file(path)


def test_an_unknown_pack_is_refused_without_repeating_its_name() -> None:
    with pytest.raises(SchemaFault) as refused:
        load("../../etc/passwd")
    assert "passwd" not in str(refused.value)
    assert "bpost-shipping-platform" in str(refused.value)


def test_no_fault_carries_what_marshmallow_read(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(TEXT.replace('version = "1.0.0"', "version = 1", 1), encoding="utf-8")
    with pytest.raises(SchemaFault) as refused:
        load_file(path)
    chain: BaseException | None = refused.value
    while chain is not None:
        assert isinstance(chain, SchemaFault)
        chain = chain.__cause__ or chain.__context__
