"""As much of GraphQL as a simulated Admin API needs: one operation, variables, nested fields; unknown ones are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*|\d+)|([{}():!$,\[\]]))")


class Mistaken(Exception):
    """What is asked has not the form, or asks for what is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field that is asked for, with its arguments, and what is asked for beneath it; nothing of a plain value."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    beneath: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``query`` or ``mutation``, and what it asks for. ``types`` are those of its variables."""

    kind: str
    types: Mapping[str, str]
    fields: tuple[Field, ...]


class _Reader:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._tokens, self._variables, end = [], variables, 0
        while end < len(text.rstrip()):
            found = _TOKEN.match(text, end)
            if found is None:
                raise Mistaken()
            self._tokens.append(found.group(1) or found.group(2))
            end = found.end()
        self._tokens.append("")

    def operation(self) -> Operation:
        kind = self._word()
        if kind not in ("query", "mutation"):
            raise Mistaken()
        self._word()
        types: dict[str, str] = {}
        if self._take("("):
            while not self._take(")"):
                self._need("$")
                name = self._word()
                self._need(":")
                types[name] = self._word() + ("!" if self._take("!") else "")
                self._take(",")
        if set(types) != set(self._variables):
            raise Mistaken()
        fields = self._fields()
        self._need("")
        return Operation(kind=kind, types=types, fields=fields)

    def _fields(self) -> tuple[Field, ...]:
        self._need("{")
        found = []
        while not self._take("}"):
            name, arguments = self._word(), {}
            if self._take("("):
                while not self._take(")"):
                    key = self._word()
                    self._need(":")
                    arguments[key] = self._value()
                    self._take(",")
            found.append(Field(name=name, arguments=arguments, beneath=self._fields() if self._next("{") else ()))
        return tuple(found)

    def _value(self) -> Any:
        if self._take("$"):
            name = self._word()
            if name not in self._variables:
                raise Mistaken()
            return self._variables[name]
        word = self._word()
        return {"true": True, "false": False}.get(word, int(word) if word.isdigit() else word)

    def _next(self, token: str) -> bool:
        return self._tokens[0] == token

    def _take(self, token: str) -> bool:
        if not self._next(token):
            return False
        if token:
            self._tokens.pop(0)
        return True

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise Mistaken()

    def _word(self) -> str:
        word = self._tokens[0]
        if not word or not (word[0].isalnum() or word[0] == "_"):
            raise Mistaken()
        return self._tokens.pop(0)


def parse(text: str, variables: Mapping[str, Any]) -> Operation:
    """The one operation of a document. Raises: Mistaken."""
    return _Reader(text, variables).operation()


def chosen(value: Any, fields: tuple[Field, ...]) -> Any:
    """Of a value what is asked for. Raises: Mistaken for a field that it has not, or one beneath nothing."""
    if isinstance(value, list):
        return [chosen(one, fields) for one in value]
    if not isinstance(value, dict) or value is None:
        if fields and value is not None:
            raise Mistaken()
        return value
    if not fields or any(one.name not in value for one in fields):
        raise Mistaken()
    return {one.name: chosen(value[one.name], one.beneath) for one in fields}
