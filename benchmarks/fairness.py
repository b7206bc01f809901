"""One shop's flood beside another shop's few orders, on the real processes over real HTTP.

The small shop sends an order now and then, first alone, then while the other floods the service from many connections
and leaves a backlog behind. What is answered 503 is counted and sent again after the time that the answer tells, as a
shop's platform does. Printed are the times to acknowledge and from there to delivery, and how they compare. The exit
status is 1 if the small shop was told to come again even once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.system.orders import order
from tests.system.processes import wait_for
from tests.system.stack import Service, configure, headers, mock, session, shop

FEW = 40
PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds, sorted: to acknowledge, and from there to delivery; and how often it was told to come again."""

    acknowledged: Sequence[float]
    delivered: Sequence[float]
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One order: the seconds of the request that was acknowledged, and how many were not."""

    seconds: float
    refused: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flood", type=int, default=2_000, help="orders of the shop that floods")
    parser.add_argument("--connections", type=int, default=16, help="from so many connections")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parcelveil-fairness-") as name:
        folder = Path(name)
        with mock(folder / "platform") as platform:
            shops = {"small": shop("small"), "flood": shop("flood")}
            service = configure(folder / "service", shops, {"platform": platform.url}, server={"log_level": "WARNING"})
            service.prepare().serve()
            try:
                refused = _measure(service, asked.flood, asked.connections)
            finally:
                service.stop()
    sys.exit(1 if refused else 0)


def _measure(service: Service, orders: int, connections: int) -> int:
    """How often the small shop was told to come again."""
    alone = _few(service)
    began = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        waiting = [pool.submit(_send, service, "flood") for _ in range(orders)]
        beside = _few(service)
        sent = [one.result() for one in waiting]
    seconds = time.monotonic() - began
    left = _left(service)
    after = _few(service)
    wait_for(lambda: _left(service) == 0, "the backlog to be delivered", 600)
    total = time.monotonic() - began
    print(f"flood: {orders} orders from {connections} connections, {orders / seconds:.0f} acknowledged a second,")
    print(f"       {left} of them waiting when the last was acknowledged, all delivered after {total:.1f} s")
    _print("flood", _times(sent, _delays(service, "flood")))
    small = {"small, alone": alone, "small, beside the flood": beside, "small, then": after}
    for name, times in small.items():
        _print(name, times)
    return sum(times.refused for times in small.values())


def _few(service: Service) -> Times:
    """The small shop sends its orders, one after the other."""
    before = len(_delays(service, "small"))
    sent = []
    for _ in range(FEW):
        sent.append(_send(service, "small"))
        time.sleep(PAUSE_SECONDS)
    wait_for(lambda: len(_delays(service, "small")) == before + FEW, "the small shop's orders to be delivered", 600)
    return _times(sent, _delays(service, "small", before))


def _times(sent: Sequence[Sent], delivered: Sequence[float]) -> Times:
    return Times(
        acknowledged=sorted(one.seconds for one in sent),
        delivered=delivered,
        refused=sum(one.refused for one in sent),
    )


_local = threading.local()


def _send(service: Service, name: str) -> Sent:
    """Until it is acknowledged, the same delivery each time."""
    if not hasattr(_local, "client"):
        _local.client = session()
    body = json.dumps(order()).encode()
    given = headers(body, f"{name}.myshopify.com")
    refused = 0
    while True:
        began = time.monotonic()
        answer = _local.client.post(f"{service.url}/webhooks/shopify/orders", data=body, headers=given, timeout=60)
        seconds = time.monotonic() - began
        if answer.status_code != 503:
            break
        refused += 1
        time.sleep(int(answer.headers["Retry-After"]))
    if answer.json().get("status") != "accepted":
        raise RuntimeError(f"an order was answered {answer.status_code}")
    return Sent(seconds=seconds, refused=refused)


def _left(service: Service) -> int:
    ((left,),) = service.ask("SELECT count(*) FROM records WHERE state != 'delivered' AND shop = 'flood'")
    return int(left)


def _delays(service: Service, name: str, skip: int = 0) -> Sequence[float]:
    rows = service.ask(
        "SELECT (settled_at - created_at) / 1e6 FROM records "  # noqa: S608 - our own names
        f"WHERE state = 'delivered' AND shop = '{name}' ORDER BY created_at"
    )
    return sorted(row[0] for row in rows[skip:])


def _print(name: str, times: Times) -> None:
    for what, seconds in (("acknowledged", times.acknowledged), ("delivered", times.delivered)):
        shares = "  ".join(f"{label} {_at(seconds, share) * 1000:7.0f} ms" for label, share in SHARES.items())
        print(f"{name:<24} {what:<13} {shares}")
    print(f"{name:<24} 503 {times.refused:>9} times")


SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def _at(seconds: Sequence[float], share: float) -> float:
    return seconds[min(len(seconds) - 1, int(share * len(seconds)))]


if __name__ == "__main__":
    main()
