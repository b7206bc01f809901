"""Categories of personal data, as a hierarchy of dotted ids, each with its W3C DPV concept where one exists.

Concepts are those of DPV 2.3 (``pd:`` = https://w3id.org/dpv/pd#). ``None``: DPV has no such concept (a VAT number, a
legal form, a company's name), or a wider one would say something else. No id means anything outside this list: a pack
or a schema that uses another is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_YES, _NO = True, False


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One kind of data.

    ``id``: dotted, from the wide to the narrow. ``dpv``: prefixed IRI, or ``None``. ``personal``: whether a value can
    identify or describe a person (a weight cannot; what belongs to a record stays pseudonymous data all the same).
    """

    id: str
    title: str
    dpv: str | None
    personal: bool


def _address(subject: str, whose: str) -> tuple[tuple[str, str, str | None, bool], ...]:
    return (
        (f"{subject}.address", f"address of {whose}", "pd:PhysicalAddress", _YES),
        (f"{subject}.address.street", f"street of {whose}", "pd:PhysicalAddress", _YES),
        (f"{subject}.address.number", f"house number of {whose}", "pd:PhysicalAddress", _YES),
        (f"{subject}.address.box", f"box of {whose}", "pd:PhysicalAddress", _YES),
        (f"{subject}.address.line2", f"second address line of {whose}", "pd:PhysicalAddress", _YES),
        (f"{subject}.address.locality", f"locality of {whose}", "pd:City", _YES),
        (f"{subject}.address.postal_code", f"postal code of {whose}", "pd:PostalCode", _YES),
        (f"{subject}.address.country", f"country of {whose}", "pd:Country", _NO),
    )


