"""A configured instance in a folder of its own, whose commands run in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from joserfc.jwk import ECKey

from middleware import config
from middleware.cli import root
from middleware.platform_keys import Known, PlatformKeys

ROOT = Path(__file__).resolve().parents[3]
ORDERS = ROOT / "examples" / "orders"
PACK = "bpost-shipping-platform"
SECRET = "made-up-secret-of-the-app"
TOKEN = "made-up-token-of-the-platform"
SENDER = {"name": "Ysolde Afzenderinne", "street": "Bedachte Kouter", "number": "17", "locality": "Gent"}
DEAD = "127.0.0.1:9"
"""Discard: nobody listens there."""

Json = Any


def configuration(
    folder: Path, url: str, *, server: str = "", carrier: str = "", shop: str = "", more: str = ""
) -> str:
    """The text of a configuration with one shop, ``demo``; further settings can be added to every table."""
    sender = ", ".join(f"{name} = {json.dumps(text)}" for name, text in SENDER.items())
    return f"""
[server]
database = "sqlite:///{folder}/data/parcelveil.db"
keys = "{folder}/keys"
state = "{folder}/state"
journal = "{folder}/journal"
{server}

[carriers.platform]
kind = "parcel-json"
url = "{url}"
token = {{ env = "PARCEL_PLATFORM_TOKEN" }}
{carrier or 'allow_private = ["127.0.0.1"]'}

[apps.parcelveil]
platform = "shopify"
secrets = [{{ env = "SHOPIFY_SECRET" }}]

[shops.demo]
platform = "shopify"
app = "parcelveil"
domain = "demo.myshopify.com"
account_type = "professional"
integration = {{ requested_on = 2026-11-02, reference = "made up" }}
carrier = "platform"
sender = {{ {sender} }}
{shop}

{more}
"""


def second_shop(name: str, *, secret: str = "OTHER_SECRET", **changes: str) -> str:
    """Another shop, with an app of its own. ``changes`` are TOML values."""
    settings = {
        "platform": '"shopify"',
        "secrets": f'[{{ env = "{secret}" }}]',
        "domain": f'"{name}.myshopify.com"',
        "account_type": '"professional"',
        "integration": "{ requested_on = 2026-11-02 }",
        "carrier": '"platform"',
        "sender": '{ name = "Tweede Winkel" }',
        **changes,
    }
    return "\n".join((f"[shops.{name}]", *(f"{key} = {value}" for key, value in settings.items()), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A folder with a configuration file, and what belongs to it."""

    folder: Path
    url: str

    @property
    def file(self) -> Path:
        return self.folder / "parcelveil.toml"

    @property
    def database(self) -> Path:
        return self.folder / "data" / "parcelveil.db"

    @property
    def service_keys(self) -> Path:
        return self.folder / "keys" / "service"

    @property
    def platform_file(self) -> Path:
        return self.folder / "state" / "platform-platform.json"

    def write(self, url: str | None = None, **changes: str) -> Instance:
        """Write the configuration anew."""
        self.file.write_text(configuration(self.folder, url or self.url, **changes), encoding="utf-8")
        return self

    def settings(self) -> config.Config:
        return config.load(self.file)

    def run(self, *words: str, columns: int | None = None) -> Result:
        """Run a command with this configuration."""
        return run(*words, "--config", str(self.file), columns=columns)

    def json(self, *words: str, status: int = 0) -> Json:
        """What a command prints with ``--json``."""
        result = self.run(*words, "--json")
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def checks(self, status: int = 0) -> dict[str, tuple[str, str]]:
        """What ``doctor`` finds: check → (verdict, message with its remedy). What is not well must have one."""
        found = self.json("doctor", status=status)
        assert [entry for entry in found if (entry["verdict"] == "ok") is bool(entry["remedy"])] == []
        told = {entry["check"]: "; ".join(filter(None, (entry["message"], entry["remedy"]))) for entry in found}
        return {entry["check"]: (entry["verdict"], told[entry["check"]]) for entry in found}

    def know(self, *kids: str) -> None:
        """The parcel platform's keys are these, made up, and were fetched in 2026."""
        keys = {kid: ECKey.generate_key("P-256", {"kid": kid}) for kid in kids}
        known = Known(fetched_at=datetime(2026, 11, 22, tzinfo=UTC), keys=keys)
        PlatformKeys(self.folder / "state", "platform").store(known)

    def forget(self, *kids: str) -> None:
        """These keys of the parcel platform are not known any more."""
        platform = PlatformKeys(self.folder / "state", "platform")
        known = platform.known()
        platform.store(replace(known, keys={kid: key for kid, key in known.keys.items() if kid not in kids}))


def run(*words: str, columns: int | None = None, stdin: bytes | None = None) -> Result:
    """Run a command to its end; on a terminal of so many ``columns``, or on none. What it does not catch is raised."""
    terminal = {} if columns is None else {"COLUMNS": str(columns), "FORCE_COLOR": "1"}
    result = CliRunner().invoke(root, words, input=stdin, env=terminal, prog_name="parcelveil")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def process(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own, with nothing in its environment but what is given."""
    given = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "HOME": str(cwd), **environment}
    return subprocess.run(
        [sys.executable, "-m", "middleware", *words],
        cwd=cwd,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(result: Result | subprocess.CompletedProcess[str], status: int) -> str:
    """The one line with which a command ends that did not do what it was asked."""
    found = result.exit_code if isinstance(result, Result) else result.returncode
    assert (found, result.stdout) == (status, ""), (result.stdout, result.stderr)
    (line,) = result.stderr.splitlines()
    assert line.startswith("parcelveil: ")
    return line.removeprefix("parcelveil: ")


def files(folder: Path) -> Mapping[str, bytes]:
    """Every file beneath a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
