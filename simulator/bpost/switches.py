"""What nobody outside knows of bpost's services, as switches: each point can be tried in every form that may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "existing-order": ("replace", "append"),  # a POST of a reference that is known: other boxes, or more boxes
        "already-printed": ("empty", "without-bytes", "again"),  # the labels of an order that are asked for once more
        "printed-state": ("PRINTED", "ANNOUNCED"),  # what a box becomes by printing
        "many-labels": ("apart", "together"),  # a <label> for each box, or one with all barcodes and pages
        "unauthorised": ("401", "403"),
        "refusals": ("text", "page"),  # a 400 that says what is wrong, in plain text or in HTML
        "status-updated": ("200", "201"),
        "unknown-items": ("404", "400"),
        "location": ("sent", "left-out"),  # the header of a new order
        "media-types": ("exact", "any"),  # whether Content-Type and Accept are looked at
        "prefixes": ("declared", "undeclared"),  # of namespaces in answers
        "option-names": ("known", "other"),  # of the product configuration: as far as known in public, or none of them
        "locator-names": ("upper", "mixed"),  # ID, OFFICE, NR …, or Id, Name, Number … in a list of points
    }
)
"""Switch → its settings; the first holds from the start."""
WITHOUT, DEMANDED = "without", "demanded"
LISTS = (WITHOUT, DEMANDED)
DELAY = "delay-milliseconds"
MOST_DELAY = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How they stand. ``without``: products and options that the account may not use (``signed``, of one product alone
    ``bpack 24h Pro/signed``, of an insurance ``insured-3``); ``demanded``: options without which no order goes, written
    alike, and delivery methods that no consumer is shown. ``delay``: of every answer, in milliseconds, after the change
    is committed.
    """

    chosen: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    demanded: frozenset[str] = frozenset()
    delay: int = 0

    def __getitem__(self, name: str) -> str:
        """The setting of one switch."""
        return self.chosen.get(name, CHOICES[name][0])

    def told(self) -> dict[str, object]:
        """All of them, as they are set with ``read_switches``."""
        lists = {WITHOUT: sorted(self.without), DEMANDED: sorted(self.demanded)}
        return {**{name: self[name] for name in CHOICES}, **lists, DELAY: self.delay}


def read_switches(given: Mapping[str, object]) -> Switches:
    """Switches by name; what is not named stands as from the start. Raises: ValueError."""
    lists = {name: _names(given.get(name, [])) for name in LISTS}
    delay = given.get(DELAY, 0)
    if isinstance(delay, bool) or not isinstance(delay, int) or not 0 <= delay <= MOST_DELAY:
        raise ValueError("switches")
    chosen = {name: str(value) for name, value in given.items() if name not in (*LISTS, DELAY)}
    if any(value not in CHOICES.get(name, ()) for name, value in chosen.items()):
        raise ValueError("switches")
    return Switches(chosen=chosen, without=lists[WITHOUT], demanded=lists[DEMANDED], delay=delay)


def _names(given: object) -> frozenset[str]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ValueError("switches")
    return frozenset(given)


def parse_switches(words: tuple[str, ...]) -> Switches:
    """``NAME=VALUE`` each, as a command line has them; lists may be repeated. Raises: ValueError."""
    pairs = [word.partition("=")[::2] for word in words]
    given: dict[str, object] = {name: value for name, value in pairs if name not in LISTS}
    if DELAY in given:
        given[DELAY] = int(str(given[DELAY]))
    return read_switches({**given, **{each: [value for name, value in pairs if name == each] for each in LISTS}})
