"""The rules of what stands in every box: parties, addresses, options. Written from the limits known in public."""

from __future__ import annotations

from simulator.bpost.grammar import (
    EMPTY,
    Attribute,
    Content,
    Element,
    Simple,
    maybe,
    one,
    one_of,
    text,
    whole,
)
from simulator.bpost.names import COMMON, FLAGS, NOTIFICATIONS, v5

_FIRST = r"[\w!#$%&'*+/=?^{|}~-]"
_LABEL = r"[a-z\d]+(-+[a-z\d]+)*"
EMAIL = Simple(
    name="EmailAddressType",
    most=50,
    pattern=rf"(?ai){_FIRST}([.]?({_FIRST}|`))*@({_LABEL}[.])+[a-z](-?[a-z\d])+",
)
"""What is known of the real one: the characters of RFC 5322's atoms, single dots between them, and a host whose last
label begins with a letter and has no two hyphens beside each other. The writing is ours.
"""
LOCKER_EMAIL = Simple(name="EmailAddressCharacteristicType", most=40, pattern=r".+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+")
PHONE = text("PhoneNumberType", 20, least=1)
MOBILE = text("PhoneNumberType", 20)
VISIBLE = r".*[^\s].*"
NAME = Simple(name="ReceiverNameType", least=1, most=40, pattern=VISIBLE)
COMPANY = text("ReceiverCompany", 40)
COUNTRY = Simple(name="CountryCode", pattern="[A-Z]{2}")
PRODUCT = text("ProductType", least=1)
REMARK = text("RemarkType", 50)


def common(name: str, type_: Simple | Content) -> Element:
    """An element of the namespace that boxes share."""
    return Element(tag=v5(name, COMMON), type=type_)


ADDRESS = Content(
    particles=(
        one(common("streetName", text("StreetNameType", 40, least=1))),
        maybe(common("addressLineTwo", text("StreetNameType", 40))),
        maybe(common("number", text("StreetNumberType", 8, least=1))),
        maybe(common("box", text("StreetBoxType", 8, least=1))),
        one(common("postalCode", text("PostalCodeType", 8, least=1))),
        one(common("locality", text("LocalityType", 40, least=1))),
        one(common("countryCode", COUNTRY)),
    )
)
PARTY = Content(
    particles=(
        one(common("name", NAME)),
        maybe(common("company", COMPANY)),
        one(common("address", ADDRESS)),
        maybe(common("emailAddress", EMAIL)),
        maybe(common("phoneNumber", PHONE)),
    )
)

NOTIFICATION = Content(
    particles=(one(common("emailAddress", EMAIL), common("mobilePhone", MOBILE)),),
    attributes=(Attribute(name="language", type=one_of("LanguageType", "EN", "NL", "FR", "DE")),),
)
ADDITIONAL_INSURANCE = Content(attributes=(Attribute(name="value", type=whole("AdditionalInsuranceType", 1, 3)),))
INSURED = Content(
    particles=(one(common("basicInsurance", EMPTY), common("additionalInsurance", ADDITIONAL_INSURANCE)),)
)
TIME_SLOT = Content(
    particles=NOTIFICATION.particles,
    attributes=(
        *NOTIFICATION.attributes,
        Attribute(name="value", type=one_of("TimeSlotType", "AM", "PM", "PMPLUS")),
    ),
)
"""A message that promises a part of the day."""
WINDOW = Simple(
    name="PreferredDeliveryWindowType", pattern="[Aa][Mm]|[Pp][Mm]([Pp][Ll][Uu][Ss])?|[Oo][Ff][Ff][Ii][Cc][Ee]"
)
BIC = Simple(name="BicType", pattern="[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
CASH = Content(
    particles=(
        one(common("codAmount", whole("EuroCentAmount"))),
        one(common("iban", text("IbanType", 40, least=1))),
        one(common("bic", BIC)),
    )
)
OPTIONS = Content(
    particles=(
        maybe(*(common(name, NOTIFICATION) for name in NOTIFICATIONS)),
        maybe(*(common(name, EMPTY) for name in FLAGS)),
        maybe(common("insured", INSURED), common("timeSlotDelivery", TIME_SLOT), common("cod", CASH)),
        maybe(common("preferredDeliveryWindow", WINDOW)),
    ),
    any_order=True,
)
