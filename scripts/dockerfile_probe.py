"""Runs inside the replayed image and judges it from there; ``dockerfile_rootfs.py`` puts it in place and calls it.

Arguments: ENTRYPOINT, CMD and the health check's command, each as the JSON list of the Dockerfile.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 15
CONFIG = """
[server]
database = "sqlite:////data/parcelveil.db"
keys = "/data/keys"
state = "/data/state"
journal = "/data/journal"

[carriers.platform]
kind = "parcel-json"
url = "http://127.0.0.1:8090"
token = { env = "PARCEL_PLATFORM_TOKEN" }
allow_private = ["127.0.0.1"]

[apps.parcelveil]
platform = "shopify"
secrets = [{ env = "SHOPIFY_SECRET" }]
"""


def say(verdict: bool, what: str) -> bool:
    """Print one line and pass the verdict on."""
    print("ok    " if verdict else "FAILED", what, flush=True)
    return verdict


def writable(folder: str) -> bool:
    """Whether a file can be made there."""
    path = Path(folder) / "probe"
    try:
        path.write_bytes(b"")
    except OSError:
        return False
    path.unlink()
    return True


def privileges() -> bool:
    """Whether the process has no user id 0 and no capability."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    masks = [line.split()[1] for line in status.splitlines() if line.startswith("Cap")]
    return os.getuid() != 0 and all(int(mask, 16) == 0 for mask in masks)


def succeeds(*command: str) -> bool:
    """Whether a command ends with status 0; its output is shown if it doesn't."""
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return say(done.returncode == 0, " ".join(command)[:90] + ("" if done.returncode == 0 else f"\n{done.stdout}"))


def healthy(check: list[str], env: dict[str, str], seconds: float) -> bool:
    """Whether the health check succeeds within that time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if subprocess.run(check, check=False, capture_output=True, env=env).returncode == 0:
            return True
        time.sleep(0.3)
    return False


def serves(command: list[str], check: list[str], port: str) -> bool:
    """Start the service on that port ("" leaves the image's own), ask for its health, end it as an engine would."""
    env = os.environ | ({"PORT": port} if port else {})
    with subprocess.Popen(command, env=env) as service:
        well = say(healthy(check, env, START_SECONDS), f"health check, PORT={port or 'not set'}")
        service.send_signal(signal.SIGTERM)
        try:
            ended = say(service.wait(STOP_SECONDS) in (0, -signal.SIGTERM), "ends on SIGTERM")
        except subprocess.TimeoutExpired:
            service.kill()
            ended = say(False, "ends on SIGTERM")
    return all((well, ended, say(not healthy(check, env, 1), "health check fails once the service is gone")))


def main() -> int:
    """All checks in turn. Returns 0 if all hold."""
    entry, command, check = (json.loads(argument) for argument in sys.argv[1:])
    os.environ |= {
        "PARCEL_PLATFORM_TOKEN": "made-up",
        "SHOPIFY_SECRET": "made-up",
        "PARCELVEIL_CONFIG": "/data/parcelveil.toml",
    }
    places = ("/", "/etc", "/tmp", "/var/tmp", "/opt/parcelveil", "/home", "/run")
    verdicts = [
        say(privileges(), f"user {os.getuid()} without capabilities"),
        say(not any(map(writable, places)), f"cannot write to {' '.join(places)}"),
        say(writable("/data"), "can write to /data"),
        succeeds(*entry, "--version"),
        succeeds(*entry, "demo"),
    ]
    Path("/data/parcelveil.toml").write_text(CONFIG, encoding="utf-8")
    with subprocess.Popen([*entry, "mock", "--listen", "127.0.0.1:8090", "--state", "/data/platform"]) as platform:
        time.sleep(2)
        verdicts += [succeeds(*entry, "keys", "provision"), succeeds(*entry, "migrate")]
        verdicts += [serves([*entry, *command], check, port) for port in ("", "9999")]
        platform.terminate()
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
