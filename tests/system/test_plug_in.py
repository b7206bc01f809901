"""What who writes a plug-in is given, on real processes: the examples of the description, and ``examples/plug-in``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from pypdf import PdfReader

from middleware.web.openapi_examples import ANOTHER, LANE, RECORD
from tests.browser import browser, with_browser
from tests.json_schema import faults
from tests.middleware.platforms.plugging import shipment
from tests.ports import HOST, free_port
from tests.system.orders import order
from tests.system.processes import ROOT, SECONDS, wait_for
from tests.system.settings import Literal
from tests.system.stack import SENDER, Json, Mock, Service, configure, direct, mock, serving, shop

PHP = shutil.which("php")
with_php = pytest.mark.skipif(PHP is None, reason="NOT SHOWN: there is no PHP here (apt install php-cli php-curl)")
TOKENS = {name: f"made-up-token-of-{name}" for name in ("demo", "contacts", "stamps", "calls")}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, platform: Mock) -> Iterator[Service]:
    shops = {
        "demo": shop("demo", creates="call", token={"env": "DEMO_TOKEN"}),
        "contacts": direct("contacts", "bpost-maxiresponse", "maxiresponse"),
        "stamps": direct("stamps", "bpost-mystamp", "mystamp"),
        "calls": {**direct("calls", "bpost-shipping-platform", "professional"), **OF_PARCELS},
    }
    made = configure(tmp_path_factory.mktemp("plug-in"), shops, {"platform": platform.url})
    with serving(made, **{f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}) as up:
        yield up


RANKS = ("make", "post", "get", "delete")
PASSING = {"id", "reference", "barcode", "since", "day", "at", "as_of", "ref"}
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


def about(record: str, example: Any, stands: str = RECORD) -> Any:
    return json.loads(json.dumps(example).replace(stands, record))


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
    another = call(service, "demo", 5301).json()["id"]
    wrong: dict[str, Any] = {}
    for path, method, operation in operations(document):
        shop = next(one["example"] for one in operation["parameters"] if one["name"] == "shop")
        asked = about(another, typed(path, operation, records.get(shop, RECORD)), ANOTHER)
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
    assert set(records) == {"demo", "contacts", "stamps"}


EXAMPLE = ROOT / "examples" / "plug-in"
EVIL, EVIL_NAME = '<img src=x onerror="document.title=1"> #1066', "<b>Vette</b> Klant & <script>"
OF_PARCELS = {"integration": {"requested_on": Literal("2026-11-02")}, "sender": SENDER}
KEYS = "SELECT count(*) FROM idempotency"
CALL = {"PARCELVEIL_SHOP": "demo", "PARCELVEIL_TOKEN": TOKENS["demo"]}
SERVERS = [
    pytest.param(("ship.py", [sys.executable, "ship.py"]), id="python"),
    pytest.param(("ship.php", [str(PHP), "-S"]), id="php", marks=with_php),
]


def orders(folder: Path, first: int) -> None:
    """Put four of the shop's orders there: a good one, one whose customer typed markup, one of no country, one more."""
    shutil.copytree(EXAMPLE, folder)
    files = sorted((folder / "orders").iterdir())
    good = json.loads(files[0].read_text(encoding="utf-8"))
    for file in files:
        file.unlink()
    evil = {**good["recipient"], "name": EVIL_NAME}
    lost = {**good["recipient"], "address": {**good["recipient"]["address"], "country": "Belgium"}}
    named = [("#1065", good["recipient"]), (EVIL, evil), ("#1067", lost), ("#1068", good["recipient"])]
    for number, (name, recipient) in enumerate(named, start=first):
        content = {**good, "order": {**good["order"], "id": str(number), "name": name}, "recipient": recipient}
        (folder / "orders" / f"{number}.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture(params=SERVERS)
def at_the_shop(request: pytest.FixtureRequest, service: Service, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The shop's own server: its address, and the id of the first of its orders."""
    file, command = request.param
    first, port = 5111 if file == "ship.php" else 5101, free_port()
    orders(tmp_path / "plug-in", first)
    where = [f"{HOST}:{port}", file] if file == "ship.php" else [str(port)]
    given = {**CALL, "PARCELVEIL_URL": service.api, "PATH": os.environ["PATH"]}
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [*command, *where], cwd=tmp_path / "plug-in", env=given, stdout=log, stderr=log, start_new_session=True
    )
    try:
        wait_for(lambda: service.answers("/", f"http://{HOST}:{port}"), "the shop's own server")
        yield f"http://{HOST}:{port}", first
    finally:
        process.terminate()
        process.wait(SECONDS)
        log.close()


@with_browser
def test_a_person_makes_a_label_with_a_click_and_cancels_it(
    service: Service, platform: Mock, at_the_shop: tuple[str, int], tmp_path: Path
) -> None:
    url, first = at_the_shop
    good, evil, lost, late = (f"document.getElementById('{first + number}')" for number in range(4))
    platform.faults(_500=1.0)
    try:
        while_it_is_down(service, tmp_path / "plug-in" / "orders" / f"{first + 3}.json")
    finally:
        platform.faults()
    with browser(tmp_path / "browser") as page:
        page.call("Page.navigate", url=url)
        page.wait(f"!!{late} && [...document.querySelectorAll('tbody tr')].every(row => row.cells[2].textContent)")
        assert page.value(f"{late}.cells[2].textContent") == "on its way to the parcel platform"
        assert page.value(f"[...{evil}.cells].slice(0, 2).map(one => one.textContent)") == [EVIL, EVIL_NAME]
        page.click(f"{good}.querySelector('button')")
        page.wait(f"!!{good}.querySelector('a')")
        made = of_order(service, first)
        state, barcode = page.value(f"[...{good}.cells].slice(2, 4).map(one => one.textContent)")
        assert (state, barcode) == ("label ready", platform.shipments()[made["id"]]["barcode"])
        label = service.client.get(page.value(f"{good}.querySelector('a').href"), timeout=SECONDS)
        assert made["reference"] in "".join(one.extract_text() for one in PdfReader(BytesIO(label.content)).pages)
        assert (label.headers["Content-Type"], label.headers["Cache-Control"]) == ("application/pdf", "no-store")
        page.click(f"{lost}.querySelector('button')")
        page.wait(f"{lost}.cells[2].className == 'problem'")
        said = page.value(f"{lost}.cells[2].textContent")
        assert said.splitlines()[1:] == ["/recipient/address/country: too-long"], said
        assert said.splitlines()[0].endswith("(schema)")
        page.click(f"{evil}.querySelector('button')")
        page.wait(f"!!{evil}.querySelector('a')")
        page.click(f"{good}.querySelector('button')")
        page.wait(f"{good}.cells[2].textContent == 'cancelled'")
        page.wait(f"!!{late}.querySelector('a')")
        platform.move_on(of_order(service, first + 3)["id"], "handed_over")
        page.click(f"{late}.querySelector('button')")
        page.wait(f"{late}.cells[2].className == 'problem'")
        assert page.value(f"{late}.cells[2].textContent").endswith("(too-late)")
        left = f"[...{late}.cells[4].children].map(one => one.textContent)"
        assert page.value(left) == ["Label"]  # and nothing to cancel, which would be refused again
        page.value(f"look({late})")
        page.wait(f"{late}.cells[2].textContent.startsWith('label ready; too late to change or cancel it')")
        assert page.value(left) == ["Label"]
        assert page.value("[document.title, document.querySelectorAll('img, b').length]") == ["Labels", 0]
        told = [page.value("document.documentElement.outerHTML"), json.dumps(page.heard), *page.contents()]
    assert platform.shipments()[made["id"]]["state"] == "cancelled"
    assert [text for text in told if TOKENS["demo"] in text] == []
    asked = set(re.findall(r'"url": "(\w+://[^/"]+)', told[1]))
    assert (asked, len(told) > 5) == ({url}, True)


def call(service: Service, name: str, number: int, **more: Any) -> requests.Response:
    given = {"Authorization": f"Bearer {TOKENS[name]}", "Idempotency-Key": f'"{number}"', "Prefer": "wait=20"}
    url = f"{service.api}/v1/shops/{name}/shipments"
    return service.client.post(url, json=shipment(number, **more), headers=given, timeout=SECONDS)


def test_a_later_webhook_leaves_the_label_of_a_call_alone_and_a_cancellation_ends_it(
    service: Service, platform: Mock
) -> None:
    """What becomes of it where the shop creates by webhook since is shown in ``test_lane``."""
    made = call(service, "demo", 5201).json()
    moment = datetime.now(UTC)
    later = order(id=5201, updated_at=(moment + timedelta(seconds=1)).isoformat())
    told = service.post("demo", later).json()
    assert (told["status"], told["reason"]) == ("ignored", "other_lane")
    stands = of_order(service, 5201)
    assert (stands["id"], stands["state"]) == (made["id"], "delivered")
    assert platform.shipments()[made["id"]]["state"] == "created"
    assert service.post("demo", {**later, "cancelled_at": moment.isoformat()}).json()["reason"] == "cancelled"
    wait_for(lambda: platform.shipments()[made["id"]]["state"] == "cancelled", "the cancellation")


def test_where_calls_alone_make_shipments_no_webhook_makes_one(service: Service, platform: Mock) -> None:
    assert call(service, "calls", 5202).status_code == 201
    body = order(id=5202)
    routes = ("/webhooks/shopify/orders", "/webhooks/shopify/calls/orders")
    assert [service.post("calls", body, route=route).status_code for route in routes] == [401, 401]


def while_it_is_down(service: Service, file: Path) -> None:
    """Ask for a shipment that is not there at once."""
    given = {"Authorization": f"Bearer {TOKENS['demo']}", "Idempotency-Key": f'"{file.stem}"', "Prefer": "wait=1"}
    body = json.loads(file.read_text(encoding="utf-8"))
    made = service.client.post(f"{service.api}/v1/shops/demo/shipments", json=body, headers=given, timeout=SECONDS)
    assert made.status_code == 202, made.text


def of_order(service: Service, order: int) -> Json:
    """What the lane tells of an order."""
    given = {"Authorization": f"Bearer {TOKENS['demo']}"}
    url = f"{service.api}/v1/shops/demo/shipments"
    told: Json = service.client.get(url, params={"order": str(order)}, headers=given, timeout=SECONDS).json()
    return told


def test_a_second_click_makes_no_second_parcel_and_no_other_page_can_click(
    service: Service, platform: Mock, at_the_shop: tuple[str, int]
) -> None:
    url, first = at_the_shop
    address = f"{url}/ship?do=make&order={first + 1}"
    refused = service.client.post(address, timeout=SECONDS)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:problem:not-our-page")
    ours = {"X-Plug-In": "page"}
    once, kept = service.client.post(address, headers=ours, timeout=SECONDS), service.ask(KEYS)
    again = service.client.post(address, headers=ours, timeout=SECONDS)
    assert (once.status_code, once.json(), service.ask(KEYS)) == (201, again.json(), kept)
    assert platform.shipments()[once.json()["id"]]["posts"] == 1
    for rest in ("do=make&order=1", "do=make", "do=glob&order=5001", "do[]=make&order=5001", "do=state&order[]=5001"):
        strange = service.client.post(f"{url}/ship?{rest}", headers=ours, timeout=SECONDS)
        assert (strange.status_code, strange.json()["type"]) == (404, "urn:problem:not-found"), rest


def test_what_is_typed_with_curl_ends_with_a_label(service: Service, platform: Mock, tmp_path: Path) -> None:
    orders(tmp_path / "plug-in", 5131)
    given = {**CALL, "PARCELVEIL_URL": service.api, "PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def typed_in(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "ship.sh", *words],
            cwd=tmp_path / "plug-in",
            env=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    made = typed_in("make", "orders/5131.json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    label = tmp_path / "plug-in" / f"{told['barcode']}.pdf"
    assert (label.read_bytes()[:5], label.stat().st_mode & 0o777) == (b"%PDF-", 0o600)
    assert json.loads(typed_in("state", "5131").stdout) == told
    assert json.loads(typed_in("cancel", "5131").stdout)["state"] == "cancelled"
    assert platform.shipments()[told["id"]]["state"] == "cancelled"
    wrong = typed_in("make", "orders/5133.json")
    assert (wrong.returncode, json.loads(wrong.stdout)["errors"]) == (
        1,
        [{"pointer": "/recipient/address/country", "code": "too-long"}],
    )
    assert typed_in("state", "1").returncode == 1
    assert typed_in().returncode == 2
    (tmp_path / "plug-in" / "orders" / "5134.json").write_text('{"order": {"name": "#1068", "id": "5134"}}')
    told_nothing = typed_in("make", "orders/5134.json")
    assert (told_nothing.returncode, told_nothing.stdout) == (2, "")
