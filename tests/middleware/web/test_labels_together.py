"""The labels of many shipments in one document: all or none, in the order asked for, kept nowhere."""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import create_engine, update
from werkzeug.test import TestResponse

from middleware import labels
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.parcel_json import ParcelJson
from middleware.core.shares import Shares
from middleware.errors import DeliveryError, ParcelveilError, TransientDeliveryError
from middleware.errors_shipping import LabelsLackingError, LabelsTooLargeError, LabelUnavailableError
from middleware.exchange import Request, Response, Sheaf, Wish
from middleware.gate import Gate
from middleware.labels import DEADLINE, LATEST, Desk
from middleware.model import State
from middleware.pages import joining
from middleware.ports import Calls
from middleware.relay import Lane
from middleware.seats import Seats
from middleware.storage.tables import records
from middleware.trail import Sighting
from middleware.web import labels as routes
from middleware.web.app import create
from middleware.web.openapi_labels import EXAMPLE
from schemas.labels import LABELS_WANTED, MOST
from tests.middleware.carriers.test_bpost_shm_conversation import ACCOUNT, SIGHTED
from tests.middleware.pages.documents import active, document, encrypted, texts
from tests.middleware.web.answering import PERSON, problem
from tests.middleware.web.conftest import Intake
from tests.middleware.web.test_shipments import TOKENS, knowing
from tests.system import orders

NOBODY = "6f1d0a52-0c3e-4b6a-9a51-2f0f6c1b7e01"
NUMBERS = itertools.count(1)


