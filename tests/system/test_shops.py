"""Shops come and go while the real service runs: by command and by the admin API, on every process, within seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.system.haystacks import files, rows
from tests.system.orders import order
from tests.system.processes import SECONDS, wait_for
from tests.system.search import Canary, Needles
from tests.system.settings import toml
from tests.system.stack import Json, Mock, Service, configure, mock, serving, shop

WITHIN = 5.0
"""Seconds in which a change is in force. One test holds that; the others wait for as long as a busy machine needs."""

ADMIN = "made-up-token-of-the-admin-api"
FIRST, SECOND = "Geheim-Rz81kQw7Xp", "Geheim-Vb39tLm2Ye"
SENDER = {
    "name": "Persoon-Kd72hWq9",
    "street": "Straat-Tm58xPz4",
    "number": "17",
    "postal_code": "9000",
    "locality": "Plaats-Gn63vJc1",
    "country": "BE",
    "email": "post-Lw45bYs8@voorbeeld.example",
    "phone": "+3292047183659",
}
CANARIES = [
    Canary(order="shop", path=path, text=text)
    for path, text in [*SENDER.items(), ("first secret", FIRST), ("second secret", SECOND)]
    if len(text) > 8
]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("trial")) as made:
        yield made


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, platform: Mock, trial: Mock) -> Iterator[Service]:
    """All roles, with one shop of the file, a simulated platform and the admin API."""
    carriers = {"platform": platform.url, "trial": trial.url}
    made = configure(tmp_path_factory.mktemp("shops"), {"plain": shop("plain")}, carriers)
    text = made.config.read_text(encoding="utf-8")
    text = text.replace("[carriers.trial]\n", "[carriers.trial]\nsimulated = true\n")
    text += toml({"tokens": [{"file": str(made.folder / "admin")}]}, "admin")
    made.config.write_text(text, encoding="utf-8")
    (made.folder / "sender.json").write_text(json.dumps(SENDER), encoding="utf-8")
    for name, secret in (("first", FIRST), ("second", SECOND), ("admin", ADMIN)):
        (made.folder / name).write_text(secret, encoding="utf-8")
    with serving(made) as up:
        yield up


def command(service: Service, *words: str) -> str:
    """Run ``shops …`` beside the running service."""
    done = service.typed("shops", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def connect(service: Service, name: str, *more: str) -> str:
    words = ["--domain", f"{name}.myshopify.com", "--sender-file", "sender.json", "--carrier", "platform"]
    words += ["--account-type", "professional", "--requested-on", "2026-11-02"]
    return command(service, "connect", name, *words, *more)


def ask(service: Service, method: str, path: str, content: Json | None = None, *, token: str = ADMIN) -> Any:
    given = {"Authorization": f"Bearer {token}"}
    url = f"{service.api}/admin/v1/shops/{path}"
    return service.client.request(method, url, json=content, headers=given, timeout=SECONDS)


def becomes(sent: Callable[[], requests.Response], status: int, seconds: float = SECONDS) -> requests.Response:
    """Send until it is answered so."""
    answers: list[requests.Response] = []

    def looks() -> bool:
        answers[:] = [sent()]
        return answers[0].status_code == status

    wait_for(looks, f"an answer {status}", seconds)
    return answers[0]


def own(service: Service, name: str, secret: str) -> Callable[[], requests.Response]:
    """Sends an order of a shop with an app of its own, another one each time."""
    route = f"/webhooks/shopify/{name}/orders"
    return lambda: service.post(name, order(id=time.time_ns()), route=route, secret=secret.encode())


def wanted(name: str, **changes: Any) -> Json:
    return {
        "platform": "shopify",
        "app": "parcelveil",
        "domain": f"{name}.myshopify.com",
        "account_type": "professional",
        "integration": {"requested_on": "2026-11-02"},
        "carrier": "platform",
        "hold": "0s",
        "sender": SENDER,
        **changes,
    }


def test_a_shop_is_known_within_seconds(service: Service) -> None:
    sent = own(service, "prompt", FIRST)
    assert sent().status_code == 401
    connect(service, "prompt", "--secret-file", "first")
    becomes(sent, 200, WITHIN)
    command(service, "disconnect", "prompt")  # a secret is of one shop alone


def test_a_shop_lives_its_whole_life_by_command(service: Service) -> None:
    first, second = own(service, "whole", FIRST), own(service, "whole", SECOND)
    assert first().status_code == 401
    connect(service, "whole", "--secret-file", "first")
    assert becomes(first, 200).json()["status"] == "accepted"
    assert second().status_code == 401

    command(service, "rotate-secret", "whole", "--secret-file", "second", "--retire-after", "1h")
    becomes(second, 200)
    assert first().status_code == 200  # both, for an hour
    command(service, "rotate-secret", "whole", "--secret-file", "second", "--now")
    becomes(first, 401)
    assert second().status_code == 200

    command(service, "pause", "whole")
    assert int(becomes(second, 503).headers["Retry-After"]) > 0
    command(service, "pause", "whole", "--resume")
    becomes(second, 200)

    command(service, "disconnect", "whole")
    becomes(second, 401)
    records = [row for row in service.records() if row["shop"] == "whole"]
    assert len(records) >= 4  # they stay


def test_a_shop_lives_its_whole_life_by_the_admin_api_and_its_orders_arrive(service: Service, platform: Mock) -> None:
    def sent() -> requests.Response:
        return service.post("remote", order(id=time.time_ns()))

    assert sent().status_code == 401
    assert ask(service, "PUT", "remote", wanted("remote"), token="made-up-token-of-nobody").status_code == 401
    assert ask(service, "PUT", "remote", wanted("remote")).status_code == 201
    id_ = becomes(sent, 200).json()["id"]
    assert ask(service, "PUT", "remote", wanted("remote")).status_code == 200
    wait_for(lambda: id_ in platform.shipments(), "the delivery")
    assert platform.opened(id_)["sender.contact"]["name"] == SENDER["name"]
    assert ask(service, "POST", "remote/check").json()["fit"] is True
    assert ask(service, "POST", "remote/pause").status_code == 200
    becomes(sent, 503)
    assert ask(service, "POST", "remote/resume").status_code == 200
    becomes(sent, 200)
    assert ask(service, "DELETE", "remote").status_code == 204
    becomes(sent, 401)
    assert service.post("plain", order()).status_code == 200


def test_a_shop_in_test_mode_ships_to_the_simulated_platform_until_it_is_live(
    service: Service, platform: Mock, trial: Mock
) -> None:
    def sent() -> requests.Response:
        return service.post("trying", order(id=time.time_ns(), test=True))

    assert ask(service, "PUT", "trying", wanted("trying", mode="test")).status_code == 201
    id_ = becomes(sent, 200).json()["id"]
    wait_for(lambda: id_ in trial.shipments(), "the delivery")
    command(service, "check", "trying", "--live")
    wait_for(lambda: sent().json().get("reason") == "test_order", "the live shop")
    lived = service.post("trying", order(id=time.time_ns())).json()["id"]
    wait_for(lambda: lived in platform.shipments(), "the delivery")
    assert lived not in trial.shipments()
    assert id_ not in platform.shipments()


def test_the_intake_knows_nothing_of_the_admin_api_and_the_api_nothing_of_webhooks(service: Service) -> None:
    given = {"Authorization": f"Bearer {ADMIN}"}
    there = service.client.get(f"{service.url}/admin/v1/shops/plain", headers=given, timeout=SECONDS)
    assert there.status_code == 404
    answer = service.client.post(f"{service.api}/webhooks/shopify/orders", data=b"{}", timeout=SECONDS)
    assert answer.status_code == 404


def test_neither_who_sends_nor_a_secret_lies_anywhere_in_the_clear(service: Service, tmp_path: Path) -> None:
    connect(service, "kept", "--secret-file", "first")
    becomes(own(service, "kept", FIRST), 200)
    assert ask(service, "GET", "kept").json()["secrets"] == 1
    ask(service, "PUT", "kept", wanted("kept", app=None, secrets=[SECOND + "x" * 8], sender={"name": SENDER["name"]}))
    haystacks = {
        **service.stored(),
        **dict(rows(service.database / "parcelveil.db", tmp_path / "copy.db")),
        **files(service.folder / "keys"),
        "log": service.log.read_bytes(),
        "list": command(service, "list", "--json").encode() + command(service, "list").encode(),
        "check": command(service, "check", "kept").encode(),
        "metrics": service.client.get(f"{service.metrics}/metrics", timeout=SECONDS).content,
    }
    needles = Needles(CANARIES)
    assert [found.canary.path for found in needles.find(json.dumps(SENDER).encode())]  # it can be found
    told = {name: [str(found.canary) for found in needles.find(content)] for name, content in haystacks.items()}
    assert {name: found for name, found in told.items() if found} == {}
    assert service.ask("SELECT count(*) FROM shops WHERE name = 'kept'") == [(1,)]
