"""What the admin API takes of a shop: the settings of ``[shops.<name>]`` and secrets, nothing else.

Unlike what shops send, a field that is not declared is refused and not dropped: whoever configures has to be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from schemas.allowlist import MAX_FAULTS, Refused, Text, Whole

SHORTEST_SECRET = 16
LONGEST_SECRET = 256
"""Characters of a webhook secret."""

HEAVIEST_GRAMS = 30_000

_CODES: dict[str, Any] = {"required": "required", "null": "required", "invalid": "type", "type": "type"}


class _Whole(validate.Regexp):
    """The whole text has this form, a line break at its end included; the description shows what ECMA-262 knows too."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError("pattern")
        return value


_LINE = _Whole(r"^[^\x00-\x1f\x7f]*$")


class _Strict(Schema):
    """Base of what is refused whole where a field is unknown."""

    error_messages = {"unknown": "unknown", "type": "type"}  # noqa: RUF012  # marshmallow's own form

    class Meta:
        unknown = RAISE


def _word(*words: str, required: bool = False) -> fields.String:
    return fields.String(required=required, validate=validate.OneOf(words, error="choice"), error_messages=_CODES)


def _form(pattern: str, *, required: bool = False, **metadata: str) -> fields.String:
    return fields.String(required=required, validate=_Whole(f"^{pattern}$"), error_messages=_CODES, metadata=metadata)


class _Line(Text):
    """One line of text."""

    def __init__(self, *, longest: int) -> None:
        super().__init__(longest=longest)
        self.validators.append(_LINE)


class Integration(_Strict):
    """The recorded request to integrate (VP-PLG-3)."""

    requested_on = _form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", required=True, format="date")
    reference = _Line(longest=200)


class ShopSender(_Strict):
    """Who sends. Sealed at once; never given back."""

    name = _Line(longest=100)
    company = _Line(longest=100)
    street = _Line(longest=200)
    number = _Line(longest=20)
    box = _Line(longest=20)
    line2 = _Line(longest=200)
    locality = _Line(longest=100)
    postal_code = _Line(longest=20)
    country = _form("[A-Z]{2}")
    email = _Line(longest=254)
    phone = _Line(longest=32)


class ShopConnection(_Strict):
    """A shop as it is connected. Either ``app``, or ``secrets`` of an app of its own; where neither is told the secrets
    that it has stay.
    """

    platform = _word("shopify", required=True)
    app = _form("[a-z0-9][a-z0-9-]{0,62}")
    secrets = fields.List(
        fields.String(
            validate=validate.Length(min=SHORTEST_SECRET, max=LONGEST_SECRET, error="length"), error_messages=_CODES
        ),
        validate=validate.Length(min=1, max=2, error="length"),
        error_messages=_CODES,
        metadata={"writeOnly": True, "description": "One, or two while rotating. Never given back."},
    )
    token = fields.String(
        validate=validate.And(
            validate.Length(min=SHORTEST_SECRET, max=LONGEST_SECRET, error="length"), _Whole("^[!-~]*$")
        ),
        error_messages=_CODES,
        metadata={"writeOnly": True, "description": "With it the shop's own systems ask where a shipment is."},
    )
    domain = _form(r"[A-Za-z0-9][A-Za-z0-9-]*\.myshopify\.com", required=True)
    number = _form("[0-9]{1,20}")
    mode = _word("live", "test")
    policy = _form("[a-z0-9][a-z0-9-]*")
    account_type = _word("guest", "residential", "professional", required=True)
    integration = fields.Nested(Integration, required=True, error_messages=_CODES)
    carrier = _form("[a-z0-9][a-z0-9-]{0,62}", required=True)
    notify = _word("none", "email", "sms")
    ship_when = _word("paid", "created", "fulfillable")
    hold = _form("[0-9]{1,6}[smhd]")
    pickup_attribute = _Line(longest=100)
    on_invalid = _word("record", "refuse")
    reference = _word("code", "order-name")
    product = _form("[a-z0-9][a-z0-9-]{0,31}")
    default_weight_grams = Whole(largest=HEAVIEST_GRAMS)
    interpretations = fields.Dict(
        keys=fields.String(error_messages=_CODES), values=fields.String(error_messages=_CODES), error_messages=_CODES
    )
    sender = fields.Nested(ShopSender, required=True, error_messages=_CODES)


SHOP = ShopConnection()
_NAMES = frozenset(
    name for schema in (ShopConnection, Integration, ShopSender) for name in schema._declared_fields
) | frozenset(("0", "1"))


def read_shop(document: object) -> Mapping[str, Any]:
    """A shop's settings and secrets; a line of text that is null is absent.

    Raises: schemas.allowlist.Refused: pointers of known names (``*`` for an unknown one), never a value.
    """
    faults: tuple[tuple[str, str], ...]
    try:
        loaded: Mapping[str, Any] = SHOP.load(document)  # type: ignore[arg-type]  # what is no object is an error like others
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
