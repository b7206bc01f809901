"""Orders with canaries for a shop whose carrier is bpost, one for each way to go, and what bpost may be told of each:
written here anew, element by element, with nothing asked of the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.bpost.locator import SPOTS
from tests.system import variants_woocommerce as woo
from tests.system.bpost_line import LOCKER, POINT
from tests.system.canaries import INSIDE, OUTSIDE, Document
from tests.system.stack import Json
from tests.system.variants import full_name, pay, to

SHOPS: Mapping[str, Mapping[str, Any]] = {
    "mail": {"notify": "email", "pickup_attribute": "pickup_point"},
    "text": {"notify": "sms"},
    "quiet": {},
    "lane": {"notify": "email", "creates": "call"},
    "quiet-lane": {"creates": "call"},
    woo.SHOP: woo.SHOPS[woo.SHOP],
}
REFERENCE = "additionalCustomerReference"
Elements = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """One order. ``elements`` are all that bpost may be told of it, but for references; None: nothing."""

    document: Document
    shop: str
    elements: Elements | None
    by: str = "shopify"
    status: int = 200
    answer: str = "accepted"
    clear: frozenset[str] = field(default_factory=frozenset)
    """Paths of canaries that may rest in the clear while it waits, and travel: routing needs them."""

    @property
    def name(self) -> str:
        """As its canaries name it."""
        return self.document.name


def goings() -> Iterator[Going]:
    """All of them."""
    yield from shopify()
    yield from woocommerce()
    yield from lane()
    yield from refused()


def belgian(name: str) -> Document:
    """A Shopify order to an address in Belgium, paid by who receives it."""
    document = to(name, INSIDE)
    document.put("shipping_address.country_code", "BE")
    document.put("shipping_address.zip", "1000")
    document.put_text("shipping_address.address2", template="bus 14, {}")
    pay(document)
    return document


def shopify() -> Iterator[Going]:
    """Every way that a Shopify order can go."""
    document = belgian("home")
    told = {"options/infoNextDay/@language": "NL", "options/infoNextDay/emailAddress": document.get("email")}
    yield Going(document=document, shop="mail", elements=at_home(document.content["shipping_address"], told))
    document = belgian("home, told nothing")
    yield Going(document=document, shop="quiet", elements=at_home(document.content["shipping_address"], {}))
    for name, point in (("point", POINT), ("locker", LOCKER)):
        document = belgian(name)
        document.content["note_attributes"].append({"name": "pickup_point", "value": point})
        yield Going(
            document=document, shop="mail", elements=at_point(point, full_name(document), document.get("email"))
        )
    document = to("europe", INSIDE)
    yield Going(
        document=document,
        shop="text",
        elements=abroad(
            "bpack Europe Business",
            document.content["shipping_address"],
            {"receiver/phoneNumber": document.get("shipping_address.phone")},
        ),
        clear=frozenset({"shipping_address.zip"}),
    )
    document = to("world", OUTSIDE)
    document.put("line_items[1].duties[0].harmonized_system_code", "69120000")
    document.put("line_items[1].price", "12.50")
    customs = declared(document.get("line_items[1].title"))
    yield Going(
        document=document,
        shop="mail",
        elements=abroad("bpack World Business", document.content["shipping_address"], customs),
        clear=frozenset({"shipping_address.zip"}),
    )


def woocommerce() -> Iterator[Going]:
    """At home and abroad; its orders tell no tariff code, so none can go outside the customs union."""
    document = woo.to("woo home", INSIDE)
    for path, value in {"shipping.country": "BE", "shipping.postcode": "1000"}.items():
        document.put(path, value)
    document.put_text("shipping.address_2", template="bus 14, {}")
    woo.pay(document)
    told = {"options/infoNextDay/@language": "EN", "options/infoNextDay/emailAddress": document.get("billing.email")}
    yield Going(
        document=document,
        shop=woo.SHOP,
        by="woocommerce",
        elements=at_home(_alike(document), told, weight=woo.GRAMS),
    )
    document = woo.to("woo europe", INSIDE)
    yield Going(
        document=document,
        shop=woo.SHOP,
        by="woocommerce",
        elements=abroad("bpack Europe Business", _alike(document), {}, weight=woo.GRAMS),
        clear=frozenset({"shipping.postcode"}),
    )


def lane() -> Iterator[Going]:
    """A plug-in's, with a text in every field that it may send."""
    for name, shop in (("lane home", "lane"), ("lane home, told nothing", "quiet-lane")):
        document = call(name)
        email = document.get("recipient.email")
        told = {"options/infoNextDay/@language": "FR", "options/infoNextDay/emailAddress": email}
        where = document.content["recipient"]["address"]
        elements: Elements = {
            **_box("nationalBox/atHome", "bpack 24h Pro", told if shop == "lane" else {}, 642),
            "nationalBox/atHome/receiver/name": document.get("recipient.name"),
            "nationalBox/atHome/receiver/company": document.get("recipient.company"),
            **{f"nationalBox/atHome/receiver/address/{theirs}": where[ours] for theirs, ours in LANE_ADDRESS.items()},
        }
        yield Going(document=document, shop=shop, by="lane", status=202, elements=elements)
    document = call("lane point")
    document.content["parcel"]["pickup_point"] = POINT
    elements = at_point(POINT, document.get("recipient.name"), document.get("recipient.email"), language="FR")
    yield Going(document=document, shop="lane", by="lane", status=202, elements=elements)


