"""Which requirements this run showed: the ids that tests name, written to a file for ``parcelveil policy coverage``.

A test that names a requirement nobody knows fails. One that names many at once shows none: nobody could tell which.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from coverage import Coverage

from schemas.requirements import requirements

SHOWN = Path(".pytest_cache") / "policy-coverage.json"
"""Beneath the root of the checkout."""

MOST = 4
"""How many requirements one test may show."""

MEASURED = ("tests/schemas", "tests/middleware/core", "tests/middleware/platforms")
"""The tests by which the coverage of ``schemas`` and ``middleware/core`` is measured."""

_PROPERTY = "policy"


def named(item: pytest.Item) -> tuple[str, ...]:
    """The ids that a test names, with those of its parameters."""
    return tuple(dict.fromkeys(id_ for mark in item.iter_markers("policy") for id_ in mark.args))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Coverage is that of a package by its own tests: what others touch in passing proves little and doubles their
    time. It is turned at the edge of a folder and not for each test, since that costs as much.
    """
    measuring = item.config.pluginmanager.getplugin("_cov")
    coverage = getattr(measuring, "cov_controller", None)
    wanted = any(item.path.is_relative_to(item.config.rootpath / folder) for folder in MEASURED)
    if coverage is None or coverage.started == wanted:
        return
    if wanted:
        coverage.resume()
        return
    coverage.pause()
    for other in iter(Coverage.current, None):  # in a process of xdist a second one runs beneath it, which nobody reads
        other.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    unknown = [id_ for id_ in named(item) if id_ not in requirements()]
    if unknown:
        pytest.fail(f"no such requirement: {', '.join(unknown)}; use one of schemas/requirements.toml", pytrace=False)
    item.user_properties.append((_PROPERTY, " ".join(named(item))))


class Showing:
    """Collects what passed; with xdist, in the process that hears of all tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._file, self._asked = config.rootpath / SHOWN, [str(word) for word in config.args]
        self._passed: dict[str, tuple[str, ...]] = {}
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            ids = next((str(value) for name, value in report.user_properties if name == _PROPERTY), "")
            self._passed[report.nodeid] = tuple(ids.split())

    def pytest_sessionfinish(self) -> None:
        shown: dict[str, list[str]] = {}
        for test, ids in self._passed.items():
            for id_ in ids if test not in self._failed and len(ids) <= MOST else ():
                shown.setdefault(id_, []).append(test)
        self._file.parent.mkdir(exist_ok=True)
        told = {"asked": self._asked, "passed": len(self._passed), "failed": len(self._failed), "shown": shown}
        self._file.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.pluginmanager.register(Showing(config))
