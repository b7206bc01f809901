"""compose.yaml: every service hardened, no secret in it, a configuration that can be read, the steps in their order."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from middleware.cli.serve import STOP_SECONDS

TREE = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((TREE / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_read_only_and_without_capabilities(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service.get("user", "10001").partition(":")[0] != "0"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_listens_beyond_this_machine(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_from_outside(name: str) -> None:
    env = {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}
    secret = {key: value for key, value in env.items() if re.search(r"SECRET|TOKEN|PASSWORD|DATABASE_URL", key)}
    assert [key for key, value in secret.items() if not re.search(r"\$\{\w+:\?", value)] == []


def test_database_and_keys_are_ready_before_the_service() -> None:
    order = {name: set(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert order["migrate"] >= {"postgres"}
    assert order["parcelveil"] == {"keys", "migrate"}
    conditions = {one["condition"] for one in SERVICES["parcelveil"]["depends_on"].values()}
    assert conditions == {"service_completed_successfully"}


def test_the_service_is_given_the_time_that_it_takes_to_stop() -> None:
    granted = re.fullmatch(r"(\d+)s", SERVICES["parcelveil"]["stop_grace_period"])
    assert granted is not None
    assert int(granted[1]) >= STOP_SECONDS + 5  # Docker's own are ten


def test_the_configuration_dials_the_simulated_platform_and_holds_no_secret() -> None:
    config = tomllib.loads(COMPOSE["configs"]["parcelveil"]["content"])
    address = SERVICES["platform"]["networks"]["default"]["ipv4_address"]
    platform = config["carriers"]["platform"]
    assert platform["allow_private"] == [address]
    assert platform["url"] == f"http://{address}:8090"
    given = SERVICES["parcelveil"]["environment"]
    references = [platform["token"], *config["apps"]["parcelveil"]["secrets"]]
    assert {reference["env"] for reference in references} <= set(given)
