"""Three shops at one carrier, two of them with accounts of their own at bpost: each follows its own parcels, with its
own password, and reads nobody else's.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from middleware import bootstrap, bootstrap_back, bootstrap_following, bootstrap_lanes, bootstrap_retention
from middleware.web.app import create
from simulator.bpost.errors import unauthorised
from simulator.bpost.services import Services
from simulator.http import MockServer, Settings, running
from simulator.message import Request
from tests.middleware.cli.bench import SECRET, Instance
from tests.middleware.starting import cleaned
from tests.system.line import tell
from tests.system.orders import address, order
from tests.system.stack import headers
from tests.system.test_bpost_accounts import SETTINGS
from tests.system.test_following import CARRIER, NOW, SHOP, at_bpost

LABELS = {"123456": "word-for-labels", "654321": "second-for-labels", "777777": "third-for-labels"}
TRACKING = {"123456": "word-for-tracking", "654321": "second-for-tracking", "777777": "third-for-tracking"}
SHOPS = {"demo": "123456", "second": "654321", "third": "777777"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """An instance with three shops, a parcel of each, and bpost, which knows each account's two words."""

    instance: Instance
    server: MockServer
    heard: list[tuple[bool, str]]
    parcels: dict[str, tuple[str, str]] = field(default_factory=dict)

    def connect(self, shop: str, *more: str, **settings: Any) -> None:
        """Connect a shop of the database with the account that it has."""
        file = self.instance.folder / f"{shop}.json"
        given = {**SETTINGS, "domain": f"{shop}.myshopify.com", "interpretations": {"recipient_clock": "delivered"}}
        file.write_text(json.dumps({**given, **settings}), encoding="utf-8")
        words = ("--token-env", f"{shop.upper()}_TOKEN", "--account", SHOPS[shop], *more)
        done = self.instance.run("shops", "connect", shop, "--from", str(file), *words)
        assert done.exit_code == 0, done.output

    def ship(self, shop: str) -> None:
        """An order of the shop comes, and bpost has it."""
        services = bootstrap.services(self.instance.settings())
        body = json.dumps(order(shipping_address=address("Verzonnenachternaam"))).encode()
        given = headers(body, f"{shop}.myshopify.com", secret=SECRET.encode())
        answer = create(services, "intake").test_client().post("/webhooks/shopify/orders", data=body, headers=given)
        services.store.close()
        settings = self.instance.settings()
        tell(self.instance.folder / "clock", bootstrap.clock(settings)() + timedelta(minutes=3))
        shops = bootstrap_back.shops(settings)
        (relay,) = bootstrap_lanes.relays(settings, lambda *_: None, shops)
        with closing(shops.store), closing(relay.store):
            assert relay.step()
        id_ = str(answer.get_json()["id"])
        shown = self.instance.json("deliveries", "show", id_)
        assert (shown["state"], shown["account"]) == ("delivered", SHOPS[shop])
        self.parcels[shop] = id_, shown["barcode"]

    def journey(self, shop: str, whose: str = "") -> tuple[int, dict[str, Any]]:
        """What the shop is told of its parcel, or of another's."""
        settings = self.instance.settings()
        services = bootstrap.services(settings)
        watches = bootstrap_following.watches(settings, {}, bootstrap_lanes.own_accounts(services.shops))
        path = f"/v1/shops/{shop}/shipments/{self.parcels[whose or shop][0]}/tracking"
        given = {"Authorization": f"Bearer made-up-token-of-{shop}"}
        answer = create(services, "api", watches=watches).test_client().get(path, headers=given)
        services.store.close()
        return answer.status_code, answer.get_json()

    def tracked(self) -> list[str]:
        """Accounts and words with which tracking was asked since this was called last."""
        words = [word for tracked, word in self.heard if tracked]
        self.heard.clear()
        return words

    def round(self) -> list[str]:
        """What came of all that wait, in one round of who asks by itself."""
        settings, seen = self.instance.settings(), list[str]()
        known, shops = bootstrap_retention.retention(settings), bootstrap_back.shops(settings)
        own = bootstrap_lanes.own_accounts(shops)
        with contextlib.redirect_stderr(io.StringIO()), closing(known), closing(shops.store):
            (pursuit,) = bootstrap_following.pursuits(
                settings, known, shops, own, lambda _, result: seen.append(result)
            )
            place, _ = pursuit.step(None)
            while place is not None:
                place, _ = pursuit.step(place)
        return seen


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    cleaned(monkeypatch)
    heard = list[tuple[bool, str]]()
    authenticate = Services._authenticate

    def strictly(self: Services, request: Request, account: str | None) -> None:
        word = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        tracked = request.path.startswith("/services/trackedmail/")
        heard.append((tracked, word))
        user, _, told = word.partition(":")
        if (TRACKING if tracked else LABELS).get(user) != told:
            raise unauthorised(401)
        authenticate(self, request, account)

    monkeypatch.setattr(Services, "_authenticate", strictly)
    monkeypatch.setattr(bootstrap, "keep_known", lambda *_: None)  # its thread would outlive the test and its database
    for shop, account in SHOPS.items():
        monkeypatch.setenv(f"{shop.upper()}_TOKEN", f"made-up-token-of-{shop}")
        monkeypatch.setenv(f"{shop.upper()}_PASSPHRASE", LABELS[account])
        monkeypatch.setenv(f"{shop.upper()}_TRACKING_PASSWORD", TRACKING[account])
    monkeypatch.setenv("BPOST_PASSPHRASE", LABELS["123456"])
    monkeypatch.setenv("TRACKING_PASSWORD", TRACKING["123456"])
    with running(Settings(state=tmp_path / "platform")) as server:
        carrier = CARRIER.replace('password = { env = "BPOST_PASSPHRASE" }', 'password = { env = "TRACKING_PASSWORD" }')
        instance = at_bpost(tmp_path, server.url, carrier.replace("URL", server.url), SHOP)
        made = Street(instance=instance, server=server, heard=heard)
        for shop in ("second", "third"):
            words = ("--passphrase-env", f"{shop.upper()}_PASSPHRASE")
            made.connect(shop, *words, "--tracking-password-env", f"{shop.upper()}_TRACKING_PASSWORD")
        for shop in SHOPS:
            made.ship(shop)
        yield made


