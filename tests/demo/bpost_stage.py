"""The made-up orders on a line to bpost's services in this process, and the evidence that they leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from middleware.demo.carriers import BPOST_SHM
from middleware.demo.orders import made_up
from middleware.demo.stage import SENDER, SHOP
from simulator import gather
from simulator.clock import BRUSSELS
from simulator.evidence import BPOST, Evidence, Sent
from tests.system.bpost_house import PASSPHRASE
from tests.system.bpost_line import Line, line
from tests.system.line import tell

SOME = ("01", "03", "04", "06", "07", "09", "12", "14")
"""Of the made-up orders: those that bpost gets in different ways, and one that goes nowhere."""
OURS = ("data", "keys", "state", "journal")
SHOPS = {"demo": {"notify": SHOP.notify, "pickup_attribute": SHOP.pickup_attribute, "sender": SENDER}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The line to the simulated services."""

    made: Line

    def act(self, some: tuple[str, ...] = SOME) -> Evidence:
        """Send some, look, deliver, gather."""
        orders = [order for order in made_up(BPOST_SHM) if order.file.startswith(some)]
        sent = [
            Sent(
                file=order.file,
                body=order.body,
                expected=order.status,
                statuses=tuple(self.made.shopify("demo", order.body).status_code for _ in range(1 + (number == 0))),
            )
            for number, order in enumerate(orders)
        ]
        waiting = self.made.files(*OURS)
        self.made.deliver()
        return Evidence(
            shop=SHOP,
            orders=tuple(sent),
            entries=gather.ledger(self.made.url),
            shipments=gather.shipments(self.made.url, PASSPHRASE),
            database=self.made.files(*OURS),
            logs={"serve.log": self.made.said.getvalue().encode()},
            carrier=BPOST,
            waiting=waiting,
        )

    def files(self) -> dict[str, bytes]:
        """What the service has in files."""
        return self.made.files(*OURS)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """All of it, until the block ends."""
    with line(folder / "service", SHOPS, now=datetime.now(UTC)) as made:
        yield Stage(made=made)


def week_over(stage: Stage) -> None:
    """The clock goes to the week after, and the keys of this one go in two steps."""
    now = datetime.now(BRUSSELS)
    tell(stage.made.folder / "clock", now + timedelta(days=8))
    for step in ((), ("--carry-out",)):
        stage.made.run("keys", "destroy", f"{now:%G-W%V}", "--by", "Noor Aziz", *step)
