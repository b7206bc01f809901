"""What a receipt tells of the decisions behind a record, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from middleware.core import receipt
from middleware.core.tag import tag
from tests.middleware.core.made_up import POLICY, REPORT, order, receipt_keys, sealed, stamp

ABROAD = order(recipient__address__country="US")


def told(**changes: Any) -> dict[str, Any]:
    slim, plan, closed = sealed(ABROAD)
    return dict(receipt.verify(tag(closed, plan, slim, REPORT, stamp(**changes)).receipt, receipt_keys()))


@pytest.mark.policy("VP-BAS-1")
def test_the_basis_of_each_part() -> None:
    assert {name: part["basis"] for name, part in told()["parts"].items()} == {
        **dict.fromkeys(("recipient.delivery", "recipient.notification", "recipient.customs"), "A6-1-f"),
        "sender.contact": "A6-1-b",
    }


@pytest.mark.policy("VP-PUR-2")
def test_the_one_purpose_of_every_part() -> None:
    assert {part["purpose"] for part in told()["parts"].values()} == {"label_and_delivery"}


@pytest.mark.policy("VP-SCO-1")
@pytest.mark.parametrize("kind", POLICY.account_types)
def test_the_account_type_of_the_sender(kind: str) -> None:
    assert told(account_type=kind)["account_type"] == kind


@pytest.mark.policy("VP-REV-1")
def test_the_pack_that_was_in_force() -> None:
    assert told()["pack"] == {"id": "bpost-shipping-platform", "version": POLICY.version, "sha256": POLICY.sha256}
