"""The allow-list: what may be read from a sender, and where every other leaf went.

A permitted field says three things of itself: its *status* (``kept``: it may travel; ``used``: it is read to decide
and then gone; ``index``: it is read, turned into a keyed index and gone), the canonical path it fills, and the reason
under which it is removed when it does not travel after all. Whatever is not declared is dropped by marshmallow
(``unknown = EXCLUDE``) and reported by ``classify``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

MAX_TEXT = 4096
"""The longest permitted string, in characters."""

MAX_INT = 2**63 - 1
"""The largest permitted integer; ids of Shopify pass 2^53 and are never put through a float."""

KEPT, USED, INDEX = "kept", "used", "index"

EMPTY = "empty"
"""The reason of a permitted leaf that holds nothing."""


def is_blank(value: object) -> bool:
    """Whether a permitted leaf holds nothing: null, or a text of white space alone."""
    return value is None or (isinstance(value, str) and not value.strip())


MAX_FAULTS = 20
"""How many faults of a document are told; nobody reads more, and a hostile one has a hundred thousand."""


class Refused(Exception):
    """A document without the permitted form. ``faults``: (RFC 6901 pointer of known names, code); never a value."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__(", ".join(f"{pointer}: {code}" for pointer, code in faults))
        self.faults = faults


class AllowList(Schema):
    """Base of every schema of what may be read. Built once, loaded often; lists are ``Nested(many=True)``."""

    error_messages: ClassVar[dict[str, str]] = {"type": "type"}  # type: ignore[misc]  # marshmallow declares an instance attribute

    class Meta:
        unknown = EXCLUDE


_CODES: dict[str, Any] = {
    "required": "required",
    "null": "required",
    "invalid": "type",
    "type": "type",
    "invalid_utf8": "type",
    "too_large": "range",
}


class Text(fields.String):
    """A string of at most ``MAX_TEXT`` characters; null and absence are the same."""

    def __init__(self, *, longest: int = MAX_TEXT, **kwargs: Any) -> None:
        rules = validate.Length(max=longest, error="too-long")
        super().__init__(validate=rules, error_messages=_CODES, **_optional(kwargs))


UNUSABLE = "\0"
"""What ``Loose`` makes of a value that is no short text: no text of a document can be that."""


class Loose(fields.String):
    """A text that most of the time nobody reads: another type does not refuse the document, but is ``UNUSABLE``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_optional(kwargs))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        fits = isinstance(value, str) and len(value) <= MAX_TEXT
        return str(super()._deserialize(value, attr, data, **kwargs)) if fits else UNUSABLE


class Whole(fields.Integer):
    """An integer from 0 to ``MAX_INT``, or within narrower limits; a boolean, a float or a string of digits is none."""

    def __init__(self, *, smallest: int = 0, largest: int = MAX_INT, **kwargs: Any) -> None:
        rules = validate.Range(min=smallest, max=largest, error="range")
        super().__init__(strict=True, validate=rules, error_messages=_CODES, **_optional(kwargs))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """``true`` or ``false`` and nothing that looks like it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(error_messages=_CODES, **_optional(kwargs))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class _Objects(fields.Nested):
    """A list of objects of which the length is looked at before anything else: a long one costs nothing."""

    def __init__(self, schema: type[AllowList], *, most: int) -> None:
        super().__init__(schema, many=True, allow_none=True, load_default=None, error_messages=_CODES)
        self._most = most

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, partial: Any = None, **kwargs: Any
    ) -> Any:
        if isinstance(value, list) and len(value) > self._most:
            raise ValidationError("too-many")
        return super()._deserialize(value, attr, data, partial=partial, **kwargs)


def nested(schema: type[AllowList]) -> fields.Nested:
    """A permitted object; null and absence are the same."""
    return fields.Nested(schema, allow_none=True, load_default=None, error_messages=_CODES)


def several(schema: type[AllowList], *, most: int) -> fields.Nested:
    """A permitted list of at most ``most`` objects; null and absence are the same."""
    return _Objects(schema, most=most)


def _optional(kwargs: dict[str, Any]) -> dict[str, Any]:
    if not kwargs.get("required"):
        kwargs = {"allow_none": True, "load_default": None, **kwargs}
    return kwargs


def kept(target: str, *, spare: str) -> dict[str, str]:
    """Metadata of a field that may travel as ``target``; ``spare`` is the reason of its removal when it was not
    taken.
    """
    return {"status": KEPT, "target": target, "spare": spare}


def used(target: str) -> dict[str, str]:
    """Metadata of a field that is read for ``target`` (a category) and never kept."""
    return {"status": USED, "target": target}


def index(target: str) -> dict[str, str]:
    """Metadata of a field that lives on as a keyed index only."""
    return {"status": INDEX, "target": target}


def load(schema: AllowList, document: object) -> Mapping[str, Any]:
    """The permitted fields of ``document``. Raises: Refused.

    marshmallow's own error carries the document; it is dropped before ours is raised, so that it is nobody's
    ``__context__``.
    """
    faults: tuple[tuple[str, str], ...]
    try:
        loaded: Mapping[str, Any] = schema.load(document)  # type: ignore[arg-type]  # a document that is no object is an error like others
    except ValidationError as problem:
        faults = tuple(islice(_faults(problem.messages, ""), MAX_FAULTS))
    else:
        return loaded
    raise Refused(faults)


