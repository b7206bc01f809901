"""What an account may not use is refused where orders come in, by what bpost told before, over real HTTP; and what is
not known refuses nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from middleware import bootstrap, bootstrap_granted, bootstrap_points
from middleware.account import Account
from middleware.carriers.bpost_shm.granted import Grants
from middleware.errors import ConfigError, ParcelveilError
from middleware.granted_file import OLDEST, GrantedFile, KnownGrants, account_digest
from middleware.web.app import create
from simulator.bpost.switches import Switches, read_switches
from tests.system.bpost_house import ACCOUNT, BEGINNING, PASSPHRASE, TOKEN, House, house
from tests.system.orders import address, order
from tests.system.processes import wait_for

OWN, SHOPS = "654321", ("demo", "own", "lines", "strict", "plug")
SIGNED = {"home": "bpack-24h-pro+signed+tell-email"}
CALL: Mapping[str, Any] = {
    "order": {"id": "W-1", "name": "#W-1"},
    "recipient": {
        "name": "Lotte Verzonnen",
        "address": {"street": "Bedachte Laan", "postal_code": "9000", "locality": "Gent", "country": "BE"},
    },
    "parcel": {"weight_grams": 600, "product": "bpack-24h-business"},
}

OFFER = {"method": "HOME", "product": "", "options": [], "mandatory": [], "strange": False, "hidden": False}
ENDLESS = json.dumps({**OFFER, "levels": [float("inf")]}).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Shops with bpost: by the carrier's account, by one of its own, by shipping lines, one that wants refusals, and
    one whose plug-in creates.
    """

    house: House

    @property
    def file(self) -> GrantedFile:
        return bootstrap.granted(self.house.settings)["platform"]

    def turn(self, *without: str, **switches: Any) -> None:
        """What no account may use from now on."""
        self.house.platform.api.bpost.turn(read_switches({"without": list(without), **switches}))

    def gather(self) -> list[str]:
        """Ask about what is due, as the thread of a web process does: what went wrong, or ``""``."""
        gone = bootstrap_granted.gather_all(self.house.settings)
        return [problem.code if problem else "" for _, problem in gone]

    def digest(self, account: str, passphrase: str = PASSPHRASE) -> str:
        """By what it is found in the file."""
        whose = Account(id=account, passphrase=passphrase, shared=False)
        return account_digest(bootstrap.live_keys(self.house.settings).index, whose)

    def asked(self) -> int:
        """How often bpost was asked."""
        return self.house.asked()

    def order(self, shop: str = "demo", email: str = "lotte@voorbeeld.example") -> tuple[str, list[list[str]]]:
        """What becomes of an order, and with what faults."""
        whom = address("Verzonnen")
        answer = self.house.send(order(shipping_address=whom, billing_address=whom, email=email), shop)
        told = answer.get_json()
        if answer.status_code == 422:
            return "refused", [[one["pointer"], one["code"]] for one in told["errors"]]
        faults = [
            [list(fault) for fault in one.faults]
            for one in self.house.services.store.rejections(shop, 1)
            if told["status"] == "rejected"
        ]
        return told["status"], faults[0] if faults else []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("granted")
    (folder / "own").write_text("made-up passphrase", encoding="ascii")
    shops: dict[str, Any] = {name: {"notify": "email", "products": SIGNED} for name in SHOPS}
    shops["own"] |= {"account": OWN, "passphrase": {"file": str(folder / "own")}}
    shops["lines"] |= {"products": {}, "lines": {"Standard": "bpack-24h-pro+saturday"}}
    shops["strict"] |= {"on_invalid": "refuse"}
    shops["plug"] |= {"creates": "call"}
    with house(folder / "house", **shops) as one:
        yield Stage(house=one)


@pytest.fixture
def stage(built: Stage) -> Iterator[Stage]:
    yield built
    built.house.forget()
    built.file.path.unlink(missing_ok=True)


def test_what_the_account_may_not_use_is_never_accepted(stage: Stage) -> None:
    stage.turn("bpack 24h Pro/signed", "infoNextDay")
    assert stage.order()[0] == "accepted"  # nothing is known yet: bpost decides
    stage.house.forget()
    stage.turn("bpack 24h Pro/signed", "infoNextDay")
    assert stage.gather() == ["", ""]
    lacks = [["/shipping_lines", "next-day-not-granted"], ["/shipping_lines", "signed-not-granted"]]
    assert stage.order() == ("rejected", lacks)
    assert stage.order("strict") == ("refused", lacks)
    assert stage.order("own") == ("rejected", lacks)
    assert stage.order("strict", email="") == ("refused", lacks[1:])  # no message would be sent
    stage.turn("bpack 24h Pro")
    stage.file.path.unlink()
    stage.gather()
    assert stage.order("strict") == ("refused", [["/shipping_lines", "product-not-granted"]])


