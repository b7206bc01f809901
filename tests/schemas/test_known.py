"""The names that never pass, and the closed list of reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from schemas.allowlist import Node
from schemas.known import DOUBTS, REASONS, removed_names
from schemas.policy_loader import load, names
from schemas.shopify import SHAPE, include_fields

REMOVED = removed_names("shopify-order")


@pytest.mark.parametrize("told", [REASONS, DOUBTS])
def test_a_reason_is_a_plain_sentence_of_its_own(told: Mapping[str, str]) -> None:
    assert len(set(told.values())) == len(told)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in told)
    assert all(re.fullmatch(r"[a-z][^\n]{10,80}[a-z)]", said) for said in told.values())


def test_a_clause_that_a_reason_names_is_one_of_a_pack() -> None:
    packs = [load(name) for name in names()]
    clauses = [rule.clause for pack in packs for rule in pack.categories]
    clauses += [purpose.clause for pack in packs for purpose in pack.purposes.values()]
    ids = {clause_id for clause in clauses for clause_id in clause.ids}
    named = {clause_id for said in REASONS.values() for clause_id in re.findall(r"[A-Z]{2}-[A-Z]{3}-\d+", said)}
    assert len(named) >= 4
    assert named <= ids


def test_every_removed_name_has_a_reason_of_the_list() -> None:
    assert len(REMOVED) > 400
    assert set(REMOVED.values()) <= REASONS.keys()


def test_a_place_has_one_reason_and_no_path_leads_through_a_leaf() -> None:
    """Otherwise one leaf would have two reasons, or a permitted field would vanish with a removed place."""
    reasons = {(path.replace("[]", ""), reason) for path, reason in REMOVED.items()}
    places = [*(path for path, _ in reasons), *include_fields()]
    assert len(set(places)) == len(places)
    assert [path for path in places if any(other.startswith(f"{path}.") for other in places)] == []


@pytest.mark.parametrize(
    ("reason", "examples"),
    [
        pytest.param(
            "online_identifier",
            [
                "browser_ip",
                "client_details.user_agent",
                "landing_site",
                "referring_site",
                "cart_token",
                "customer.multipass_identifier",
            ],
            marks=pytest.mark.policy("VP-COL-1"),
        ),
        pytest.param(
            "payment",
            ["total_price", "payment_gateway_names[]", "payment_terms.amount", "line_items[].tax_lines[].price"],
            marks=pytest.mark.policy("VP-PUR-5"),
        ),
        pytest.param(
            "marketing",
            ["buyer_accepts_marketing", "customer.accepts_marketing", "customer.total_spent"],
            marks=pytest.mark.policy("VP-PUR-11"),
        ),
        pytest.param("basket", ["line_items[].sku", "line_items[].product_id"], marks=pytest.mark.policy("VP-PUR-11")),
        pytest.param(
            "free_text", ["note", "tags", "line_items[].properties[].name", "line_items[].properties[].value"]
        ),
        pytest.param("staff", ["user_id"]),
    ],
)
def test_what_the_policy_bars_is_among_the_names_that_never_pass(reason: str, examples: list[str]) -> None:
    barred = {path for path, why in REMOVED.items() if why == reason}
    assert set(examples) <= barred
    assert not {path.replace("[]", "") for path in barred} & set(include_fields())


def test_every_name_is_known_at_its_place() -> None:
    for path, reason in REMOVED.items():
        node: Node | None = SHAPE
        for name in path.replace("[]", "").split("."):
            assert node is not None
            node = node.children[name]
        assert node is not None
        assert node.whole == reason
