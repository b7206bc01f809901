"""The alert rules ask for metrics, labels and values that there are, and say what to do in commands that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric

from middleware.cli import root
from middleware.errors import BacklogFullError, BusyError
from middleware.model import State, Status
from middleware.model_purge import Kind, Upkeep
from middleware.points import Fixed, KnownPoints
from middleware.ports import Store
from middleware.ports_back import Outbox
from middleware.ports_retention import Retention
from middleware.web import metrics

RULES = Path(__file__).parents[2] / "examples" / "alerts.yml"
SAMPLES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
LABELS: dict[str, dict[str, set[Any]]] = {
    "parcelveil_webhooks_total": {
        "status": {*Status, "refused"},
        "reason": {BusyError.code, BacklogFullError.code},
    },
    "parcelveil_records": {"state": set(State)},
    "parcelveil_notices_open": {"state": {"waiting", "refused", "impossible", "overdue"}},
    "parcelveil_callbacks_open": {"state": {"waiting", "failed", "stopped"}},
    "parcelveil_platform_refreshes_total": {"result": {"refreshed"}},
}
"""The labels that a rule may ask for, and their values."""

NAME = re.compile(r"\b(parcelveil_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r'(\w+)="([^"]*)"')


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


every_rule = pytest.mark.parametrize("rule", rules(), ids=[rule["alert"] for rule in rules()])


class Told:
    """A store with one of everything."""

    def counts(self) -> dict[str, int]:
        return {**dict.fromkeys(State, 1), "unseen": 1, "oldest_due": 1}

    def paused_lanes(self, now: datetime) -> dict[str, str]:
        return {"platform": "http-401"}


class Kept:
    """Retention with one of everything."""

    def ended(self, day: date, most: int) -> dict[Kind, int]:
        return dict.fromkeys(Kind, 1)

    def open(self, before: datetime) -> dict[str, int]:
        return {"waiting": 1, "refused": 1, "impossible": 1, "overdue": 1}

    def upkeep(self) -> Upkeep:
        return Upkeep(last_run=datetime(2026, 11, 22, tzinfo=UTC), stopped=True)


class Waiting:
    """An outbox with one of everything."""

    def counts(self) -> dict[str, int]:
        return {"waiting": 1, "failed": 1, "stopped": 1}


def collected() -> Iterator[Metric]:
    """All that ``/metrics`` can tell: what every process counts, and what the supervising one adds."""
    yield from (metric for metric in REGISTRY.collect() if metric.name.startswith("parcelveil_"))
    places = {"platform": Fixed(KnownPoints(fetched_at=datetime(2026, 11, 22, tzinfo=UTC)))}
    told = (cast(Store, Told()), cast(Retention, Kept()), cast(Outbox, Waiting()))
    own = metrics.own(*told, lambda: datetime.now(UTC))
    for collector in (*own, metrics.KnownPlaces(places)):
        yield from collector.collect()


def names() -> set[str]:
    return {metric.name + ending for metric in collected() for ending in SAMPLES[metric.type]}


@every_rule
def test_a_rule_asks_for_what_there_is(rule: dict[str, Any]) -> None:
    asked = NAME.findall(rule["expr"])
    assert asked or "up{" in rule["expr"]
    for name, selected in asked:
        assert name in names()
        for label, value in LABEL.findall(selected):
            assert value in LABELS[name][label]


@every_rule
def test_a_rule_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "action"}
    for command in re.findall(r"parcelveil (\w+)", rule["annotations"]["action"]):
        assert root.get_command(cast(Any, None), command) is not None


def test_what_must_wake_somebody_is_watched() -> None:
    asked = {name for rule in rules() for name, _ in NAME.findall(rule["expr"])}
    assert asked >= {
        "parcelveil_lane_paused",
        "parcelveil_oldest_due_timestamp_seconds",
        "parcelveil_records",
        "parcelveil_webhooks_total",
        "parcelveil_process_restarts_total",
        "parcelveil_overdue",
        "parcelveil_notices_open",
        "parcelveil_callbacks_open",
        "parcelveil_purge_stopped",
        "parcelveil_purge_last_run_timestamp_seconds",
    }
    states = {
        value for rule in rules() for _, selected in NAME.findall(rule["expr"]) for _, value in LABEL.findall(selected)
    }
    assert states >= {"dead", "quarantined", "rejected", "busy", "backlog-full"}


def test_a_lane_that_is_paused_is_told_of() -> None:
    told = {metric.name: metric for metric in collected()}
    assert [(sample.labels, sample.value) for sample in told["parcelveil_lane_paused"].samples] == [
        ({"carrier": "platform"}, 1)
    ]
