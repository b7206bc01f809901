"""The documents say what the code does: tables, links, commands, settings, names. None of it is taken on trust."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from middleware import __version__
from middleware.cli import root
from middleware.core.lifecycle import Step
from middleware.demo.orders import made_up
from middleware.demo.story import Chapter
from middleware.model import Reason, State, Status
from middleware.storage.tables import metadata
from middleware.tracking import Next
from middleware.web.openapi import description
from schemas.known import REASONS
from schemas.order import catalogue
from schemas.policy_loader import load
from schemas.shopify import SHAPE
from scripts import tables
from tests.docs.reading import ARCHITECTURE, DOCS, OPERATIONS, README, TREE, rows

OURS = [
    README,
    *(TREE / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(DOCS.rglob("*.md")),
    TREE / "examples" / "plug-in" / "README.md",
]
ORDERS = TREE / "examples" / "orders"
PACK = load(tables.PACK)

LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:\.ci|docs|examples|middleware|schemas|scripts|simulator|tests)/[\w./-]*)`")
FORBIDDEN = re.compile(
    r"/work\b|/root\b|/home/\w|shared/|\bsession|\bhelper|\bagent\b|\bissue #?\d|\bbriefs?\b|\bTODO\b|\bFIXME\b", re.I
)


def name_of(path: Path) -> str:
    return str(path.relative_to(TREE))


every_document = pytest.mark.parametrize("path", OURS, ids=name_of)


# ---- The table -----------------------------------------------------------------------------------------------------


def test_the_table_in_the_readme_is_the_one_that_the_schemas_make() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == tables.written(text, tables.tables(PACK)), "python -m scripts.tables --write"


@pytest.mark.parametrize("text", ["", tables.BEGIN, tables.END + tables.BEGIN, (tables.BEGIN + tables.END) * 2])
def test_a_readme_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        tables.written(text, "table")


def inspected(files: Iterable[Path], *options: str) -> list[dict[str, Any]]:
    """What ``inspect --json`` tells of orders, under the demo's settings."""
    asked = ["inspect", "--platform", "shopify", "--pickup-attribute", "pickup_point", "--json", *options]
    told: list[dict[str, Any]] = json.loads(CliRunner().invoke(root, [*asked, *map(str, files)]).stdout)
    return told


def changed(folder: Path, name: str, **shipping_address: str | None) -> Path:
    """A made-up order whose lines tell no current quantity, with other members of its address."""
    order = json.loads((ORDERS / name).read_text(encoding="utf-8"))
    order["shipping_address"] |= shipping_address
    for line in order["line_items"]:
        line.pop("current_quantity", None)
    file = folder / name
    file.write_text(json.dumps(order), encoding="utf-8")
    return file


def test_the_table_names_all_that_the_line_keeps_and_nothing_else(tmp_path: Path) -> None:
    orders = [
        *ORDERS.glob("[0-9]*.json"),
        changed(tmp_path, "03-outside-eu.json", first_name=None, last_name=None),
        changed(tmp_path, "19-netherlands.json", phone=None),
        changed(tmp_path, "02-minimal.json", address1="Hazelaardreef 7 bus 3, achterhuis"),
        changed(tmp_path, "04-gift.json", address1="Pruimelaarhof", address2="19 bus 3"),
    ]
    told = [result for notify in ("email", "sms") for result in inspected(orders, "--notify", notify)]
    kept = {(entry["path"].replace("[]", ""), entry["target"]) for result in told for entry in result["kept"]}
    travels = {path for path, category in catalogue() if not PACK.part_of(category).keyed}
    filled = tables.sources(tuple(tables.places(SHAPE)))
    named = {(place, target) for target in set(filled) & travels for place in filled[target]}
    assert named - {("note_attributes.name", "parcel.pickup_point")} == kept


@pytest.mark.parametrize("notify", ["email", "sms"])
@pytest.mark.parametrize("paid_by", ["billing_address", "customer"])
def test_what_passes_for_the_payer_alone_is_told_so(tmp_path: Path, paid_by: str, notify: str) -> None:
    order = json.loads((ORDERS / "01-domestic-full.json").read_text(encoding="utf-8"))
    order[paid_by] |= {"first_name": "Iemand", "last_name": "Anders", "name": "Iemand Anders"}
    gift = tmp_path / "gift.json"
    gift.write_text(json.dumps(order), encoding="utf-8")
    own, anothers = (
        {entry["path"] for entry in result["kept"]}
        for result in inspected([ORDERS / "01-domestic-full.json", gift], "--notify", notify)
    )
    told = {
        row[1].strip("`") for row in rows(README, "## What passes and what doesn't") if "bear the same name" in row[2]
    }
    assert own - anothers == told - ({"email"} if notify == "sms" else set())