@pytest.mark.policy("VP-RET-4")
def test_each_follows_its_own_parcel_under_its_own_account_and_reads_nobody_elses(street: Street) -> None:
    street.tracked()
    for shop, account in SHOPS.items():
        status, told = street.journey(shop)
        assert (status, told["barcode"]) == (200, street.parcels[shop][1])
        assert street.tracked() == [f"{account}:{TRACKING[account]}"]
        for other in SHOPS.keys() - {shop}:
            assert street.journey(shop, other)[0] == 404
        assert street.heard == []
    assert sorted(street.round()) == ["under_way"] * 3
    for path, told in (
        *((f"_boxes/{barcode}", {"status": "DELIVERED"}) for _, barcode in street.parcels.values()),
        ("_clock", {"now": (NOW + timedelta(days=1)).isoformat()}),
    ):
        assert requests.put(f"{street.server.url}/{path}", json=told, timeout=20).status_code == 200
    tell(street.instance.folder / "clock", NOW + timedelta(days=2))
    street.tracked()
    assert street.round() == ["delivered"] * 3
    assert sorted(street.tracked()) == sorted(f"{account}:{word}" for account, word in TRACKING.items())
    stored = street.instance.database.read_bytes()
    shown = street.instance.run("shops", "list", "--json").output
    for word in (*TRACKING.values(), *LABELS.values()):
        assert word.encode() not in stored
        assert word not in shown


def test_without_the_password_or_with_a_wrong_one_its_parcels_alone_are_not_followed(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfollowed, taken = "urn:problem:not-followed", "bpost takes the account and its password"
    assert street.instance.checks()["tracking of shop second"] == ("ok", taken)
    monkeypatch.setenv("THIRD_TRACKING_PASSWORD", "wrong")
    street.connect("third", "--tracking-password-env", "THIRD_TRACKING_PASSWORD")
    status, told = street.journey("third")
    assert (status, told["type"], "is not taken" in told["title"]) == (404, unfollowed, True)
    assert sorted(street.round()) == ["not_told", "under_way", "under_way"]
    street.instance.run("shops", "disconnect", "second")
    street.connect("second", "--passphrase-env", "SECOND_PASSPHRASE")
    status, told = street.journey("second")
    assert (status, told["type"], "once its tracking password is set" in told["title"]) == (
        404,
        "urn:problem:not-followed",
        True,
    )
    assert sorted(street.round()) == ["not_told", "under_way"]
    faces = {one["shop"]: (one["account"], one["tracking"]) for one in street.instance.json("shops", "list")}
    assert faces == {"demo": ("shared", None), "second": ("own", "none"), "third": ("own", "own")}
    lacking = "its parcels are not followed"
    assert lacking in street.instance.checks()["tracking of shop second"][1]
    assert lacking in street.instance.run("shops", "check", "second").output
    assert street.instance.checks()["tracking of shop third"][0] == "warn"
    checked = street.instance.run("shops", "check", "third")
    assert "note  tracking: bpost's tracking does not take its account and password: ask bpost" in checked.output
