"""The description of the API: sound in itself, true of the routes, and made from the schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from marshmallow import fields

from middleware import __version__
from middleware.binding import PLATFORMS
from middleware.events import Ledger
from middleware.model import Reason, Status
from middleware.onboarding import Onboarding
from middleware.ports import Clock
from middleware.ports_retention import Events
from middleware.services import Services
from middleware.web.admin import Administration
from middleware.web.app import create
from middleware.web.openapi import description
from middleware.web.openapi_examples import LANE
from middleware.web.openapi_labels import EXAMPLE
from schemas.allowlist import MAX_INT, AllowList, Flag, Loose, Text, Whole
from schemas.shopify import ORDER
from schemas.status import STATES, STATUS, STEPS
from tests.json_schema import NOT_ECMA, faults

DOCUMENT: Mapping[str, Any] = json.loads(json.dumps(description()))
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def operations() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


OPERATIONS = [pytest.param(path, operation, id=f"{method} {path}") for path, method, operation in operations()]
each_operation = pytest.mark.parametrize(("path", "operation"), OPERATIONS)


def everything(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everything(inner)


def at(pointer: str) -> Any:
    found: Any = DOCUMENT
    for name in pointer.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_it_is_openapi_3_1_of_this_version() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert set(DOCUMENT) == {"openapi", "info", "paths", "components"}
    assert (DOCUMENT["info"]["title"], DOCUMENT["info"]["version"]) == ("Parcelveil", __version__)
    assert DOCUMENT["info"]["description"]


def test_the_routes_of_the_applications_are_described_and_no_other() -> None:
    administration = Administration(onboarding=cast("Onboarding", None), tokens=())
    ledger = Ledger(events=cast("Events", None), clock=cast("Clock", None))
    services = cast("Services", SimpleNamespace(platforms=PLATFORMS))
    served = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule).replace("{record_id}", "{id}"), method.lower())
        for role in ("intake", "api")
        for rule in create(services, role, administration, ledger=ledger).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in operations()} == served
    assert {method for _, method, _ in operations()} <= METHODS


@each_operation
def test_an_operation_says_what_it_does_and_how_it_answers(path: str, operation: Mapping[str, Any]) -> None:
    assert operation["summary"]
    assert operation["responses"]
    for status, response in operation["responses"].items():
        assert re.fullmatch(r"[1-5]\d\d", status)
        assert response["description"]
        sound = {"application/json"}
        if path.endswith("/label"):
            sound = {"application/pdf", "image/png", "application/zpl"}
        elif path.endswith("/labels"):
            sound = {"application/pdf"}
        media = {"application/problem+json"} if status >= "400" else sound
        assert set(response.get("content", ())) <= media
        assert status < "400" or "content" in response


@each_operation
def test_the_names_in_a_path_are_its_parameters(path: str, operation: Mapping[str, Any]) -> None:
    parameters = operation.get("parameters", [])
    named = {entry["name"] for entry in parameters if entry["in"] == "path"}
    assert named == set(re.findall(r"\{(\w+)\}", path))
    assert len({(entry["in"], entry["name"].lower()) for entry in parameters}) == len(parameters)
    for entry in parameters:
        assert entry["in"] in ("path", "query", "header", "cookie")
        assert "type" in entry["schema"]
        assert entry["in"] != "path" or entry["required"] is True


OF_SHOPS = [one for one in OPERATIONS if str(one.values[0]).startswith(LANE)]


@pytest.mark.parametrize(("path", "operation"), OF_SHOPS)
def test_what_a_shops_systems_ask_is_shown_by_examples_that_are_of_their_schemas(
    path: str, operation: Mapping[str, Any]
) -> None:
    needed = [one for one in operation["parameters"] if one.get("required")]
    assert [one["name"] for one in needed if "example" not in one] == []
    contents = [*operation.get("requestBody", {}).get("content", {}).values()]
    for status, response in operation["responses"].items():
        sound = response.get("content", {}) if status < "400" else {}
        contents += [content for media, content in sound.items() if media == "application/json"]
    shown = [*((one["example"], one["schema"]) for one in operation["parameters"] if "example" in one)]
    shown += [(content.get("example"), content["schema"]) for content in contents]
    assert [fault for example, schema in shown for fault in faults(example, schema, DOCUMENT)] == []


def test_an_example_that_is_not_of_its_schema_is_seen() -> None:
    schema = {"$ref": "#/components/schemas/PluginShipment"}
    body = DOCUMENT["paths"][f"{LANE}/shipments"]["post"]["requestBody"]["content"]["application/json"]["example"]
    wrong: dict[str, Any] = {
        ".order.id: pattern": {**body, "order": {"id": "-"}},
        ".recipient: missing": {"order": body["order"]},
        ".more: not described": {**body, "more": 1},
        ".parcel: none of the forms": {**body, "parcel": {"weight_grams": "1200"}},
        ".customs: no array or null": {**body, "customs": {}},
    }
    assert [list(faults(one, schema, DOCUMENT)) for one in wrong.values()] == [[fault] for fault in wrong]


def test_a_pattern_is_one_that_a_browser_reads_too() -> None:
    """ECMA-262, the language of these patterns, knows neither ``\\A`` nor ``\\Z``, and nothing anchors by itself."""
    patterns = {one["pattern"] for one in everything(DOCUMENT) if isinstance(one, dict) and "pattern" in one}
    patterns = {one for one in patterns if isinstance(one, str)}
    assert len(patterns) > 10
    assert [one for one in patterns if NOT_ECMA.search(one) or not re.fullmatch(r"\^.*\$", one)] == []


@pytest.mark.parametrize("path", ["/webhooks/shopify/orders", "/webhooks/shopify/{shop}/orders"])
def test_an_order_route_tells_its_answers_and_the_headers_that_it_needs(path: str) -> None:
    operation = DOCUMENT["paths"][path]["post"]
    assert set(operation["responses"]) == {"200", "400", "401", "413", "415", "422", "503"}
    needed = {entry["name"] for entry in operation["parameters"] if entry["in"] == "header" and entry["required"]}
    assert needed == {"X-Shopify-Hmac-Sha256", "X-Shopify-Shop-Domain", "X-Shopify-Topic"}
    body = operation["requestBody"]
    assert (body["required"], set(body["content"])) == (True, {"application/json"})


@pytest.mark.parametrize("shop", ["", "/{shop}"])
def test_what_is_not_served_yet_is_never_said_to_be_done(shop: str) -> None:
    told = set(DOCUMENT["paths"][f"/webhooks/shopify{shop}/compliance"]["post"]["responses"])
    assert told == {"400", "401", "413", "415", "503"}


@pytest.mark.parametrize("shop", ["", "/{shop}"])
def test_that_an_app_was_uninstalled_is_said_to_be_acknowledged(shop: str) -> None:
    operation = DOCUMENT["paths"][f"/webhooks/shopify{shop}/app"]["post"]
    assert set(operation["responses"]) == {"200", "400", "401", "413", "415", "503"}
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/Uninstalled")
    said = DOCUMENT["components"]["schemas"]["Uninstalled"]["properties"]
    assert {name: member["enum"] for name, member in said.items()} == {
        "status": ["accepted", "duplicate"],
        "reason": ["uninstalled"],
    }
    assert "app/uninstalled" in operation["description"]


def test_every_reference_leads_to_a_schema_and_every_schema_is_referred_to() -> None:
    references = {value["$ref"] for value in everything(DOCUMENT) if isinstance(value, dict) and "$ref" in value}
    assert all(isinstance(at(reference), dict) for reference in references)
    assert references == {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_an_answer_and_a_problem_are_what_is_really_said() -> None:
    answer, problem = (DOCUMENT["components"]["schemas"][name] for name in ("Answer", "Problem"))
    assert answer["properties"]["status"]["enum"] == [str(status) for status in Status]
    assert answer["properties"]["reason"]["enum"] == [str(reason) for reason in Reason]
    assert set(problem["properties"]) == {"type", "title", "status", "instance", "errors"}
    for schema in (answer, problem):
        assert set(schema["required"]) <= set(schema["properties"])


def described(schema: AllowList, shown: Mapping[str, Any]) -> None:
    """``shown`` describes the fields of ``schema`` and no other, with their types and limits."""
    assert shown["type"] == "object"
    assert set(shown["properties"]) == set(schema.fields)
    assert set(shown.get("required", ())) == {name for name, entry in schema.fields.items() if entry.required}
    for name, entry in schema.fields.items():
        alike(entry, shown["properties"][name])


def types(shown: Mapping[str, Any]) -> set[str]:
    return {shown["type"]} if isinstance(shown["type"], str) else set(shown["type"])


def alike(entry: fields.Field[Any], shown: Mapping[str, Any]) -> None:
    null = set() if entry.required else {"null"}
    limits: Any = entry.validate
    if isinstance(entry, Text):
        assert (types(shown), shown["maxLength"]) == ({"string"} | null, limits.max)
    elif isinstance(entry, Whole):
        assert (types(shown), shown["minimum"], shown["maximum"]) == ({"integer"} | null, 0, MAX_INT)
    elif isinstance(entry, Flag):
        assert types(shown) == {"boolean"} | null
    elif isinstance(entry, Loose):
        assert types(shown) == {"string"} | null
    else:
        assert isinstance(entry, fields.Nested)
        assert isinstance(entry.schema, AllowList)
        (reference,) = [value["$ref"] for value in everything(shown) if isinstance(value, dict) and "$ref" in value]
        assert not entry.many or types(shown) == {"array"} | null
        described(entry.schema, at(reference))


def test_the_order_is_described_as_it_is_read() -> None:
    described(ORDER, DOCUMENT["components"]["schemas"]["ShopifyOrder"])


def test_the_answer_to_a_shop_is_described_by_its_allow_list() -> None:
    shown = DOCUMENT["components"]["schemas"]["ShipmentStatus"]
    assert set(shown["properties"]) == set(shown["required"]) == set(STATUS.fields)
    assert shown["properties"]["state"]["enum"] == [*STATES]
    following = at(shown["properties"]["next"]["$ref"])
    assert (set(following["properties"]), following["properties"]["step"]["enum"]) == ({"step", "at"}, [*STEPS])


def test_who_asks_for_a_shipment_shows_the_shops_token() -> None:
    found = {
        (path.removeprefix("/v1/shops/{shop}/shipments"), verb): operation
        for path, item in DOCUMENT["paths"].items()
        for verb, operation in item.items()
        if path.startswith("/v1/shops/{shop}/ship")
    }
    assert {place: " ".join(operation["responses"]) for place, operation in found.items()} == {
        ("", "get"): "200 400 401 404 503",
        ("", "post"): "201 202 400 401 403 409 410 411 413 415 422 503",
        ("/{id}", "get"): "200 400 401 404 503",
        ("/{id}", "delete"): "200 202 400 401 403 404 409 503",
        ("/{id}/label", "get"): "200 400 401 404 409 410 503",
        ("/{id}/tracking", "get"): "200 400 401 404 409 410 503",
    }
    for operation in found.values():
        ((name,),) = operation["security"]
        assert DOCUMENT["components"]["securitySchemes"][name]["scheme"] == "bearer"


def test_the_labels_of_many_are_asked_for_with_the_shops_token() -> None:
    operation = DOCUMENT["paths"]["/v1/shops/{shop}/labels"]["post"]
    assert " ".join(operation["responses"]) == "200 400 401 404 409 411 413 415 422 503"
    assert operation["security"] == [{"shop": []}]
    assert operation["requestBody"]["content"]["application/json"]["example"] == EXAMPLE
    shown = DOCUMENT["components"]["schemas"]["LabelsWanted"]
    assert (shown["required"], set(shown["properties"])) == (["shipments"], set(EXAMPLE))
    ids = shown["properties"]["shipments"]
    assert (ids["type"], ids["minItems"], ids["maxItems"], ids["uniqueItems"]) == ("array", 1, 100, True)
    header = DOCUMENT["paths"]["/v1/shops/{shop}/shipments/{id}/label"]["get"]["responses"]["200"]["headers"]
    assert set(header) == set(operation["responses"]["200"]["headers"]) == {"Parcelveil-Return-Barcodes"}


def test_what_is_stored_of_a_shop_may_be_damaged_where_it_is_opened() -> None:
    shops = {path: item for path, item in DOCUMENT["paths"].items() if path.startswith("/admin/v1/shops/{shop}")}
    told = {(path.rpartition("}")[2], verb) for path, item in shops.items() for verb in item if verb != "parameters"}
    damaged = {
        (path, verb) for path, verb in told if "500" in shops[f"/admin/v1/shops/{{shop}}{path}"][verb]["responses"]
    }
    assert damaged == {("", "put"), ("/pause", "post"), ("/resume", "post"), ("/rotate-secret", "post")}
