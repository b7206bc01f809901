"""What the admin API takes of a shop: the settings of ``[shops.<name>]`` and secrets, nothing else.

Unlike what shops send, a field that is not declared is refused and not dropped: whoever configures has to be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from schemas import shop_rules as rules
from schemas.allowlist import MAX_FAULTS, Refused, Text, Whole
from schemas.closed import Entire as _Whole

_CODES: dict[str, Any] = {"required": "required", "null": "required", "invalid": "type", "type": "type"}


ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
"""The form of a text without control characters."""

_LINE = _Whole(ONE_LINE)


class _Strict(Schema):
    """Base of what is refused whole where a field is unknown."""

    error_messages = {"unknown": "unknown", "type": "type"}  # noqa: RUF012  # marshmallow's own form

    class Meta:
        unknown = RAISE


def _word(*words: str, required: bool = False) -> fields.String:
    return fields.String(required=required, validate=validate.OneOf(words, error="choice"), error_messages=_CODES)


def _form(form: re.Pattern[str], *, required: bool = False, **metadata: object) -> fields.String:
    rule = _Whole(f"^{form.pattern}$")
    return fields.String(required=required, validate=rule, error_messages=_CODES, metadata=metadata)


def _secret(*, required: bool = False, **metadata: object) -> fields.String:
    return fields.String(
        required=required,
        validate=validate.Length(min=rules.SHORTEST_SECRET, max=rules.LONGEST_SECRET, error="length"),
        error_messages=_CODES,
        metadata=metadata,
    )


class _Line(Text):
    """One line of text. The description shows what ECMA-262 can say of it."""

    def __init__(self, *, longest: int) -> None:
        super().__init__(longest=longest)
        self.validators += [_LINE, _printable]


def _printable(value: str) -> None:
    if not rules.is_line(value, len(value)):
        raise ValidationError("pattern")


class _Domain(fields.String):
    """A shop's domain, read in the spelling in which it is kept: letters of ASCII alone have one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        return text.lower() if text.isascii() else text


def _hold(value: str) -> None:
    length = rules.length_of_time(value)
    if length is not None and length > rules.LONGEST_HOLD:
        raise ValidationError("range")


class Integration(_Strict):
    """The recorded request to integrate (VP-PLG-3)."""

    requested_on = _form(rules.DAY, required=True, format="date")
    reference = _Line(longest=rules.LONGEST_REFERENCE)


class ShopSender(_Strict):
    """Who sends. Sealed at once; never given back."""

    name = _Line(longest=rules.SENDER["name"])
    company = _Line(longest=rules.SENDER["company"])
    street = _Line(longest=rules.SENDER["street"])
    number = _Line(longest=rules.SENDER["number"])
    box = _Line(longest=rules.SENDER["box"])
    line2 = _Line(longest=rules.SENDER["line2"])
    locality = _Line(longest=rules.SENDER["locality"])
    postal_code = _Line(longest=rules.SENDER["postal_code"])
    country = _form(rules.COUNTRY)
    email = _Line(longest=rules.SENDER["email"])
    phone = _Line(longest=rules.SENDER["phone"])


def _check_digits(value: str) -> None:
    if rules.IBAN.fullmatch(value) and not rules.is_iban(value):
        raise ValidationError("pattern")


class ShopCash(_Strict):
    """Where the money goes that is collected on delivery. Sealed at once; never given back."""

    iban = fields.String(
        required=True,
        validate=validate.And(_Whole(f"^{rules.IBAN.pattern}$"), _check_digits),
        error_messages=_CODES,
        metadata={"description": "The account that the money goes to, without spaces (ISO 13616)."},
    )
    bic = _form(rules.BIC, required=True, description="The bank of that account (ISO 9362).")


class ShopCustoms(_Strict):
    """What is said to customs of every line of an order that does not tell it."""

    description = _Line(longest=rules.LONGEST_DESCRIPTION)
    hs_code = _form(rules.TARIFF)
    origin = _form(rules.COUNTRY)
    weight_grams = Whole(smallest=rules.LIGHTEST_GRAMS, largest=rules.HEAVIEST_GRAMS)


