"""The conversation with the Shipping Manager, without I/O: make, label, look, cancel.

    first claim    POST order ─▶ GET labels ─▶ delivered, with its barcode
    any later one  GET order ─┬─ 404: POST order ─▶ GET labels ─▶ delivered
                              └─ it is there: its barcode, or GET labels, or what is wrong with it
    labels that do not tell of one box alone ─▶ GET order, which does
    cancelling     POST status ─▶ GET order ─▶ gone | too late

bpost knows no idempotency key, and an order that is sent twice is replaced or gets a second box. So the order's
reference is the record's id, nothing else has the same, and whoever was claimed before is looked for before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote

from middleware.account import ACCOUNT_CHANGED, Account, Accounts, Collects, Whose, nowhere
from middleware.carriers.bpost_shm import answers, cash, chosen, labelling, mapping, printing, products, writing
from middleware.carriers.bpost_shm.answers import BoxState, OrderSeen
from middleware.carriers.bpost_shm.granted import Grants
from middleware.carriers.bpost_shm.mapping import Spot
from middleware.carriers.bpost_shm.products import Way
from middleware.carriers.bpost_shm.requesting import MEDIA, NO_ACCOUNT, UNREADABLE, asking
from middleware.carriers.bpost_shm.values import ShmOrder
from middleware.core import customs, due, postal
from middleware.errors import ConfigError, Fault, SchemaError, UnknownKeyError
from middleware.exchange import (
    Batch,
    Batched,
    Delivered,
    Failed,
    Form,
    Gone,
    Heard,
    Impossible,
    Labelled,
    Lacking,
    Outcome,
    PickupPoint,
    Refused,
    Request,
    Response,
    Sheaves,
    Sought,
    TooLate,
    Unserved,
    Wish,
)
from middleware.model import Delivery, ShopSettings, Stored
from middleware.model_keys import Sealing
from middleware.model_purge import Notice
from middleware.trail import Sighting
from schemas.order import Order

SEVERAL_BOXES: Final = "several-boxes"
"""Under the reference of one record bpost has more than one box: a person has to look."""

CANCELLED_THERE: Final = "cancelled-there"
ON_HOLD_THERE: Final = "on-hold-there"

_CREATE: Final = {"Content-Type": f"{MEDIA}order-v5+XML"}
_LOOK: Final = {"Accept": f"{MEDIA}order-v3.5+XML"}
_UPDATE: Final = {"Content-Type": f"{MEDIA}orderUpdate-v3+XML"}
_PRINT: Final = labelling.wanting(Form.PDF)
_CONFIGURATION: Final = {"Accept": f"{MEDIA}productConfiguration-v3.1+XML"}

_LANE: Final = frozenset((401, 403, 405, 406, 415))
"""What bpost says of who asks, or of the form in which it is asked, and not of an order."""

_OURS: Final = "ours"  # of the settings, or made here
_RETRY: Final = frozenset((408, 425, 429))
_STATE: Final = "created"


def _unknown() -> None:
    """Nothing is known of what the account may use."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BpostShm:
    """The carrier port for the Shipping Manager. ``accounts`` knows by a shop's name whose it is, ``shared`` is that
    of shops without one; ``spots`` are the pick-up points by their ids, ``products`` one shop's by
    ``products.Way``; ``granted`` tells what its account may use, as far as that is known, ``collecting`` by a shop's
    name where the money goes that bpost collects for it.
    """

    accounts: Accounts
    shared: Account | None
    spots: Mapping[str, Spot]
    products: Mapping[str, str] = field(default_factory=dict)
    granted: Callable[[], Grants | None] = _unknown
    collecting: Collects = nowhere

    @property
    def sealing(self) -> Sealing:
        """For our own relay: bpost takes cleartext."""
        return Sealing.TRANSIT

    @property
    def shared_account(self) -> str | None:
        """The number of the carrier's account."""
        return self.shared.id if self.shared else None

    def serving(self, shop: ShopSettings) -> BpostShm | Unserved:
        """The same with the shop's products, if there are such, and an account."""
        own = replace(self, products=shop.products, collecting=lambda _: shop.cash_on_delivery)
        return chosen.unserved(shop, self.shared) or own

    def choose(self, order: Order, line: str | None, usual: Delivery) -> tuple[Order, Delivery]:
        """The product by the way that the order goes. Raises: SchemaError for one that cannot go it or that the account
        may not use, for a pick-up point that is not known, and for what nobody would collect."""
        goes = mapping.way(order, self._spot(order.parcel.pickup_point))
        cash.check(order, goes, self.collecting(""))
        asked = order.parcel.product
        text = (
            products.chosen(goes, asked, self.products, usual.notify) if line is None else products.of_line(goes, line)
        )
        if text is None:
            raise SchemaError((Fault(pointer="/parcel/product", code="unknown-product"),))
        if faults := chosen.refused(goes, text, self.granted(), order.recipient, cash=due.is_due(order)):
            raise SchemaError(faults)
        made = replace(order, parcel=replace(order.parcel, product=text))
        member = goes is Way.LOCKER and order.recipient.locker_member is not None  # who opens it so needs no code
        notify = products.NOBODY if member else products.needs(goes, text)
        return made, Delivery(notify=notify, member=member, unusable=mapping.unusable(order, goes))

    def fit(self, order: Order, points: Mapping[str, PickupPoint]) -> Order:  # noqa: ARG002 - the port's signature
        """Write the texts as printers take them, and check what bpost would refuse. A pick-up point's address takes the
        place of the recipient's. Raises: SchemaError, with pointers into the canonical order.
        """
        spot = self._spot(order.parcel.pickup_point)
        order = printing.printed(mapping.placed(order, spot))
        faults = tuple(mapping.faults(order, spot))
        if code := postal.fault(order.recipient.address.postal_code, order.recipient.address.country):
            faults = (*(one for one in faults if one.pointer != _POSTAL), Fault(pointer=_POSTAL, code=code))
        if faults:
            raise SchemaError(faults)
        return order

    def under(self, stored: Stored) -> tuple[BpostShm, str] | Failed:
        """With one account from the first request to the last, though the shop be given another in between."""
        account = self._account(stored.shop, stored.account)
        if isinstance(account, Failed):
            return account
        return replace(self, accounts=lambda _: account), account.id

    def openly(self, order: Order) -> tuple[str, ...]:
        """The elements of what makes it: bpost takes cleartext."""
        box = mapping.box(order, self._spot(order.parcel.pickup_point), _OURS)
        return writing.elements(ShmOrder(account=_OURS, reference=_OURS, box=box, shown=_OURS))

    def start(self, stored: Stored) -> Request | Outcome:
        """Look for what was claimed before; make what was not; or cancel what is to end there."""
        account = self._account(stored.shop, stored.account)
        if isinstance(account, Failed):
            return account
        if stored.cancelling:
            return asking(account, "POST", _order(stored), _UPDATE, writing.cancellation())
        if stored.fence > 1 or stored.attempts:
            return asking(account, "GET", _order(stored), _LOOK)
        return self._make(stored, account)

    def after(self, stored: Stored, asked: Request, response: Response) -> Request | Outcome:
        """What an answer means. Of a refusal the kind and the element are told, and never its text: it echoes what was
        sent.
        """
        account = self._account(stored.shop, stored.account)
        if isinstance(account, Failed):
            return account
        if stored.cancelling:
            return _ended(stored, account, asked, response)
        if asked.method == "POST":
            if response.status in (200, 201):
                return asking(account, "GET", f"{_order(stored)}/labels/A6", _PRINT)
            if response.status == 404:  # there is no order yet that could be missing: the address is wrong
                return Failed(code="http-404", pause_lane=account.shared)
            return _unsuccessful(account, response)
        if asked.path.endswith("/A6"):
            return _labelled_first(stored, account, response)
        if _denied(response):
            return self._make(stored, account)
        return _found(stored, account, response)

    def label(self, record: Sighting, wish: Wish) -> Sought:
        """The request for the label of its box, with the account that it is under."""
        return labelling.asked(self._account(record.shop, record.account), record, wish)

    def labelled(self, record: Sighting, wish: Wish, response: Response) -> Labelled:
        """What is handed on of the answer, or why nothing is."""
        return labelling.given(record, wish, response)

    def labels(self, shop: str, records: Mapping[int, Sighting], wish: Wish) -> Batched:
        """The requests for the labels of many boxes, each with the account that it is under."""
        batches: list[Batch | Lacking] = []
        for noted in dict.fromkeys(record.account for record in records.values()):
            under = {place: record for place, record in records.items() if record.account == noted}
            found = labelling.asked_together(self._account(shop, noted), under, wish)
            if isinstance(found, Impossible):
                return found
            batches += [Lacking(places=tuple(under))] if isinstance(found, Failed) else found
        return batches

    def sheaves(self, batch: Batch, response: Response) -> Sheaves:
        """The documents of an answer, or what is lacking."""
        return labelling.given_together(batch, response)

    def question(self, shop: str) -> Request | None:
        """What the shop's account may use; None without an account."""
        account = self._account(shop, None)
        return None if isinstance(account, Failed) else asking(account, "GET", "/productconfig", _CONFIGURATION)

    def tell(self, notice: Notice) -> Request | None:  # noqa: ARG002 - the port's signature
        """None: bpost has no way to be told of the end of a part."""
        return None

    def heard(self, notice: Notice, response: Response) -> Heard:  # noqa: ARG002 - the port's signature
        """Nothing was asked."""
        return Impossible(code=f"http-{response.status}")

    def _account(self, shop: str, noted: str | None) -> Account | Failed:
        """The one that is noted with a record, if it is known: to another bpost would say that it has no such order.
        Where nothing is noted the one in force.
        """
        used = self.accounts(shop)
        in_force = self.shared if used is Whose.SHARED else used
        if noted is None:
            return in_force or Failed(code=NO_ACCOUNT)
        known = (one for one in (in_force, self.shared) if one is not None and one.id == noted)
        return next(known, Failed(code=ACCOUNT_CHANGED))

    def _spot(self, point: str | None) -> Spot | None:
        """Raises: SchemaError for a pick-up point that is not known."""
        if point is None:
            return None
        spot = self.spots.get(point)
        if spot is None or _beyond(spot):
            raise SchemaError((Fault(pointer="/parcel/pickup_point", code="unknown-pickup-point"),))
        return spot

    def _make(self, stored: Stored, account: Account) -> Request | Outcome:
        order = mapping.order_of(stored)
        point = order.parcel.pickup_point
        try:
            spot = self.spots.get(point) if point else None
        except (UnknownKeyError, ConfigError):
            return Failed(code="points-unknown", here=True)  # they cannot be read on this machine now
        if point and spot is None:
            return Refused(code="unknown-pickup-point")  # bpost has closed it since
        whose = self.collecting(stored.shop)
        if due.is_due(order) and whose is None:
            return Failed(code=due.NOT_COLLECTED)  # the shop says no more where it goes
        made = ShmOrder(
            account=account.id,
            reference=stored.id,
            box=cash.collected(mapping.box(order, spot, mapping.teller(stored)), order, whose),
            shown=mapping.shown(stored),
        )
        return asking(account, "POST", "/orders", _CREATE, writing.order(made))


