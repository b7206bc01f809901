"""What who writes a plug-in is given, on real processes: the examples of the description, and ``examples/plug-in``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from middleware.web.openapi_examples import LANE, RECORD
from tests.json_schema import faults
from tests.system.processes import SECONDS
from tests.system.stack import Json, Mock, Service, configure, direct, mock, serving, shop

TOKENS = {name: f"made-up-token-of-{name}" for name in ("demo", "contacts", "stamps")}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, platform: Mock) -> Iterator[Service]:
    shops = {
        "demo": shop("demo", token={"env": "DEMO_TOKEN"}),
        "contacts": direct("contacts", "bpost-maxiresponse", "maxiresponse"),
        "stamps": direct("stamps", "bpost-mystamp", "mystamp"),
    }
    made = configure(tmp_path_factory.mktemp("plug-in"), shops, {"platform": platform.url})
    with serving(made, **{f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}) as up:
        yield up


RANKS = ("make", "post", "get", "delete")
PASSING = {"id", "reference", "barcode", "since", "day", "at", "ref"}
"""Members whose values are of the run; that there is one, or none, is of the example."""


def operations(document: Json) -> list[tuple[str, str, Json]]:
    """What a shop's own systems ask, in an order in which there is something to ask for: path, method, operation."""
    found = [
        (path, method, operation)
        for path, item in document["paths"].items()
        if path.startswith(LANE)
        for method, operation in item.items()
    ]
    return sorted(found, key=lambda one: RANKS.index("make" if "201" in one[2]["responses"] else one[1]))


def typed(path: str, operation: Json, record: str) -> Any:
    """Address, query, headers and body as the example has them, of the record that there is."""
    given: Json = {"path": {}, "query": {}, "header": {}}
    for one in operation["parameters"]:
        if "example" in one:
            given[one["in"]][one["name"]] = one["example"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    asked = {"url": path.format_map(given["path"]), "params": given["query"], "headers": given["header"], "json": body}
    return about(record, asked)


def about(record: str, example: Any) -> Any:
    return json.loads(json.dumps(example).replace(RECORD, record))


def alike(example: Any, answer: Any) -> bool:
    if isinstance(example, dict) and isinstance(answer, dict):
        return set(example) == set(answer) and all(
            (example[name] is None) is (answer[name] is None) if name in PASSING else alike(example[name], answer[name])
            for name in example
        )
    return bool(example == answer)


def test_every_example_of_the_description_is_answered_as_it_shows(service: Service) -> None:
    document = service.client.get(f"{service.url}/openapi.json", timeout=SECONDS).json()
    records: dict[str, str] = {}
    wrong: dict[str, Any] = {}
    for path, method, operation in operations(document):
        shop = next(one["example"] for one in operation["parameters"] if one["name"] == "shop")
        asked = typed(path, operation, records.get(shop, RECORD))
        asked["url"], asked["headers"]["Authorization"] = service.api + asked["url"], f"Bearer {TOKENS[shop]}"
        answer = service.client.request(method, timeout=SECONDS, **asked)
        status = min(operation["responses"])
        content = operation["responses"][status]["content"].get(answer.headers["Content-Type"], {})
        found: list[Any] = [] if str(answer.status_code) == status and content else [answer.status_code, answer.text]
        if "example" in content:
            told = answer.json()
            records[shop] = told["id"] if status == "201" else records[shop]
            shown = about(records[shop], content["example"])
            found += [*faults(told, content["schema"], document), *([] if alike(shown, told) else [told])]
        if found:
            wrong[f"{method} {path}"] = found
    assert wrong == {}
    assert set(records) == set(TOKENS)
