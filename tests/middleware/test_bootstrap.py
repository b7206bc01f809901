"""The composition root: what stops the start, what quarantines one shop alone, and what goes on in the background."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from middleware import bootstrap, config, logs
from middleware.config import Config
from middleware.errors import ConfigError, KeyRefusedError, ParcelveilError, TransientDeliveryError
from middleware.keys import ServiceKeys, load_service, provision
from middleware.platform_keys import PlatformKeys
from middleware.services import Shop
from middleware.storage import migrate
from schemas.order import Sender, catalogue
from schemas.policy_loader import load, load_file
from simulator.http import Settings, running
from tests.middleware.cli.bench import DEAD, PACK, SECRET, TOKEN, Instance, second_shop
from tests.schemas.broken_pack import TEXT

KID = "recipient.delivery/vp.recipient.operational/2027-12"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.environment():
        if name.startswith(config.PREFIX) or name in ("PORT", "DATABASE_URL", "FLASK_DEBUG"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SHOPIFY_SECRET", SECRET)
    monkeypatch.setenv("OTHER_SECRET", f"{SECRET} of another shop")
    monkeypatch.setenv("THIRD_SECRET", f"{SECRET} of a third shop")
    monkeypatch.setenv("PARCEL_PLATFORM_TOKEN", TOKEN)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """Configured, with the service's own keys; no database, and a parcel platform that is down."""
    provision(tmp_path / "keys")
    return Instance(folder=tmp_path, url=f"http://{DEAD}").write()


@pytest.fixture
def own(instance: Instance) -> ServiceKeys:
    return load_service(instance.folder / "keys")


def one_line(problem: pytest.ExceptionInfo[ConfigError]) -> str:
    line = str(problem.value)
    assert "\n" not in line
    assert line
    return line


# ---- Packs ---------------------------------------------------------------------------------------------------------


def broken(folder: Path, old: str, new: str) -> Callable[[str], Any]:
    """What loads, in the place of any pack, the real one in which one thing reads otherwise."""
    assert old in TEXT
    path = folder / "own.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return lambda name: load_file(path)


PACK_FAULTS = {
    "a part with an unknown category": (
        '"recipient.name", "recipient.company",',
        '"recipient.nme", "recipient.company",',
        "own.toml: parts.\"recipient.delivery\".categories: unknown 'recipient.nme'",
    ),
    "a row with an unknown category": (
        'covers = ["complaint"]',
        'covers = ["complaints"]',
        "own.toml: categories.\"complaints\".covers: unknown 'complaints'",
    ),
    "a purpose without a basis": (
        'bases = ["professional", "residential", "guest", "recipient"]',
        "bases = []",
        "own.toml: purposes.label_and_delivery.bases: empty",
    ),
    "a purpose with an unknown basis": (
        'bases = ["improvement"]',
        'bases = ["progress"]',
        "own.toml: purposes.improvement.bases: unknown 'progress'",
    ),
    "a part with an unknown retention rule": (
        'retention = "pv.index"',
        'retention = "pv.indx"',
        "own.toml: parts.\"index\".retention: unknown 'pv.indx'",
    ),
    "a category that may pass and no part holds": (
        '"recipient.name", "recipient.company",',
        '"recipient.company",',
        'own.toml: categories."names of recipient and sender".covers: recipient.name may pass, but no part holds it',
    ),
    "a sealed part without an end": (
        'subject = "sender"\nsealed = true\npurpose = "label_and_delivery"\nretention = "vp.sender.legal"',
        'subject = "sender"\nsealed = true\npurpose = "label_and_delivery"\nretention = "vp.sender.operational"',
        "bpost-shipping-platform: retention.vp.sender.operational: a duration is needed",
    ),
    "a memory without an end": (
        'trigger_stated = false\nduration = "P30D"',
        'trigger_stated = false\nuntil_event = "answered"',
        "bpost-shipping-platform: retention.pv.inbox: a duration is needed",
    ),
    "no TOML": ('id = "bpost-shipping-platform"', "id = ", "own.toml: not TOML: "),
}