def test_a_shipping_line_is_held_against_it_as_well(stage: Stage) -> None:
    stage.turn("saturdayDelivery")
    stage.gather()
    given = order(shipping_lines=[{"code": "Standard", "title": "Thuis"}])
    told = stage.house.send(given, "lines").get_json()
    assert told["status"] == "rejected"
    (kept,) = stage.house.services.store.rejections("lines", 1)
    assert list(kept.faults) == [("/shipping_lines", "saturday-not-granted")]
    assert stage.order("demo")[0] == "accepted"


def test_a_plug_ins_call_is_told_at_once(stage: Stage) -> None:
    def call(key: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key, "Prefer": "wait=0"}
        api = create(stage.house.services, "api").test_client()
        answer = api.post("/v1/shops/plug/shipments", data=json.dumps(CALL), headers={
            **headers, "Content-Type": "application/json"})  # fmt: skip
        return answer.status_code, answer.get_json().get("errors")

    stage.turn("bpack 24h business")
    stage.gather()
    assert call("made-up-key-1") == (422, [{"pointer": "/parcel/product", "code": "product-not-granted"}])
    stage.turn()
    stage.file.path.unlink()
    stage.gather()
    assert call("made-up-key-2")[0] == 202


def test_each_account_is_asked_about_once_and_again_when_it_is_due(stage: Stage) -> None:
    before = stage.asked()
    assert stage.gather() == ["", ""]
    assert stage.gather() == []
    assert stage.asked() - before == 2
    stage.house.tell(BEGINNING + bootstrap_granted.EVERY)
    assert stage.gather() == ["", ""]
    assert set(stage.file.known().accounts) == {stage.digest(each) for each in (ACCOUNT, OWN)}
    assert not any(each.encode() in stage.file.path.read_bytes() for each in (ACCOUNT, OWN, "own", "Lotte"))


def test_one_accounts_rights_are_no_others(stage: Stage) -> None:
    stage.turn("signed")
    stage.gather()
    known = dict(stage.file.known().accounts)
    del known[stage.digest(OWN)]
    stage.file.store(KnownGrants(accounts=known))
    assert (stage.order("demo")[0], stage.order("own")[0]) == ("rejected", "accepted")


def test_what_is_old_refuses_nothing(stage: Stage) -> None:
    stage.turn("signed")
    stage.gather()

    def told(late: timedelta) -> Grants | None:
        return stage.file.of(stage.digest(ACCOUNT), BEGINNING + late)

    assert told(OLDEST) is not None
    assert told(OLDEST + timedelta(seconds=1)) is None


