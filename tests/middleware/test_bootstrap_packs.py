"""What the composition root makes of policy packs: one that does not hold together stops the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from middleware import binding, bootstrap
from middleware.errors import ConfigError
from middleware.keys import ServiceKeys, load_service
from schemas.order import Sender, catalogue
from schemas.policy_loader import load, load_file
from tests.middleware.cli.bench import PACK, Instance
from tests.middleware.starting import cleaned, made, one_line
from tests.schemas.broken_pack import TEXT


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned(monkeypatch)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return made(tmp_path)


@pytest.fixture
def own(instance: Instance) -> ServiceKeys:
    return load_service(instance.folder / "keys")


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
    monkeypatch.setattr(binding, "load", broken(instance.folder, old, new))
    starts: list[Callable[[], object]] = [
        lambda: binding.pack(PACK),
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
        monkeypatch.setattr(binding, "categories", lambda *_: [("shoe_size", category)])
    else:
        monkeypatch.setattr(binding, "catalogue", with_a_shoe_size)
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
    monkeypatch.setattr(binding, "load", lambda name: replace(whole, parts={**whole.parts, part: fewer}))
    with pytest.raises(ConfigError) as problem:
        bootstrap.check(instance.settings())
    assert one_line(problem) == (
        f"{PACK}: schema field {field}: {category} has no part, and so no retention rule; "
        "list it in a part or do not read it"
    )


def test_a_sound_pack_is_the_one_that_is_loaded() -> None:
    assert binding.pack(PACK) == load(PACK)


@pytest.mark.policy("VP-PLG-1", "VP-PUR-2")
def test_a_shop_is_quarantined_whose_pack_refuses_what_the_line_does(
    instance: Instance, own: ServiceKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = load(PACK)
    closed = replace(real.account_types["professional"], plugin=False)
    pack = replace(real, account_types={**real.account_types, "professional": closed})
    monkeypatch.setattr(binding, "load", lambda _: pack)
    _, quarantined = bootstrap.bind(instance.settings(), own)
    assert f"{PACK} refuses recipient.delivery to this account: no_plugin (" in str(quarantined["demo"])
