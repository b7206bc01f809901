"""``[carriers.<name>.locator]``: bpost's service for its pick-up points, where a carrier has one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from middleware.config_table import Network, Table
from schemas import shop_rules as rules

URL: Final = "https://pudo.bpost.cloud"
_COUNTRY: Final = re.compile("BE|FR|NL")
_ACCOUNT: Final = "the six digits of an account in quotation marks"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LocatorSettings:
    """Where points are asked for, with which account and key, and of which countries."""

    url: str
    partner: str
    key: str
    countries: tuple[str, ...]
    file: Path
    group: int | None
    """Where what it told is kept, and who may read that beside its owner."""

    def __repr__(self) -> str:
        return "<LocatorSettings>"


def locator_settings(table: Table, allowed: tuple[Network, ...], file: Path, group: int | None) -> LocatorSettings:
    """The settings of a table. Raises: SettingError."""
    settings = LocatorSettings(
        url=origin(table, allowed, URL),
        partner=table.matching("partner", rules.ACCOUNT, None, _ACCOUNT),
        key=table.bearer("key"),
        countries=tuple(dict.fromkeys(table.words("countries", _COUNTRY, "a list of BE, FR or NL"))) or ("BE",),
        file=file,
        group=group,
    )
    table.done()
    return settings


def origin(table: Table, allowed: tuple[Network, ...], default: str | None = None) -> str:
    """The ``url`` of what is dialled: https, and plain http to the addresses of allow_private alone; a name's are
    judged when it is dialled. Raises: SettingError.
    """
    if table.text("url", default).startswith("http://") and not allowed:
        problem = "plain http is for the addresses of allow_private alone, and there is none"
        hint = 'for a platform on this machine or network add them, as in allow_private = ["127.0.0.1"]'
        raise table.fault("url", "https://host[:port], and no more", problem=problem, hint=hint)
    return table.origin("url", ("https", "http") if allowed else ("https",), default)