def test_every_reason_of_a_known_name_is_in_the_table() -> None:
    reasons = {place.status for place in tables.places(SHAPE)} & set(REASONS)
    assert reasons == set(re.findall(r"\(`(\w+)`\) \|", tables.tables(PACK)))


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        (README, "## What is stored, where, and for how long"),
        (OPERATIONS, "## What stays, where, and for how long"),
    ],
    ids=["README", "operations"],
)
def test_the_terms_that_are_told_are_those_of_the_pack(path: Path, heading: str) -> None:
    kept = [part.retention for part in PACK.parts.values() if part.sealed] + ["pv.inbox"]
    terms = {tables.plain(PACK.retention[name].duration or "") for name in kept}
    told = " ".join(cell for row in rows(path, heading) for cell in row)
    assert set(re.findall(r"[0-9]+ (?:years|months|days)", told)) == terms


def test_what_stays_is_told_of_every_table_and_of_no_other() -> None:
    told = {row[1] for row in rows(OPERATIONS, "## What stays, where, and for how long")}
    assert set(re.findall(r"`(\w+)`", " ".join(told))) == set(metadata.tables) | {"state"}


def test_the_changelog_has_no_entry_twice() -> None:
    text = (TREE / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = Counter(re.findall(r"^- \*\*(.+?)\*\*", text, re.M))
    assert [entry for entry, times in entries.items() if times > 1] == []


# ---- What the README shows of the demo -----------------------------------------------------------------------------


def excerpt() -> str:
    return README.read_text(encoding="utf-8").partition("```text\n")[2].partition("```")[0]


def test_the_excerpt_of_the_demo_is_what_inspect_tells_of_that_order() -> None:
    (told,) = inspected([ORDERS / f"{excerpt().split()[0]}.json"], "--notify", "email")
    removed = [entry["reason"] for entry in told["removed"]]
    shown = " ".join(excerpt().partition("removed")[2].partition("arrived")[0].split())
    counts = {reason: int(count) for count, reason in re.findall(r"(\d+) (\w+)(?:,|$)", shown)}
    assert shown.startswith(f"{len(removed)} paths: ")
    assert counts == Counter(removed)
    assert f"used      {len(told['used'])} paths" in excerpt()
    assert f"indexed   {len(told['index'])} paths" in excerpt()
    assert {part["part"] for part in told["parts"]} == set(re.findall(r"(\w+\.\w+): ", excerpt()))
    order = next(one for one in made_up() if one.file == f"{excerpt().split()[0]}.json")
    chapter = Chapter(order=order, statuses=(), inspection=told, shipments=())
    assert f"recipient.delivery: {', '.join(chapter.sealed['recipient.delivery'])}\n" in excerpt()
    assert f"in clear  {', '.join(chapter.clear)}\n" in excerpt()
    assert [part["class"] for part in told["parts"]] == re.findall(r"tagged\s+([\w.]+),", excerpt())


# ---- Links, paths and words ----------------------------------------------------------------------------------------


def headings(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@every_document
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if not re.match(r"[a-z]+:", link)]
    for link in links:
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


@every_document
def test_every_path_of_the_tree_that_is_named_exists(path: Path) -> None:
    named = PATH.findall(path.read_text(encoding="utf-8"))
    assert [one for one in named if not (TREE / one).exists()] == []


@every_document
def test_no_document_speaks_of_what_is_no_part_of_the_project(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text(encoding="utf-8")) == []


@every_document
def test_lines_can_be_read(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    long = [line for line in lines if len(line) > 160 and not line.startswith(("|", "sender = "))]
    assert long == []


# ---- Commands ------------------------------------------------------------------------------------------------------


def commands(path: Path) -> Iterator[list[str]]:
    """The words after ``parcelveil`` of every command in code blocks and between backticks."""
    text = re.sub(r" \\\n +", " ", path.read_text(encoding="utf-8"))  # a command that goes on in the next line
    fenced = re.findall(r"^```(?:sh|text)?\n(.*?)^```", text, re.M | re.S)
    indented = re.findall(r"^    .+$", text, re.M)
    lines = [line for block in (*fenced, *indented) for line in block.splitlines()]
    found = re.findall(r"`(parcelveil [^`]+)`", text) + [
        match.group(1) for line in lines if (match := re.search(r"(?:^|[\s/])(parcelveil .+)$", line))
    ]
    for command in found:
        words = shlex.split(command, comments=True)
        if words[1][:1].islower() or words[1].startswith("-"):
            typed = itertools.takewhile(lambda word: word not in (">", "&"), words[1:])  # the rest is the shell's
            yield [word for word in typed if word != "…"]


def resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    command: click.Command = root
    context = click.Context(root, info_name="parcelveil")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
    return command, words


ALL = [(name_of(path), words) for path in OURS for words in commands(path)]


@pytest.mark.parametrize(("path", "words"), ALL, ids=[f"{path}: {' '.join(words)}" for path, words in ALL])
def test_every_command_and_option_exists(path: str, words: list[str]) -> None:
    command, rest = resolved(words)
    alternatives = [word.split("|") for word in rest if "|" in word]
    for chosen in itertools.product(*alternatives):
        assert all(resolved([*words[: words.index(rest[0])], one]) for one in chosen)
    if not alternatives:
        command.make_parser(click.Context(command, help_option_names=["-h", "--help"])).parse_args(list(rest))


def test_commands_were_found_in_each_document_that_has_some() -> None:
    assert {path for path, _ in ALL} >= {"README.md", "docs/operations.md", "docs/configuration.md"}
    assert len(ALL) > 20


ALONE = sorted(
    {
        tuple(words)
        for _, words in ALL
        if (words[0] in ("inspect", "shopify-toml", "policy") and len(words) > 1)
        or words in (["shopify-toml"], ["register"])
        if words[:2] not in (["policy", "coverage"], ["policy", "new"])  # of a run that is over; it writes a file
        if "--shop" not in words  # of a shop of a configuration
    }
)


@pytest.mark.parametrize("words", ALONE, ids=" ".join)
def test_what_needs_no_configuration_runs_as_it_stands(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TREE)
    result = CliRunner().invoke(root, list(words))
    assert (result.exit_code, bool(result.stdout)) == (0, True)


def test_every_command_is_in_the_changelog() -> None:
    text = (TREE / "CHANGELOG.md").read_text(encoding="utf-8")
    names = {re.match(r"[\w-]+", code).group() for code in re.findall(r"`([a-z][^`]*)`", text)}  # type: ignore[union-attr]
    assert set(root.list_commands(click.Context(root))) - {"run-role"} <= names


@every_document
def test_every_target_of_make_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (TREE / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"(?:`|^    )make ([a-z]+)", path.read_text(encoding="utf-8"), re.M)) <= targets


# ---- Names of the code in the documents ----------------------------------------------------------------------------


@pytest.mark.parametrize(("heading", "words"), [("## The life of a record", State), ("## The life of an order", Step)])
def test_the_architecture_names_every_state_and_step(heading: str, words: type[StrEnum]) -> None:
    assert [row[0] for row in rows(ARCHITECTURE, heading)] == [f"`{word}`" for word in words]


@pytest.mark.parametrize("word", [*Reason, *Status])
def test_the_architecture_names_every_answer_and_its_reason(word: str) -> None:
    assert f"`{word}`" in ARCHITECTURE.read_text(encoding="utf-8")


def test_the_floors_are_those_that_are_checked() -> None:
    layers = (TREE / "setup.cfg").read_text(encoding="utf-8").partition("layers =\n")[2].partition("exhaustive")[0]
    wanted = [line.split() for line in layers.splitlines() if line.strip() and line.strip() != "__main__"]
    block = ARCHITECTURE.read_text(encoding="utf-8").partition("    cli\n")[2].partition("    schemas ")[0]
    block = block.replace("|\n    ", "| ")  # a floor that goes on in the next line
    told = [re.split(r"  +", line.strip())[0].split() for line in ("cli\n" + block).splitlines() if line.strip()]
    assert told == wanted


def test_routes_in_the_readme_are_those_that_are_described() -> None:
    told = set(re.findall(r"/(?:[\w.{}-]+/)*[\w.{}-]+", " ".join(row[0] for row in rows(README, "## Running it"))))
    described = {str(path) for path in description()["paths"]}
    assert {path for path in described if "{shop}" not in path} <= told <= described


def test_metrics_and_events_that_are_named_exist() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (TREE / "middleware").rglob("*.py"))
    text = OPERATIONS.read_text(encoding="utf-8")
    names = {name.removesuffix("_total") for name in re.findall(r"\b(parcelveil_\w+)", text)}
    events = set(re.findall(r"`(lane_paused|\w+_\w+ed)`", text))
    assert len(names) >= 6
    assert len(events) >= 5
    assert [name for name in sorted(names | events) if f'"{name}"' not in sources] == []


def test_every_next_step_is_told() -> None:
    told = OPERATIONS.read_text(encoding="utf-8").partition("`next.step` is ")[2].partition(":")[0]
    assert set(re.findall(r"`(\w+)`", told)) == {step.value for step in Next}


def test_every_metric_is_told() -> None:
    defined = re.findall(
        r'(Counter|Histogram|GaugeMetricFamily)\(\s*"(parcelveil_\w+)"',
        (TREE / "middleware" / "web" / "metrics.py").read_text(encoding="utf-8"),
    )
    names = {f"{name}_total" if kind == "Counter" else name for kind, name in defined}
    assert len(names) >= 9
    assert sorted(names - set(re.findall(r"`(parcelveil_\w+)", OPERATIONS.read_text(encoding="utf-8")))) == []


def test_the_version_is_in_the_changelog() -> None:
    assert f"## [{__version__}]" in (TREE / "CHANGELOG.md").read_text(encoding="utf-8")
