"""One shop's flood beside another shop's few orders, on the real processes over real HTTP.

The small shop sends an order now and then, first alone, then while the other floods the service from many connections
and leaves a backlog behind. Printed are the times to acknowledge and from there to delivery, and how they compare.
"""

from __future__ import annotations

import argparse
import json
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
CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds, sorted: to acknowledge, and from there to delivery."""

    acknowledged: Sequence[float]
    delivered: Sequence[float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flood", type=int, default=2_000, help="orders of the shop that floods")
    orders = parser.parse_args().flood
    with tempfile.TemporaryDirectory(prefix="parcelveil-fairness-") as name:
        folder = Path(name)
        with mock(folder / "platform") as platform:
            shops = {"small": shop("small"), "flood": shop("flood")}
            service = configure(folder / "service", shops, {"platform": platform.url}, server={"log_level": "WARNING"})
            service.prepare().serve()
            try:
                _measure(service, orders)
            finally:
                service.stop()


def _measure(service: Service, orders: int) -> None:
    alone = _few(service)
    began = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        sent = [pool.submit(_send, service, "flood") for _ in range(orders)]
        beside = _few(service)
        acknowledged = sorted(one.result() for one in sent)
    seconds = time.monotonic() - began
    left = _left(service)
    after = _few(service)
    wait_for(lambda: _left(service) == 0, "the backlog to be delivered", 600)
    total = time.monotonic() - began
    print(f"flood: {orders} orders from {CONNECTIONS} connections, {orders / seconds:.0f} acknowledged a second,")
    print(f"       {left} of them waiting when the last was acknowledged, all delivered after {total:.1f} s")
    _print("flood", Times(acknowledged=acknowledged, delivered=_delays(service, "flood")))
    for name, times in (("small, alone", alone), ("small, beside the flood", beside), ("small, then", after)):
        _print(name, times)


def _few(service: Service) -> Times:
    """The small shop sends its orders, one after the other."""
    before = len(_delays(service, "small"))
    acknowledged = []
    for _ in range(FEW):
        acknowledged.append(_send(service, "small"))
        time.sleep(PAUSE_SECONDS)
    wait_for(lambda: len(_delays(service, "small")) == before + FEW, "the small shop's orders to be delivered", 600)
    return Times(acknowledged=sorted(acknowledged), delivered=_delays(service, "small", before))


_local = threading.local()


def _send(service: Service, name: str) -> float:
    if not hasattr(_local, "client"):
        _local.client = session()
    body = json.dumps(order()).encode()
    given = headers(body, f"{name}.myshopify.com")
    began = time.monotonic()
    answer = _local.client.post(f"{service.url}/webhooks/shopify/orders", data=body, headers=given, timeout=60)
    seconds = time.monotonic() - began
    if answer.json().get("status") != "accepted":
        raise RuntimeError(f"an order was answered {answer.status_code}")
    return seconds


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


SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def _at(seconds: Sequence[float], share: float) -> float:
    return seconds[min(len(seconds) - 1, int(share * len(seconds)))]


if __name__ == "__main__":
    main()
