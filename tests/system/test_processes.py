"""The service as processes: how it starts, what it tells, how it ends, and what comes back when something dies."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from middleware.model import State
from tests.ports import HOST, free_port
from tests.system.orders import order
from tests.system.processes import SECONDS, alive, role_of, start, wait_for
from tests.system.stack import Json, Mock, Service, configure, mock, serving, session, shop


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as started:
        yield started


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, platform: Mock) -> Iterator[Service]:
    """Started with the file that is named; another, which nothing can read, lies where it starts. Of its two shops one
    has a fault.
    """
    shops = {"plain": shop("plain"), "odd": shop("odd", account_type="residential")}
    configured = configure(tmp_path_factory.mktemp("service"), shops, {"platform": platform.url})
    lying = configured.config
    configured.config = lying.rename(configured.folder / "named.toml")
    lying.write_text("[server]\nunknown = 1\n", encoding="utf-8")
    with serving(configured) as started:
        yield started


@pytest.fixture
def bare(tmp_path: Path, platform: Mock) -> Iterator[Service]:
    """A service of the test's own, configured and nothing more."""
    made = configure(tmp_path / "own", {"plain": shop("plain")}, {"platform": platform.url})
    yield made
    if made.process is not None:
        made.stop()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, platform: Mock) -> Service:
    """One whose database and keys are made."""
    folder = tmp_path_factory.mktemp("prepared")
    return configure(folder, {"plain": shop("plain")}, {"platform": platform.url}).prepare()


@pytest.fixture
def own(bare: Service, prepared: Service) -> Service:
    """A service of the test's own, ready to be started."""
    for name in ("data", "keys", "state"):
        shutil.copytree(prepared.folder / name, bare.folder / name, dirs_exist_ok=True)
    return bare


ALL = ["api", "api", "intake", "intake", "relay"]
"""Two web servers, the worker of each, and the relay."""


def roles(service: Service) -> list[str]:
    return sorted(filter(None, map(role_of, service.pids())))


def is_free(url: str) -> bool:
    try:
        session().get(url, timeout=SECONDS)
    except requests.ConnectionError:
        return True
    return False


def test_all_roles_run_and_a_signal_ends_them(own: Service) -> None:
    process = own.serve().popen
    assert roles(own) == ALL
    family = own.pids()
    answer = own.post("plain", order())
    assert answer.json()["status"] == "accepted"
    began = time.monotonic()
    status = own.stop()
    assert time.monotonic() - began < 15
    assert status in (0, -signal.SIGTERM), process.args
    assert [pid for pid in family if alive(pid)] == []
    assert is_free(f"{own.url}/healthz")
    assert is_free(f"{own.metrics}/metrics")
    assert list((own.folder / "tmp").iterdir()) == []


def test_the_intake_runs_alone(own: Service) -> None:
    own.serve("--role", "intake")
    assert roles(own) == ["intake", "intake"]
    assert own.post("plain", order()).status_code == 200
    assert is_free(f"{own.api}/healthz")


def test_the_api_runs_alone_and_takes_no_orders(own: Service) -> None:
    own.serve("--role", "api")
    assert roles(own) == ["api", "api"]
    assert is_free(f"{own.url}/healthz")
    for path in ("/docs", "/openapi.json", "/.well-known/jwks.json", "/healthz"):
        assert own.answers(path, own.api)
    assert own.client.post(f"{own.api}/webhooks/shopify/orders", data=b"{}", timeout=SECONDS).status_code == 404


def test_the_relay_runs_alone_and_takes_what_waits(own: Service, platform: Mock) -> None:
    own.serve("--role", "intake")
    id_ = own.post("plain", order()).json()["id"]
    own.stop()
    assert id_ not in platform.shipments()
    own.process = start(
        ["middleware", "serve", "--role", "relay", "--config", str(own.config)], own.log, own.environment()
    )
    wait_for(lambda: id_ in platform.shipments(), "the delivery")
    assert roles(own) == ["relay"]
    assert is_free(f"{own.url}/healthz")


@pytest.mark.parametrize(("role", "which"), [("intake", 0), ("intake", 1), ("api", 0), ("relay", 0)])
def test_a_process_that_died_comes_back(service: Service, platform: Mock, role: str, which: int) -> None:
    wait_for(lambda: roles(service) == ALL, "all processes")
    family = service.pids()[1:]
    told = len(died(service, role))
    counted = samples(service).get(("parcelveil_process_restarts_total", role), 0)
    os.kill(service.running(role)[which], signal.SIGKILL)
    wait_for(lambda: len(died(service, role)) > told, "the supervisor's notice")
    wait_for(lambda: roles(service) == ALL and service.answers("/readyz"), f"a new {role}")
    assert samples(service)["parcelveil_process_restarts_total", role] == counted + 1
    assert [pid for pid in family if alive(pid) and role in (role_of(pid), "")] == []  # nothing of the old one is left
    id_ = service.post("plain", order()).json()["id"]
    wait_for(lambda: id_ in platform.shipments(), "the delivery")


def died(service: Service, role: str) -> list[Json]:
    return [line for line in service.lines() if line["event"] == "process_died" and line["role"] == role]


def test_nothing_goes_on_without_its_supervisor(own: Service) -> None:
    family = own.serve().popen.pid, *own.pids()
    os.kill(family[0], signal.SIGKILL)
    wait_for(lambda: not any(map(alive, family[1:])), "the end of all children", 10)
    assert is_free(f"{own.url}/healthz")


