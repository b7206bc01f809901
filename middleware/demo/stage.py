"""The stage: a fresh folder with a configuration, the simulated parcel platform, and Parcelveil, all on loopback."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import middleware
from middleware import config
from middleware.demo.carriers import CONFIGURATION, Carrier
from middleware.demo.orders import ATTRIBUTE
from middleware.demo.processes import HOST, DemoError, Process, answers, free_ports, start
from simulator.bpost.locator import places
from simulator.encoding import read_object
from simulator.evidence import Shop
from simulator.wire import exchange

DOMAIN = "demo.myshopify.com"

SENDER = {
    "name": "Ysaline Dewitterange",
    "company": "Huis Klaproos",
    "street": "Verzonnen Kouter",
    "number": "17",
    "postal_code": "9000",
    "locality": "Gent",
    "country": "BE",
    "email": "verzending@huis-klaproos.example",
    "phone": "+3292000017",
}
"""Who sends: a made-up professional shop."""

SHOP = Shop(notify="email", pickup_attribute=ATTRIBUTE, sender=SENDER)

CLOCK_SECONDS = 20.0
"""How long the platform may take to make and destroy keys when its clock is turned."""

CONFIGURES = re.compile(r"PARCELVEIL_|(PORT|DATABASE_URL|FLASK_DEBUG|BREAK|CARRIER)$")
"""Variables that would change what is shown here, or tell of it."""


class Stage:
    """Starts everything in ``folder``; with ``sabotage``, its folder comes first on the path of the service."""

    def __init__(self, folder: Path, carrier: Carrier, sabotage: Path | None) -> None:
        self.folder = folder
        self.carrier = carrier
        self.secret = secrets.token_hex(32).encode("ascii")
        self.token = secrets.token_hex(16)
        port, platform, self._api_port, self._metrics_port = free_ports(4)
        self.url, self.platform = f"http://{HOST}:{port}", f"http://{HOST}:{platform}"
        self._sabotage = sabotage
        self._clock = folder / "clock"
        self._mock: Process | None = None
        self._others: list[Process] = []

    @property
    def points(self) -> Path:
        """The file of bpost's pick-up points."""
        return self.folder / "points.json"

    def up(self, *roles: str) -> None:
        """Start the platform, then the service, or these roles of it alone. Raises: DemoError."""
        for name in ("logs", "var", "tmp"):
            (self.folder / name).mkdir(mode=0o700)
        self.points.write_text(json.dumps(places()), encoding="utf-8")
        (self.folder / "parcelveil.toml").write_text(self._configuration(), encoding="utf-8")
        self._mock = self._start_mock()
        migration = self._start("migrate")
        self._mock.wait_for(lambda: answers(f"{self.platform}/_health"))
        provision = self._start("keys", "provision")
        for command in (migration, provision):
            command.finish()
        words = [word for role in roles for word in ("--role", role)]
        self._start("serve", *words, first=self._sabotage).wait_for(lambda: answers(f"{self.url}/readyz"))

    def stop_service(self) -> None:
        """Let Parcelveil finish and end; the platform still answers."""
        for process in self._others:
            process.stop()

    def turn(self, now: datetime) -> str:
        """From now on it is ``now`` (aware) at the platform, where time goes on, and for whatever is started of
        Parcelveil, where it stands still. The platform's time. Raises: DemoError.
        """
        body = json.dumps({"now": now.isoformat()}).encode("ascii")
        answer = exchange("PUT", f"{self.platform}/_clock", body=body, total_seconds=CLOCK_SECONDS)
        if answer.status != 200:
            raise DemoError(f"the parcel platform's clock could not be turned: it answered {answer.status}")
        told = self._clock.with_suffix(".new")
        told.write_text(now.isoformat(), encoding="ascii")
        told.replace(self._clock)
        return str(read_object(answer.body)["now"])

    def relay(self) -> Process:
        """Start the part of the service that delivers, purges and tells the platform."""
        return self._start("serve", "--role", "relay", first=self._sabotage)

    def command(self, *words: str) -> Process:
        """Start one command of Parcelveil."""
        return self._start(*words, first=self._sabotage)

    def down(self) -> None:
        """End everything."""
        self.stop_service()
        if self._mock is not None:
            self._mock.stop()

    def _start_mock(self) -> Process:
        options = ["--listen", self.platform.removeprefix("http://"), "--state", str(self.folder / "platform")]
        options += ["--receipt-keys", f"{self.url}/.well-known/jwks.json", "--token-env", "PARCEL_PLATFORM_TOKEN"]
        options += ["--passphrase-env", "BPOST_PASSPHRASE"]
        module = ["simulator", "mock", *options]
        return start("mock", module, log=self.folder / "mock.log", environment=self.environment())

    def _start(self, *command: str, first: Path | None = None) -> Process:
        log = self.folder / "logs" / f"{'-'.join(filter(str.isalpha, command))}.log"
        module = ["middleware", *command, "--config", str(self.folder / "parcelveil.toml")]
        process = start(" ".join(command), module, log=log, environment=self.environment(first))
        self._others.append(process)
        return process

    def environment(self, first: Path | None = None) -> Mapping[str, str]:
        """What the processes get: this code on their path (``first`` before it), secrets made for this once."""
        here = Path(middleware.__file__).parents[1]
        path = ":".join(str(folder) for folder in (first, here) if folder is not None)
        turned = {"PARCELVEIL_SERVER__CLOCK": f"file:{self._clock}"} if self._clock.exists() else {}
        return {
            **{name: value for name, value in config.environment().items() if not CONFIGURES.match(name)},
            "PYTHONPATH": path,
            "TMPDIR": str(self.folder / "tmp"),
            "SHOPIFY_SECRET": self.secret.decode("ascii"),
            "PARCEL_PLATFORM_TOKEN": self.token,
            "BPOST_PASSPHRASE": self.token,
            **turned,
        }

    def _configuration(self) -> str:
        return CONFIGURATION.format(
            host=HOST,
            port=self.url.rpartition(":")[2],
            api_port=self._api_port,
            metrics_port=self._metrics_port,
            folder=self.folder,
            carrier=self.carrier,
            profile=self.carrier.profile.format(folder=self.folder),
            platform=self.platform,
            domain=DOMAIN,
            notify=SHOP.notify,
            pickup_attribute=SHOP.pickup_attribute,
            sender=", ".join(f"{name} = {json.dumps(text)}" for name, text in SENDER.items()),
        )
