"""Where every leaf went: each place is told once, by known names alone."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.allowlist import AllowList, Text, Whole, classify, index, is_blank, kept, nested, several, tree, used

REMOVED = {
    "note": "free_text",
    "address.phone": "payer",
    "device.ip": "online_identifier",
    "device.agent": "online_identifier",
    "lines[].sku": "basket",
    "lines[].taxes[].rate": "payment",
    "lines[].taxes[].title": "payment",
    "refunds[].note": "free_text",
    "refunds[].price": "payment",
}


class Address(AllowList):
    """An object of the made-up order."""

    street = Text(metadata=kept("to.street", spare="duplicate"))
    payer = Text(metadata=used("payer.name"))


class Line(AllowList):
    """An element of a list of the made-up order."""

    title = Text(metadata=kept("goods.title", spare="not_shipped"))
    pieces = Whole(metadata=used("parcel.weight"))


class Document(AllowList):
    """A made-up order."""

    id = Whole(metadata=index("order.id"))
    email = Text(metadata=kept("to.email", spare="payer"))
    address = nested(Address)
    lines = several(Line, most=9)


SHAPE = tree(Document(), REMOVED)


def told(
    document: object,
    taken: dict[str, str] | None = None,
    withheld: dict[str, str] | None = None,
    idle: str | None = None,
) -> list[tuple[str, str, str]]:
    got: list[tuple[str, str, str]] = []
    classify(document, SHAPE, taken or {}, withheld or {}, lambda *place: got.append(place), idle)
    return got


def dispositions(document: object, **how: Any) -> dict[str, str]:
    got = told(document, **how)
    assert len({concrete for concrete, _, _ in got}) == len(got)
    return {concrete: disposition for concrete, _, disposition in got}


def test_a_leaf_that_was_taken_is_kept() -> None:
    assert dispositions({"address": {"street": "x"}}, taken={"address.street": "to.street"}) == {
        "address.street": "kept"
    }


def test_a_leaf_that_was_taken_but_is_not_needed_has_the_reason_for_it() -> None:
    how: dict[str, Any] = {"taken": {"email": "to.email"}, "withheld": {"to.email": "no_notification"}}
    assert dispositions({"email": "x"}, **how) == {"email": "no_notification"}


def test_a_leaf_that_was_not_taken_has_the_reason_of_its_declaration() -> None:
    assert dispositions({"email": "x", "lines": [{"title": "x"}]}) == {
        "email": "payer",
        "lines[0].title": "not_shipped",
    }


def test_what_is_withheld_elsewhere_says_nothing_of_a_leaf_that_was_not_taken() -> None:
    assert dispositions({"email": "x"}, withheld={"to.email": "no_notification"}) == {"email": "payer"}


def test_where_nothing_travels_all_that_might_have_has_that_reason() -> None:
    document = {"email": "x", "id": 1, "address": {"payer": "x", "street": ""}, "note": "x"}
    assert dispositions(document, idle="nothing_shipped") == {
        "email": "nothing_shipped",
        "id": "index",
        "address.payer": "used",
        "address.street": "empty",
        "note": "free_text",
    }


@pytest.mark.parametrize("nothing", [None, "", " ", "\t\r\n\u00a0"])
def test_a_permitted_leaf_that_holds_nothing_is_empty(nothing: str | None) -> None:
    assert dispositions({"email": nothing}) == {"email": "empty"}
    assert is_blank(nothing)


@pytest.mark.parametrize("something", [0, False, "0", "\u200b", [], {}])
def test_what_is_false_is_not_nothing(something: object) -> None:
    assert not is_blank(something)


@pytest.mark.parametrize("value", [None, "", "x", 7])
def test_what_is_read_and_gone_is_told_as_such_whatever_it_holds(value: object) -> None:
    assert dispositions({"id": value, "address": {"payer": value}}) == {"id": "index", "address.payer": "used"}


def test_a_field_that_is_read_for_two_ends_is_kept_where_it_travels_and_used_where_it_does_not() -> None:
    taken = {"lines[0].pieces": "goods.pieces"}
    document = {"lines": [{"pieces": 1}, {"pieces": 2}]}
    assert dispositions(document, taken=taken) == {"lines[0].pieces": "kept", "lines[1].pieces": "used"}
    assert dispositions(document, taken=taken, withheld={"goods.pieces": "in_customs_union"}) == {
        "lines[0].pieces": "used",
        "lines[1].pieces": "used",
    }


def test_a_subtree_that_goes_for_one_reason_is_told_once_at_its_top() -> None:
    document = {"device": {"ip": "x", "agent": {"deep": [1, 2]}, "more": None}, "lines": [{"taxes": [{"rate": 1}, {}]}]}
    assert told(document) == [
        ("device", "device", "online_identifier"),
        ("lines[0].taxes", "lines[].taxes", "payment"),
    ]


def test_a_subtree_of_several_reasons_is_told_leaf_by_leaf() -> None:
    document = {"refunds": [{"note": "x", "price": "1"}, {"price": None, "more": "x"}]}
    assert told(document) == [
        ("refunds[0].note", "refunds[].note", "free_text"),
        ("refunds[0].price", "refunds[].price", "payment"),
        ("refunds[1].price", "refunds[].price", "payment"),
        ("refunds[1].*", "refunds[].*", "not_in_pack"),
    ]


@pytest.mark.parametrize("nothing", [None, {}, []])
@pytest.mark.parametrize("name", ["address", "lines", "refunds"])
def test_a_known_place_that_holds_nothing_is_a_leaf(name: str, nothing: object) -> None:
    assert told({name: nothing}) == [(name, name, "empty")]


def test_an_element_that_holds_nothing_is_a_leaf() -> None:
    assert told({"lines": [{}, None, []]}) == [(f"lines[{place}]", "lines[]", "empty") for place in range(3)]


@pytest.mark.parametrize("value", ["x", "", 0, 7, True, False, 0.0, 2.5])
def test_a_text_or_number_where_an_object_is_known_is_not_in_the_pack(value: object) -> None:
    """Zero and false are values: an attacker, or a shop, may say something with them."""
    assert told({"refunds": value}) == [("refunds", "refunds", "not_in_pack")]


CANARY = "jan.peeters@example.com"


@pytest.mark.parametrize(
    "key", [CANARY, "", "*", "email ", "EMAIL", "address.street", "lines[0]", "[]", "lines[].title", "_schema", "к"]
)
@pytest.mark.parametrize("value", [None, "x", {}, [], {CANARY: CANARY}, [[{CANARY: 1}]]])
def test_a_name_that_nobody_knows_is_told_as_a_star_with_all_beneath_it(key: str, value: object) -> None:
    assert told({key: value}) == [("*", "*", "not_in_pack")]
    assert told({"lines": [{key: value}]}) == [("lines[0].*", "lines[].*", "not_in_pack")]
    assert told({"address": {"street": None, key: value}})[1:] == [("address.*", "address.*", "not_in_pack")]


def test_a_known_name_at_another_place_is_unknown_there() -> None:
    assert told({"street": "x", "address": {"title": "x", "note": "x", "id": 7}}) == [
        ("*", "*", "not_in_pack"),
        *[("address.*", "address.*", "not_in_pack")] * 3,
    ]


@pytest.mark.parametrize(
    ("document", "place"), [(None, "empty"), ({}, "empty"), ([], "empty"), ("x", "not_in_pack"), (7, "not_in_pack")]
)
def test_a_document_without_a_name_is_told_as_itself(document: object, place: str) -> None:
    assert told(document) == [("", "", place)]


def test_lists_in_lists_are_told_in_full() -> None:
    assert told({"refunds": [[{"note": 1}], [[]]]}) == [
        ("refunds[0][0].note", "refunds[][].note", "free_text"),
        ("refunds[1][0]", "refunds[][]", "empty"),
    ]


def test_a_permitted_field_cannot_be_removed_by_the_list_of_names() -> None:
    shape = tree(Document(), {**REMOVED, "email": "marketing"})
    assert shape.children["email"].status == "kept"
    assert shape.children["email"].whole is None


def test_a_place_with_a_permitted_field_is_never_removed_as_a_whole() -> None:
    """Even where all else beneath it goes for one reason."""
    assert SHAPE.whole is None
    assert SHAPE.children["address"].whole is None
    assert SHAPE.children["address"].children["phone"].whole == "payer"
    assert SHAPE.children["lines"].whole is None
    assert SHAPE.children["refunds"].whole is None
    assert SHAPE.children["device"].whole == "online_identifier"


@pytest.mark.policy("VP-CAT-1")
@pytest.mark.parametrize(
    "name",
    [
        *("password", "Passwort", "customer_passwd", "pwd", "passphrase", "token", "accessToken", "client-secret"),
        *("credentials", "apikey", "API_KEY", "private key", "username", "user_name", "gebruikersnaam", "wachtwoord"),
        *("mot_de_passe", "nom_d'utilisateur", "kennwort"),
    ],
)
def test_a_name_that_nobody_knows_and_that_looks_like_a_credential_is_told_as_one(name: str) -> None:
    assert told({name: "x"}) == [("*", "*", "credential")]
    assert dispositions({"lines": [{"title": "x"}, {name: None}]}) == {
        "lines[0].title": "not_shipped",
        "lines[1].*": "credential",
    }


@pytest.mark.policy("VP-CAT-1")
@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"plugin": {"login": [{"password": "x"}]}}, "*"),
        ({"device": {"ip": "x", "password": "x"}}, "device"),
        ({"note": [[{"password": "x"}]]}, "note"),
        ({"address": {"plugin": {"password": "x"}}}, "address.*"),
    ],
)
def test_a_credential_beneath_what_goes_as_a_whole_is_told_at_its_top(document: object, place: str) -> None:
    assert dispositions(document) == {place: "credential"}


def test_one_path_has_one_reason_where_a_credential_stands_among_other_names() -> None:
    assert set(told({"colour": "x", "password": "x", "size": 1})) == {("*", "*", "credential")}


@pytest.mark.parametrize("name", ["passage", "compass", "user", "mot", "key", "colour"])
def test_a_name_that_has_nothing_of_a_credential_is_merely_unknown(name: str) -> None:
    assert dispositions({name: "password"}) == {"*": "not_in_pack"}


def test_a_name_that_is_known_is_what_it_is_known_to_be() -> None:
    shape = tree(Document(), {"cart_token": "online_identifier", "cart.token": "online_identifier"})
    got: list[tuple[str, str, str]] = []
    document = {"cart_token": "x", "cart": {"token": "x"}}
    classify(document, shape, {}, {}, lambda *place: got.append(place))
    assert {way for _, _, way in got} == {"online_identifier"}
