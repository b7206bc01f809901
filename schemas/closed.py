"""A closed object: what a system that was written for this service may send, and no other name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.allowlist import EMPTY, AllowList, Text, kept

UNKNOWN = "unknown"
"""The code of a name that is not listed; its pointer ends in ``*``."""


class Closed(AllowList):
    """An object with no other names than these. The name that is one too many is never repeated.

    ``dropped`` are names that may be sent and are not even read: what is under them never passes, and is reported.
    """

    dropped: ClassVar[tuple[str, ...]] = ()

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _no_others(self, data: Mapping[str, Any], original: object, **kwargs: Any) -> None:  # noqa: ARG002 - marshmallow's signature
        if isinstance(original, Mapping) and not set(original) <= {*self.fields, *self.dropped}:
            raise ValidationError({"*": [UNKNOWN]})


class Entire(validate.Regexp):
    """The whole text has this form, a line break at its end included; the description shows what ECMA-262 knows too."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError("pattern")
        return value


class Matching(Text):
    """A text of that form: it travels in the clear, or finds something again."""

    def __init__(self, form: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(Entire(f"^(?:{form})$"))


def needed(target: str, longest: int) -> Text:
    """A text that has to be there, and may travel as ``target``."""
    return Text(longest=longest, required=True, metadata=kept(target, spare=EMPTY))


def text(target: str, longest: int = 255) -> Text:
    """A text that may travel as ``target``."""
    return Text(longest=longest, metadata=kept(target, spare=EMPTY))


def whole(schema: type[AllowList]) -> fields.Nested:
    """An object that has to be there."""
    return fields.Nested(schema, required=True, error_messages={"required": "required", "null": "required"})


def dropped(schema: AllowList, reason: str, path: str = "") -> Mapping[str, str]:
    """The names that ``schema`` and what is nested in it let fall: path → ``reason``, as ``allowlist.tree`` takes
    them.
    """
    found = {f"{path}{name}": reason for name in getattr(schema, "dropped", ())}
    for name, declared in schema.fields.items():
        if isinstance(declared, fields.Nested):
            found |= dropped(declared.schema, reason, f"{path}{name}.")  # type: ignore[arg-type]  # ours are all AllowList
    return found
