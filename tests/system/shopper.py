"""A shop that never stops sending, and the killing of what it sends to."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time

import requests

from tests.system.orders import order
from tests.system.processes import alive, wait_for
from tests.system.stack import Json, Service


class Shopper:
    """A shop that goes on sending orders from two threads, each again and again until it is acknowledged."""

    def __init__(self, service: Service, name: str = "plain") -> None:
        self.acknowledged: dict[int, str] = {}
        self._service = service
        self._name = name
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def wait_for_more(self, count: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        wait_for(lambda: len(self.acknowledged) >= wanted, f"{count} more orders")

    def stop(self) -> None:
        """Finish what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            number, content = next(self._numbers), order()
            webhook = f"00000000-0000-0000-0001-{number:012}"
            while number not in self.acknowledged:
                answer = self._sent(content, webhook)
                if answer is not None and answer.status_code == 200:
                    self.acknowledged[number] = answer.json()["id"]
                else:
                    time.sleep(0.1)

    def _sent(self, content: Json, webhook: str) -> requests.Response | None:
        try:
            return self._service.post(self._name, content, x_shopify_webhook_id=webhook)
        except requests.RequestException:  # killed before, or amid, its answer
            return None


def kill(service: Service, victim: str) -> None:
    """SIGKILL one process, or the supervisor, which takes all others with it; then start anew."""
    assert service.process is not None
    if victim == "supervisor":
        family = service.pids()
        service.process.popen.kill()
        service.process.popen.wait()
        wait_for(lambda: not any(map(alive, family)), "the end of all children")
        service.serve()
        return
    role = victim.removesuffix(" worker")
    wait_for(lambda: len(service.running(role)) == (1 if role == "relay" else 2), f"the processes of {role}")
    os.kill(service.running(role)[-1 if victim.endswith("worker") else 0], signal.SIGKILL)
