"""The connector held to the files that the simulated bpost is held to as well: limits, refusals and answers, written by
the rules. Neither side knows the other.
"""

from __future__ import annotations

import html
import tomllib
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any

import pytest

from middleware.carriers.bpost_shm import answers, granted, limits
from tests.bpost_limits import CASES, LIMITS
from tests.middleware.carriers.test_bpost_shm import ORDERS, VECTORS

REFUSED: Mapping[str, Mapping[str, str]] = tomllib.loads((VECTORS / "refused.toml").read_text(encoding="utf-8"))
ANSWERED: Mapping[str, Mapping[str, Any]] = tomllib.loads((VECTORS / "answered.toml").read_text(encoding="utf-8"))
SCHEMA_TYPES = {
    "AccountIdType": "account-id",
    "OrderReferenceType": "reference",
    "ReceiverNameType": "name",
    "ReceiverCompany": "company",
    "StreetNameType": "street-name",
    "StreetNumberType": "number",
    "StreetBoxType": "box",
    "PostalCodeType": "postal-code",
    "LocalityType": "locality",
    "CountryCode": "country-code",
    "RcCode": "point",
    "BpackMemberId": "member-id",
    "EmailAddressType": "email-address",
    "EmailAddressCharacteristicType": "email-address",
    "PhoneNumberType": "phone-number",
    "WeightInGrams": "weight",
    "EuroCentAmount": "amount",
    "ContentDescriptionType": "content-description",
}
"""Types of bpost's published schema, and the element of which each tells."""
OF_OTHERS = ("points", "tracking")
"""Other services than the Shipping Manager."""


def changed(value: Any, path: list[str], new: str) -> Any:
    """The value with another datum at that path; a number where one stood."""
    if not path:
        return int(new) if isinstance(value, int) else new
    step, *rest = path
    if is_dataclass(value):
        return replace(value, **{step: changed(getattr(value, step), rest, new)})  # type: ignore[type-var]  # an instance
    return tuple(changed(one, rest, new) if str(place) == step else one for place, one in enumerate(value))


@pytest.mark.parametrize(("name", "value", "within"), CASES)
def test_a_limit_is_kept_at_its_very_edge(name: str, value: str, within: bool) -> None:
    limit = LIMITS[name]
    made = changed(ORDERS[limit["in"]], limit["ours"].split("."), value)
    pointers = {fault.pointer for fault in limits.faults(made)}
    assert pointers == (set() if within else {f"/{limit['ours'].replace('.', '/')}"})


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_of_what_xerces_says_kind_and_element_are_told(case: Mapping[str, str]) -> None:
    said = f"Error in request: {case.get('told') or case['starts']}".encode()
    assert answers.refusal(400, said) == ":".join(filter(None, ("http-400", case["means"])))


@pytest.mark.parametrize(
    "page", ["<html><body><pre>{}</pre></body></html>", "<!DOCTYPE html>\n<p>400<br>\n<b>{}</b>", "  <h1>{}"]
)
@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_of_a_page_no_less_is_told_and_no_more(case: Mapping[str, str], page: str) -> None:
    said = html.escape(f"Error in request: {case.get('told') or case['starts']}")
    assert answers.refusal(400, page.format(said).encode()) == ":".join(filter(None, ("http-400", case["means"])))


@pytest.mark.parametrize(("type_", "element"), SCHEMA_TYPES.items())
def test_a_type_of_the_schema_tells_its_element(type_: str, element: str) -> None:
    fault = "cvc-pattern-valid: Value '?' is not facet-valid with respect to pattern 'x'"
    said = f"Error in request: {fault} for type '{type_}'."
    assert answers.refusal(400, said.encode()) == f"http-400:pattern:{element}"


def answer(name: str) -> bytes:
    case = ANSWERED[name]
    return (VECTORS / "answered" / f"{case.get('same_as', name)}.{case.get('is', 'xml')}").read_bytes()


@pytest.mark.parametrize("name", [name for name, case in ANSWERED.items() if "reads" in case])
def test_of_an_answer_is_taken_what_the_vector_says(name: str) -> None:
    body, read = answer(name), dict(ANSWERED[name]["reads"])
    if "boxes" in read:
        seen = answers.order_seen(body)
        assert seen is not None
        assert [[str(box.state), box.barcode or ""] for box in seen.boxes] == read["boxes"]
    elif "labels" in read:
        printed = answers.printed(body)
        assert printed is not None
        assert [[str(one.label.form), *one.barcodes] for one in printed] == read["labels"]
    elif "products" in read:
        told = granted.read(body)
        assert told is not None
        rows = [{key: list(one) if isinstance(one, tuple) else one for key, one in row.items()} for row in told.rows()]
        assert rows == read["products"]
    else:
        assert answers.refusal(ANSWERED[name]["status"], body) == read["code"]


def test_every_answer_of_the_shipping_manager_is_read() -> None:
    left = [name for name, case in ANSWERED.items() if "reads" not in case and not name.startswith(OF_OTHERS)]
    assert left == []
