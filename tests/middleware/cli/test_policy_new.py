"""``policy new``: a pack to begin with, of which lint tells what is still to be said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from middleware import bootstrap
from middleware.core.calendar import today
from middleware.core.permitting import PLUGIN, refusals
from schemas import shopify
from schemas.allowlist import categories
from schemas.order import Sender, catalogue
from schemas.policy_lint import lint
from schemas.policy_loader import check_fields, load_file, names
from tests.middleware.cli.bench import refused, run

UNSAID = ["controller.name", "controller.address", "controller.country", "text_sha256", "bases.delivery"]


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Path:
    monkeypatch.chdir(folder)
    result = run("policy", "new", "my-shop", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    file = folder / (words[1] if words else "my-shop.toml")
    assert result.stdout == f"{file.name} is written. Next: parcelveil policy lint {file.name}\n"
    return file


def test_it_is_a_pack_of_that_name_and_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = load_file(made(tmp_path, monkeypatch))
    assert (policy.id, policy.retrieved_on) == ("my-shop", today(bootstrap.system_clock()))
    assert load_file(made(tmp_path, monkeypatch, "--output", "other.toml")).id == "my-shop"


def test_lint_tells_what_is_still_to_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made(tmp_path, monkeypatch)
    result = run("policy", "lint", str(file), "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [row["where"] for row in found if row["level"] == "error"] == UNSAID
    assert {'retention."own.recipient"', "topics.art22"} <= {row["where"] for row in found}


def test_without_a_basis_it_permits_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made(tmp_path, monkeypatch)
    asked = ("policy", "ask", str(file), "--purpose", "label_and_delivery", "--account-type", "professional")
    for subject in ("recipient", "sender"):
        said = run(*asked, "--subject", subject, "--lane", "plugin")
        assert (said.exit_code, said.stdout.splitlines()[0]) == (1, "Refused: the policy gives no basis for it.")
    assert {refusal.reason for _, refusal in refusals(load_file(file), "professional", PLUGIN)} == {"basis_unspecified"}
    (row,) = [line for line in run("policy", "show", str(file)).stdout.splitlines() if "making labels and del" in line]
    assert ("not stated" in row, "another controller" in row) == (True, False)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('basis = "not_stated"', 'basis = "A6-1-f"'), encoding="utf-8")
    assert run(*asked, "--subject", "recipient", "--lane", "plugin").exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('\nname = "not_stated"', '\nname = "Verzonnen BV"', "controller.name"),
        (
            'legal_form = "not_stated"\naddress = "not_stated"',
            'legal_form = "bv"\naddress = "Gent"',
            "controller.address",
        ),
        ('country = "not_stated"', 'country = "NL"', "controller.country"),
        ("0" * 64, "0" * 63 + "1", "text_sha256"),
        ('basis = "not_stated"', 'basis = "A6-1-f"', "bases.delivery"),
    ],
)
def test_what_is_said_is_lacking_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, where: str
) -> None:
    file = made(tmp_path, monkeypatch)
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    text = text.replace(old, new)
    if where == "controller.name":  # who answers for the data is named alike
        text = text.replace('controller = "not_stated"', 'controller = "Verzonnen BV"')
    file.write_text(text, encoding="utf-8")
    errors = [finding.where for finding in lint(load_file(file)) if finding.level == "error"]
    assert errors == [place for place in UNSAID if place != where]


def test_it_has_a_place_for_everything_that_is_read_of_a_webshop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_file(made(tmp_path, monkeypatch))
    check_fields(policy, catalogue())
    check_fields(policy, categories(shopify.SHAPE, dict(catalogue())))
    check_fields(policy, ((f"sender.{path}", category) for path, category in catalogue(Sender)))
    assert all(policy.retention[part.retention].duration == "P30D" for part in policy.parts.values() if part.sealed)


def test_a_file_that_exists_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made(tmp_path, monkeypatch)
    file.write_text("mine", encoding="utf-8")
    line = refused(run("policy", "new", "my-shop"), 2)
    assert line == "my-shop.toml: exists already; name another file with --output"
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["my shop", 'x"\nid = "y', "../x", ""])
def test_what_is_no_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(run("policy", "new", name), 2)
    assert line.endswith("not a name: letters and digits, with . _ - between them")
    assert not list(tmp_path.rglob("*.toml"))


@pytest.mark.parametrize("name", names())
def test_a_name_that_comes_with_the_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(run("policy", "new", name), 2)
    assert line == f"{name}: a pack of this name comes with Parcelveil; choose another"
