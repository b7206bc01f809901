"""One contract, three sources: whoever sends a parcel, the same is promised of it.

What the parcel platform can read in the end is compared with one and the same expectation, opened with its own keys.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from jwcrypto import jwe, jwk

from middleware import binding, bootstrap, config
from middleware.core.schedule import required_kids
from middleware.keys import provision
from middleware.platform_keys import Known, PlatformKeys, admit
from middleware.services import Services
from middleware.storage import migrate
from middleware.web.app import create
from tests.middleware.web.answering import problem
from tests.middleware.web.conftest import NOWHERE
from tests.middleware.web.sources import ANOTHER, TOKEN, Parcel, Plug, ShopifyShop, Source, WooShop
from tests.system.sides import NOW
from tests.system.stack import Json, configure, shop

SHOPS = {
    "shopify": shop("shopify", notify="email"),
    "woocommerce": shop(
        "woocommerce",
        platform="woocommerce",
        app=None,
        secrets=[{"env": "OWN_SECRET"}],
        domain="winkel.example",
        notify="email",
    ),
    "plugin": shop("plugin", notify="email", creates="call", token={"env": "PLUG_TOKEN"}),
}
SOURCES = ("shopify", "woocommerce", "plugin")
_orders = itertools.count(71_001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The two applications over one database, and the parcel platform's private keys."""

    sources: dict[str, Source]
    services: Services
    database: Path
    private: dict[str, jwk.JWK]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    def live(self, name: str) -> list[str]:
        """The records of the shop that wait to be sent."""
        query = f"SELECT id FROM records WHERE shop = '{name}' AND state = 'waiting'"  # noqa: S608 - our own names
        return [str(row[0]) for row in self.rows(query)]

    def readable(self, record: str) -> Json:
        """What the platform would read of a record: part → plaintext."""
        query = f"SELECT name, jwe FROM parts WHERE record_id = '{record}' AND jwe IS NOT NULL"  # noqa: S608 - our own ids
        return {name: json.loads(self._opened(token)) for name, token in self.rows(query)}

    def _opened(self, token: str) -> bytes:
        box = jwe.JWE()
        box.deserialize(token)
        box.decrypt(self.private[json.loads(box.objects["protected"])["kid"]])
        return bytes(box.payload)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    service = configure(tmp_path_factory.mktemp("sources"), SHOPS, {"platform": NOWHERE})
    migrate(f"sqlite:///{service.database}/parcelveil.db")
    provision(service.folder / "keys")
    kids = required_kids(binding.pack("bpost-shipping-platform"), NOW.date())
    private = {kid: jwk.JWK.generate(kty="EC", crv="P-256") for kid in kids}
    public = [{**key.export_public(as_dict=True), "kid": kid, "alg": "ECDH-ES+A256KW"} for kid, key in private.items()]
    known = admit(Known(), json.dumps({"keys": public}).encode(), b'{"points": []}', NOW)
    PlatformKeys(service.folder / "state", "platform").store(known)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in service.environment(PLUG_TOKEN=TOKEN).items():
            patched.setenv(name, value)
        services = replace(bootstrap.services(config.load(service.config)), clock=lambda: NOW)
    intake, api = (create(services, role).test_client() for role in ("intake", "api"))
    sources: dict[str, Source] = {
        "shopify": ShopifyShop(intake),
        "woocommerce": WooShop(intake),
        "plugin": Plug(api),
    }
    yield Bench(sources=sources, services=services, database=service.database / "parcelveil.db", private=private)
    services.store.close()


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, bench: Bench) -> Iterator[Source]:
    yield bench.sources[request.param]
    with contextlib.closing(sqlite3.connect(bench.database)) as connection:
        for table in ("inbox", "idempotency", "orders", "rejections", "index_entries", "parts", "records", "removals"):
            connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own names
        connection.commit()


def parcel(**changes: Any) -> Parcel:
    return Parcel(**{"order": next(_orders), **changes})


def taken(source: Source, wanted: Parcel) -> str:
    """The record that was made."""
    answer = source.send(source.document(wanted))
    assert answer.status_code in (200, 202), answer.text
    return str(answer.get_json()["id"])


DELIVERY = {"name": "Mirte Oosterlynck", "street": "Lijsterbesdreef", "number": "14", "locality": "Gent"}


def test_the_same_parcel_is_the_same_to_the_platform_whoever_sends_it(source: Source, bench: Bench) -> None:
    made = taken(source, parcel())
    readable = bench.readable(made)
    assert readable.pop("sender.contact")["name"] == "Ysolde Afzenderinne"
    assert readable == {
        "recipient.delivery": DELIVERY,
        "recipient.notification": {"email": "mirte@voorbeeld.example"},
    }
    ((clear,),) = bench.rows("SELECT clear FROM records")
    told = json.loads(clear)
    assert told["recipient"] == {"country": "BE", "postal_code": "9000"}
    assert (told["parcel"]["weight_grams"], told["parcel"]["product"], told["parcel"]["pieces"]) == (1_000, "parcel", 1)


