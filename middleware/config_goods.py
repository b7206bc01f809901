"""``[shops.<name>.customs]``: what customs are told of a shop's goods where its orders do not tell it."""

from __future__ import annotations

from typing import Final

from middleware.config_table import Table
from schemas import shop_rules as rules
from schemas.order import CustomsItem

_TARIFF: Final = "four to nine digits in quotation marks, with points or spaces between them"
_COUNTRY: Final = "two capital letters (ISO 3166-1), such as BE"


def goods_of(table: Table) -> CustomsItem:
    """What is said of every line; nothing where it is left out. Raises: SettingError."""
    told = CustomsItem(
        description=table.line("description", rules.LONGEST_DESCRIPTION).strip() or None,
        hs_code=table.matching("hs_code", rules.TARIFF, "", _TARIFF) or None,
        origin=table.matching("origin", rules.COUNTRY, "", _COUNTRY) or None,
        weight_grams=table.whole("weight_grams", 1, rules.HEAVIEST_GRAMS) if "weight_grams" in table else None,
    )
    table.done()
    return told