def test_whatever_fails_what_was_known_stays(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.turn("signed")
    stage.gather()
    kept = stage.file.known()
    stage.house.tell(BEGINNING + bootstrap_granted.EVERY)
    everything = [
        product for offer in kept.accounts.values() for product in [one.product for one in offer.grants.offers]
    ]
    stage.turn(*everything)
    assert stage.gather() == ["no-products", "no-products"]
    stage.house.platform.faults.set({"500": 1.0})
    assert stage.gather() == ["http-500:system-exception"] * 2
    monkeypatch.setattr(bootstrap, "onboarding", _unwell)
    assert stage.gather() == ["error"]
    assert stage.file.known() == kept
    assert stage.order()[0] == "rejected"


def test_what_closes_most_of_what_was_open_is_believed_of_a_person_alone(stage: Stage) -> None:
    stage.gather()
    kept = stage.file.known()
    open_ = [one.product for one in kept.accounts[stage.digest(OWN)].grants.offers]
    stage.house.tell(BEGINNING + bootstrap_granted.EVERY)
    stage.turn(*open_[1:])
    assert stage.gather() == ["too-few-products"] * 2
    assert stage.file.known() == kept
    stage.house.run("shops", "check", "own")
    told = stage.file.known().accounts[stage.digest(OWN)].grants.offers
    assert [one.product for one in told] == open_[:1]


def test_what_closes_half_of_it_is_believed(stage: Stage) -> None:
    stage.gather()
    open_ = [one.product for one in stage.file.known().accounts[stage.digest(OWN)].grants.offers]
    stage.house.tell(BEGINNING + bootstrap_granted.EVERY)
    stage.turn(*open_[: len(open_) // 2])
    assert stage.gather() == ["", ""]


def _unwell(_: object) -> None:
    raise ParcelveilError()


def test_a_file_that_cannot_be_read_refuses_nothing_and_is_written_anew(stage: Stage) -> None:
    stage.turn("signed")
    stage.gather()
    stage.file.path.write_bytes(b"[]")
    assert stage.order()[0] == "accepted"
    assert stage.gather() == ["", ""]
    assert stage.order("strict")[0] == "refused"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b'{"accounts": {}}', b'{"accounts": [], "refused": {}}'),
        b'{"accounts": {"a": {"at": "2026-11-20T09:30Z"}}, "refused": {}}',
        b'{"accounts": {"a": {"at": "2026-11-20T09:30", "offers": []}}, "refused": {}}',
        b'{"accounts": {"a": {"at": "2026-11-20T09:30Z", "offers": [{"product": "Lotte"}]}}, "refused": {}}',
        b'{"accounts": {}, "refused": {"a": "2026-11-20T09:30"}}',
        b'{"accounts": {}, "refused": {"a": 1}}',
        b'{"accounts": {"a": {"at": "2026-11-20T09:30Z", "offers": []}}, "refused": {}}',
        b'{"accounts": {"a": {"at": "2026-11-20T09:30Z", "offers": [%s]}}, "refused": {}}' % ENDLESS,
    ],
)
def test_what_this_service_does_not_write_is_no_such_file(content: bytes) -> None:
    with pytest.raises(ConfigError) as fault:
        KnownGrants.from_bytes(content, Path("known.json"))
    assert str(fault.value) == "known.json: not a file of this service; remove it, and it is fetched again"


def test_what_cannot_be_read_is_looked_at_once_until_it_changes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    real = KnownGrants.from_bytes

    def counting(content: bytes, path: Path) -> KnownGrants:
        looked.append(content)
        return real(content, path)

    monkeypatch.setattr(KnownGrants, "from_bytes", counting)
    stage.gather()
    stage.file.path.write_bytes(b"[]")
    file = GrantedFile(stage.file.folder)
    for _ in range(3):
        with pytest.raises(ConfigError, match="not a file of this service"):
            file.known()
    assert looked == [b"[]"]
    file.store(KnownGrants())
    assert file.known() == KnownGrants()
    assert len(looked) == 2


def test_what_is_heard_is_written_many_accounts_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[int] = []
    real = GrantedFile.store

    def counting(file: GrantedFile, known: KnownGrants) -> None:
        stored.append(len(known.accounts))
        real(file, known)

    monkeypatch.setattr(GrantedFile, "store", counting)
    assert stage.gather() == ["", ""]
    assert stored == [2]
    monkeypatch.setattr(bootstrap_granted, "AT_ONCE", 1)
    stage.file.path.unlink()
    stage.gather()
    assert stored == [2, 1, 2]
    stage.file.path.unlink()
    monkeypatch.setattr(bootstrap_granted, "AT_ONCE", 50)
    assert list(bootstrap_granted.gather_all(stage.house.settings, lambda: False)) == [("platform", None)]
    assert stored == [2, 1, 2, 1]  # what was heard before it had to stop
    assert stage.file.path.read_bytes().count(b"\n") == 0


def test_an_account_that_bpost_does_not_take_is_not_asked_about_again_and_again(stage: Stage) -> None:
    stage.turn("signed")
    stage.gather()
    later, shops = BEGINNING + bootstrap_granted.EVERY, dict(stage.house.settings.shops)
    wrong = Account(id=OWN, passphrase="another passphrase", shared=False)
    shops["own"] = replace(shops["own"], account=wrong)
    mistaken = stage.digest(OWN, wrong.passphrase)

    def gather(at: datetime) -> list[str]:
        stage.house.tell(at)
        gone = bootstrap_granted.gather_all(replace(stage.house.settings, shops=shops))
        return sorted(problem.code if problem else "" for _, problem in gone)

    assert gather(later) == ["", "http-401"]
    assert gather(later) == []
    known = stage.file.known()
    assert (set(known.accounts), dict(known.refused)) == ({stage.digest(ACCOUNT)}, {mistaken: later})
    assert gather(later + bootstrap_granted.EVERY - timedelta(seconds=1)) == []
    assert gather(later + bootstrap_granted.EVERY) == ["", "http-401"]
    stage.house.run("shops", "check", "own")  # with the passphrase of its settings: asked at once, and heard
    assert stage.file.known().accounts[stage.digest(OWN)].at == later + bootstrap_granted.EVERY
    assert gather(later) != []  # the clock was set back


