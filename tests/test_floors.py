"""The floors of the house: who may import whom, who may make what, and that each of these rules bites."""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from mypy import api as mypy

ROOT = Path(__file__).resolve().parents[1]
SIZED = ("schemas", "middleware", "simulator", "benchmarks", "scripts")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 350, 45
PACKAGES = ("schemas", "middleware", "simulator")
SETTINGS = configparser.ConfigParser()
SETTINGS.read(ROOT / "setup.cfg", encoding="utf-8")
CONTRACTS = {
    section.rpartition(":")[2]: SETTINGS[section]["name"]
    for section in SETTINGS.sections()
    if section.startswith("importlinter:contract:")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One import that a contract forbids, planted at the end of a module."""

    contract: str
    module: str
    imported: str

    @property
    def file(self) -> str:
        return f"{self.module.replace('.', '/')}.py"

    @property
    def shown(self) -> str:
        """As the linter names it: of another's package the top alone."""
        own = self.imported.split(".")[0] in PACKAGES
        return f"{self.module} -> {self.imported if own else self.imported.split('.')[0]}"


PLANTS = [
    Plant(contract=contract, module=module, imported=imported)
    for contract, module, imported in (
        ("floors", "middleware.core.retry", "middleware.provision"),  # upwards
        ("floors", "middleware.errors", "middleware.core.calendar"),
        ("floors", "middleware.platforms.shopify", "middleware.carriers.parcel_json"),  # sideways
        ("floors", "middleware.storage.reading", "middleware.keys"),
        ("floors", "middleware.relay", "middleware.inspection"),
        ("floors", "middleware.config", "middleware.bootstrap"),
        ("schemas-are-the-ground", "schemas.errors", "middleware.errors"),
        ("schemas-are-the-ground", "schemas.known", "orjson"),
        ("simulator-is-a-second-opinion", "simulator.errors", "schemas.errors"),
        ("simulator-is-a-second-opinion", "simulator.clock", "middleware.core.calendar"),
        ("simulator-is-for-trying", "middleware.services", "simulator.errors"),
        ("core-is-handed-values", "middleware.core.index", "middleware.ports"),
        ("core-is-handed-values", "middleware.core.schedule", "middleware.logs"),
        ("home-of-flask", "middleware.intake", "flask"),
        ("home-of-requests", "middleware.keys", "requests"),
        ("home-of-cryptography", "middleware.core.body", "cryptography.fernet"),
        ("home-of-parsers", "middleware.carriers.parcel_json", "orjson"),
        ("home-of-markup", "middleware.core.seal", "lxml.etree"),
        ("home-of-pages", "middleware.labels", "pypdf"),
        ("home-of-sqlalchemy", "middleware.provision", "sqlite3"),
        ("home-of-structlog", "middleware.transport", "structlog"),
        ("home-of-the-terminal", "middleware.bootstrap", "click"),
    )
]
STRAY = "middleware/stray.py"


def lint(root: Path) -> tuple[int, str]:
    """(exit status, what was printed) of the import linter in a tree."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    run = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )  # as a developer types it
    return run.returncode, run.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and their contracts."""
    root = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", "orders"))
    shutil.copy(ROOT / "setup.cfg", root)
    return root


@pytest.fixture(scope="module")
def sound(tree: Path) -> tuple[int, str]:
    """What the linter says of the tree as it is."""
    return lint(tree)


@pytest.fixture(scope="module")
def complaints(tree: Path, sound: tuple[int, str]) -> Mapping[str, str]:
    """What the linter says of each contract once everything forbidden is planted."""
    for plant in PLANTS:
        with (tree / plant.file).open("a", encoding="utf-8") as file:
            file.write(f"\nimport {plant.imported}\n")
    (tree / STRAY).write_text("", encoding="utf-8")
    status, printed = lint(tree)
    assert status == 1
    _, _, broken = printed.partition("Broken contracts\n")
    starts = sorted(
        (broken.index(f"\n{name}\n---"), key) for key, name in CONTRACTS.items() if f"\n{name}\n---" in broken
    )
    ends = [place for place, _ in starts[1:]] + [len(broken)]
    return {key: broken[place:end] for (place, key), end in zip(starts, ends, strict=True)}


def test_the_tree_keeps_every_contract(sound: tuple[int, str]) -> None:
    status, printed = sound
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in printed
    assert status == 0


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.contract}: {plant.shown}")
def test_a_forbidden_import_breaks_its_contract(plant: Plant, complaints: Mapping[str, str]) -> None:
    assert f"{plant.shown} (l." in complaints[plant.contract]


def test_a_module_without_a_floor_breaks_the_contract(complaints: Mapping[str, str]) -> None:
    assert "- middleware.stray\n" in complaints["floors"]


def test_every_contract_has_been_seen_broken() -> None:
    assert {plant.contract for plant in PLANTS} == set(CONTRACTS)