def _faults(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _faults(inner, pointer if key == "_schema" else f"{pointer}/{key}")
    else:
        for code in messages:
            yield pointer, str(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One place in the tree of known names: its permitted field, or the reason why everything there is removed.

    ``whole`` is the reason that all leaves beneath share where none is permitted: then the place itself is the
    removed path.
    """

    children: Mapping[str, Node] = field(default_factory=dict)
    status: str | None = None
    target: str = ""
    spare: str = ""
    whole: str | None = None


def tree(schema: AllowList, removed: Mapping[str, str]) -> Node:
    """Join the permitted fields of ``schema`` with the known names that never pass (leaf path → reason)."""
    root: dict[str, Any] = {}
    for path, reason in removed.items():
        here = root
        *above, last = path.replace("[]", "").split(".")
        for name in above:
            here = here.setdefault(name, {})
        here[last] = reason
    return _node(schema, root)


def _node(schema: AllowList | None, removed: Mapping[str, Any]) -> Node:
    children: dict[str, Node] = {}
    for name, declared in schema.fields.items() if schema else ():
        if isinstance(declared, fields.Nested):
            children[name] = _node(declared.schema, removed.get(name, {}))  # type: ignore[arg-type]  # ours are all AllowList
        else:
            children[name] = Node(
                status=declared.metadata.get("status", ""),
                target=declared.metadata.get("target", ""),
                spare=declared.metadata.get("spare", ""),
            )
    for name, inner in removed.items():
        if name not in children:
            children[name] = Node(whole=inner) if isinstance(inner, str) else _node(None, inner)
    reasons = {child.whole for child in children.values()}
    return Node(children=children, whole=reasons.pop() if schema is None and len(reasons) == 1 else None)


def categories(node: Node, canonical: Mapping[str, str], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, category) of every permitted field beneath; ``canonical`` maps canonical paths to categories.

    A field that names neither has the category ``""``, which no pack places.
    """
    if node.status is not None:
        yield path, canonical.get(node.target, "") if node.status == KEPT else node.target
    for name, child in node.children.items():
        yield from categories(child, canonical, f"{path}.{name}" if path else name)


NOT_IN_PACK = "not_in_pack"
"""The reason of a name that nobody knows."""

CREDENTIAL = "credential"
"""The reason where a name that nobody knows looks like a credential's (VP-CAT-1), here or beneath."""

_CREDENTIAL_NAME = re.compile(
    r"pass(?:word|wd|code|phrase)|pwd|secret|token|credential|(?:api|access|private)[ _-]?key|user[ _-]?name"
    r"|gebruikersnaam|wachtwoord|mot[ _-]?de[ _-]?passe|nom[ _-]?d[^a-z]?utilisateur|kennwort|passwort",
    re.IGNORECASE,
)
"""A name too many costs a look; one too few lets a shop go on sending passwords."""

Disposition = Callable[[str, str, str], None]
"""Told of every leaf: (concrete path of known names, generalised path, ``kept`` | ``used`` | ``index`` | a reason of
removal).
"""


def classify(
    document: object,
    root: Node,
    taken: Mapping[str, str],
    withheld: Mapping[str, str],
    tell: Disposition,
    idle: str | None = None,
) -> None:
    """Tell where every leaf of ``document`` went, topmost path first where a whole subtree was removed for one
    reason.

    ``taken`` maps concrete paths to the canonical path that they filled, ``withheld`` canonical paths to the reason
    why they do not travel. ``idle``, where nothing of the document travels, is the reason for all that might have.
    """

    def visit(value: object, node: Node, concrete: str, general: str) -> None:
        if node.whole is not None or node.status is not None:
            if _holds_credential(value, node):
                tell(concrete, general, CREDENTIAL)
            else:
                tell(concrete, general, node.whole or _settle(value, node, taken.get(concrete), withheld, idle))
        elif isinstance(value, Mapping) and value:
            strange = {key: inner for key, inner in value.items() if key not in node.children}
            other = _BLOCKED if _holds_credential(strange, _UNKNOWN) else _UNKNOWN  # one path, one reason: ``*``
            for key, inner in value.items():
                child = node.children.get(key)
                name = key if child else "*"
                visit(
                    inner,
                    child or other,
                    f"{concrete}.{name}" if concrete else name,
                    f"{general}.{name}" if general else name,
                )
        elif isinstance(value, list) and value:
            for position, inner in enumerate(value):
                visit(inner, node, f"{concrete}[{position}]", f"{general}[]")
        else:
            tell(concrete, general, EMPTY if value is None or value in ({}, []) else NOT_IN_PACK)

    visit(document, root, "", "")


_UNKNOWN, _BLOCKED = Node(whole=NOT_IN_PACK), Node(whole=CREDENTIAL)


def _holds_credential(value: object, node: Node) -> bool:
    """Whether a name in what goes as a whole looks like a credential's; names that are known here are what they are."""
    if isinstance(value, Mapping):
        return any(
            (key not in node.children and _CREDENTIAL_NAME.search(key) is not None)
            or _holds_credential(inner, node.children.get(key, _UNKNOWN))
            for key, inner in value.items()
        )
    return isinstance(value, list) and any(_holds_credential(inner, node) for inner in value)


def _settle(value: object, node: Node, target: str | None, withheld: Mapping[str, str], idle: str | None) -> str:
    if target is not None and target not in withheld:
        return KEPT
    if node.status != KEPT:
        return str(node.status)
    if target is not None:
        return withheld[target]
    return EMPTY if is_blank(value) else idle or node.spare