@pytest.mark.parametrize("name", PACK_FAULTS)
def test_a_pack_that_does_not_hold_together_stops_the_start_with_one_line(
    instance: Instance, own: ServiceKeys, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    old, new, line = PACK_FAULTS[name]
    monkeypatch.setattr(bootstrap, "load", broken(instance.folder, old, new))
    starts: list[Callable[[], object]] = [
        lambda: bootstrap.pack(PACK),
        lambda: bootstrap.check(instance.settings()),
        lambda: bootstrap.bind(instance.settings(), own),
        lambda: bootstrap.services(instance.settings()),
    ]
    for start in starts:
        with pytest.raises(ConfigError) as problem:
            start()
        assert one_line(problem).startswith(line)


@pytest.mark.parametrize(
    ("category", "line"),
    [
        ("", "schema field shoe_size: no category; declare one of schemas/categories.py"),
        ("recipient.shoe_size", "schema field shoe_size: unknown category 'recipient.shoe_size'; use one of schemas/"),
        ("complaint", "schema field shoe_size: complaint has no part, and so no retention rule; list it in a part"),
    ],
)
@pytest.mark.parametrize("schema", ["order", "sender", "shopify"])
def test_a_field_of_a_schema_that_the_pack_does_not_place_stops_the_start(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, schema: str, category: str, line: str
) -> None:
    def with_a_shoe_size(*root: Any) -> Iterator[tuple[str, str]]:
        yield from catalogue(*root)
        if (root == (Sender,)) == (schema == "sender"):
            yield "shoe_size", category

    if schema == "shopify":
        monkeypatch.setattr(bootstrap, "categories", lambda *_: [("shoe_size", category)])
    else:
        monkeypatch.setattr(bootstrap, "catalogue", with_a_shoe_size)
    with pytest.raises(ConfigError) as problem:
        bootstrap.check(instance.settings())
    place = "sender." if schema == "sender" else ""
    assert one_line(problem).startswith(f"{PACK}: {line.replace('field ', f'field {place}', 1)}")


@pytest.mark.parametrize(
    ("part", "category", "field"),
    [
        ("recipient.delivery", "recipient.address.box", "recipient.address.box"),
        ("index", "customer.id", "ids.customer_id"),
        ("sender.contact", "sender.address.line2", "sender.line2"),
    ],
)
def test_a_pack_that_does_not_place_a_field_that_is_read_stops_the_start(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, part: str, category: str, field: str
) -> None:
    whole = load(PACK)
    rule = whole.parts[part]
    fewer = replace(rule, categories=tuple(name for name in rule.categories if name != category))
    monkeypatch.setattr(bootstrap, "load", lambda name: replace(whole, parts={**whole.parts, part: fewer}))
    with pytest.raises(ConfigError) as problem:
        bootstrap.check(instance.settings())
    assert one_line(problem) == (
        f"{PACK}: schema field {field}: {category} has no part, and so no retention rule; "
        "list it in a part or do not read it"
    )


def test_a_sound_pack_is_the_one_that_is_loaded() -> None:
    assert bootstrap.pack(PACK) == load(PACK)


# ---- Shops ---------------------------------------------------------------------------------------------------------


def bound(instance: Instance, own: ServiceKeys, more: str = "") -> tuple[Mapping[str, Shop], Mapping[str, ConfigError]]:
    return bootstrap.bind(instance.write(more=more).settings(), own)


SHOP_FAULTS = {
    "an unknown pack": ("policy", '"nonesuch"', f"shops.faulty.policy: no such pack; use one of {PACK}"),
    "an unknown interpretation": (
        "interpretations",
        '{ recipient_klok = "delivered" }',
        f"shops.faulty.interpretations: {PACK}: no interpretation 'recipient_klok'; use one of recipient_clock, ",
    ),
    "a reading that the pack does not have": (
        "interpretations",
        '{ recipient_clock = "printed" }',
        f"shops.faulty.interpretations: {PACK}: interpretations.recipient_clock: it has no such choice; use one of ",
    ),
}


@pytest.mark.parametrize("name", SHOP_FAULTS)
def test_a_fault_of_a_shop_quarantines_this_shop_alone(instance: Instance, own: ServiceKeys, name: str) -> None:
    setting, value, line = SHOP_FAULTS[name]
    shops, faults = bound(
        instance, own, second_shop("faulty", **{setting: value}) + second_shop("third", secret="THIRD_SECRET")
    )
    assert (set(shops), set(faults)) == ({"demo", "third"}, {"faulty"})
    assert isinstance(faults["faulty"], ConfigError)
    place, _, said = str(faults["faulty"]).partition(": ")
    assert said.startswith(line)
    lines = instance.file.read_text(encoding="utf-8").splitlines()
    assert lines[int(place.removeprefix(f"{instance.file}:")) - 1].startswith(f"{setting} = ")
    assert "\n" not in str(faults["faulty"])
    bootstrap.check(instance.settings())


@pytest.mark.policy("VP-PLG-3")
@pytest.mark.parametrize(("now", "open_"), [("2026-11-01T22:59:00Z", False), ("2026-11-01T23:00:00Z", True)])
def test_nothing_is_exchanged_before_the_day_of_the_request_to_integrate(
    instance: Instance, own: ServiceKeys, now: str, open_: bool
) -> None:
    shops, faults = bootstrap.bind(timed(instance, now), own)  # requested on 2026-11-02, in Brussels
    assert (set(shops), set(faults)) == (({"demo"}, set()) if open_ else (set(), {"demo"}))
    assert [str(fault).split(": ")[1] for fault in faults.values()] == [
        "shops.demo.integration.requested_on" for _ in faults
    ]


def test_what_the_configuration_quarantined_is_among_the_faults(instance: Instance, own: ServiceKeys) -> None:
    shops, faults = bound(instance, own, second_shop("faulty", account_type='"guest"'))
    assert (set(shops), set(faults)) == ({"demo"}, {"faulty"})
    assert "account_type" in str(faults["faulty"])


def test_a_shop_has_its_own_reading_of_the_pack(instance: Instance, own: ServiceKeys) -> None:
    shops, _ = bound(instance, own, second_shop("other", interpretations='{ recipient_clock = "delivered" }'))
    triggers = {name: shop.policy.retention["vp.recipient.operational"].trigger for name, shop in shops.items()}
    assert triggers == {"demo": "label_created", "other": "delivered"}
    assert shops["other"].policy.sha256 == shops["demo"].policy.sha256


def test_the_same_value_has_another_index_in_every_shop(instance: Instance, own: ServiceKeys) -> None:
    shops, _ = bound(instance, own, second_shop("other"))
    digests = {shop.indexer.of("order.id", "5001") for shop in shops.values()}
    assert len(digests) == len(shops) == 2


WHOLE = Sender(
    name="Ysolde Afzenderinne",
    company="Huis Verzinsel",
    street="Bedachte Kouter",
    number="17",
    box="b",
    line2="achteraan",
    locality="Gent",
    postal_code="9000",
    country="BE",
    email="afzender@huis-verzinsel.example",
    phone="+3292000017",
)


@pytest.mark.policy("VP-CAT-2", "VP-CAT-4", "VP-CAT-8")
@pytest.mark.parametrize(
    ("account_type", "kept"),
    [
        ("professional", WHOLE),
        ("residential", Sender(name=WHOLE.name, email=WHOLE.email, phone=WHOLE.phone)),
        ("guest", Sender(name=WHOLE.name, email=WHOLE.email, phone=WHOLE.phone)),
    ],
)
def test_of_the_sender_stays_what_the_pack_permits_for_the_account_type(
    instance: Instance, own: ServiceKeys, account_type: str, kept: Sender
) -> None:
    settings = instance.settings()
    shop = replace(settings.shops["demo"], sender=WHOLE, account_type=account_type)
    shops, _ = bootstrap.bind(replace(settings, shops={"demo": shop}), own)
    assert shops["demo"].sender == kept


def test_shops_of_one_platform_know_the_same_keys(instance: Instance, own: ServiceKeys) -> None:
    shops, _ = bound(instance, own, second_shop("other"))
    assert not shops["demo"].keys.known().keys
    instance.know(KID)
    assert [set(shop.keys.known().keys) for shop in shops.values()] == [{KID}, {KID}]


FAULTY = second_shop("faulty", secret="THIRD_SECRET", policy='"nonesuch"')


def test_services_find_a_shop_by_its_domain_only_behind_the_common_app(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        bootstrap, "_log", SimpleNamespace(error=lambda event, shop, code: said.append((event, shop, code)))
    )
    migrate(f"sqlite:///{instance.database}")
    settings = instance.write(more=second_shop("own") + FAULTY).settings()
    services = bootstrap.services(settings)
    services.store.close()
    names = {name for name in ("demo", "own", "faulty") if services.shops.get(name)}
    domains = {name for name in ("demo", "own", "faulty") if services.domains.get(f"{name}.myshopify.com")}
    assert (names, domains) == ({"demo", "own"}, {"demo"})
    assert services.domains.get("demo.myshopify.com") is services.shops.get("demo")
    assert said == [("shop_quarantined", "faulty", "configuration")]
    assert services.keys.index == load_service(instance.folder / "keys").index


# ---- What must be there --------------------------------------------------------------------------------------------


def test_without_its_keys_nothing_starts(instance: Instance) -> None:
    (instance.service_keys / "receipt.jwk").unlink()
    for start in (bootstrap.check, bootstrap.services):
        with pytest.raises(ConfigError) as problem:
            start(instance.settings())
        assert one_line(problem).endswith("make the keys with `parcelveil keys provision`")


def test_without_its_schema_nothing_starts(instance: Instance) -> None:
    for start in (bootstrap.store, bootstrap.services):
        with pytest.raises(ConfigError) as problem:
            start(instance.settings())
        assert one_line(problem) == "the database schema is not up to date; run `parcelveil migrate`"
    migrate(f"sqlite:///{instance.database}")
    store = bootstrap.store(instance.settings())
    store.ping()
    store.close()


def test_a_way_out_that_cannot_be_used_stops_the_start(instance: Instance) -> None:
    (instance.folder / "ca.pem").write_text("no certificate", encoding="ascii")
    settings = instance.write(server=f'ca_file = "{instance.folder}/ca.pem"').settings()
    with pytest.raises(ConfigError) as problem:
        bootstrap.check(settings)
    assert one_line(problem).endswith("no certificates of an authority (PEM) can be read from it")


def test_the_relay_verifies_with_the_key_that_signs_and_has_a_lane_for_each_platform(instance: Instance) -> None:
    migrate(f"sqlite:///{instance.database}")
    spare = f'[carriers.spare]\nkind = "parcel-json"\nurl = "http://{DEAD}"\nallow_private = ["127.0.0.1"]\n'
    relays = bootstrap.relays(instance.write(more=spare).settings(), lambda carrier, result: None)
    relays[0].store.close()
    signing = load_service(instance.folder / "keys").signing
    assert len(relays) == 2
    for relay in relays:
        assert set(relay.lanes) == {"platform", "spare"}
        assert {kid: key.thumbprint() for kid, key in relay.keys.items()} == {signing.kid: signing.thumbprint()}


def test_logging_is_set_up_at_the_configured_level_and_tells_the_role(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(logs, "configure", seen.append)
    monkeypatch.setattr(bootstrap, "_log", SimpleNamespace(info=lambda event, role: seen.append((event, role))))
    bootstrap.logging(instance.write(server='log_level = "WARNING"').settings(), "relay")
    assert seen == ["warning", ("start", "relay")]


# ---- Clocks --------------------------------------------------------------------------------------------------------


def timed(instance: Instance, text: str | None) -> Config:
    if text is not None:
        (instance.folder / "clock").write_text(text, encoding="utf-8")
    return instance.write(server=f'clock = "file:{instance.folder}/clock"').settings()


def test_the_time_is_the_systems(instance: Instance) -> None:
    now = bootstrap.clock(instance.settings())()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("2027-12-23T09:00:00+01:00", datetime(2027, 12, 23, 8, tzinfo=UTC)),
        ("2027-12-23T09:00:00Z\n", datetime(2027, 12, 23, 9, tzinfo=UTC)),
    ],
)
def test_a_test_instance_is_told_its_time_by_a_file(instance: Instance, text: str, now: datetime) -> None:
    told = bootstrap.clock(timed(instance, text))()
    assert (told, told.utcoffset()) == (now, timedelta(0))