_ROWS: tuple[tuple[str, str, str | None, bool], ...] = (
    ("recipient", "the person who receives", None, _YES),
    ("recipient.name", "name of the recipient", "pd:Name", _YES),
    ("recipient.company", "company to which the delivery goes", None, _YES),
    ("recipient.locker_member", "number by which the recipient opens a parcel locker", "pd:UID", _YES),
    *_address("recipient", "the recipient"),
    ("recipient.contact", "how the recipient can be told of the delivery", None, _YES),
    ("recipient.contact.email", "e-mail address of the recipient", "pd:EmailAddress", _YES),
    ("recipient.contact.phone", "telephone or mobile number of the recipient", "pd:TelephoneNumber", _YES),
    ("recipient.contact.language", "language in which the recipient is told", None, _YES),
    ("recipient.vat", "VAT number of the recipient", None, _YES),
    ("recipient.customs", "what customs demands", None, _YES),
    ("recipient.customs.description", "description of the goods", "pd:Purchase", _YES),
    ("recipient.customs.quantity", "number of pieces of the goods", "pd:Purchase", _YES),
    ("recipient.customs.weight", "weight of the goods", "pd:Purchase", _YES),
    ("recipient.customs.value", "value of the goods", "pd:Purchase", _YES),
    ("recipient.customs.currency", "currency of the value", "pd:Purchase", _YES),
    ("recipient.customs.hs_code", "tariff code of the goods", "pd:Purchase", _YES),
    ("recipient.customs.origin", "country of origin of the goods", "pd:Purchase", _YES),
    ("recipient.due", "what the recipient pays on delivery", "pd:Purchase", _YES),
    ("recipient.due.amount", "amount that the recipient pays on delivery", "pd:Purchase", _YES),
    ("recipient.due.currency", "currency of that amount", "pd:Purchase", _YES),
    ("sender", "the person or company that sends", None, _YES),
    ("sender.name", "name of the sender", "pd:Name", _YES),
    ("sender.company", "company name of the sender", None, _YES),
    ("sender.legal_form", "legal form of the sender's company", None, _YES),
    ("sender.vat", "VAT number of the sender", None, _YES),
    *_address("sender", "the sender"),
    ("sender.contact", "how the sender can be reached", None, _YES),
    ("sender.contact.email", "e-mail address of the sender", "pd:EmailAddress", _YES),
    ("sender.contact.phone", "telephone or mobile number of the sender", "pd:TelephoneNumber", _YES),
    ("sender.responsible", "the responsible person in the sender's company", None, _YES),
    ("sender.responsible.name", "name of the responsible person", "pd:Name", _YES),
    ("sender.responsible.gender", "gender of the responsible person", "pd:Gender", _YES),
    ("sender.responsible.email", "e-mail address of the responsible person", "pd:EmailAddress", _YES),
    ("sender.responsible.phone", "telephone or mobile number of the responsible person", "pd:TelephoneNumber", _YES),
    ("parcel", "facts of the parcel", None, _NO),
    ("parcel.barcode", "barcode that the parcel platform gave", "pd:Identifier", _YES),
    ("parcel.reference", "reference printed on the label", "pd:Identifier", _YES),
    ("parcel.pieces", "number of parcels", None, _NO),
    ("parcel.dimensions", "length, width and height", None, _NO),
    ("parcel.weight", "weight", None, _NO),
    ("parcel.product", "delivery product", None, _NO),
    ("parcel.pickup_point", "id of the chosen pick-up point", None, _YES),
    ("order", "the webshop's order", None, _YES),
    ("order.id", "the webshop's id of the order", "pd:Identifier", _YES),
    ("order.name", "the order number that people see", "pd:Identifier", _YES),
    ("order.time", "when the order was made or changed", None, _NO),
    ("order.state", "whether there is something to ship now", None, _NO),
    ("order.line", "what the shop calls its shipping line", None, _YES),
    ("order.payment", "prices and means of payment", "pd:Purchase", _YES),
    ("contact", "the person with whom Maxiresponse is agreed", None, _YES),
    ("contact.name", "name of the contact", "pd:Name", _YES),
    ("contact.first_name", "first name of the contact", "pd:Name", _YES),
    ("contact.email", "e-mail address of the contact", "pd:EmailAddress", _YES),
    ("contact.phone", "telephone or mobile number of the contact", "pd:TelephoneNumber", _YES),
    ("contact.agreement", "with whom the agreement on Maxiresponse is", None, _NO),
    ("customer", "the customer, of a webshop or of MyStamp", None, _YES),
    ("customer.name", "name of the customer", "pd:Name", _YES),
    ("customer.first_name", "first name of the customer", "pd:Name", _YES),
    *_address("customer", "the customer"),
    ("customer.email", "e-mail address of the customer", "pd:EmailAddress", _YES),
    ("customer.phone", "telephone number of the customer", "pd:TelephoneNumber", _YES),
    ("customer.mobile", "mobile number of the customer", "pd:TelephoneNumber", _YES),
    ("customer.birth_date", "birth date of the customer", "pd:BirthDate", _YES),
    ("customer.gender", "gender of the customer", "pd:Gender", _YES),
    ("customer.entered", "which optional data the customer entered", None, _NO),
    ("customer.vat", "VAT or company number of the customer", None, _YES),
    ("depicted", "a person who appears on a stamp", None, _YES),
    ("depicted.image", "photo, image or drawing of that person", "pd:Picture", _YES),
    ("depicted.name", "name of that person", "pd:Name", _YES),
    ("depicted.sign", "another sign of that person", None, _YES),
    ("depicted.declaration", "the customer's declaration that this is lawful", "pd:Identifier", _YES),
    ("depicted.metadata", "what a camera or a program wrote into the image", None, _YES),
    ("stamps", "facts of the stamps ordered", None, _NO),
    ("stamps.product", "kind of stamp", None, _NO),
    ("stamps.pieces", "number of stamps", None, _NO),
    ("customer.id", "the webshop's id of the customer", "pd:UID", _YES),
    ("payer", "the person who pays", None, _YES),
    ("payer.name", "name of the person who pays", "pd:Name", _YES),
    ("account", "the account on the parcel platform", None, _YES),
    ("account.credential", "user names, passwords, tokens", None, _YES),
    ("account.credential.username", "user name", "pd:Username", _YES),
    ("account.credential.password", "password", "pd:Password", _YES),
    ("complaint", "complaints", None, _YES),
    ("complaint.text", "what a complaint says", "pd:Communication", _YES),
    ("behaviour", "what somebody does, likes and buys", None, _YES),
    ("behaviour.purchases", "purchases", "pd:PurchasesAndSpendingHabit", _YES),
    ("behaviour.browsing", "browsing", "pd:BrowsingBehaviour", _YES),
    ("behaviour.television", "television viewing", "pd:TVViewingBehaviour", _YES),
    ("behaviour.interests", "interests", "pd:Interest", _YES),
    ("behaviour.preferences", "preferences", "pd:Preference", _YES),
    ("behaviour.profile", "profile made of a person", "pd:IndividualProfile", _YES),
    ("online", "traces of a device or a visit", None, _YES),
    ("online.identifier", "cookies, tokens, user agents and the like", "pd:Identifier", _YES),
    ("online.identifier.ip_address", "IP address", "pd:IPAddress", _YES),
    ("free_text", "notes, gift messages and other free text", None, _YES),
)

CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {id_: Category(id=id_, title=title, dpv=dpv, personal=personal) for id_, title, dpv, personal in _ROWS}
)
