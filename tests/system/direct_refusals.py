"""What is refused of contacts, orders of stamps and events, with canaries wherever one has room; and taken events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from tests.system.canaries import Document
from tests.system.direct_documents import CONTACTS, STAMPS, Sent, anything, contact, declared, put_value, shown, stamps
from tests.system.direct_images import drawing, photograph
from tests.system.stack import Json

EVENTS = "events"


def refused() -> Iterator[Sent]:
    """What is refused: nothing of it may be anywhere, the answer included."""
    for shop, path, whole in (("contacts", CONTACTS, contact), ("pro", STAMPS, stamps)):
        for name, spoil in spoilt(path):
            made = whole(f"{path}: {name}")
            spoil(made)
            yield Sent(document=made, shop=shop, path=path, status=422)
        for name, status, cut in CUTS:
            made = whole(f"{path}: {name}")
            yield Sent(document=made, shop=shop, path=path, status=status, change=cut)
    for name, shop, path in (("no parcel", "stamps", "shipments"), ("another pack", "stamps", CONTACTS)):
        yield Sent(document=contact(name), shop=shop, path=path, status=403)
    made = contact("not the shop")
    yield Sent(
        document=made,
        shop="contacts",
        path=CONTACTS,
        status=401,
        headers={"Authorization": f"Bearer {made.text('token')}"},
    )
    made = contact("a broken key")
    key = f'"{made.text("key")}'
    yield Sent(document=made, shop="contacts", path=CONTACTS, status=400, headers={"Idempotency-Key": key})


def told(orders: Mapping[str, Document]) -> Iterator[Sent]:
    """Events. Those that are taken name ids of ``orders`` (by name), which nobody may find again."""
    plain, blocked, person = orders["an order of stamps"], orders["a blocked order"], orders["a contact"]
    for shop, status, content in (
        ("stamps", 200, {"type": "last-order", "customer": plain.content["customer"]["id"]}),
        ("stamps", 200, {"type": "declaration", "order": blocked.content["order"]["id"]}),
        ("contacts", 200, {"type": "agreement-dissolved", "customer": person.content["contact"]["id"]}),
    ):
        yield Sent(
            document=Document(f"event {content['type']}", content=content), shop=shop, path=EVENTS, status=status
        )
    for name, (status, event) in WRONG.items():
        made = Document(f"event: {name}")
        made.content = {member: filled(made, member, value) for member, value in event.items()}
        yield Sent(document=made, shop="stamps", path=EVENTS, status=status)
    for name, status, cut in CUTS:
        made = Document(f"event: {name}")
        made.content = {"type": "declaration", "order": made.text("order"), made.text("a name"): made.text("a value")}
        yield Sent(document=made, shop="stamps", path=EVENTS, status=status, change=cut)


HERE = "{}"
"""A place that a canary fills."""

_RECORD = "01234567-89ab-cdef-0123-456789abcdef"
WRONG: Mapping[str, tuple[int, Json]] = {
    "type": (422, {"type": HERE, "order": HERE}),
    "a type of another kind": (422, {"type": {HERE: HERE}, "order": [HERE]}),
    "unknown names": (422, {"type": "delivered", "record": _RECORD, HERE: HERE}),
    "day": (422, {"type": "declaration", "order": HERE, "day": HERE}),
    "record": (422, {"type": "declaration", "record": HERE}),
    "order": (422, {"type": "declaration", "order": "#{}"}),
    "a long order": (422, {"type": "declaration", "order": HERE * 9}),
    "customer": (422, {"type": "last-order", "customer": "{} {}"}),
    "not of this type": (422, {"type": "last-use", "order": HERE, "customer": HERE}),
    "more than one": (422, {"type": "declaration", "order": HERE, "record": _RECORD}),
    "level": (422, {"type": "objection", "level": HERE}),
    "purpose": (422, {"type": "withdrawal", "purpose": HERE}),
    "way": (422, {"type": "objection", "level": "Aanvullend", "way": HERE}),
    "level of a customer": (422, {"type": "objection", "level": HERE, "customer": HERE}),
    "part": (422, {"type": "erasure-request", "order": HERE, "part": HERE}),
    "part of another type": (422, {"type": "declaration", "order": HERE, "part": HERE}),
    "part of an unknown order": (404, {"type": "erasure-request", "order": HERE, "part": "mystamp.photo"}),
    "raising": (403, {"type": "consent", "level": HERE}),
    "unknown order": (404, {"type": "declaration", "order": HERE}),
    "unknown customer": (404, {"type": "last-order", "customer": HERE}),
}
"""Events that are refused: status and content."""


def _cut(body: bytes) -> bytes:
    return body[:-1]


def _twice(body: bytes) -> bytes:
    """One name twice, which orjson lets through."""
    return b'{"twice": 1, "twice": 2, ' + body[1:]


def _broken(body: bytes) -> bytes:
    return body.replace(b": ", b": \xff", 1)


def _listed(body: bytes) -> bytes:
    return b"[" + body + b"]"


CUTS: tuple[tuple[str, int, Callable[[bytes], bytes]], ...] = (
    ("cut off", 400, _cut),
    ("a name twice", 400, _twice),
    ("not UTF-8", 400, _broken),
    ("a list", 422, _listed),
)


Spoil = Callable[[Document], object]


def spoilt(path: str) -> Iterator[tuple[str, Spoil]]:
    """What to do to a whole document so that it is refused for its content, by name."""
    top, names = ("contact", ("name", "email", "id")) if path == CONTACTS else ("customer", ("name", "email", "vat"))
    yield "unknown names", _strangers
    for name in names:
        yield f"{name} of another kind", partial(anything, path=f"{top}.{name}", kind=3)
        yield f"{name} too long", partial(_text, path=f"{top}.{name}", template="{}" + "\u00e9" * 999)
    yield "a time", partial(_text, path=f"{'contact' if path == CONTACTS else 'order'}.updated_at")
    yield from SPOILT[path].items()


def _text(made: Document, path: str, template: str = "{}") -> None:
    made.put_text(path, template=template)


def _birth_date(made: Document) -> None:
    made.put("customer.vat", "BE0214596464")
    put_value(made, "entered", ["birth_date"])


def _entered(made: Document) -> None:
    put_value(made, "entered", [made.text("entered")])


def _declared(made: Document) -> None:
    declared(made).put_text("declaration.declared_at")


def _no_image(made: Document) -> None:
    shown(made, made.text("image").encode())


def _torn_photograph(made: Document) -> None:
    shown(made, photograph(made)[:-700])


def _torn_drawing(made: Document) -> None:
    shown(made, drawing(made)[:-90])


SPOILT: Mapping[str, Mapping[str, Spoil]] = {
    CONTACTS: {"no agreement": partial(_text, path="contract")},
    STAMPS: {
        "a number of a business": partial(_text, path="customer.vat", template="BE {}"),
        "a birth date": _birth_date,
        "a word that was entered": _entered,
        "no product": partial(_text, path="stamps.product", template="{} {{}}"),
        "a declaration at no time": _declared,
        "no base64": partial(_text, path="image", template="{}-"),
        "no image": _no_image,
        "a torn photograph": _torn_photograph,
        "a torn drawing": _torn_drawing,
    },
}
"""What is wrong with one of them alone."""


def _strangers(made: Document) -> None:
    """A name that nobody knows in every object."""

    def add(here: Any, path: str) -> None:
        if isinstance(here, dict):
            for name, inner in tuple(here.items()):
                add(inner, f"{path}.{name}")
            here[made.text(f"{path}.* (a name)")] = made.text(f"{path}.*")

    add(made.content, "")


def filled(made: Document, place: str, value: Any) -> Any:
    """The value of an event, a canary wherever there is room for one."""
    if isinstance(value, str):
        pieces = value.split(HERE)
        words = [made.text(f"{place} {number}") for number in range(len(pieces) - 1)]
        return "".join(piece + word for piece, word in zip(pieces, [*words, ""], strict=True))
    if isinstance(value, list):
        return [filled(made, f"{place}[]", inner) for inner in value]
    if isinstance(value, dict):
        return {
            filled(made, f"{place}.*", name): filled(made, f"{place}.{name}", inner) for name, inner in value.items()
        }
    return value