def test_a_clock_file_that_changes_is_read_again(instance: Instance) -> None:
    tell = bootstrap.clock(timed(instance, "2027-12-23T09:00:00+01:00"))
    first = tell()
    (instance.folder / "clock").write_text("2028-12-23T09:00:00+01:00", encoding="ascii")
    assert (tell() - first).days == 366


@pytest.mark.parametrize("text", [None, "", "tomorrow", "2027-13-01T00:00:00Z", "2027-12-23T09:00:00é"])
def test_a_clock_file_that_tells_no_time_is_a_fault(instance: Instance, text: str | None) -> None:
    tell = bootstrap.clock(timed(instance, text))
    with pytest.raises(ConfigError) as problem:
        tell()
    with pytest.raises(ConfigError):
        bootstrap.check(instance.settings())
    assert one_line(problem).startswith(f"{instance.folder}/clock: the clock of this test instance must hold a time")
    assert (problem.value.__cause__, problem.value.__context__) == (None, None)


# ---- Keeping fresh -------------------------------------------------------------------------------------------------


class Pause:
    """Stands in for the event on which the refreshing thread pauses: a test says when the pause is over."""

    def __init__(self) -> None:
        self.begun: queue.Queue[float] = queue.Queue()
        self.over = threading.Semaphore(0)

    def wait(self, seconds: float) -> None:
        self.begun.put(seconds)
        self.over.acquire()  # for ever at the end of a test: the thread is a daemon


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> Pause:
    pause = Pause()
    monkeypatch.setattr(bootstrap, "threading", SimpleNamespace(Thread=threading.Thread, Event=lambda: pause))
    return pause


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """The errors that were logged: (event, carrier, code)."""
    said: list[tuple[str, str, str]] = []
    log = SimpleNamespace(error=lambda event, carrier, code: said.append((event, carrier, code)))
    monkeypatch.setattr(bootstrap, "_log", log)
    return said


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def known(instance: Instance) -> set[str]:
    return set(PlatformKeys(instance.folder / "state", "platform").known().keys)


