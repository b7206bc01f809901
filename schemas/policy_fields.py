"""The kinds of fields that a pack's file is made of, each with error texts that say the remedy.

A pack is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

_EMPTY = "empty; give it a value"

Check = Callable[[str], None]


def _messages(invalid: str) -> dict[str, Any]:
    """marshmallow's messages for one field, with the remedy in each."""
    return {"required": "missing; add it", "null": _EMPTY, "invalid": invalid, "type": invalid}


def form(pattern: str, error: str) -> Check:
    """A check that a text is of a form (a regular expression for the whole of it)."""
    compiled = re.compile(pattern)

    def check(value: str) -> None:
        if not compiled.fullmatch(value):
            raise ValidationError(error)

    return check


_ONE_LINE = form(r"[^\x00-\x1f\x7f\x85\u2028\u2029]*", "must be one line, without control characters")
NAME = form(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", "not a name: letters and digits, with . _ - between them")
COUNTRY = form("[A-Z]{2}|not_stated", "must be an ISO 3166 code such as 'BE', or 'not_stated'")


class Text(fields.String):
    """A text of one line that is not empty; with ``words``, one of these words; with ``like``, of that form."""

    default_error_messages = _messages("must be a text in quotes")

    def __init__(self, *, words: Sequence[str] = (), like: Check | None = None, **kwargs: Any) -> None:
        rules: list[Callable[[str], Any]] = [validate.Length(min=1, error=_EMPTY), _ONE_LINE]
        if words:
            rules.append(validate.OneOf(words, error=f"must be one of {', '.join(words)}"))
        if like:
            rules.append(like)
        super().__init__(validate=rules, **kwargs)


def _exactly(kind: type, error: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if type(value) is not kind:
            raise ValidationError(error)

    return check


class Flag(fields.Raw):
    """``true`` or ``false``, and nothing that looks like it."""

    default_error_messages = _messages("must be true or false")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=_exactly(bool, "must be true or false"), **kwargs)


class Day(fields.Raw):
    """A date as TOML writes it, without quotes and without a time."""

    default_error_messages = _messages("must be a date")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=_exactly(date, "must be a date such as 2026-01-31, without quotes"), **kwargs)


class Row(Schema):
    """One table of the file.

    With ``makes``, it becomes that value; without, its values stay a mapping until they get their name.
    """

    makes: ClassVar[Callable[..., Any] | None] = None
    error_messages: ClassVar[dict[str, str]] = {  # type: ignore[misc]  # marshmallow declares an instance attribute
        "unknown": "unknown key; correct its spelling or remove it",
        "type": "must be a table",
    }

    class Meta:
        unknown = RAISE

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        row = {key: _frozen(value) for key, value in data.items()}
        return self.makes(**row) if self.makes else row


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return MappingProxyType(value) if isinstance(value, dict) else value


def texts(
    *, words: Sequence[str] = (), like: Check | None = None, required: bool = False, least: int = 0
) -> fields.List[str]:
    """A list of texts, of at least ``least``; absent and not ``required``: none."""
    return fields.List(
        Text(words=words, like=like),
        validate=validate.Length(min=least, error=_EMPTY),
        error_messages=_messages("must be a list of texts"),
        **({"required": True} if required else {"load_default": list}),
    )


def one(row: type[Row]) -> fields.Nested:
    """A table that must be there."""
    return fields.Nested(row, required=True, error_messages=_messages("must be a table"))


def many(row: type[Row]) -> fields.Nested:
    """A list of tables."""
    return fields.Nested(row, many=True, required=True, error_messages=_messages("must be a list of tables"))


def some(row: type[Row]) -> fields.Nested:
    """A list of tables; absent: none."""
    return fields.Nested(row, many=True, load_default=list, error_messages=_messages("must be a list of tables"))


def table(row: type[Row]) -> fields.Dict:
    """Tables under names of the pack's own."""
    messages = _messages("must be a table of named tables")
    return fields.Dict(keys=Text(like=NAME), values=fields.Nested(row), required=True, error_messages=messages)


def pairs(words: Sequence[str]) -> fields.Dict:
    """Texts under names of the pack's own; absent: none."""
    messages = _messages("must be a table of texts")
    return fields.Dict(keys=Text(), values=Text(words=words), load_default=dict, error_messages=messages)


def flags() -> fields.Dict:
    """``true`` or ``false`` under names of the pack's own; absent: none."""
    messages = _messages("must be a table of true and false")
    return fields.Dict(keys=Text(), values=Flag(), load_default=dict, error_messages=messages)


def places(messages: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(place, message) of every error that marshmallow found; rows of lists count from 1.

    marshmallow puts ``key`` or ``value`` between a table of named rows and the errors of a row; they say nothing to a
    reader.
    """
    if not isinstance(messages, Mapping):
        yield from ((place or "the file", str(message)) for message in messages)
        return
    for key, inner in messages.items():
        if key in ("key", "value", "_schema"):
            yield from places(inner, place)
        elif isinstance(key, int):
            yield from places(inner, f"{place}[row {key + 1}]")
        else:
            name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)
            yield from places(inner, f"{place}.{name}" if place else name)
