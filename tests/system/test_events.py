"""Events end to end: a clock starts or moves by route, here and at the parcel platform, and who asks is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from middleware.core.calendar import end, today
from tests.middleware.platforms.telling import contact, stamps, tagged_jpeg
from tests.system.line import Line, tell
from tests.system.orders import examples
from tests.system.processes import SECONDS, wait_for
from tests.system.stack import Json, configure, direct, mock, serving, shop

TOKENS = {"demo": "made-up-token-of-demo", "contacts": "made-up-token-of-contacts", "stamps": "made-up-token-of-stamps"}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("events")
    clock = folder / "clock"
    tell(clock, datetime.now(UTC))
    shops = {
        "demo": shop("demo", token={"env": "DEMO_TOKEN"}, interpretations={"recipient_clock": "delivered"}),
        "contacts": direct("contacts", "bpost-maxiresponse", "maxiresponse"),
        "stamps": direct("stamps", "bpost-mystamp", "mystamp"),
    }
    with ExitStack() as opened:
        platform = opened.enter_context(mock(folder / "platform"))
        service = configure(folder / "service", shops, {"platform": platform.url}, server={"clock": f"file:{clock}"})
        opened.enter_context(serving(service, **{f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}))
        yield Line(service=service, platform=platform, clock=clock)


def post(line: Line, shop_: str, path: str, content: object, key: str) -> requests.Response:
    given = {"Authorization": f"Bearer {TOKENS[shop_]}", "Prefer": "wait=20", "Idempotency-Key": f'"{key}"'}
    url = f"{line.service.api}/v1/shops/{shop_}/{path}"
    return line.service.client.post(url, json=content, headers=given, timeout=SECONDS)


def clocks(line: Line, id_: str) -> dict[str, tuple[str | None, str | None]]:
    """Part → (starts, until), here."""
    asked = f"SELECT name, starts, until FROM parts WHERE record_id = '{id_}'"  # noqa: S608 - our own id
    return {name: (starts, until) for name, starts, until in line.service.ask(asked)}


def patched(line: Line, id_: str) -> list[Json]:
    """What the platform was told of new ends, in order."""
    return [
        json.loads(base64.b64decode(entry["body_base64"]))
        for entry in line.platform.ledger()["requests"]
        if entry["method"] == "PATCH" and id_ in entry["path"].split("/") and entry["status"] in (200, 204)
    ]


def days(day: date, duration: str) -> tuple[str, str]:
    return f"{day}", f"{end(day, duration)}"


@pytest.mark.policy("VP-RET-4", "AMB-2")
def test_a_delivery_starts_the_recipients_clock_here_and_at_the_platform(line: Line) -> None:
    id_ = line.accept("demo", examples()["01-domestic-full.json"])
    line.wait(id_, "delivered")
    assert clocks(line, id_)["recipient.delivery"] == (None, None)
    assert "clock_not_started" in line.service.typed("shipments", "find", id_).stdout
    day = today(line.now)
    said = post(line, "demo", "events", {"type": "delivered", "record": id_}, "delivered")
    assert (said.status_code, said.json()["parts"]) == (200, 1), said.text
    assert clocks(line, id_)["recipient.delivery"] == days(day, "P13M")
    wait_for(lambda: bool(patched(line, id_)), "the platform to be told")
    assert f"{end(day, 'P13M')}" in json.dumps(patched(line, id_))
    assert "clock_not_started" not in line.service.typed("shipments", "find", id_).stdout


@pytest.mark.policy("MX-RET-1")
def test_the_end_of_an_agreement_starts_a_contacts_three_years(line: Line) -> None:
    told = post(line, "contacts", "maxiresponse/contacts", contact("C-1"), "one").json()
    assert clocks(line, told["id"]) == {"maxiresponse.contact": (None, None)}
    day = today(line.now)
    said = post(line, "contacts", "events", {"type": "agreement-dissolved", "customer": "C-1"}, "over")
    assert (said.status_code, said.json()["parts"]) == (200, 1), said.text
    assert clocks(line, told["id"]) == {"maxiresponse.contact": days(day, "P3Y")}
    wait_for(lambda: bool(patched(line, told["id"])), "the platform to be told")
    assert f"{end(day, 'P3Y')}" in json.dumps(patched(line, told["id"]))
    line.move(days=2)
    again = post(line, "contacts", "maxiresponse/contacts", contact("C-1", phone="+32470999999"), "corrected").json()
    assert again["id"] != told["id"]
    assert clocks(line, again["id"]) == {"maxiresponse.contact": days(day, "P3Y")}
    wait_for(lambda: bool(patched(line, again["id"])), "the platform to be told of what came in its place")
    assert f"{end(day, 'P3Y')}" in json.dumps(patched(line, again["id"]))


@pytest.mark.policy("MS-RET-1")
def test_an_order_of_stamps_starts_all_clocks_of_its_customer_anew(line: Line) -> None:
    first = post(line, "stamps", "mystamp/orders", stamps("S-1"), "first").json()
    other = post(line, "stamps", "mystamp/orders", stamps("S-2", customer={"id": "c-2"}), "other").json()
    day = today(line.now)
    assert clocks(line, first["id"])["mystamp.customer"] == days(day, "P3Y")
    line.move(days=2)
    later = day + timedelta(days=2)
    second = post(line, "stamps", "mystamp/orders", stamps("S-3"), "second").json()
    for id_, expected in ((first["id"], later), (second["id"], later), (other["id"], day)):
        assert clocks(line, id_)["mystamp.customer"] == days(expected, "P3Y")
    wait_for(lambda: bool(patched(line, first["id"])), "the platform to be told")
    assert f"{end(later, 'P3Y')}" in json.dumps(patched(line, first["id"]))
    assert patched(line, other["id"]) == []


@pytest.mark.policy("MS-RET-1")
def test_a_newer_version_of_an_order_of_stamps_is_no_new_order(line: Line) -> None:
    first, second = (
        post(line, "stamps", "mystamp/orders", stamps(name, customer={"id": "c-3"}), name).json()
        for name in ("S-31", "S-32")
    )
    day = today(line.now)
    line.move(days=2)
    more = stamps("S-31", customer={"id": "c-3"}, stamps={"product": "mystamp-national", "pieces": 20})
    changed = post(line, "stamps", "mystamp/orders", more, "S-31 again").json()
    assert changed["id"] != first["id"]
    for id_ in (changed["id"], second["id"]):
        assert clocks(line, id_)["mystamp.customer"] == days(day, "P3Y")
    assert patched(line, second["id"]) == []


@pytest.mark.policy("MS-RET-1", "AMB-16")
def test_an_image_ends_at_its_customers_request_here_and_at_the_platform(line: Line) -> None:
    shown: Json = {
        "depicted": [{"name": "Afgebeelde"}],
        "image": base64.b64encode(tagged_jpeg()).decode(),
        "declaration": {"id": "D-1", "declared_at": "2026-11-20T10:00:00+01:00"},
    }
    order = post(line, "stamps", "mystamp/orders", stamps("S-41", customer={"id": "c-4"}, **shown), "S-41")
    id_ = order.json()["id"]
    line.wait(id_, "delivered")
    assert set(line.platform.opened(id_)) == {"mystamp.customer", "mystamp.depicted", "mystamp.photo"}
    asked = {"type": "erasure-request", "order": "S-41", "part": "mystamp.customer"}
    refused = post(line, "stamps", "events", asked, "no such end")
    assert refused.json()["errors"] == [{"pointer": "/part", "code": "no-end-by-request"}]
    said = post(line, "stamps", "events", {**asked, "part": "mystamp.photo"}, "erase")
    assert (said.status_code, said.json()["parts"]) == (200, 1), said.text
    assert line.service.typed("purge", "--accept-clock").returncode == 0  # the tests before moved it
    wait_for(lambda: "mystamp.photo" not in line.platform.opened(id_), "the platform to have erased it")
    assert set(line.platform.opened(id_)) == {"mystamp.customer", "mystamp.depicted"}


@pytest.mark.policy("MX-PUR-4", "X-LVL-1", "X-LVL-2")
def test_a_contact_objects_for_themselves_alone(line: Line) -> None:
    for name in ("C-51", "C-52"):
        assert post(line, "contacts", "maxiresponse/contacts", contact(name), name).status_code == 201
    for about, name in (("level", "Aanvullend"), ("purpose", "improvement")):
        told = {"type": "objection", "customer": "C-51", about: name}
        assert post(line, "contacts", "events", told, f"objection {about}").json()["found"] == 1

    def reasons(purpose: str) -> list[str | None]:
        url = f"{line.service.api}/v1/shops/contacts/permissions?subject=contact&purpose={purpose}&customer="
        given = {"Authorization": f"Bearer {TOKENS['contacts']}"}
        names = ("C-51", "C-52", "C-53")
        answers = [line.service.client.get(url + name, headers=given, timeout=SECONDS).json() for name in names]
        return [answer["reason"] for answer in answers]

    assert reasons("generic_advertising&channel=email") == ["level_off", "level_unknown", "level_unknown"]
    assert reasons("improvement") == ["objected", None, "standing_unknown"]