def test_keys_are_refreshed_in_the_background_and_a_dead_platform_is_survived(
    instance: Instance, pause: Pause, alarms: list[tuple[str, str, str]]
) -> None:
    port, seen = free_port(), []
    settings = instance.write(f"http://127.0.0.1:{port}").settings()
    thread = bootstrap.keep_fresh(settings, lambda carrier, result: seen.append((carrier, result)))
    assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS
    assert (seen, alarms) == ([("platform", "connection")], [("platform_keys_not_refreshed", "platform", "connection")])
    assert known(instance) == set()

    listen = f"127.0.0.1:{port}"
    with running(Settings(state=instance.folder / "state", listen=listen, token=TOKEN)):
        pause.over.release()
        assert pause.begun.get(timeout=30) == bootstrap.REFRESH_SECONDS
    assert seen[1:] == [("platform", "refreshed")]
    fetched = known(instance)
    assert len(fetched) > 4

    pause.over.release()
    assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS
    assert known(instance) == fetched
    assert [code for _, _, code in alarms] == ["connection", "connection"]
    assert (thread.is_alive(), thread.daemon) == (True, True)


def test_a_platform_whose_key_changed_is_alarmed_and_the_old_key_stays(
    instance: Instance, pause: Pause, alarms: list[tuple[str, str, str]]
) -> None:
    with running(Settings(state=instance.folder / "state", token=TOKEN)) as platform:
        list(bootstrap.refresh_all(instance.write(platform.url).settings()))
    before = instance.platform_file.read_bytes()
    with running(Settings(state=instance.folder / "impostor", token=TOKEN)) as impostor:
        bootstrap.keep_fresh(instance.write(impostor.url).settings(), lambda carrier, result: None)
        assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS
    assert alarms == [("platform_keys_not_refreshed", "platform", "platform-keys-refused")]
    assert instance.platform_file.read_bytes() == before


