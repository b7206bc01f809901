"""setup.cfg and the lock files: every dependency bounded, every pin hashed and permitted, no machine told."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TREE = Path(__file__).resolve().parents[2]
RUNTIME, DEVELOPMENT = TREE / "requirements.txt", TREE / "requirements-dev.txt"


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(TREE / "setup.cfg", encoding="utf-8")
    return parser


def declared(extra: str = "") -> list[Requirement]:
    """The runtime's requirements and, if named, those of an extra."""
    text = settings()["options"]["install_requires"]
    if extra:
        text += settings()["options.extras_require"][extra]
    lines = (line.strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def locked(path: Path) -> dict[str, tuple[Requirement, list[str]]]:
    """Name to pin and hashes, as pip reads them."""
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, tuple[Requirement, list[str]]] = {}
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", line.strip())
            pin = Requirement(requirement)
            found[canonicalize_name(pin.name)] = (pin, hashes)
    return found


def version_of(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    return specifier.version


@pytest.mark.parametrize("extra", ["", "postgresql", "dev"])
def test_every_dependency_has_a_lower_and_an_upper_bound(extra: str) -> None:
    operators = {str(requirement): {one.operator for one in requirement.specifier} for requirement in declared(extra)}
    assert {name: found for name, found in operators.items() if found != {">=", "<"}} == {}


@pytest.mark.parametrize(("path", "extra"), [(RUNTIME, "postgresql"), (DEVELOPMENT, "dev")])
def test_the_lock_fits_what_is_declared(path: Path, extra: str) -> None:
    pins = locked(path)
    for requirement in declared(extra):
        pin, _ = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version_of(pin)), requirement.name


def test_both_locks_agree() -> None:
    runtime, development = locked(RUNTIME), locked(DEVELOPMENT)
    assert {name: str(pin) for name, (pin, _) in runtime.items()}.items() <= {
        name: str(pin) for name, (pin, _) in development.items()
    }.items()


@pytest.mark.parametrize("path", [RUNTIME, DEVELOPMENT])
def test_every_pin_is_hashed(path: Path) -> None:
    pins = locked(path)
    assert pins
    assert [name for name, (_, hashes) in pins.items() if not hashes] == []
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for _, hashes in pins.values() for value in hashes)


@pytest.mark.parametrize("path", [RUNTIME, DEVELOPMENT])
def test_the_lock_tells_no_host_and_no_folder(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^.*(?:://|--index|--find-links|--extra|[\s(]/|@).*$", text, re.MULTILINE) == []


def test_the_build_system_is_the_locked_one() -> None:
    (system,) = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    pin, _ = locked(DEVELOPMENT)["setuptools"]
    assert Requirement(system).specifier.contains(version_of(pin))
    assert Requirement(system) in declared("dev")
