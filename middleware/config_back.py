"""``[shops.<name>.callback]`` and ``[shops.<name>.fulfilment]``: what goes back to a shop, which is nothing unless it
asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from middleware.config_table import Table
from middleware.core.standard_webhooks import LONGEST_KEY, PREFIX, SHORTEST_KEY, key_of
from middleware.model import ShopSettings
from middleware.model_back import Back, Callback, Fulfilment
from middleware.model_shop import ShopContent
from schemas.shop_rules import LONGEST_URL

CALLBACK, FULFILMENT = "callback", "fulfilment"
WAYS: Final[Mapping[str, str]] = {CALLBACK: "secrets", FULFILMENT: "token"}
"""The tables, each with the secret in it."""

_KEY: Final = f"{PREFIX} and {SHORTEST_KEY} to {LONGEST_KEY} bytes in base64"
_MAKE: Final = 'echo "whsec_$(openssl rand -base64 32)"'


def back_of(shop: Table, platform: str, *, private: bool) -> Back:
    """How a shop is told; ``private`` where callbacks may reach what is not public. Raises: SettingError."""
    callback, fulfilment = _there(shop, CALLBACK), _there(shop, FULFILMENT)
    return Back(
        callback=_callback(callback, callback.secrets("secrets"), private=private) if callback else None,
        fulfilment=_fulfilment(fulfilment, fulfilment.bearer("token"), platform, private=private)
        if fulfilment
        else None,
    )


def stored_back(shop: Table, settings: ShopSettings, content: ShopContent, *, private: bool) -> Back:
    """How a shop in the database is told, whose secrets stand beside its settings. Raises: SettingError."""
    callback, fulfilment = shop.table(CALLBACK), shop.table(FULFILMENT)
    for key, secret in WAYS.items():
        if key not in shop:
            continue
        if settings.account_type != "professional":
            raise shop.fault(key, "a shop that sends parcels", problem="there is nothing to tell")
        if secret in shop.table(key):  # read by a table, it would be looked for on this machine
            problem = "not taken for a shop in the database"
            raise shop.table(key).fault(secret, "it beside the settings, never among them", problem=problem)
    secrets = tuple(one.encode() for one in content.callback)
    return Back(
        callback=_callback(callback, secrets, private=private) if CALLBACK in shop else None,
        fulfilment=_fulfilment(fulfilment, content.fulfilment or "", settings.platform, private=private)
        if FULFILMENT in shop
        else None,
    )


def told(shop: Table) -> tuple[tuple[str, ...], str | None]:
    """The secrets that settings name by ``{env = …}`` or ``{file = …}``: of the callback, and the token of the
    fulfilment. Raises: SettingError.
    """
    callback, fulfilment = shop.table(CALLBACK), shop.table(FULFILMENT)
    secrets = callback.secrets("secrets") if "secrets" in callback else ()
    if secrets:
        _keys(callback, secrets)
    token = fulfilment.bearer("token") if "token" in fulfilment else None
    return tuple(one.decode("ascii") for one in secrets), token


def without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without what is sealed beside them."""
    return {
        key: {name: one for name, one in value.items() if name != WAYS[key]}
        if key in WAYS and isinstance(value, Mapping)
        else value
        for key, value in settings.items()
    }


def _there(shop: Table, key: str) -> Table | None:
    """The table of a way; None where it is not there, or empty."""
    return shop.table(key) if shop.table(key).names() else None


def _callback(table: Table, secrets: Sequence[bytes], *, private: bool) -> Callback:
    url = table.text("url", None)
    if not _is_url(url, ("https", "http") if private else ("https",)):
        expected = f"https://host[:port]/path of at most {LONGEST_URL} characters, without a user or a fragment"
        raise table.fault("url", expected)
    callback = Callback(url=url, keys=_keys(table, secrets))
    table.done()
    return callback


def _keys(table: Table, secrets: Sequence[bytes]) -> tuple[bytes, ...]:
    keys = [key for secret in secrets if (key := key_of(secret.decode("utf-8", "replace"))) is not None]
    if not keys or len(keys) != len(secrets):
        raise table.fault("secrets", f"secrets of the form {_KEY}", example=f"those of `{_MAKE}`")
    return tuple(keys)


def _fulfilment(table: Table, token: str, platform: str, *, private: bool) -> Fulfilment:
    if platform != "shopify":
        raise table.fault("token", "a shop at Shopify", problem="there is no such thing at other platforms")
    if not token:
        raise table.fault("token", "that of the shop's Admin API", problem="there is none")
    fulfilment = Fulfilment(token=token, url=table.origin("url", ("https", "http") if private else ("https",), ""))
    table.done()
    return fulfilment


def _is_url(value: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(value)
        fits = bool((parts.hostname or "").encode("idna")) and parts.port != 0 and parts.scheme in schemes
    except ValueError:
        return False
    plain = value.isascii() and value.isprintable() and not set(value) & set(' "<>\\^`{|}#')
    return fits and plain and len(value) <= LONGEST_URL and "@" not in parts.netloc