class ShopCallback(_Strict):
    """Where the shop is told what became of its orders."""

    url = fields.String(
        required=True,
        validate=validate.And(validate.Length(max=rules.LONGEST_URL, error="length"), _Whole("^https?://[!-~]+$")),
        error_messages=_CODES,
        metadata={"description": "https; it is called with no redirects."},
    )
    secrets = fields.List(
        fields.String(validate=_Whole("^whsec_[A-Za-z0-9+/]{32,88}={0,2}$"), error_messages=_CODES),
        validate=validate.Length(min=1, max=2, error="length"),
        error_messages=_CODES,
        metadata={"writeOnly": True, "description": "One, or two while it is changed. Never given back."},
    )


class ShopFulfilment(_Strict):
    """That the tracking number goes to the shop's order at Shopify."""

    token = fields.String(
        validate=validate.And(validate.Length(min=1, max=rules.LONGEST_SECRET, error="length"), _Whole("^[!-~]*$")),
        error_messages=_CODES,
        metadata={"writeOnly": True, "description": "Of the shop's Admin API. Never given back."},
    )
    url = fields.String(
        validate=validate.And(validate.Length(max=rules.LONGEST_URL, error="length"), _Whole("^https?://[!-~]+$")),
        error_messages=_CODES,
        metadata={"description": "In place of the shop's own domain: a simulated Shopify."},
    )


class ShopConnection(_Strict):
    """A shop as it is connected. ``domain`` is needed but for ``direct``, ``integration`` and ``sender`` but for
    account types without parcels. Either ``app``, or ``secrets`` of its own app; where neither is told the secrets that
    it has stay.
    """

    platform = _word(*rules.PLATFORMS, required=True)
    app = _form(rules.NAME)
    secrets = fields.List(
        _secret(),
        validate=validate.Length(min=1, max=2, error="length"),
        error_messages=_CODES,
        metadata={"writeOnly": True, "description": "One, or two while rotating. Never given back."},
    )
    token = fields.String(
        validate=validate.And(
            validate.Length(min=rules.SHORTEST_SECRET, max=rules.LONGEST_SECRET, error="length"),
            _Whole(f"^(?!{rules.OF_POINTS_KEYS})[!-~]*$"),
        ),
        error_messages=_CODES,
        metadata={
            "writeOnly": True,
            "description": "With it the shop's own systems call.",
        },
    )
    points_key = _form(
        rules.POINTS_KEY,
        writeOnly=True,
        description="With it browsers ask for the shop's pick-up points, and for nothing else. Never given back.",
    )
    domain = _Domain(
        validate=_Whole(f"^{rules.SITE.pattern}$"),
        error_messages=_CODES,
        metadata={"description": "Its domain at Shopify, or the address of its site without `https://`."},
    )
    number = _form(rules.NUMBER)
    mode = _word(*rules.MODES)
    policy = _form(rules.POLICY)
    account_type = _word(*rules.ACCOUNT_TYPES, required=True)
    integration = fields.Nested(Integration, error_messages=_CODES)
    carrier = _form(rules.NAME, required=True)
    notify = _word(*rules.NOTIFY)
    creates = _word(*rules.CREATES)
    ship_when = _word(*rules.SHIP_WHEN)
    hold = fields.String(
        validate=validate.And(_Whole(f"^{rules.LENGTH_OF_TIME.pattern}$"), _hold), error_messages=_CODES
    )
    pickup_attribute = _Line(longest=rules.LONGEST_ATTRIBUTE)
    on_invalid = _word(*rules.ON_INVALID)
    reference = _word(*rules.REFERENCES)
    product = _form(rules.PRODUCT)
    default_weight_grams = Whole(smallest=rules.LIGHTEST_GRAMS, largest=rules.HEAVIEST_GRAMS)
    interpretations = fields.Dict(
        keys=fields.String(error_messages=_CODES), values=fields.String(error_messages=_CODES), error_messages=_CODES
    )
    account = _form(rules.ACCOUNT)
    passphrase = fields.String(
        validate=validate.And(validate.Length(min=1, max=rules.LONGEST_SECRET, error="length"), _Whole("^[!-~]*$")),
        error_messages=_CODES,
        metadata={"writeOnly": True, "description": "Of its account. Never given back."},
    )
    tracking_password = fields.String(
        validate=validate.And(validate.Length(min=1, max=rules.LONGEST_SECRET, error="length"), _Whole("^[!-~]*$")),
        error_messages=_CODES,
        metadata={
            "writeOnly": True,
            "description": "Of its account at bpost's tracking, which bpost issues apart: with it its parcels are "
            "followed. Never given back.",
        },
    )
    products = fields.Dict(
        keys=fields.String(validate=_Whole(f"^{rules.WAY.pattern}$"), error_messages=_CODES),
        values=fields.String(validate=_Whole(f"^{rules.CHOICE.pattern}$"), error_messages=_CODES),
        error_messages=_CODES,
    )
    lines = fields.Dict(
        keys=fields.String(
            validate=validate.And(
                validate.Length(min=1, max=rules.LONGEST_SHIPPING_LINE, error="length"), _LINE, _printable
            ),
            error_messages=_CODES,
        ),
        values=fields.String(validate=_Whole(f"^{rules.CHOICES.pattern}$"), error_messages=_CODES),
        error_messages=_CODES,
        metadata={"description": "Its shipping lines, each with what goes, and so what who receives can be told by."},
    )
    cash_on_delivery = fields.Nested(ShopCash, error_messages=_CODES)
    customs = fields.Nested(
        ShopCustoms,
        error_messages=_CODES,
        metadata={"description": "For orders of a webshop. With a description no title of a product passes."},
    )
    callback = fields.Nested(ShopCallback, error_messages=_CODES)
    fulfilment = fields.Nested(ShopFulfilment, error_messages=_CODES)
    sender = fields.Nested(ShopSender, error_messages=_CODES)

    @validates_schema(skip_on_field_errors=False)
    def _whole(self, data: Mapping[str, Any], **kwargs: Any) -> None:  # noqa: ARG002 - marshmallow's signature
        """A shop whose own systems call has no domain; one whose records are no parcels, no request and no sender."""
        platform, domain = str(data.get("platform")), data.get("domain")
        if platform in rules.PLATFORMS and isinstance(domain, str) and rules.domain(domain, platform) is None:
            raise ValidationError({"domain": ["pattern"]})
        direct = platform == "direct"
        parcels = not direct or data.get("account_type") == "professional"
        needed = [*(() if direct else ("domain",)), *(("integration", "sender") if parcels else ())]
        missing = {name: ["required"] for name in needed if data.get(name) is None}
        if missing:
            raise ValidationError(missing)