_POSTAL: Final = "/recipient/address/postal_code"


def _beyond(spot: Spot) -> bool:
    """Whether it lies where goods are declared: no customs data go with a pick-up point."""
    return customs.declared(spot.point.place.country, spot.point.place.postal_code)


def _order(stored: Stored) -> str:
    return f"/orders/{quote(stored.id, safe='')}"


def _labelled_first(stored: Stored, account: Account, response: Response) -> Request | Outcome:
    """Of a label that was printed before only the order tells the barcode; and of several barcodes, which may stand
    together on one label, whether there are as many boxes.
    """
    if response.status != 200:
        return _unsuccessful(account, response, final=False)
    found = answers.printed(response.body)
    if found is None:
        return Failed(code=UNREADABLE)
    barcodes = [barcode for label in found for barcode in label.barcodes]
    if len(barcodes) != 1:
        return asking(account, "GET", _order(stored), _LOOK)
    return Delivered(barcode=barcodes[0], state=_STATE)


def _found(stored: Stored, account: Account, response: Response) -> Request | Outcome:
    """What bpost has under the reference of this record."""
    if response.status != 200:
        return _unsuccessful(account, response, final=False)
    seen = _seen(stored, response)
    if seen is None:
        return Failed(code=UNREADABLE)
    living = [box for box in seen.boxes if box.state is not BoxState.CANCELLED]
    if len(living) != 1:
        return Refused(code=SEVERAL_BOXES if living else CANCELLED_THERE)
    if living[0].state is BoxState.ON_HOLD:
        return Failed(code=ON_HOLD_THERE)  # no label is made of it until somebody takes it up again
    if living[0].barcode is None:
        return asking(account, "GET", f"{_order(stored)}/labels/A6", _PRINT)
    return Delivered(barcode=living[0].barcode, state=_STATE)