@pytest.mark.parametrize("payer", ["Mirte", "Joachim"])
def test_an_e_mail_address_of_who_pays_is_nobody_elses(source: Source, bench: Bench, payer: str) -> None:
    readable = bench.readable(taken(source, parcel(payer=payer)))
    assert ("recipient.notification" in readable) == (payer == "Mirte")


def test_nothing_personal_rests_unsealed(source: Source, bench: Bench) -> None:
    taken(source, parcel())
    raw = b"".join(path.read_bytes() for path in bench.database.parent.iterdir() if path.is_file())
    for text in (b"Mirte", b"Oosterlynck", b"Lijsterbesdreef", b"mirte@", b"470123456", b"Gelieve"):
        assert text not in raw


def test_the_same_again_is_the_same_parcel(source: Source, bench: Bench) -> None:
    wanted = parcel()
    assert taken(source, wanted) == taken(source, wanted) == taken(source, replace(wanted, minute=1))
    assert len(bench.live(source.name)) == 1


def test_a_newer_version_takes_the_place_and_an_older_changes_nothing(source: Source, bench: Bench) -> None:
    first = parcel(minute=5)
    before = taken(source, first)
    after = taken(source, replace(first, minute=6, street="Kouter 7"))
    source.send(source.document(replace(first, minute=1, street="Oude Weg 1")))
    assert bench.live(source.name) == [after]
    assert before != after
    assert bench.readable(after)["recipient.delivery"]["street"] == "Kouter"


def test_two_orders_of_one_moment_are_two_parcels(source: Source, bench: Bench) -> None:
    made = {taken(source, parcel()) for _ in range(3)}
    assert len(made) == 3
    assert set(bench.live(source.name)) == made


def test_what_is_taken_back_stays_taken_back(source: Source, bench: Bench) -> None:
    wanted = parcel()
    record = taken(source, wanted)
    assert source.cancel(wanted, record).status_code == 200
    assert bench.live(source.name) == []
    assert bench.readable(record) == {}
    source.send(source.document(replace(wanted, minute=30, street="Kouter 7")))
    assert bench.live(source.name) == []


def test_who_is_not_who_it_says_is_always_answered_alike(source: Source, bench: Bench) -> None:
    content = source.document(parcel())
    answers = [
        problem(answer, 401, "invalid-signature" if source.name != "plugin" else "unauthorised")
        for answer in (
            source.send(content, secret=ANOTHER),
            source.send(content, secret=b""),
            source.send(content, shop="nonesuch"),
            source.send(content, shop="shopify" if source.name != "shopify" else "woocommerce"),
        )
    ]
    assert len({json.dumps({**answer, "instance": ""}) for answer in answers}) == 1
    assert bench.rows("SELECT count(*) FROM inbox") == [(0,)]


def test_what_cannot_be_shipped_is_told_by_its_place_and_never_by_its_value(source: Source, bench: Bench) -> None:
    answer = source.send(source.document(parcel(street=None)))
    faults = answer.get_json().get("errors") or [
        {"pointer": pointer, "code": code}
        for ((text,),) in [bench.rows("SELECT faults FROM rejections")]
        for pointer, code in json.loads(text)
    ]
    street = {
        "shopify": "/shipping_address/address1",
        "woocommerce": "/shipping/address_1",
        "plugin": "/recipient/address/street",
    }
    assert {"pointer": street[source.name], "code": "required"} in faults
    assert "Oosterlynck" not in answer.text
    assert bench.rows("SELECT count(*) FROM records") == [(0,)]


@pytest.mark.parametrize("broken", [b"{", b'{"id": 1, "id": 2}', b'{"x": NaN}', b'{"x": "\xff"}'])
def test_what_is_no_strict_json_is_refused_before_it_is_read(source: Source, broken: bytes) -> None:
    assert source.send(broken).status_code == 400


def test_a_version_from_the_future_is_refused_by_its_own_name(source: Source, bench: Bench) -> None:
    content = json.dumps(source.document(parcel())).replace("2026-11-20T", "2027-11-20T").encode()
    answer = source.send(content)
    told = answer.text + "".join(str(row) for row in bench.rows("SELECT faults FROM rejections"))
    own = {"shopify": "/updated_at", "woocommerce": "/date_modified_gmt", "plugin": "/order/updated_at"}
    assert own[source.name] in told
    assert "future" in told
