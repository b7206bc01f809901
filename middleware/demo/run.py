"""What happens: everything is started, the shop sends its orders, the platform gets them, everything ends, and what is
left is gathered.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from middleware.demo import sabotage
from middleware.demo.carriers import PLATFORM, Carrier
from middleware.demo.orders import MadeUp
from middleware.demo.processes import DemoError
from middleware.demo.stage import DOMAIN, SHOP, Stage
from simulator import gather, shopify
from simulator.evidence import Evidence, Sent

TOPIC = "orders/create"
SETTLED_SECONDS = 1.0
"""How long the ledger must have been quiet once all orders are in it: whatever comes twice has come by then."""
PATIENCE_SECONDS = 4.0
"""How long the ledger may be quiet, once it holds the first of them, before what is missing is given up."""
FIRST_SECONDS = 20.0
"""How long the first may take: the process that sends may still be starting."""
LONGEST_WAIT_SECONDS = 60.0
POLL_SECONDS = 0.2
RETRY_SCALE = 0.0001
"""How much shorter than Shopify's the waits of the shop are: all its attempts take some 1.5 seconds."""

Inspection = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Options:
    """``fault``: what to break on purpose, or None. ``keep``: leave the folder behind. ``judged``: else all is left
    running, and nothing has to wait to be looked at.
    """

    fault: str | None = None
    keep: bool = False
    carrier: Carrier = PLATFORM
    judged: bool = True


@contextmanager
def started(options: Options) -> Iterator[Stage]:
    """Everything running in a fresh folder, until the block ends. Raises: DemoError (it did not start)."""
    folder = Path(tempfile.mkdtemp(prefix="parcelveil-demo-"))
    try:
        fault = sabotage.prepare(options.fault, folder / "sabotage") if options.fault else None
        stage = Stage(folder, options.carrier, fault)
        try:
            stage.up(*(["intake"] if options.carrier.waits and options.judged else ()))
            yield stage
        finally:
            stage.down()
    finally:
        if not options.keep:
            shutil.rmtree(folder)


def deliver(stage: Stage, orders: Sequence[MadeUp]) -> tuple[Sent, ...]:
    """The shop signs and sends every order; the first that is to be shipped it sends twice, as shops do."""
    again = next((order.file for order in orders if order.status == "accepted"), None)
    return tuple(_deliver(stage, order, 2 if order.file == again else 1) for order in orders)


def _deliver(stage: Stage, order: MadeUp, times: int) -> Sent:
    webhook_id, url = str(uuid.uuid4()), f"{stage.url}/webhooks/shopify/orders"
    deliveries = [
        shopify.send(url, DOMAIN, TOPIC, order.body, stage.secret, webhook_id=webhook_id, retry_scale=RETRY_SCALE)
        for _ in range(times)
    ]
    statuses = tuple(delivery.status for delivery in deliveries)
    return Sent(file=order.file, body=order.body, expected=order.status, statuses=statuses)


def perform(stage: Stage, orders: Sequence[MadeUp]) -> Evidence:
    """The first act: send, deliver, end the service, and gather. Where what comes in is to wait for the relay, the
    files are copied before it starts.
    """
    sent = deliver(stage, orders)
    waiting: Mapping[str, bytes] = {}
    if stage.carrier.waits:
        stage.stop_service()
        waiting = gather.files([stage.folder / "var"], stage.folder)
        stage.relay()
    wait_for(stage, sum(order.status == "accepted" for order in orders))
    return replace(collect(stage, sent), waiting=waiting)


def wait_for(stage: Stage, expected: int, method: str = "POST", done: int = 201) -> None:
    """Wait until the platform's ledger holds ``expected`` requests that were answered ``done`` (shipments that it took,
    if nothing else is said) and has been quiet, or nothing comes any more.
    """
    started_at = changed_at = time.monotonic()
    known = -1
    while (now := time.monotonic()) - started_at < LONGEST_WAIT_SECONDS:
        entries = gather.ledger(stage.platform)
        if len(entries) != known:
            known, changed_at = len(entries), now
        came = [entry for entry in entries if entry.method == method]
        taken = sum(1 for entry in came if entry.status == done)
        patience = SETTLED_SECONDS if taken >= expected else PATIENCE_SECONDS if came else FIRST_SECONDS
        if now - changed_at > patience:
            return
        time.sleep(POLL_SECONDS)


def collect(stage: Stage, sent: tuple[Sent, ...]) -> Evidence:
    """End the service, then gather what the platform has and what was left behind."""
    stage.stop_service()
    folder = stage.folder
    return Evidence(
        shop=SHOP,
        orders=sent,
        carrier=stage.carrier.kind,
        entries=gather.ledger(stage.platform),
        shipments=gather.shipments(stage.platform, stage.token),
        database=gather.files([folder / "var"], folder),
        logs=gather.files([folder / "logs", folder / "tmp"], folder),
    )


def inspect(stage: Stage, orders: Sequence[MadeUp]) -> Mapping[str, Inspection]:
    """What ``parcelveil inspect`` tells of every order, by file. Raises: DemoError."""
    folder = stage.folder / "orders"
    folder.mkdir()
    for order in orders:
        (folder / order.file).write_bytes(order.body)
    options = ["--platform", "shopify", "--notify", SHOP.notify, "--pickup-attribute", SHOP.pickup_attribute, "--json"]
    options += ["--carrier", stage.carrier.kind, "--points", str(stage.points)]
    command = [sys.executable, "-m", "middleware", "inspect", *options, *(str(folder / order.file) for order in orders)]
    done = subprocess.run(command, env=stage.environment(), capture_output=True, check=False)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        told = None
    if not isinstance(told, list) or len(told) != len(orders):
        raise DemoError(f"`inspect` ended with status {done.returncode}:\n{done.stderr.decode(errors='replace')}")
    return {Path(inspection["file"]).name: inspection for inspection in told}