def uses(source: str) -> Iterator[tuple[str, bool]]:
    """(dotted name, whether it is called) of all that a module takes from others, whatever it calls them."""
    module = ast.parse(source)
    names: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {
                alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                for alias in node.names
            }
    called = {id(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
    for node in ast.walk(module):
        dotted = _dotted(node, names)
        if dotted:
            yield dotted, id(node) in called


def _dotted(node: ast.AST, names: Mapping[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value, names)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def where(package: str, forbidden: frozenset[str], *, called: bool) -> set[str]:
    """The modules of a package that use one of these names."""
    return {
        str(file.relative_to(ROOT))
        for file in (ROOT / package).rglob("*.py")
        if any(name in forbidden and (call or not called) for name, call in uses(file.read_text(encoding="utf-8")))
    }


def one(name: str) -> frozenset[str]:
    return frozenset({name})


CLOCK = frozenset(
    [f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")]
    + ["datetime.date.today"]
    + [f"time.{name}" for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime")]
)
ENVIRONMENT = frozenset(f"os.{name}" for name in ("environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"))


@pytest.mark.parametrize(
    ("made", "maker"),
    [("middleware.model.Record", "middleware/core/tag.py"), ("middleware.model.Sealed", "middleware/core/seal.py")],
)
def test_one_module_alone_makes_what_storage_takes(made: str, maker: str) -> None:
    assert where("middleware", one(made), called=True) == {maker}


def test_one_module_alone_asks_the_system_for_the_time() -> None:
    assert where("middleware", CLOCK, called=False) == {"middleware/bootstrap.py"}
    assert where("schemas", CLOCK, called=False) == set()


def test_one_module_alone_reads_the_environment() -> None:
    assert where("middleware", ENVIRONMENT, called=False) == {"middleware/config.py"}
    assert where("schemas", ENVIRONMENT, called=False) == set()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from middleware.model import Record\nRecord(id='')", "middleware.model.Record"),
        ("from middleware.model import Record as R\nx = [R()]", "middleware.model.Record"),
        ("from middleware import model\nmodel.Record()", "middleware.model.Record"),
        ("import middleware.model\nmiddleware.model.Record()", "middleware.model.Record"),
        ("import middleware.model as m\ndef f(): return m.Record()", "middleware.model.Record"),
        ("from datetime import datetime as d\nd.now()", "datetime.datetime.now"),
        ("import datetime\ndatetime.datetime.now()", "datetime.datetime.now"),
        ("from time import time\ntime()", "time.time"),
        ("import os\nos.environ.get('X')", "os.environ"),
        ("from os import getenv\ngetenv('X')", "os.getenv"),
    ],
)
def test_a_name_is_found_however_it_is_written(source: str, name: str) -> None:
    assert name in {used for used, _ in uses(source)}
    assert (name, True) in set(uses(source)) or name == "os.environ"


@pytest.mark.parametrize(
    "source",
    [
        "from middleware.model import Record\ndef f(record: Record | None) -> Record: ...",
        "class Record: ...\nRecord()",
        "from logging import LogRecord as Record\nRecord()",
    ],
)
def test_a_name_that_is_only_spoken_of_makes_nothing(source: str) -> None:
    assert ("middleware.model.Record", True) not in set(uses(source))


def functions(source: str) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function, inner ones and methods too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("package", SIZED)
def test_no_module_and_no_function_is_too_long(package: str) -> None:
    sources = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in (ROOT / package).rglob("*.py")}
    assert len(sources) > 2
    modules = {name: count for name, text in sources.items() if (count := len(text.splitlines())) > MOST_LINES}
    assert modules == {}
    long = {
        f"{name}: {function}": count
        for name, text in sources.items()
        for function, count in functions(text)
        if count > MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_every_line_of_a_function_counts() -> None:
    source = "class A:\n    async def f(self):\n        def g():\n\n            return 1\n        return g\n"
    assert set(functions(source)) == {("f", 5), ("g", 3)}


BARE = re.compile(r"^.*# noqa: [A-Z0-9, ]+$", re.M)


@pytest.mark.parametrize("package", ["schemas", "middleware", "simulator", "benchmarks", "scripts"])
def test_an_exception_to_a_lint_gives_its_reason(package: str) -> None:
    bare = {str(file): BARE.findall(file.read_text(encoding="utf-8")) for file in (ROOT / package).rglob("*.py")}
    assert len(bare) > 1
    assert {file: lines for file, lines in bare.items() if lines} == {}


SNIPPET = """\
from __future__ import annotations

from middleware.model import Arrival, Inbound, Parsed, Record, Sealed, Stored
from middleware.ports import Store
from schemas.order import Order


def sealed(store: Store, arrival: Arrival, record: Record) -> None:
    store.accept(arrival, record)
    store.accept(arrival, None)


def unsealed(store: Store, arrival: Arrival, o: Order, p: Parsed, i: Inbound, s: Sealed, b: Stored) -> None:
    store.accept(arrival, o)
    store.accept(arrival, p)
    store.accept(arrival, i)
    store.accept(arrival, s)
    store.accept(arrival, b)
    store.accept(arrival, i.body)
"""


def test_to_store_what_is_not_sealed_and_tagged_is_a_type_error(tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET, encoding="utf-8")
    settings = ["--config-file", str(ROOT / "setup.cfg"), "--cache-dir", str(tmp_path / "cache"), "--no-error-summary"]
    printed, complained, _ = mypy.run([*settings, str(file)])
    assert complained == ""
    wrong = [number for number, text in enumerate(SNIPPET.splitlines(), 1) if number > 12 and "accept" in text]
    assert [int(complaint.split(":")[1]) for complaint in printed.splitlines()] == wrong
    assert all('expected "Record | None"' in complaint for complaint in printed.splitlines())