@dataclass(slots=True)
class Platform:
    """A parcel platform that has a label for every shipment; ``instead`` it says something else of some."""

    instead: dict[str, Response | DeliveryError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        record = request.path.removeprefix("/shipments/").removesuffix("/label")
        self.asked.append(record)
        said = self.instead.get(record, pdf(document(f"{PERSON} {record}")))
        if isinstance(said, DeliveryError):
            raise said
        return said


def pdf(content: bytes) -> Response:
    return Response(status=200, headers={"content-type": "application/pdf"}, body=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Three delivered shipments of the shop ``plain``, and a platform that has their labels."""

    intake: Intake
    platform: Platform
    ids: Sequence[str]

    def labels(self, body: object, shop: str = "plain", token: bytes | None = None) -> TestResponse:
        lanes = {"platform": Lane(carrier=ParcelJson(), transport=self.platform)}
        client = create(knowing(self.intake.services), "api", None, lanes).test_client()
        headers = {"Authorization": f"Bearer {(token or TOKENS[shop]).decode()}"}
        return client.post(f"/v1/shops/{shop}/labels", json=body, headers=headers)

    def become(self, record: str, **values: object) -> None:
        engine = create_engine(f"sqlite:///{self.intake.database}")
        with engine.begin() as connection:
            connection.execute(update(records).where(records.c.id == record).values(**values))
        engine.dispose()


def made(intake: Intake, shop: str = "plain") -> str:
    number = next(NUMBERS)
    order = orders.order(name=f"#L-{number}", id=62037182_100000 + number)
    id_ = str((intake.post(shop, order).json or {})["id"])
    Asking(intake=intake, platform=Platform(), ids=()).become(
        id_, state=State.DELIVERED, due=None, barcode=f"{number:024d}"
    )
    return id_


@pytest.fixture
def asking(intake: Intake) -> Asking:
    return Asking(intake=intake, platform=Platform(), ids=[made(intake) for _ in range(3)])


def test_all_come_in_one_document_in_the_order_asked_for(asking: Asking) -> None:
    wanted = [asking.ids[place] for place in (2, 0, 1)]
    response = asking.labels({"shipments": wanted, "format": "pdf", "size": "A6", "with_return": False})
    assert response.status_code == 200, response.text
    assert texts(response.data) == [f"{PERSON} {record}" for record in wanted]
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == 'inline; filename="labels.pdf"'
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "Parcelveil-Return-Barcodes" not in response.headers
    assert (response.headers["Cache-Control"], response.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert texts(asking.labels({"shipments": wanted[:1]}).data) == [f"{PERSON} {wanted[0]}"]  # again, printed again
    assert asking.platform.asked == [*wanted, wanted[0]]


def test_they_are_written_nowhere(asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = {path: path.read_bytes() for path in asking.intake.database.parent.iterdir()}
    assert asking.labels({"shipments": asking.ids}).status_code == 200
    assert {path: path.read_bytes() for path in asking.intake.database.parent.iterdir()} == before
    assert list(temporary.iterdir()) == []
    told = asking.intake.lines()[-1]
    assert (told["event"], told["shop"], told["rows"]) == ("labels_told", "plain", 3)
    assert "dropped_keys" not in told
    assert PERSON not in asking.intake.log.text()


def test_what_is_not_there_and_what_is_anothers_are_told_alike_by_their_places(asking: Asking) -> None:
    others = made(asking.intake, "strict")
    told = []
    for strange in (NOBODY, others):
        asked = [asking.ids[0], strange, asking.ids[1], asking.ids[2]]
        body = problem(asking.labels({"shipments": asked}), 404, "unknown-shipments")
        told.append({name: value for name, value in body.items() if name != "instance"})
    assert told[0] == told[1]
    assert told[0]["errors"] == [{"pointer": "/shipments/1", "code": "not-found"}]
    assert asking.platform.asked == []


def test_what_has_no_label_is_told_by_its_place_and_nothing_is_fetched(asking: Asking) -> None:
    asking.become(asking.ids[1], state=State.CANCELLED)
    asking.become(asking.ids[2], state=State.WAITING, barcode=None)
    gone, none = ({"pointer": f"/shipments/{place}", "code": code} for place, code in _FAULTS)
    answer = asking.labels({"shipments": asking.ids})
    assert problem(answer, 409, "labels-lacking")["errors"] == [gone, none]
    answer = asking.labels({"shipments": [*asking.ids, NOBODY]})
    found = {"pointer": "/shipments/3", "code": "not-found"}
    assert problem(answer, 404, "unknown-shipments")["errors"] == [gone, none, found]
    assert asking.platform.asked == []


_FAULTS = ((1, "label-gone"), (2, "no-label-yet"))


def test_what_the_platform_has_no_more_is_told_all_at_once(asking: Asking) -> None:
    for place, status in ((0, 404), (2, 410)):
        asking.platform.instead[asking.ids[place]] = Response(status=status, headers={}, body=PERSON.encode())
    answer = asking.labels({"shipments": asking.ids})
    assert problem(answer, 409, "labels-lacking")["errors"] == [
        {"pointer": "/shipments/0", "code": "label-gone"},
        {"pointer": "/shipments/2", "code": "label-gone"},
    ]
    assert asking.platform.asked == list(asking.ids)


UNAVAILABLE: Mapping[str, Callable[[], Response | DeliveryError]] = {
    "fails": lambda: Response(status=500, headers={}, body=b""),
    "does not answer": TransientDeliveryError,
    "sends a page for people": lambda: pdf(b"<html>"),
    "sends garbage": lambda: pdf(b"%PDF-1.7 " + PERSON.encode()),
    "sends what is encrypted": lambda: pdf(encrypted(PERSON)),
}


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_a_platform_that_fails_at_one_of_them_is_503(asking: Asking, name: str) -> None:
    asking.platform.instead[asking.ids[1]] = UNAVAILABLE[name]()
    response = asking.labels({"shipments": asking.ids})
    problem(response, 503, "label-unavailable")
    assert response.headers["Retry-After"] == "15"


def test_what_a_document_would_do_does_not_reach_the_shop(asking: Asking) -> None:
    asking.platform.instead[asking.ids[0]] = pdf(active(PERSON))
    content = asking.labels({"shipments": asking.ids[:1]}).data
    assert texts(content) == [PERSON]
    assert b"/JavaScript" not in content


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/shipments", "required")),
        ({"shipments": None}, ("/shipments", "required")),
        ({"shipments": []}, ("/shipments", "required")),
        ({"shipments": NOBODY}, ("/shipments", "type")),
        ({"shipments": [NOBODY] * (MOST + 1)}, ("/shipments", "too-many")),
        ({"shipments": [EXAMPLE["shipments"][1], NOBODY, NOBODY]}, ("/shipments/2", "duplicate")),
        ({"shipments": [NOBODY, PERSON]}, ("/shipments/1", "pattern")),
        ({"shipments": [None]}, ("/shipments/0", "required")),
        ({"shipments": [{PERSON: PERSON}]}, ("/shipments/0", "type")),
        ({"shipments": [NOBODY], PERSON: 1}, ("/*", "unknown")),
        ({"shipments": [NOBODY], "format": "png"}, ("/format", "pattern")),
        ({"shipments": [NOBODY], "size": "A5"}, ("/size", "pattern")),
        ({"shipments": [NOBODY], "with_return": "true"}, ("/with_return", "type")),
        ([NOBODY], ("", "type")),
    ],
)
def test_what_is_not_the_form_is_told_by_pointer(asking: Asking, body: object, fault: tuple[str, str]) -> None:
    ((pointer, code),) = [
        (one["pointer"], one["code"]) for one in problem(asking.labels(body), 422, "schema")["errors"]
    ]
    assert (pointer, code) == fault


def test_what_the_platform_does_not_make_is_told_by_pointer(asking: Asking) -> None:
    answer = asking.labels({"shipments": asking.ids, "size": "A4", "with_return": True})
    told = [(one["pointer"], one["code"]) for one in problem(answer, 422, "schema")["errors"]]
    assert told == [("/size", "not-made"), ("/with_return", "not-made")]
    assert asking.platform.asked == []


def test_the_described_example_has_the_form() -> None:
    assert LABELS_WANTED.load(EXAMPLE) == EXAMPLE


def test_only_the_shops_own_token_opens_it(asking: Asking) -> None:
    problem(asking.labels({"shipments": asking.ids}, token=TOKENS["strict"]), 401, "unauthorised")


@dataclass(slots=True)
class Ticks:
    """A clock that goes on by so many seconds with each look."""

    by: float
    now: float = 0.0

    def __call__(self) -> float:
        self.now += self.by
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A desk over made-up shipments of the shop ``plain``, whose documents are joined in this process."""

    intake: Intake
    platform: Platform
    desk: Desk
    records: Mapping[str, Sighting | None]

    def labels(self) -> tuple[bytes, Sequence[str | None]]:
        shop = self.intake.services.shops.get("plain")
        assert shop is not None
        return self.desk.labels(list(self.records), shop, cast("Calls", self), Wish())

    def sighting(self, record: str) -> Sighting | None:
        return self.records.get(record)


def joined(sheaves: Sequence[Sheaf]) -> bytes:
    return joining.joined([(sheaf.content, sheaf.places) for sheaf in sheaves])


def counter(intake: Intake, number: int, carriers: Sequence[str] = ("platform",), **changes: Any) -> Counter:
    platform = Platform()
    lanes = {
        "platform": Lane(carrier=ParcelJson(), transport=platform),
        "bpost": Lane(carrier=BpostShm(accounts=lambda _: ACCOUNT, shared=None, spots={}), transport=platform),
    }
    many, joiners = Seats(routes.DOCUMENTS, each=1), Gate(Shares(places=2 * routes.DOCUMENTS, at_work=routes.JOINERS))
    desk = Desk(**{"lanes": lanes, "places": many, "many": many, "joiners": joiners, "join": joined, **changes})
    made_up = {
        f"record-{place}": replace(
            SIGHTED,
            id=f"record-{place}",
            shop="plain",
            carrier=carriers[place % len(carriers)],
            barcode=f"{place:024d}",
        )
        for place in range(number)
    }
    return Counter(intake=intake, platform=platform, desk=desk, records=made_up)


def test_a_hundred_labels_have_a_hundred_pages_in_the_order_asked_for(intake: Intake) -> None:
    content, _ = counter(intake, MOST).labels()
    assert texts(content) == [f"{PERSON} record-{place}" for place in range(MOST)]


@pytest.mark.parametrize("failing", [False, True])
def test_so_many_documents_are_made_at_once(intake: Intake, failing: bool) -> None:
    at = counter(intake, 1)
    if failing:
        at.platform.instead["record-0"] = TransientDeliveryError()
    for _ in range(2):
        assert _refused(at) == (LabelUnavailableError if failing else None)  # the place is given back, even then
    assert len(at.platform.asked) == 2


def test_a_shop_has_one_document_made_at_once_and_another_shop_its_own(intake: Intake) -> None:
    at = counter(intake, 1)
    with at.desk.many.seat("plain"):
        assert _refused(at) is LabelUnavailableError
        assert _refused(replace(at, records={NOBODY: None})) is LabelUnavailableError  # before the database is asked
    assert at.platform.asked == []
    with at.desk.many.seat("another"):
        assert _refused(at) is None


def test_a_third_shop_has_its_document_while_two_others_wait_for_theirs(intake: Intake) -> None:
    """Whose parcel platforms answer slowly, or not at all."""
    at = counter(intake, 1)
    with at.desk.many.seat("slow"), at.desk.many.seat("hanging"), at.desk.many.seat("slow") as another:
        assert not another
        assert _refused(at) is None


@pytest.mark.parametrize("comes", [True, False])
def test_who_waits_to_be_joined_has_a_turn_as_soon_as_one_is_done(intake: Intake, *, comes: bool) -> None:
    at = counter(intake, 1, ticks=Ticks(by=0.0 if comes else LATEST / 2))
    held = [at.desk.joiners.turn(shop, shop) for shop in ("one", "two")]
    for turn in held:
        turn.__enter__()
    ends = threading.Timer(0.05, lambda: held[0].__exit__(None, None, None))
    if comes:
        ends.start()
    assert _refused(at) is (None if comes else LabelUnavailableError)
    assert at.platform.asked == ["record-0"]
    with at.desk.many.seat("plain") as seated:  # the place is given back, even then
        assert seated


def _refused(at: Counter) -> type[ParcelveilError] | None:
    try:
        at.labels()
    except ParcelveilError as problem:
        return type(problem)
    return None


def test_after_a_while_no_further_label_is_asked_for(intake: Intake) -> None:
    at = counter(intake, 5, ticks=Ticks(by=DEADLINE / 2))
    assert _refused(at) is LabelUnavailableError
    assert at.platform.asked == ["record-0", "record-1"]


def test_so_much_is_held_at_once(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    at = counter(intake, 5)
    monkeypatch.setattr(labels, "LARGEST", len(document(f"{PERSON} record-0")) * 3)
    assert _refused(at) is LabelsTooLargeError
    assert len(at.platform.asked) == 4


def test_a_lane_that_is_configured_no_more_is_503_before_anything_is_asked(intake: Intake) -> None:
    at = counter(intake, 2, ("platform", "zzz"))
    assert _refused(at) is LabelUnavailableError
    assert at.platform.asked == []


def test_a_barcode_that_two_shipments_have_is_no_reason_to_leave_one_out(intake: Intake) -> None:
    at = counter(intake, 2, ("bpost",))
    twins = {record: replace(seen, barcode="0" * 24) for record, seen in at.records.items() if seen}
    body = (
        f"<labels><label><barcode>{'0' * 24}</barcode><mimeType>application/pdf</mimeType>"
        "<bytes>JVBERi0xLjQgbWFkZSB1cA==</bytes></label></labels>"
    )
    path = "/services/shm/123456/labels/A6?forcePrinting=true"
    at.platform.instead[path] = Response(status=200, headers={}, body=body.encode())
    assert _refused(replace(at, records=twins)) is LabelUnavailableError
    assert at.platform.asked == [path]


def test_what_is_under_an_unknown_account_is_told_by_its_place_and_the_others_are_asked(intake: Intake) -> None:
    at = counter(intake, 3, ("bpost",))
    noted = {"record-0": ACCOUNT.id, "record-1": "654321", "record-2": ACCOUNT.id}
    under = {record: seen and replace(seen, account=noted[record]) for record, seen in at.records.items()}
    path = "/services/shm/123456/labels/A6?forcePrinting=true"
    at.platform.instead[path] = Response(
        status=404, headers={}, body=f"<unknownItems><box>{2:024d}</box></unknownItems>".encode()
    )
    with pytest.raises(LabelsLackingError) as refused:
        replace(at, records=under).labels()
    told = [(fault.pointer, fault.code) for fault in refused.value.faults]
    assert told == [("/shipments/1", "account-changed"), ("/shipments/2", "label-gone")]
    assert at.platform.asked == [path]