_LIFETIME = re.compile("[0-9]{1,4}[mhd]")


class Rotation(_Strict):
    """A new secret of a shop with an app of its own: it works beside the old one until that ends."""

    secret = _secret(required=True, writeOnly=True, description="The new one. Never given back.")
    retire_after = _form(
        _LIFETIME, description="When the old one ends: an hour at least, or 0m for at once. 24h if not told."
    )


def lifetime(text: str) -> timedelta:
    """The length of time that ``retire_after`` tells. Raises: ValueError for what is none."""
    length = rules.length_of_time(text) if _LIFETIME.fullmatch(text) else None
    if length is None:
        raise ValueError("no length of time")
    return length


SHOP = ShopConnection()
ROTATION = Rotation()
_NAMES = frozenset(
    name
    for schema in (
        ShopConnection,
        Integration,
        ShopSender,
        ShopCash,
        ShopCustoms,
        ShopCallback,
        ShopFulfilment,
        Rotation,
    )
    for name in schema._declared_fields
) | frozenset(("0", "1"))


def read_shop(document: object) -> Mapping[str, Any]:
    """A shop's settings and secrets; a line of text that is null is absent.

    Raises: schemas.allowlist.Refused: pointers of known names (``*`` for an unknown one), never a value.
    """
    return _loaded(SHOP, document)


def read_rotation(document: object) -> Mapping[str, Any]:
    """``secret`` and perhaps ``retire_after``. Raises: schemas.allowlist.Refused, as ``read_shop``."""
    return _loaded(ROTATION, document)


def _loaded(schema: Schema, document: object) -> Mapping[str, Any]:
    faults: tuple[tuple[str, str], ...]
    try:
        loaded: Mapping[str, Any] = schema.load(document)  # type: ignore[arg-type]  # what is no object is an error like others
    except ValidationError as problem:
        faults = tuple(_faults(problem.messages, ""))[:MAX_FAULTS]
    else:
        return _told(loaded)
    raise Refused(faults)


def _told(loaded: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _told(value) if isinstance(value, Mapping) else value
        for name, value in loaded.items()
        if value is not None
    }


def _faults(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            name = str(key) if str(key) in _NAMES else "*"
            yield from _faults(inner, pointer if key == "_schema" else f"{pointer}/{name}")
    else:
        for code in messages:
            yield pointer, str(code)