def _ended(stored: Stored, account: Account, asked: Request, response: Response) -> Request | Outcome:
    """What became of a cancellation. bpost changes only boxes that are not printed, and does not say so: what counts
    is what it has afterwards.
    """
    if response.status == 404:
        return Gone() if _denied(response) else Failed(code="http-404")
    if asked.method == "POST" and response.status in (200, 201, 204, 409):
        return asking(account, "GET", _order(stored), _LOOK)
    if asked.method == "POST" or response.status != 200:
        return _unsuccessful(account, response)
    seen = _seen(stored, response)
    if seen is None:
        return Failed(code=UNREADABLE)
    living = [box.barcode for box in seen.boxes if box.state is not BoxState.CANCELLED]
    if not living:
        return Gone()
    known = [barcode for barcode in living if barcode is not None]
    return TooLate(barcode=known[0] if len(known) == 1 else None)


def _denied(response: Response) -> bool:
    """Whether bpost has no such order. Who takes another's 404 for a denial sends the order a second time."""
    return response.status == 404 and answers.denies(response)


def _seen(stored: Stored, response: Response) -> OrderSeen | None:
    """The order of this record and of no other, whatever stands in between."""
    seen = answers.order_seen(response.body)
    return seen if seen and seen.boxes and seen.reference == stored.id else None


def _unsuccessful(account: Account, response: Response, *, final: bool = True) -> Refused | Failed:
    """``final``: what is refused now is refused for good."""
    code = answers.refusal(response.status, response.body)
    if response.status in _LANE:
        return Failed(code=f"http-{response.status}", pause_lane=account.shared)
    if final and 400 <= response.status < 500 and response.status not in _RETRY:
        return Refused(code=code)
    return Failed(code=code, retry_after=response.retry_after)
