"""Labels of bpost over real HTTP, from the shop's call to the simulated Shipping Manager and back: of many in one
document, with returns, however the points that nobody knows are switched.
"""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.test import TestResponse

from middleware import bootstrap, bootstrap_lanes
from middleware.account import Account
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.exchange import Response, Wish
from middleware.pages import joining
from middleware.web.app import create
from schemas.labels import MOST
from simulator.bpost.switches import CHOICES, read_switches
from simulator.bpost.wanted import Wanted
from simulator.http import MockServer, Settings, running
from simulator.message import Request
from tests.middleware.carriers.test_bpost_shm import VECTORS
from tests.middleware.carriers.test_bpost_shm_conversation import SIGHTED
from tests.system.orders import address
from tests.system.test_bpost_shm import Bpost, Line, begun

NAMES = ("Aaltje Verzonnenzus", "Bartel Verzonnenzo", "Cyriel Verzonnenso")
NUMBERS = itertools.count(62037182_200000)
EVERYTHING = [
    {"already-printed": printed, "many-labels": many}
    for printed in CHOICES["already-printed"]
    for many in CHOICES["many-labels"]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop with three shipments at the simulated Shipping Manager, one for each name, and its log."""

    line: Line
    platform: MockServer
    client: FlaskClient
    ids: Sequence[str]
    barcodes: Sequence[str]

    def call(self, method: str, path: str, body: object = None) -> TestResponse:
        headers = {"Authorization": "Bearer made-up-token-of-demo"}
        return self.client.open(f"/v1/shops/demo{path}", method=method, json=body, headers=headers)

    def labels(self, order: Sequence[int], **wish: object) -> TestResponse:
        return self.call("POST", "/labels", {"shipments": [self.ids[place] for place in order], **wish})

    def back(self, place: int) -> str:
        return f"{self.barcodes[place][:-3]}050"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, patch = tmp_path_factory.mktemp("labels"), pytest.MonkeyPatch()
    (folder / "temporary").mkdir()
    with patch.context() as patch, running(Settings(state=folder / "platform")) as platform:
        patch.setattr(tempfile, "tempdir", str(folder / "temporary"))
        platform.platform.store.run("PRAGMA synchronous = OFF")  # what a crash leaves is shown elsewhere
        line = begun(folder, patch, Bpost(url=platform.url))
        ids = []
        for name in NAMES:
            ids.append(line.accept(id=next(NUMBERS), shipping_address=address(name))["id"])
            assert "['delivered']" in line.deliver()
        settings = line.instance.settings()
        services = bootstrap.services(settings)
        client = create(services, "api", None, bootstrap_lanes.lanes(settings, services.shops)).test_client()
        barcodes = [getattr(services.calls.sighting(record), "barcode", "") for record in ids]
        yield Shop(line=line, platform=platform, client=client, ids=ids, barcodes=barcodes)
        services.store.close()


def pages(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]


def test_all_come_in_one_document_in_the_order_asked_for(shop: Shop) -> None:
    text = pages(shop.labels((2, 0, 1)))
    assert [NAMES[place] in page for place, page in zip((2, 0, 1), text, strict=True)] == [True] * 3
    assert [shop.barcodes[place] in page for place, page in zip((2, 0, 1), text, strict=True)] == [True] * 3


def test_a_hundred_boxes_have_a_hundred_pages_in_the_order_asked_for(shop: Shop) -> None:
    own: dict[str, str] = {}
    bpost, account = shop.platform.api.bpost, Account(id="123456", passphrase="any", shared=True)
    order = (VECTORS / "accepted" / "at-home.xml").read_bytes()
    wanted = Wanted(form="pdf", sheet="A6", back=False, references=False, force=False, media="")
    for number in range(MOST):
        bpost.manager.create("123456", order.replace(b">R-1<", f">H-{number}<".encode()))
        printed = bpost.manager.print_order("123456", f"H-{number}", wanted)
        own[f"H-{number}"] = printed.partition(b"<barcode>")[2].partition(b"<")[0].decode()
    hundred = [f"H-{number * 37 % MOST}" for number in range(MOST)]
    carrier = BpostShm(accounts=lambda _: account, shared=None, spots={})
    records = {place: replace(SIGHTED, barcode=own[name]) for place, name in enumerate(hundred)}
    batches = carrier.labels("demo", records, Wish())
    assert isinstance(batches, list)
    sheaves = []
    for batch in batches:
        given = {name.lower(): text for name, text in batch.request.headers.items()}
        asked = batch.request
        answer = bpost.answer(Request(method=asked.method, target=asked.path, headers=given, body=asked.body or b""))
        found = carrier.sheaves(batch, Response(status=answer.status, headers={}, body=answer.body))
        assert isinstance(found, list), found
        sheaves += found
    made = PdfReader(io.BytesIO(joining.joined([(sheaf.content, sheaf.places) for sheaf in sheaves])))
    told = [page.extract_text() for page in made.pages]
    assert [own[name] in text for name, text in zip(hundred, told, strict=True)] == [True] * MOST


@pytest.mark.parametrize("switches", EVERYTHING, ids=lambda switches: " ".join(switches.values()))
def test_however_bpost_takes_what_was_printed_each_comes_with_its_return(
    shop: Shop, switches: Mapping[str, str]
) -> None:
    shop.platform.api.bpost.turn(read_switches(switches))
    answer = shop.labels((1, 0), with_return=True)
    there, back_of_one, here, back_of_none = pages(answer)
    assert (NAMES[1] in there, NAMES[0] in here) == (True, True)
    assert (shop.back(1) in back_of_one, shop.back(0) in back_of_none) == (True, True)
    assert answer.headers["Parcelveil-Return-Barcodes"] == f'"{shop.back(1)}", "{shop.back(0)}"'


def test_one_label_comes_with_its_return_on_the_second_page(shop: Shop) -> None:
    path = f"/shipments/{shop.ids[0]}/label"
    answer = shop.call("GET", f"{path}?with_return=true")
    out, back = pages(answer)
    assert (NAMES[0] in out, NAMES[0] in back, shop.back(0) in back) == (True, False, True)
    assert answer.headers["Parcelveil-Return-Barcodes"] == f'"{shop.back(0)}"'
    alone = shop.call("GET", path)
    assert (len(pages(alone)), "Parcelveil-Return-Barcodes" in alone.headers) == (1, False)
    zpl = shop.call("GET", f"{path}?with_return=true&format=zpl")
    assert (zpl.status_code, zpl.data.count(b"^XZ")) == (200, 2)
    for asked, clash in (
        ("with_return=true&format=png", ["format", "with_return"]),
        ("format=png&size=A4&with_return=true", ["format", "with_return"]),
        ("format=zpl&size=A4&with_return=true", ["format", "size"]),
    ):
        refused = shop.call("GET", f"{path}?{asked}")
        told = [(one["parameter"], one["code"]) for one in refused.get_json()["errors"]]
        assert (refused.status_code, told) == (400, [(name, "not-made") for name in clash])


def test_sheets_are_as_bpost_fills_them(shop: Shop) -> None:
    answer = shop.labels((0, 1), size="A4")
    assert len(pages(answer)) == 2
    sizes = {tuple(map(round, page.mediabox[2:])) for page in PdfReader(io.BytesIO(answer.data)).pages}
    assert sizes == {(595, 842)}


@pytest.mark.parametrize("status", ["400", "404"])
def test_what_bpost_has_no_more_is_told_by_its_place(shop: Shop, status: str) -> None:
    shop.platform.api.bpost.turn(read_switches({"unknown-items": status}))
    store = shop.platform.platform.store
    store.run("UPDATE bpost_box SET account = '999999' WHERE number = 2")  # as if it had been somebody else's
    answer = shop.labels((0, 1))
    store.run("UPDATE bpost_box SET account = '123456'")
    assert answer.status_code == 409
    assert answer.get_json()["errors"] == [{"pointer": "/shipments/1", "code": "label-gone"}]


def test_no_label_rests_anywhere_on_our_side(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    assert shop.labels((0, 1, 2), with_return=True).status_code == 200
    folder = shop.line.instance.folder
    kept = [path for path in folder.rglob("*") if path.is_file() and folder / "platform" not in path.parents]
    assert kept
    for path in kept:
        found = path.read_bytes()
        assert b"%PDF" not in found, path.name
        assert b"Verzonnenz" not in found, path.name
    assert "Verzonnenz" not in caplog.text
    assert list((folder / "temporary").iterdir()) == []
