"""``[shops.<name>.cash_on_delivery]``: where the money goes that is collected on delivery."""

from __future__ import annotations

from typing import Final

from middleware.account import Collecting
from middleware.config_table import Table
from schemas import shop_rules as rules

CASH: Final = "cash_on_delivery"

_IBAN: Final = "an IBAN without spaces, whose check digits are right"
_BIC: Final = "a BIC of 8 or 11 capital letters and digits"


def collecting_of(shop: Table) -> Collecting | None:
    """Where it goes; None where nothing is collected. Raises: SettingError."""
    if not shop.table(CASH).names():
        return None
    table = shop.table(CASH)
    iban = table.matching("iban", rules.IBAN, None, _IBAN)
    if not rules.is_iban(iban):
        raise table.fault("iban", _IBAN)
    found = Collecting(iban=iban, bic=table.matching("bic", rules.BIC, None, _BIC))
    table.done()
    return found
