"""``policy ask``: permitted is 0, refused is 1, a question that is none is 2; with words and a clause."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import replace

import pytest

from middleware import bootstrap
from middleware.model import IndexEntry
from middleware.storage import open_store
from tests.middleware.cli.bench import Instance, run
from tests.storage.builders import arrival, record

PACK = "bpost-shipping-platform"
ASKED = ("--purpose", "generic_advertising", "--subject", "sender", "--channel", "email")
DELIVERY = ("--purpose", "label_and_delivery", "--subject", "sender", "--tie", "necessary")


@pytest.mark.policy("VP-PUR-2", "VP-BAS-1")
def test_what_is_permitted_is_told_with_its_basis_and_clause() -> None:
    said = run("policy", "ask", PACK, *DELIVERY, "--account-type", "professional", "--lane", "plugin")
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout == "Permitted: contract (A6-1-b).\nClause: 0§3 L75-81 (VP-BAS-1, AMB-10)\n"


@pytest.mark.policy("X-LVL-2", "VP-PUR-10")
def test_what_nobody_knows_is_refused() -> None:
    said = run("policy", "ask", PACK, *ASKED, "--account-type", "professional", "--json")
    assert (said.exit_code, json.loads(said.stdout)["reason"]) == (1, "level_unknown")
    plain = run("policy", "ask", PACK, *ASKED, "--account-type", "professional")
    assert plain.stdout.startswith("Refused: what the data subject set is not known, or was heard too long ago.\n")


@pytest.mark.policy("VP-PUR-9", "VP-BAS-2")
def test_of_a_pack_alone_nobody_knows_who_objected(instance: Instance) -> None:
    improvement = ("--purpose", "improvement", "--subject", "sender", "--account-type", "professional")
    said = run("policy", "ask", PACK, *improvement, "--json")
    assert (said.exit_code, json.loads(said.stdout)["reason"]) == (1, "standing_unknown")
    assert run("policy", "ask", PACK, *DELIVERY, "--account-type", "professional").exit_code == 0
    assert instance.json("policy", "ask", "--shop", "demo", *improvement)["basis"] == "A6-1-f"


@pytest.mark.parametrize(
    "words",
    [
        (PACK, *ASKED),
        ASKED,
        (PACK, "--shop", "demo", *ASKED),
        (PACK, "--purpose", "support"),
        ("nowhere.toml", *ASKED, "--account-type", "professional"),
        (PACK, *ASKED, "--account-type", "professional", "--tie", "loose"),
        (PACK, *ASKED, "--account-type", "professional", "--customer", "K-77"),
    ],
)
def test_a_question_that_is_none_is_a_mistake_of_use(words: tuple[str, ...]) -> None:
    assert run("policy", "ask", *words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        ((PACK, *DELIVERY[:4], "--account-type", "professional"), ["--tie"]),
        (("bpost-maxiresponse", "--purpose", "services", "--subject", "contact", "--tie", "necessary"), ["--contract"]),
        (("bpost-maxiresponse", "--purpose", "services", "--subject", "contact"), ["--contract", "--tie"]),
    ],
)
def test_what_was_not_told_of_the_contract_is_named_by_its_option(words: tuple[str, ...], lacking: list[str]) -> None:
    said = run("policy", "ask", *words)
    assert said.exit_code == 1
    assert re.findall(r"--\w+", said.stdout) == lacking


def test_the_kinds_of_account_are_those_of_the_pack_and_the_only_one_is_taken() -> None:
    said = run("policy", "ask", "bpost-mystamp", "--purpose", "orders", "--subject", "customer")
    assert (said.exit_code, "--account-type mystamp or mystamp_pro" in said.stderr) == (2, True)
    only = run("policy", "ask", "bpost-maxiresponse", *ASKED[:2], "--subject", "contact", "--json")
    assert json.loads(only.stdout)["reason"] == "channel_unknown"


@pytest.mark.policy("VP-PUR-10", "X-LVL-1", "VP-RET-1", "AMB-15")
def test_of_a_shop_what_was_told_of_it_counts(instance: Instance) -> None:
    refused = instance.run("policy", "ask", "--shop", "demo", *ASKED)
    assert (refused.exit_code, "is not known" in refused.stdout) == (1, True)
    told = instance.run(
        *("events", "record", "objection", "--shop", "demo", "--purpose", "generic_advertising"),
        *("--way", "post", "--by", "Els"),
    )
    assert "The policy names another way for it: dashboard: https://" in told.stdout
    refused = instance.run("policy", "ask", "--shop", "demo", *ASKED)
    assert refused.exit_code == 1
    assert refused.stdout.splitlines()[0] == "Refused: the data subject has switched it off, or never on."
    assert refused.stdout.splitlines()[-1] == "Kept for legal claims alone: vp.former_user.marketing"
    assert instance.run("policy", "ask", "--shop", "demo", *DELIVERY).exit_code == 0
    assert instance.run("policy", "ask", "--shop", "nobody", *DELIVERY).exit_code == 2
    named = instance.run("policy", "ask", "--shop", "demo", *ASKED, "--customer", "K-77")
    assert (named.exit_code, "--customer: not-of-this-policy" in named.stderr) == (2, True)
    (shop,) = instance.json("shops", "list")
    assert shop["restricted"] == ["vp.former_user.marketing"]


@pytest.mark.policy("X-LVL-2", "MX-PUR-4", "MS-PUR-1", "MS-PUR-4")
@pytest.mark.parametrize(
    ("pack", "account_type", "subject", "reason", "silent", "objected"),
    [
        ("bpost-maxiresponse", "maxiresponse", "contact", "level_unknown", "level_unknown", "level_off"),
        ("bpost-mystamp", "mystamp", "customer", "standing_unknown", None, "objected"),
    ],
)
def test_of_a_contact_or_a_customer_their_own_word_counts(
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    pack: str,
    account_type: str,
    subject: str,
    reason: str,
    silent: str | None,
    objected: str,
) -> None:
    monkeypatch.setenv("DIRECT_TOKEN", "made-up-token-of-a-direct-shop")
    shop = f"""[shops.direct]