def test_a_platform_that_never_answers_holds_nobody_up(
    instance: Instance, pause: Pause, alarms: list[tuple[str, str, str]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = instance.write(f"http://127.0.0.1:{silent.getsockname()[1]}").settings()
        began = time.monotonic()
        thread = bootstrap.keep_fresh(settings, lambda carrier, result: None)
        assert time.monotonic() - began < 2
        assert (thread.is_alive(), pause.begun.empty()) == (True, True)
    assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS


def outcomes(settings: Config) -> dict[str, ParcelveilError | None]:
    return dict(bootstrap.refresh_all(settings))


def test_every_platform_is_asked_whatever_became_of_the_others(instance: Instance) -> None:
    with running(Settings(state=instance.folder / "state")) as platform:
        spare = '[carriers.spare]\nkind = "parcel-json"\nurl = "{}"\nallow_private = ["127.0.0.1"]\n'
        found = outcomes(instance.write(more=spare.format(platform.url)).settings())
    assert isinstance(found["platform"], TransientDeliveryError)
    assert found["spare"] is None
    assert set(found) == {"platform", "spare"}


def test_what_was_known_stays_known_when_a_key_is_refused(instance: Instance) -> None:
    with running(Settings(state=instance.folder / "state", token=TOKEN)) as platform:
        assert outcomes(instance.write(platform.url).settings()) == {"platform": None}
    with running(Settings(state=instance.folder / "impostor", token=TOKEN)) as impostor:
        found = outcomes(instance.write(impostor.url).settings())
    assert isinstance(found["platform"], KeyRefusedError)
    assert len(known(instance)) > 4
