"""Rejected orders lead to their page in the shop's own administration, where somebody can complete them."""

from __future__ import annotations

from contextlib import closing

import pytest
from joserfc.jwk import OctKey

from middleware.core.seal import lock
from middleware.keys import load_service
from middleware.storage import open_store
from tests.middleware.cli.bench import Instance
from tests.storage import builders

ORDER_ID = "6203718204417"
PAGE = f"https://demo.myshopify.com/admin/orders/{ORDER_ID}"


def reject(instance: Instance, key: OctKey | None = None, shop: str = "demo") -> None:
    key = key or load_service(instance.folder / "keys").service
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        store.reject(builders.rejection(shop=shop, order_ref=lock(ORDER_ID, key)))


def test_the_page_is_listed_whole(instance: Instance) -> None:
    reject(instance)
    assert "the order in the shop" in instance.run("deliveries", "list", "--rejected").stdout
    for columns in (None, 80):
        assert PAGE in instance.run("deliveries", "list", "--rejected", columns=columns).stdout
    (entry,) = instance.json("deliveries", "list", "--rejected")
    assert entry["page"] == PAGE


@pytest.mark.parametrize(("key", "shop"), [(OctKey.generate_key(256), "demo"), (None, "gone")])
def test_what_cannot_be_told_is_left_out(instance: Instance, key: OctKey | None, shop: str) -> None:
    reject(instance, key, shop)
    (entry,) = instance.json("deliveries", "list", "--rejected")
    assert entry["page"] is None
    assert "myshopify" not in instance.run("deliveries", "list", "--rejected").stdout
