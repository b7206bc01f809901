"""What the composition root makes of shops: a fault quarantines the one shop, and each has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from middleware import bootstrap
from middleware.errors import ConfigError
from middleware.keys import ServiceKeys, load_service
from middleware.services import Shop
from middleware.storage import migrate
from schemas.order import Sender
from tests.middleware.cli.bench import PACK, Instance, second_shop
from tests.middleware.starting import cleaned, made, timed

KID = "recipient.delivery/vp.recipient.operational/2027-12"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned(monkeypatch)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return made(tmp_path)


@pytest.fixture
def own(instance: Instance) -> ServiceKeys:
    return load_service(instance.folder / "keys")


def bound(instance: Instance, own: ServiceKeys, more: str = "") -> tuple[Mapping[str, Shop], Mapping[str, ConfigError]]:
    return bootstrap.bind(instance.write(more=more).settings(), own)


NO_PACK = (
    "no such pack; one of your own can be shown, linted, asked and registered, but not used by a shop yet; "
    f'expected one of {PACK}, or with platform = "direct" one of bpost-maxiresponse, bpost-mystamp, such as '
)
SHOP_FAULTS = {
    "an unknown pack": ("policy", '"nonesuch"', f"shops.faulty.policy: {NO_PACK}"),
    "a pack of stamps": (
        *("policy", '"bpost-mystamp"'),
        "shops.faulty.policy: no webshop may be linked under it (MS-SCO-1, MS-COL-1); expected platform = ",
    ),
    "a pack of contacts": (
        *("policy", '"bpost-maxiresponse"'),
        "shops.faulty.policy: no webshop may be linked under it (MX-SCO-1, MX-COL-1); expected platform = ",
    ),
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


REQUIREMENTS = {
    "a pack of stamps": pytest.mark.policy("MS-SCO-1", "MS-COL-1"),
    "a pack of contacts": pytest.mark.policy("MX-SCO-1", "MX-COL-1"),
}


@pytest.mark.policy("MS-COL-1", "MX-COL-1")
@pytest.mark.parametrize("name", ["bpost-mystamp", "bpost-maxiresponse"])
def test_whoever_lets_a_webshop_be_linked_finds_no_webhook_that_would_bring_anything(
    instance: Instance, own: ServiceKeys, name: str
) -> None:
    chosen = {"policy": f'"{name}"', "interpretations": '{ plugin_source = "override" }'}
    _, faults = bound(instance, own, second_shop("faulty", **chosen))
    assert "its records are no parcels, and no webhook brings them" in str(faults["faulty"])


DIRECT = """
[shops.NAME]
platform = "direct"
carrier = "platform"
token = { env = "OTHER_SECRET" }
policy = "POLICY"
account_type = "KIND"
"""


def direct(name: str, policy: str, kind: str) -> str:
    return DIRECT.replace("NAME", name).replace("POLICY", policy).replace("KIND", kind)


@pytest.mark.policy("MX-SCO-1", "MS-SCO-1", "MS-CAT-5")
def test_a_shop_whose_own_systems_call_takes_any_pack_whose_account_type_fits(
    instance: Instance, own: ServiceKeys
) -> None:
    fitting = {
        "contacts": ("bpost-maxiresponse", "maxiresponse"),
        "stamps": ("bpost-mystamp", "mystamp"),
        "pro": ("bpost-mystamp", "mystamp_pro"),
    }
    crossed = {"crossed": ("bpost-maxiresponse", "mystamp"), "parcels": ("bpost-shipping-platform", "maxiresponse")}
    more = "".join(direct(name, *chosen) for name, chosen in {**fitting, **crossed}.items())
    shops, faults = bound(instance, own, more)
    assert set(shops) == {"demo", *fitting}
    assert {name: "has none of that name" in str(fault) for name, fault in faults.items()} == dict.fromkeys(
        crossed, True
    )
    for name, (policy, kind) in fitting.items():
        bound_shop = shops[name]
        assert (bound_shop.policy.id, bound_shop.settings.account_type) == (policy, kind)
        assert bound_shop.sender == Sender()
        assert (bound_shop.integration, bound_shop.settings.secrets) == (None, ())


@pytest.mark.parametrize("name", [pytest.param(name, marks=REQUIREMENTS.get(name, ())) for name in SHOP_FAULTS])
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
    told: dict[str, Any] = {
        "platform": "direct",
        "token": b"made-up-token-of-demo",
    }  # whatever the account: no plug-in is asked
    shop = replace(settings.shops["demo"], sender=WHOLE, account_type=account_type, **told)
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