def test_who_names_an_account_without_its_passphrase_neither_reads_its_rights_nor_has_it_asked_about_with_another(
    stage: Stage,
) -> None:
    shops = dict(stage.house.settings.shops)
    wrong = Account(id=ACCOUNT, passphrase="another passphrase", shared=False)
    shops["own"] = replace(shops["own"], account=wrong)
    gone = bootstrap_granted.gather_all(replace(stage.house.settings, shops=shops))
    assert sorted(problem.code if problem else "" for _, problem in gone) == ["", "http-401"]
    assert set(stage.file.known().accounts) == {stage.digest(ACCOUNT)}
    assert stage.file.of(stage.digest(ACCOUNT, wrong.passphrase), BEGINNING) is None


def test_an_account_that_no_shop_has_any_more_is_forgotten(stage: Stage) -> None:
    stage.gather()
    shops = {name: one for name, one in stage.house.settings.shops.items() if name != "own"}
    gone = bootstrap_granted.gather_all(replace(stage.house.settings, shops=shops))
    assert list(gone) == []
    assert len(stage.file.known().accounts) == 1


def test_what_shops_check_hears_is_known_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.turn("signed")
    stage.gather()
    assert stage.order()[0] == "rejected"
    found = stage.house.run("shops", "check", "demo")
    assert "BAD   bpost: the account may not use +signed with bpack-24h-pro, as products says of home" in found.output
    assert found.exit_code == 1
    stage.turn()
    assert "the account may use what goes home" in stage.house.run("shops", "check", "demo").output
    assert stage.order("demo")[0] != "rejected"
    assert stage.order("own")[0] == "rejected"
    before = stage.file.known()
    monkeypatch.setattr(bootstrap_points, "may_gather", lambda _: False)
    stage.house.run("shops", "check", "own")
    assert stage.file.known() == before  # another user's state is not written


def test_a_dry_run_with_a_connected_shop_is_what_becomes_of_its_order(stage: Stage) -> None:
    def looked(*words: str) -> Result:
        file = stage.house.folder / "order.json"
        whom = address("Verzonnen")
        made = order(shipping_address=whom, billing_address=whom, email="lotte@voorbeeld.example")
        file.write_text(json.dumps(made), encoding="utf-8")
        return stage.house.run("inspect", str(file), "--json", *words)

    before = stage.asked()
    (seen,) = json.loads(looked("--shop", "demo").stdout)
    assert "box/nationalBox/atHome/options/signed" in seen["in_clear"]
    assert [part["part"] for part in seen["parts"]][:2] == ["recipient.delivery", "recipient.notification"]
    assert stage.asked() == before
    stage.turn("signed")
    stage.gather()
    done = looked("--shop", "demo")
    (seen,) = json.loads(done.stdout)
    assert (done.exit_code, seen["errors"]) == (1, [{"pointer": "/shipping_lines", "code": "signed-not-granted"}])
    for words, said in (
        (("--shop", "nonesuch"), "there is none of that name that works"),
        (("--shop", "demo", "--notify", "sms"), "--notify does not go with --shop"),
        (("--shop", "demo", "--line", "A=bpack-24h-pro"), "--line does not go with --shop"),
    ):
        done = looked(*words)
        assert (done.exit_code, said in done.stderr) == (2, True)


def test_while_one_asks_no_other_does(stage: Stage) -> None:
    with stage.file.turn() as ours:
        assert ours
        assert stage.gather() == []
        stage.house.run("shops", "check", "demo")
        assert not stage.file.path.exists()


def test_a_thread_of_the_service_asks_and_ends_when_it_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap_granted, "REST_SECONDS", 0.0)
    stop = threading.Event()
    thread = bootstrap_granted.keep_gathered(stage.house.settings, stop)
    assert thread is not None
    wait_for(lambda: len(stage.file.known().accounts) == 2, "both accounts")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_carrier_that_tells_nothing_needs_no_thread(stage: Stage, tmp_path: Path) -> None:
    carriers = {name: replace(one, kind="parcel-json") for name, one in stage.house.settings.carriers.items()}
    bare = replace(stage.house.settings, carriers=carriers)
    assert bootstrap_granted.keep_gathered(bare, threading.Event()) is None
    assert list(bootstrap_granted.gather_all(bare)) == []
    assert GrantedFile(tmp_path / "none").known() == KnownGrants()
    assert Switches().demanded == frozenset()
