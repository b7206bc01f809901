"""HTML that is escaped by construction: only what ``tag`` made is markup, every other text is text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Html(str):
    """A piece of markup."""

    __slots__ = ()


VOID = frozenset({"meta", "rect"})


def tag(element: str, /, *children: object, **attributes: object) -> Html:
    """An element. A child that is no ``Html`` is escaped; ``class_`` is ``class``, other ``_`` in names are ``-``."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(visible(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in VOID:
        return Html(f"<{element}{told}/>")
    return Html(f"<{element}{told}>{joined(children)}</{element}>")


def joined(children: Iterable[object]) -> Html:
    """Several children as one."""
    return Html("".join(child if isinstance(child, Html) else escape(visible(str(child))) for child in children))


def visible(text: str) -> str:
    """``text`` with what does not print (controls, marks that turn the direction) written as an escape."""
    return "".join(
        character if character.isprintable() or character == "\n" else f"\\u{ord(character):04x}" for character in text
    )