platform = "direct"
carrier = "platform"
token = {{ env = "DIRECT_TOKEN" }}
policy = "{pack}"
account_type = "{account_type}"
"""
    instance.write(more=shop)
    advertising = ("--purpose", "generic_advertising", "--channel", "email", "--subject", subject)
    asked = instance.json("policy", "ask", "--shop", "direct", *advertising, status=1)
    assert asked["reason"] == reason
    told = instance.run(
        *("events", "record", "objection", "--shop", "direct", "--purpose", "generic_advertising", "--by", "Els")
    )
    assert (told.exit_code, "--customer: whose-unknown" in told.stderr) == (2, True)
    shop_at_work = bootstrap.services(instance.settings()).shops.get("direct")
    assert shop_at_work is not None
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        index = (IndexEntry(kind="customer.id", digest=shop_at_work.indexer.of("customer.id", "K-77"), until=None),)
        store.accept(
            arrival(shop="direct", standing_until=None), replace(record(until=None, clear_until=None), index=index)
        )
    of = ("policy", "ask", "--shop", "direct", *advertising, "--customer")
    assert instance.json(*of, "K-77", status=1 if silent else 0)["reason"] == silent
    assert instance.json(*of, "K-78", status=1)["reason"] == reason
    objection = ("events", "record", "objection", "--purpose", "generic_advertising", "--customer", "K-77")
    assert instance.run(*objection, "--shop", "direct", "--by", "Els").exit_code == 0
    assert instance.json(*of, "K-77", status=1)["reason"] == objected
    services = ("--purpose", "services", "--subject", subject, "--contract", "person", "--tie", "necessary")
    assert instance.run("policy", "ask", "--shop", "direct", *services).exit_code == 0