LANE_ADDRESS: Mapping[str, str] = {
    "streetName": "street",
    "addressLineTwo": "line2",
    "number": "number",
    "box": "box",
    "postalCode": "postal_code",
    "locality": "locality",
    "countryCode": "country",
}


def refused() -> Iterator[Going]:
    """What bpost would refuse, from every source; what a plug-in may not send; and a webhook where calls create."""
    for number, document in enumerate((belgian("too long"), woo.to("woo too long", INSIDE))):
        path = ("shipping_address.city", "shipping.city")[number]
        document.put_text(path, 12, "L" * 40 + "{}")
        source, shop = (("shopify", "mail"), ("woocommerce", woo.SHOP))[number]
        yield Going(document=document, shop=shop, by=source, answer="rejected", elements=None)
    yield Going(document=belgian("other lane"), shop="lane", answer="ignored", elements=None)
    document = call("lane too long")
    document.put_text("recipient.address.locality", 12, "L" * 40 + "{}")
    yield Going(document=document, shop="lane", by="lane", status=422, answer="", elements=None)
    document = call("lane, unknown")
    document.put_text("recipient.birthday")
    document.content["recipient"][document.text("a name")] = document.text("a value")
    yield Going(document=document, shop="lane", by="lane", status=422, answer="", elements=None)


def echoed() -> Going:
    """An order that bpost refuses, with all that it was sent in its answer."""
    document = belgian("echoed")
    told = {"options/infoNextDay/@language": "NL", "options/infoNextDay/emailAddress": document.get("email")}
    return Going(document=document, shop="mail", elements=at_home(document.content["shipping_address"], told))


def call(name: str) -> Document:
    """A plug-in's body: what may be read and is not needed holds canaries, too."""
    document = Document(name)
    for path in ("order.id", "order.name", "recipient.name", "recipient.company"):
        document.put_text(path)
    for member in ("street", "line2", "locality"):
        document.put_text(f"recipient.address.{member}")
    settled: Mapping[str, Any] = {"number": "12", "box": "14", "postal_code": "1000", "country": "BE"}
    for member, value in settled.items():
        document.put(f"recipient.address.{member}", value)
    document.put_text("recipient.email", template="{}@post.example")
    document.put("recipient.phone", "+32470123456")
    document.put("recipient.language", "fr-BE")
    document.put("parcel.weight_grams", 642)
    document.put_text("customs[0].description")
    document.put("customs[0].quantity", 2)
    for member, value in {"currency": "EUR", "value": "12.50"}.items():
        document.put(f"customs[0].{member}", value)
    return document


