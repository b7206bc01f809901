"""A shop uninstalls the app: the exchange ends, and begins again with a new request to integrate alone (VP-PLG-3).

Only the body of what Shopify tells is signed, and it names no moment at which the app was uninstalled: its
``updated_at`` is when the shop was last changed, perhaps long before the request. So a body is known again by its
digest alone. It ends what stood when it first came, and never what came after.
"""

from __future__ import annotations

from dataclasses import replace

from middleware.core.index import Indexer
from middleware.core.shops import NOBODY, lapsed
from middleware.errors import NotServedError
from middleware.model import Answer, Status
from middleware.ports import Integrations
from middleware.services import Services, Shop

UNINSTALLED = "uninstalled"


def end(shop: Shop, body: bytes, services: Services) -> Answer:
    """End the shop's exchange, durably, with what waits; a body that was heard before is a duplicate and ends nothing.
    ``body`` was verified and is the shop's own.

    Raises: NotServedError for a shop without a request to integrate; StorageError.
    """
    if shop.integration is None:
        raise NotServedError()
    word = Indexer(services.keys.index, NOBODY).of_bytes("app.uninstalled", body)
    stopped = services.integrations.end(shop.settings.name, shop.integration, word, services.clock())
    return Answer(status=Status.DUPLICATE if stopped is None else Status.ACCEPTED, reason=UNINSTALLED)


def marked(shop: Shop, integrations: Integrations) -> Shop:
    """The shop, and whether its request to integrate has ended. Raises: StorageError."""
    if shop.integration is None:
        return shop
    return replace(shop, ended=lapsed(shop.integration, integrations.ended(shop.integration.domain)))
