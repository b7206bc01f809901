"""A real browser: Chromium without a window, told what to do over a pair of pipes (the Chrome DevTools Protocol)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.system.processes import wait_for

FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

with_browser = pytest.mark.skipif(FOUND is None, reason="NOT SHOWN: there is no Chromium here (apt install chromium)")

_FLAGS = (
    *("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-extensions", "--disable-component-update", "--disable-sync", "--disable-background-networking"),
    *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)


@dataclass(slots=True, kw_only=True)
class Page:
    """One tab. ``heard`` is all that the browser told of it: requests and answers with their headers, errors."""

    to: IO[bytes]
    back: IO[bytes]
    session: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0

    def call(self, method: str, **params: Any) -> Any:
        """A command of the protocol, and its result."""
        self.calls += 1
        asked = {"id": self.calls, "method": method, "params": params}
        if self.session:
            asked["sessionId"] = self.session
        self.to.write(json.dumps(asked).encode() + b"\0")
        self.to.flush()
        while (told := self._message()).get("id") != self.calls:
            self.heard.append(told)
        assert "error" not in told, told
        return told["result"]

    def _message(self) -> dict[str, Any]:
        read = bytearray()
        while (byte := self.back.read(1)) != b"\0":
            assert byte, "the browser has ended"
            read += byte
        message: dict[str, Any] = json.loads(read)
        return message

    def value(self, script: str) -> Any:
        """What an expression is worth on the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until it is true."""
        wait_for(lambda: bool(self.value(script)), script)

    def click(self, element: str) -> None:
        """Press the mouse in the middle of what an expression finds, once it is there and in sight."""
        self.wait(f"!!({element})")
        self.value(f"({element}).scrollIntoView({{block: 'center', inline: 'center'}})")
        middle = f"(box => [box.x + box.width / 2, box.y + box.height / 2])(({element}).getBoundingClientRect())"
        x, y = self.value(middle)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def contents(self) -> Iterator[str]:
        """Everything that was sent to the page."""
        for told in list(self.heard):
            if told.get("method") == "Network.loadingFinished":
                yield str(self.call("Network.getResponseBody", requestId=told["params"]["requestId"])["body"])


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser of its own with an empty tab, ended with all its processes."""
    (theirs, to), (back, ours) = os.pipe(), os.pipe()
    flags = [*_FLAGS, f"--user-data-dir={folder}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    process = subprocess.Popen(
        ["/bin/bash", "-c", f'exec "$@" 3<&{theirs} 4>&{ours}', "bash", str(FOUND), *flags, "about:blank"],
        pass_fds=(theirs, ours),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(theirs)
    os.close(ours)
    with os.fdopen(to, "wb") as writes, os.fdopen(back, "rb") as reads:
        try:
            page = Page(to=writes, back=reads)
            target = page.call("Target.createTarget", url="about:blank")["targetId"]
            page.session = page.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                page.call(f"{domain}.enable")
            yield page
        finally:
            page.session = ""
            page.call("Browser.close")
            process.wait(30)
