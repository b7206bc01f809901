"""What an account may use of what a shop chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pytest

from middleware.carriers.bpost_shm import granted, permitted, products
from middleware.carriers.bpost_shm.chosen import refused
from middleware.carriers.bpost_shm.granted import Grants
from middleware.carriers.bpost_shm.products import WAYS, Way
from middleware.exchange import Request, Response
from schemas.order import Recipient
from tests.middleware.carriers.test_bpost_shm_conversation import ROOT, carrier

EVERY = tuple(product for products in WAYS.values() for product in products)
ALL: Mapping[str, str] = {"home": "bpack-24h-business+signed", "world": "bpack-world-express-pro"}
USUAL = ('Info "Next Day"', "Keep me informed via", "Signature", "Saturday", "Insurance")
METHODS = {"bpack@bpost": "pick-up point", "bpack 24/7": "Parcel locker"}


def told_of(*names: str, options: Sequence[str] = USUAL, inside: str = "", method: str = "") -> bytes:
    """The configuration of an account that may use these products, each with these options and what is ``inside``."""
    told = "".join(f'<ns:option name="{escape(option)}" price="0"/>' for option in options) + inside
    methods = "".join(
        f"<ns:deliveryMethod {method} name='{METHODS.get(name, 'home or office')}'>"
        f'<ns:product name="{name}" default="true"><ns:price countryIso2Code="BE"/>{told}</ns:product>'
        "</ns:deliveryMethod>"
        for name in names
    )
    return f"<ns:productConfiguration>{methods}</ns:productConfiguration>".encode()


def findings(
    body: bytes,
    chosen: Mapping[str, str] = {},
    lines: Mapping[str, str] = {},
    notify: str = "none",
    status: int = 200,
) -> list[tuple[bool, str, str]]:
    answer = Response(status=status, headers={}, body=body)
    return [(one.ok, one.pointer, one.message) for one in permitted.findings(chosen, lines, notify, answer)]


def known(body: bytes) -> Grants:
    found = granted.read(body)
    assert found is not None
    return found


def lacking(body: bytes, way: Way, text: str) -> list[str]:
    choice = products.read(text)
    assert choice is not None
    return [want.written for want in known(body).lacking(way, choice)]


def test_bpost_is_asked_with_the_shops_account() -> None:
    asked = carrier().question("demo")
    assert isinstance(asked, Request)
    assert (asked.method, asked.path) == ("GET", f"{ROOT}/productconfig")
    assert asked.headers["Accept"] == "application/vnd.bpost.shm-productConfiguration-v3.1+XML"
    assert carrier(None).question("demo") is None


def test_what_may_be_used_is_told_by_way() -> None:
    everything = told_of(*EVERY).replace(b"home or office", b"some other name").replace(b"pick-up point", b"")
    assert findings(everything, ALL) == [(True, "", f"the account may use what goes {', '.join(Way)}")]
    (found,) = findings(told_of("bpack 24h Pro", "bpack 24h business"), {"home": "bpack-24h-business"})
    closed = "point, locker, europe, world, point-abroad, locker-abroad"
    assert found == (True, "", f"the account may use what goes home; not {closed}")


def test_everything_that_was_chosen_and_may_not_be_used_is_named() -> None:
    home, world = findings(told_of("bpack 24h Pro"), ALL)
    assert (home[:2], world[:2]) == ((False, "/products/home"), (False, "/products/world"))
    assert "may not use bpack-24h-business, as products says of home: choose another" in home[2]
    assert "bpack-world-express-pro" in world[2]


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("bpack-24h-pro+signed+saturday", []),
        ("bpack-24h-pro+sunday+second-presentation+signed", []),
        ("bpack-24h-pro+tell-email", []),
        ("bpack-24h-pro+tell-sms+next-day+reminder", []),
        ("bpack-24h-pro+distributed", ["distributed"]),
        ("bpack-24h-pro+insured", []),
        ("bpack-24h-pro+insured-3", []),
    ],
)
def test_every_option_is_looked_for_beside_its_product(text: str, lacks: list[str]) -> None:
    body = told_of("bpack 24h Pro")
    assert sorted(lacking(body, Way.HOME, text)) == lacks
    found = findings(body, {"home": text})
    assert [ok for ok, _, _ in found if not ok] == [False] * len(lacks)
    assert all(pointer == "/products/home" for _, pointer, _ in found if lacks)
    assert all(any(f"+{lack} with bpack-24h-pro, as products says of home: leave it out" in one[2] for one in found)
               for lack in lacks)  # fmt: skip


def test_what_stands_for_a_message_is_named_as_such() -> None:
    (found,) = findings(told_of("bpack 24h Pro", options=("Saturday",)), {"home": "bpack-24h-pro+tell-email"})
    assert "may not use the message next-day of +tell-email or +tell-sms with bpack-24h-pro" in found[2]


def test_an_option_of_another_product_is_none_of_this_one() -> None:
    body = told_of("bpack 24h Pro").replace(b"</ns:productConfiguration>", b"") + told_of(
        "bpack 24h business", options=()
    ).replace(b"<ns:productConfiguration>", b"")
    assert lacking(body, Way.HOME, "bpack-24h-pro+signed") == []
    assert lacking(body, Way.HOME, "bpack-24h-business+signed") == ["signed"]


def test_a_product_of_another_delivery_method_goes_no_other_way() -> None:
    told = known(told_of("bpack@bpost").replace(b"pick-up point", b"Parcel Locker"))
    choice = products.read("bpack-at-bpost")
    assert choice is not None
    assert told.closes(Way.POINT, choice.product)
    assert known(told_of("bpack@bpost")).opens(Way.POINT, choice.product)


@pytest.mark.parametrize("spelt", ["chracteristic", "characteristic"])
def test_a_range_of_an_insurance_is_looked_for_where_ranges_are_named(spelt: str) -> None:
    ranges = "".join(f'<{spelt} name="Insurance range code" value="{level}" displayValue="x"/>' for level in (1, 2))
    body = told_of("bpack 24h Pro", options=(), inside=f'<ns:option name="Insurance">{ranges}</ns:option>')
    texts = ("insured", "insured-1", "insured-2", "insured-3")
    assert [lacking(body, Way.HOME, f"bpack-24h-pro+{text}") for text in texts] == [[], [], [], ["insured-3"]]


@pytest.mark.parametrize("spelt", ["visiblity", "visibility"])
def test_what_bpost_demands_and_the_settings_leave_out_is_named(spelt: str) -> None:
    demanded = "".join(
        f'<ns:option name="{name}" {spelt}="VISIBLE_BY_CONSUMER_AND_MANDATORY"/>'
        for name in ("Saturday", "Cash on delivery")
    )
    body = told_of("bpack 24h Pro", options=("Signature",), inside=demanded)
    saturday, cash = findings(body, {"home": "bpack-24h-pro+signed"})
    assert (saturday[0], cash[0]) == (False, False)
    assert "demands +saturday with bpack-24h-pro" in saturday[2]
    assert "which no order of ours has: ask bpost" in cash[2]
    assert [ok for ok, _, _ in findings(body, {"home": "bpack-24h-pro+saturday"})] == [False]
    optional = body.replace(b"VISIBLE_BY_CONSUMER_AND_MANDATORY", b"NOT_VISIBLE_BY_CONSUMER_DEFAULT")
    assert [ok for ok, _, _ in findings(optional, {"home": "bpack-24h-pro+signed"})] == [True]


def test_where_an_option_has_a_name_that_is_not_known_nothing_is_refused() -> None:
    body = told_of("bpack 24h Pro", options=("Handtekening", "Saturday"))
    assert lacking(body, Way.HOME, "bpack-24h-pro+signed") == []
    well, note = findings(body, {"home": "bpack-24h-pro+signed+saturday"})
    assert (well[0], note[0], note[1]) == (True, True, "/products/home")
    assert "of +signed nothing can be told" in note[2]
    assert "Handtekening" not in note[2]


def test_a_method_that_no_consumer_is_shown_is_told_and_not_refused() -> None:
    for sight in ("INVISIBLE", "GREYED_OUT"):
        body = told_of("bpack 24h Pro", method=f'visiblity="{sight}"')
        (_, note) = findings(body, {"home": "bpack-24h-pro"})
        assert (note[0], "offer bpack-24h-pro to no consumer" in note[2]) == (True, True)
    assert len(findings(told_of("bpack 24h Pro", method='visiblity="VISIBLE"'), {"home": "bpack-24h-pro"})) == 1


def test_what_notify_stands_for_is_looked_for_where_products_says_nothing() -> None:
    body = told_of("bpack 24h Pro", options=("Saturday",))
    assert [ok for ok, _, _ in findings(body)] == [True]
    (found,) = findings(body, notify="email")
    assert found[:2] == (False, "/notify")
    assert "next-day" in found[2]
    assert [ok for ok, _, _ in findings(body, {"home": "bpack-24h-pro+saturday"}, notify="email")] == [True]


def test_a_shipping_line_of_which_something_may_not_be_used_is_named() -> None:
    lines = {"Home": "bpack-24h-pro+signed", "Home or point": "bpack-24h-pro bpack-at-bpost+tell-email"}
    (found,) = findings(told_of("bpack 24h Pro"), lines=lines)
    assert found[:2] == (False, "/lines")
    assert "bpack-at-bpost, as lines says of Home or point:" in found[2]
    assert findings(told_of("bpack 24h Pro", "bpack@bpost"), lines=lines)[0][0]
    (found,) = findings(told_of("bpack 24h Pro", "bpack@bpost", options=("Signature",)), lines=lines)
    assert "keep-informed" in found[2]


@pytest.mark.parametrize(
    ("names", "status", "pointer"),
    [(("bpack Pallet",), 200, "/products"), ((), 401, "/account"), ((), 403, "/account"), ((), 500, "/account")],
)
def test_an_account_that_cannot_be_used_is_refused(names: tuple[str, ...], status: int, pointer: str) -> None:
    (found,) = findings(told_of(*names), status=status)
    assert found[:2] == (False, pointer)


def test_an_answer_that_cannot_be_read_is_not_repeated() -> None:
    (found,) = findings(b"<html>Lotte Verzonnen</html>")
    assert (found[0], "Lotte" in found[2]) == (False, False)


def test_what_was_read_is_the_same_out_of_its_rows() -> None:
    told = known(told_of("bpack 24h Pro", "bpack@bpost"))
    assert granted.from_rows(told.rows()) == told


def test_where_bpost_does_not_collect_is_told_and_is_a_fault_where_it_does_so_nowhere() -> None:
    def told(*collecting: str) -> list[tuple[bool, str]]:
        body = b"".join(
            told_of(name, options=("Cash on delivery",) if name in collecting else ())
            for name in ("bpack 24h Pro", "bpack@bpost", "bpack 24/7")
        ).replace(b"</ns:productConfiguration><ns:productConfiguration>", b"")
        found = permitted.findings({}, {}, "none", Response(status=200, headers={}, body=body), cash=True)
        return [(one.ok, one.message) for one in found if one.pointer == "/cash_on_delivery"]

    assert told("bpack 24h Pro", "bpack@bpost") == []
    ((ok, message),) = told("bpack 24h Pro")
    assert ok
    assert "may not have bpack-at-bpost paid on delivery, as notify says of point" in message
    assert [ok for ok, _ in told()] == [False, False]


def test_an_order_is_refused_where_it_is_known_that_the_account_may_not_collect() -> None:
    def refusals(body: bytes) -> list[tuple[str, str]]:
        found = refused(Way.HOME, "bpack-24h-pro", known(body), Recipient(), cash=True)
        return [(one.pointer, one.code) for one in found]

    assert refusals(told_of("bpack 24h Pro", options=())) == [("/cash_on_delivery", "cod-not-granted")]
    assert refusals(told_of("bpack 24h Pro", options=("COD",))) == []
    assert refusals(told_of("bpack 24h Pro", options=("Some other name",))) == []
    assert refused(Way.HOME, "bpack-24h-pro", known(told_of("bpack 24h Pro", options=())), Recipient()) == ()