def at_home(address: Json, told: Elements, weight: int = 642) -> Elements:
    """Delivered in Belgium; the address's second line begins with its box."""
    whom = {
        "receiver/name": f"{address['first_name']} {address['last_name']}",
        "receiver/company": address["company"],
        "receiver/address/streetName": address["address1"].removesuffix(" 12"),
        "receiver/address/addressLineTwo": address["address2"].removeprefix("bus 14, "),
        "receiver/address/number": "12",
        "receiver/address/box": "14",
        "receiver/address/postalCode": "1000",
        "receiver/address/locality": address["city"],
        "receiver/address/countryCode": "BE",
    }
    kind = "nationalBox/atHome"
    return {**_box(kind, "bpack 24h Pro", told, weight), **{f"{kind}/{path}": text for path, text in whom.items()}}


def at_point(point: str, name: str, email: str, language: str = "NL") -> Elements:
    """Picked up: the name, where that is, and the one address to be told at; nothing of where anybody lives."""
    locker = point == LOCKER
    kind, about = ("nationalBox/at24-7", "parcelsDepot") if locker else ("nationalBox/atBpost", "pugo")
    spot, _ = SPOTS[point]
    where = {
        f"{about}Id": point,
        f"{about}Name": spot.name,
        f"{about}Address/streetName": spot.street,
        f"{about}Address/number": spot.number,
        f"{about}Address/postalCode": spot.postal_code,
        f"{about}Address/locality": spot.locality,
        f"{about}Address/countryCode": spot.country,
        "receiverName": name,
    }
    message = {"options/keepMeInformed/@language": language, "options/keepMeInformed/emailAddress": email}
    code = {"unregistered/language": language, "unregistered/emailAddress": email}
    product = "bpack 24/7" if locker else "bpack@bpost"
    told = {**where, **(code if locker else {})}
    return {
        **_box(kind, product, {} if locker else message, 642),
        **{f"{kind}/{path}": text for path, text in told.items()},
    }


def abroad(product: str, address: Json, more: Elements, weight: int = 642) -> Elements:
    """Delivered abroad, where lines stay as they are."""
    whom = {
        "product": product,
        "receiver/name": f"{address['first_name']} {address['last_name']}",
        "receiver/company": address["company"],
        "receiver/address/streetName": address["address1"],
        "receiver/address/addressLineTwo": address["address2"],
        "receiver/address/postalCode": address["zip"],
        "receiver/address/locality": address["city"],
        "receiver/address/countryCode": address["country_code"],
        "parcelWeight": str(weight),
        **more,
    }
    return {f"internationalBox/international/{path}": text for path, text in whom.items()}


def declared(description: str) -> Elements:
    """What customs is told of two pieces."""
    line = {
        "numberOfItemType": "2",
        "valueOfItem": "2500",
        "itemDescription": description,
        "nettoWeight": "642",
        "hsTariffCode": "69120000",
        "originOfGoods": "PT",
    }
    info = {
        "parcelValue": "2500",
        "contentDescription": description,
        "shipmentType": "GOODS",
        "parcelReturnInstructions": "RTS",
        "privateAddress": "false",
        "currency": "EUR",
    }
    return {
        **{f"customsInfo/{name}": text for name, text in info.items()},
        **{f"parcelContents/parcelContent[1]/{name}": text for name, text in line.items()},
    }


def _box(kind: str, product: str, told: Elements, weight: int) -> Elements:
    return {
        f"{kind}/product": product,
        **{f"{kind}/{path}": text for path, text in told.items()},
        f"{kind}/weight": str(weight),
    }


def _alike(document: Document) -> Json:
    """A WooCommerce address under the names of Shopify's."""
    address = document.content["shipping"]
    names = {"address_1": "address1", "address_2": "address2", "postcode": "zip", "country": "country_code"}
    return {names.get(name, name): value for name, value in address.items()}