def test_the_processes_read_the_file_that_was_named(service: Service, platform: Mock) -> None:
    assert (service.folder / "parcelveil.toml").read_text(encoding="utf-8") == "[server]\nunknown = 1\n"
    assert roles(service) == ALL
    id_ = service.post("plain", order()).json()["id"]
    wait_for(lambda: id_ in platform.shipments(), "the delivery")
    assert service.answers("/healthz", service.api)


def samples(service: Service) -> dict[tuple[str, str], float]:
    """Metrics by name and the values of their labels, in the order of the labels' names."""
    text = service.client.get(f"{service.metrics}/metrics", timeout=SECONDS).text
    return {
        (sample.name, ",".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_have_an_address_of_their_own_and_count_both_processes(service: Service, platform: Mock) -> None:
    before = samples(service)
    id_ = service.post("plain", order()).json()["id"]
    assert service.post("plain", b"[", x_shopify_topic="orders/create").status_code == 400
    assert service.post("plain", order(test=True)).json()["status"] == "ignored"
    wait_for(lambda: id_ in platform.shipments(), "the delivery")
    wait_for(lambda: service.record(id_)["state"] == "delivered", "its settling")
    after = samples(service)
    grown = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
    assert grown[("parcelveil_webhooks_total", ",accepted")] == 1
    assert grown[("parcelveil_webhooks_total", "malformed-json,refused")] == 1
    assert grown[("parcelveil_webhooks_total", "test_order,ignored")] == 1
    assert grown[("parcelveil_deliveries_total", "platform,delivered")] == 1
    assert grown[("parcelveil_records", "delivered")] == 1
    assert {labels for name, labels in after if name == "parcelveil_records"} == set(State)
    assert after[("parcelveil_records_changed", "")] == 0
    assert service.client.get(f"{service.url}/metrics", timeout=SECONDS).status_code == 404


def test_it_is_not_ready_before_the_platforms_keys_are_there(bare: Service) -> None:
    assert bare.typed("migrate").returncode == 0
    carriers = {"PARCELVEIL_CARRIERS__PLATFORM__URL": f"http://{HOST}:{free_port()}"}  # nobody listens there
    provisioned = bare.typed("keys", "provision", **carriers)
    assert provisioned.returncode == 1
    bare.serve("--role", "intake", path="/healthz", **carriers)
    answer = bare.client.get(f"{bare.url}/readyz", timeout=SECONDS)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:problem:missing-retention-key")
    refused = bare.post("plain", order())
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:problem:missing-retention-key")
    assert bare.typed("keys", "provision").returncode == 0  # from another process; the running one finds the file
    wait_for(lambda: bare.answers("/readyz"), "readiness")
    assert bare.post("plain", order()).json()["status"] == "accepted"


def test_without_keys_of_its_own_it_does_not_start(bare: Service) -> None:
    assert bare.typed("migrate").returncode == 0
    told = bare.configured("serve")
    assert told.returncode == 2
    assert told.stderr.splitlines()[-1].endswith("make the keys with `parcelveil keys provision`")
    assert "Traceback" not in told.stderr


def test_without_its_database_it_does_not_start_and_makes_none(bare: Service) -> None:
    told = bare.configured("serve")
    assert told.returncode == 2
    line = told.stderr.splitlines()[-1]
    assert f"{bare.database}/parcelveil.db: there is no database" in line
    assert "`parcelveil migrate`" in line
    assert not (bare.database / "parcelveil.db").exists()


def test_an_unknown_key_stops_the_start_with_one_line(own: Service) -> None:
    text = own.config.read_text(encoding="utf-8").replace("[server]\n", '[server]\nlisten_on = "127.0.0.1:1"\n')
    own.config.write_text(text, encoding="utf-8")
    for told in (own.configured("serve"), own.typed("doctor"), own.typed("migrate")):
        assert (told.returncode, told.stdout) == (2, "")
        (line,) = told.stderr.splitlines()
        assert "server.listen_on: unknown key" in line


def test_a_secret_that_is_missing_stops_the_start_with_one_line(own: Service) -> None:
    told = own.configured("serve", PARCEL_PLATFORM_TOKEN="")
    assert (told.returncode, told.stdout) == (2, "")
    (line,) = told.stderr.splitlines()
    assert "PARCEL_PLATFORM_TOKEN" in line


@pytest.mark.policy("VP-PLG-1")
def test_a_shop_with_a_fault_is_left_out_and_the_others_run(service: Service) -> None:
    assert service.post("plain", order()).json()["status"] == "accepted"
    assert service.post("odd", order()).status_code == 401
    left_out = [line["shop"] for line in service.lines() if line["event"] == "shop_quarantined"]
    assert set(left_out) == {"odd"}
    doctor = service.typed("doctor")
    assert doctor.returncode == 0
    assert any(line.startswith("warn  shop odd: quarantined") for line in doctor.stdout.splitlines())


def test_port_and_database_of_a_container_platform_are_taken(bare: Service) -> None:
    port, database = free_port(), bare.folder / "data" / "other.db"
    given = {"PORT": str(port), "DATABASE_URL": f"sqlite:///{database}"}
    for words in (("migrate",), ("keys", "provision")):
        assert bare.typed(*words, **given).returncode == 0
    configured, bare.url = bare.url, f"http://{HOST}:{port}"
    bare.serve("--role", "intake", **given)
    assert bare.post("plain", order()).json()["status"] == "accepted"
    assert is_free(f"{configured}/healthz")
    assert [path.name for path in bare.database.iterdir() if path.suffix == ".db"] == ["other.db"]
