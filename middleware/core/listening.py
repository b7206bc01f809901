"""Who is told of a record, and the shop's own id of its order, sealed until the shop was told.

The id is locked under the service key, bound to the record: nobody can put it beside another one's barcode.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from middleware.core.seal import LockKey, lock, unlock_any
from middleware.model import ShopSettings
from middleware.model_back import Listener


def purpose(record_id: str) -> str:
    """What the id of an order is locked for."""
    return f"order of {record_id}"


def listener(shop: ShopSettings, order_id: str, record_id: str, key: LockKey, until: date) -> Listener | None:
    """That the shop is told of the record; None for one that asked for nothing. What a simulated platform gave is no
    tracking number: of a shop in test mode no fulfilment is made.
    """
    callback, fulfilment = shop.back.callback is not None, shop.back.fulfilment is not None and shop.mode == "live"
    if not callback and not fulfilment:
        return None
    locked = lock(order_id, key, purpose(record_id))
    return Listener(callback=callback, fulfilment=fulfilment, test=shop.mode != "live", order_ref=locked, until=until)


def order_of(order_ref: str, record_id: str, keys: Sequence[LockKey]) -> str:
    """The shop's own id of its order. Raises: TamperedError."""
    return unlock_any(order_ref, keys, purpose(record_id))
