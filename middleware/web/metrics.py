"""What is counted, and how it is served: no label names a customer, an order or a shop.

Every process counts on its own; prometheus-client's multi-process files join them, and the supervising process serves
the sum on an address of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from middleware.core.calendar import today
from middleware.errors import ConfigError, StorageError
from middleware.ports import Clock, Places, Store
from middleware.ports_back import Outbox
from middleware.ports_retention import Retention
from middleware.purge import COUNTED

LATE = timedelta(days=1)
"""How long a parcel platform may take to do what it was told before that is called overdue."""

WEBHOOKS = Counter("parcelveil_webhooks", "Webhooks by what became of them.", ("status", "reason"))
SHIPMENTS = Counter("parcelveil_shipments", "Calls of the plug-in lane by answer: a status or a problem.", ("answer",))
CREDENTIALS = Counter("parcelveil_credentials_blocked", "Removed paths that look like a credential (VP-CAT-1).")
ACKNOWLEDGED = Histogram(
    "parcelveil_acknowledgement_seconds",
    "Time to acknowledge a webhook.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
POINTS = Counter("parcelveil_pickup_points_asked", "Questions for pick-up points by answer.", ("answer",))
REFRESHES = Counter("parcelveil_platform_refreshes", "Refreshes of a platform's keys by result.", ("carrier", "result"))
DELIVERIES = Counter("parcelveil_deliveries", "Delivery attempts by carrier and result.", ("carrier", "result"))
NOTICES = Counter("parcelveil_notices", "What parcel platforms were told of parts, by result.", ("carrier", "result"))
FOLLOWED = Counter("parcelveil_followed", "Parcels asked for by themselves, by what came.", ("carrier", "result"))
CALLBACKS = Counter("parcelveil_callbacks", "What shops were told, by way and result.", ("way", "result"))
PURGED = Counter("parcelveil_purged", "What was taken because its time was over, by kind.", ("kind",))
RESTARTS = Counter("parcelveil_process_restarts", "Processes that died, by role.", ("role",), registry=None)
"""Counted by the supervisor alone: it serves this one itself."""


class _Records(Collector):
    """Records per state, and lanes that are paused, read from the store when asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """One gauge with a label per state, the time of the oldest due record, what a person has to look at, and the
        lanes that are paused.
        """
        try:
            counts = dict(self._store.counts())
            paused = self._store.paused_lanes(self._clock())
        except StorageError:
            return
        lanes = GaugeMetricFamily("parcelveil_lane_paused", "1 for a carrier that gets nothing.", labels=["carrier"])
        for carrier in paused:
            lanes.add_metric([carrier], 1)
        oldest = GaugeMetricFamily(
            "parcelveil_oldest_due_timestamp_seconds", "When the oldest waiting record was due; 0 if none waits."
        )
        oldest.add_metric([], counts.pop("oldest_due", 0))
        unseen = GaugeMetricFamily("parcelveil_rejections_unseen", "Rejected orders at which nobody has looked yet.")
        unseen.add_metric([], counts.pop("unseen", 0))
        changed = GaugeMetricFamily(
            "parcelveil_records_changed",
            "Records whose order changed when it was too late, and at which nobody has looked yet.",
        )
        changed.add_metric([], counts.pop("changed", 0))
        family = GaugeMetricFamily("parcelveil_records", "Records per state.", labels=["state"])
        for state, count in counts.items():
            family.add_metric([state], count)
        yield from (family, oldest, unseen, changed, lanes)


class _Retention(Collector):
    """What has ended and is there still, and how the purge is doing, read from the database when asked."""

    def __init__(self, retention: Retention, clock: Clock) -> None:
        self._retention = retention
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """What is overdue by kind, what the parcel platforms have not done, the last run, and whether it stands."""
        now = self._clock()
        try:
            ended = self._retention.ended(today(now), COUNTED)
            notices = self._retention.open(now - LATE)
            upkeep = self._retention.upkeep()
        except StorageError:
            return
        yield _gauge("parcelveil_overdue", "What has ended and is there still, 10,000 at most.", "kind", ended)
        yield _gauge("parcelveil_notices_open", "Of parts, what a platform has not done.", "state", notices)
        last = upkeep.last_run.timestamp() if upkeep.last_run else 0
        yield GaugeMetricFamily("parcelveil_purge_last_run_timestamp_seconds", "When it ended; 0: never.", value=last)
        stopped = int(upkeep.stopped)
        yield GaugeMetricFamily("parcelveil_purge_stopped", "1: a clock jumped, nothing is purged.", value=stopped)


class KnownPlaces(Collector):
    """How many pick-up points are known and when they were told, read from their files when asked."""

    def __init__(self, places: Mapping[str, Places]) -> None:
        self._places = places

    def collect(self) -> Iterator[Metric]:
        """A gauge each, by carrier; a carrier of which none were ever told is left out."""
        known = GaugeMetricFamily("parcelveil_pickup_points", "Pick-up points that are known.", labels=["carrier"])
        told = GaugeMetricFamily(
            "parcelveil_pickup_points_timestamp_seconds", "When they were told last.", labels=["carrier"]
        )
        unfit = GaugeMetricFamily(
            "parcelveil_pickup_points_unfit", "Those that no order can name, left out then.", labels=["carrier"]
        )
        for carrier, places in self._places.items():
            try:
                published = places.known()
            except ConfigError:
                continue
            if published.fetched_at is not None:
                known.add_metric([carrier], len(published.points))
                told.add_metric([carrier], published.fetched_at.timestamp())
                unfit.add_metric([carrier], published.unfit)
        yield from (known, told, unfit)


class _Back(Collector):
    """What shops have not heard, read from the database when asked."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def collect(self) -> Iterator[Metric]:
        """How much waits, how much was given up, and how many shops want to hear nothing more."""
        try:
            counts = self._outbox.counts()
        except StorageError:
            return
        yield _gauge("parcelveil_callbacks_open", "What shops have not heard; stopped counts shops.", "state", counts)


def _gauge(name: str, says: str, label: str, counts: Mapping[Any, int]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for each, count in counts.items():
        family.add_metric([str(each)], count)
    return family


def serve(address: tuple[str, int], collectors: Sequence[Collector], folder: str) -> None:
    """Serve the sum of what all processes count in ``folder``, and what these collect, in a background thread."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]  # the library has no types there
    for collector in collectors:
        registry.register(collector)
    start_http_server(address[1], address[0], registry)


def own(store: Store, retention: Retention, outbox: Outbox, clock: Clock) -> tuple[Collector, ...]:
    """What the supervising process tells by itself."""
    return _Records(store, clock), _Retention(retention, clock), _Back(outbox), RESTARTS
