"""A service that lives in a time of its own, told by a file: nothing happens by the passing of time alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.system.processes import wait_for
from tests.system.stack import Mock, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The service with its clock, and the simulated platform."""

    service: Service
    platform: Mock
    clock: Path

    @property
    def now(self) -> datetime:
        """The service's time."""
        return datetime.fromisoformat(self.clock.read_text(encoding="ascii"))

    def move(self, **by: float) -> datetime:
        """Let time pass, or go back."""
        return tell(self.clock, self.now + timedelta(**by))

    def accept(self, name: str, content: object) -> str:
        """Send an order that must be accepted; the record's id."""
        answer = self.service.post(name, content)
        assert (answer.status_code, answer.json()["status"]) == (200, "accepted"), answer.text
        id_: str = answer.json()["id"]
        return id_

    def state(self, id_: str) -> tuple[str, int]:
        """State and counted attempts of a record."""
        rows = self.service.ask(f"SELECT state, attempts FROM records WHERE id = '{id_}'")  # noqa: S608 - our own id
        assert rows, f"{id_} is gone"
        return rows[0][0], rows[0][1]

    def wait(self, id_: str, state: str, attempts: int | None = None) -> None:
        """Wait until a record is in that state, after so many attempts if they are told."""
        wanted = {(state, attempts)} if attempts is not None else {(state, made) for made in range(9)}
        wait_for(lambda: self.state(id_) in wanted, f"{id_} to be {state} after {attempts} attempts")

    def rest(self) -> None:
        """Give the relay time to do what it must not do: it looks for work four times a second."""
        time.sleep(0.7)


def tell(clock: Path, moment: datetime) -> datetime:
    """Write the time, never by halves."""
    new = clock.with_suffix(".new")
    new.write_text(moment.isoformat(), encoding="ascii")
    new.replace(clock)
    return moment
