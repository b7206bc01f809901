"""The made-up orders on a line to the simulated parcel platform in this process, and the evidence that they leave: the
demonstration's own configuration, but none of its processes.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from middleware import bootstrap, bootstrap_lanes, config
from middleware.demo import run
from middleware.demo.carriers import PLATFORM
from middleware.demo.orders import made_up
from middleware.demo.stage import DOMAIN, Stage
from middleware.relay import Relay
from middleware.web.app import create
from simulator.evidence import Evidence, Sent
from simulator.http import Settings, running
from tests.middleware.cli.bench import run as command
from tests.system.stack import headers

SOME = ("01", "02", "03", "04", "06", "07", "09", "15", "16")
"""Of the made-up orders: some of every kind, of which a fault that concerns every third meets more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way in and the relay, in the folder of ``stage``, none of whose processes is started."""

    stage: Stage
    intake: FlaskClient
    relay: Relay

    def act(self) -> Evidence:
        """Send some of the made-up orders, the first one twice, deliver, gather."""
        said, orders = io.StringIO(), [order for order in made_up() if order.file.startswith(SOME)]
        with contextlib.redirect_stderr(said):
            sent = tuple(
                Sent(
                    file=order.file,
                    body=order.body,
                    expected=order.status,
                    statuses=tuple(self._send(order.body) for _ in range(1 + (number == 0))),
                )
                for number, order in enumerate(orders)
            )
            while self.relay.step():
                pass
        (self.stage.folder / "logs" / "serve.log").write_text(said.getvalue(), encoding="utf-8")
        return run.collect(self.stage, sent)

    def _send(self, body: bytes) -> int:
        given = headers(body, DOMAIN, secret=self.stage.secret)
        return self.intake.post("/webhooks/shopify/orders", data=body, headers=given).status_code


@contextmanager
def staged(folder: Path) -> Iterator[Line]:
    """All of it in ``folder``, until the block ends. The platform checks receipts with what the service publishes."""
    stage, published = Stage(folder, PLATFORM, None), folder / "jwks.json"
    for name in ("logs", "var", "tmp"):
        (folder / name).mkdir(mode=0o700)
    known = Settings(state=folder / "platform", receipt_keys=str(published), token=stage.token)
    with running(known) as platform, pytest.MonkeyPatch.context() as patched:
        stage.platform = platform.url
        patched.setattr(logging.getLogger(), "level", logging.DEBUG)
        patched.setattr("tempfile.tempdir", str(folder / "tmp"))
        for name in ("SHOPIFY_SECRET", stage.carrier.variable):
            patched.setenv(name, stage.environment()[name])
        file = folder / "parcelveil.toml"
        file.write_text(stage._configuration(), encoding="utf-8")
        for words in (("migrate",), ("keys", "provision")):
            done = command(*words, "--config", str(file))
            assert done.exit_code == 0, done.output
        settings = config.load(file)
        services = bootstrap.services(settings)
        (relay,) = bootstrap_lanes.relays(settings, lambda *_: None, services.shops)
        with closing(services.store), closing(relay.store):
            intake = create(services, "intake").test_client()
            published.write_bytes(intake.get("/.well-known/jwks.json").data)
            yield Line(stage=stage, intake=intake, relay=relay)
