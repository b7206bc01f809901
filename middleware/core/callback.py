"""How a shop is told by a signed webhook: one request, and what its answer means (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from middleware.core import standard_webhooks
from middleware.exchange import Failed, Refused, Request, Response
from middleware.model import ShopSettings
from middleware.model_back import Done, Ended, Event
from schemas.errors import SchemaFault

UNFIT: Final = "unfit"
"""What would be sent has not the permitted form: nobody of us wrote it."""

OFF: Final = "switched-off"
"""The shop asks for it no more."""

_GONE: Final = 410


class Webhooks:
    """The port ``Speaker``."""

    def origin(self, shop: ShopSettings) -> str | None:
        """That of the URL that the shop named."""
        return None if shop.back.callback is None else origin_of(shop.back.callback.url)

    def start(self, event: Event, order: str | None, shop: ShopSettings, now: datetime) -> Request | Refused:
        """The signed request. Its id is the event's, and its timestamp that of this attempt."""
        if shop.back.callback is None:
            return Refused(code=OFF)
        try:
            body = standard_webhooks.body(event, order)
        except SchemaFault:
            return Refused(code=UNFIT)
        signed = standard_webhooks.headers(event.id, now, body, shop.back.callback.keys)
        return Request(method="POST", path=_path(shop.back.callback.url), headers=signed, body=body)

    def after(
        self,
        event: Event,  # noqa: ARG002 - the port's signature
        order: str | None,  # noqa: ARG002 - the port's signature
        shop: ShopSettings,
        response: Response,
    ) -> Done | Ended | Failed:
        """2xx: heard. 410: that URL wants no more, whichever is set by now. All else, redirects too: told again."""
        if 200 <= response.status < 300:
            return Done()
        if response.status == _GONE and shop.back.callback is not None:
            return Ended(code=f"http-{_GONE}", address=address_of(shop.back.callback.url))
        return Failed(code=f"http-{response.status}", retry_after=response.retry_after)


def origin_of(url: str) -> str:
    """``scheme://host[:port]`` of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def address_of(url: str) -> str:
    """What is kept of a URL that wants no more: its SHA-256."""
    return hashlib.sha256(url.encode()).hexdigest()


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
