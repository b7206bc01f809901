"""Labels: a shop's own, fetched when asked for, handed on only as what they are, and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import create_engine, update
from werkzeug.test import TestResponse

from middleware.carriers.parcel_json import LARGEST_LABEL, ParcelJson
from middleware.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from middleware.errors_shipping import LabelUnavailableError
from middleware.exchange import Label, Request, Response, Wish
from middleware.gate import Gate
from middleware.labels import Desk
from middleware.model import State
from middleware.relay import Lane
from middleware.seats import Seats
from middleware.storage.tables import records
from middleware.web.app import create
from tests.middleware.web.answering import PERSON, common, problem
from tests.middleware.web.conftest import Intake
from tests.middleware.web.test_shipments import TOKENS, knowing
from tests.system import orders

PDF = b"%PDF-1.7 " + PERSON.encode()


@dataclass(slots=True)
class Platform:
    """A parcel platform that answers every request alike."""

    status: int = 200
    media: str = "application/pdf"
    body: bytes = PDF
    failure: DeliveryError | None = None
    asked: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        if self.failure:
            raise self.failure
        return Response(status=self.status, headers={"content-type": self.media}, body=self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A delivered shipment of the shop ``plain``, and a platform that has its label."""

    intake: Intake
    platform: Platform
    record: str

    def label(self, shop: str = "plain", record: str | None = None, **lanes: str) -> TestResponse:
        client = create(
            knowing(self.intake.services), "api", None, self.lanes(lanes.get("carrier", "platform"))
        ).test_client()
        headers = {"Authorization": f"Bearer {TOKENS[shop].decode()}"}
        return client.get(
            f"/v1/shops/{shop}/shipments/{record or self.record}/label{lanes.get('query', '')}", headers=headers
        )

    def lanes(self, carrier: str = "platform") -> Mapping[str, Lane]:
        return {carrier: Lane(carrier=ParcelJson(), transport=self.platform)}

    def become(self, **values: object) -> None:
        engine = create_engine(f"sqlite:///{self.intake.database}")
        with engine.begin() as connection:
            connection.execute(update(records).where(records.c.id == self.record).values(**values))
        engine.dispose()


@pytest.fixture
def asking(intake: Intake) -> Asking:
    record = (intake.post("plain", orders.order()).json or {})["id"]
    made = Asking(intake=intake, platform=Platform(), record=record)
    made.become(state=State.DELIVERED, due=None, barcode="323299901059900000000017")
    return made


def test_the_label_is_handed_on_under_a_name_that_says_nothing(asking: Asking) -> None:
    response = asking.label()
    assert (response.status_code, response.data) == (200, PDF)
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == f'inline; filename="{asking.record}.pdf"'
    assert (response.headers["Cache-Control"], response.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert [(request.method, request.path) for request in asking.platform.asked] == [
        ("GET", f"/shipments/{asking.record}/label")
    ]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("format=png", ["format not-made"]),
        ("format=zpl", ["format not-made"]),
        ("size=A4", ["size not-made"]),
        ("with_return=true", ["with_return not-made"]),
        ("format=zpl&with_return=true&size=A4", ["format not-made", "size not-made", "with_return not-made"]),
        ("size=A5", ["size unknown"]),
        ("format=", ["format unknown"]),
        ("with_return=1&size=Mirte", ["with_return unknown", "size unknown"]),
        ("Mirte=1", ["* unknown"]),
        ("format=pdf&format=pdf", ["format twice"]),
        ("Mirte=1&format=png&format=x", ["* unknown", "format twice"]),
    ],
)
def test_a_form_that_is_not_made_is_refused_by_name_and_nothing_is_asked(
    asking: Asking, query: str, told: list[str]
) -> None:
    answer = asking.label(query=f"?{query}")
    body = problem(answer, 400, "bad-query")
    assert [f"{error['parameter']} {error['code']}" for error in body["errors"]] == told
    assert "Mirte" not in answer.text
    assert asking.platform.asked == []


def test_the_form_that_is_made_may_be_named(asking: Asking) -> None:
    assert asking.label(query="?format=pdf&size=A6").data == PDF


def test_it_is_written_nowhere(asking: Asking) -> None:
    before = {path: path.read_bytes() for path in asking.intake.database.parent.iterdir()}
    asking.label()
    assert {path: path.read_bytes() for path in asking.intake.database.parent.iterdir()} == before
    assert PERSON not in asking.intake.log.text()


def test_another_shops_label_is_not_there(asking: Asking) -> None:
    problem(asking.label("strict"), 404, "not-found")
    problem(asking.label(record="no-such-record"), 404, "not-found")
    assert asking.platform.asked == []


@pytest.mark.parametrize(
    ("state", "status", "slug"),
    [
        *((state, 409, "no-label-yet") for state in (State.WAITING, State.HELD, State.CLAIMED, State.DEAD)),
        *((state, 410, "label-gone") for state in (State.CANCELLING, State.CANCELLED, State.WITHDRAWN)),
    ],
)
def test_without_a_shipment_there_is_no_label(asking: Asking, state: State, status: int, slug: str) -> None:
    asking.become(state=state, barcode=None)
    problem(asking.label(), status, slug)
    assert asking.platform.asked == []


@pytest.mark.parametrize("status", [404, 409, 410])
def test_what_the_platform_has_no_more_is_410(asking: Asking, status: int) -> None:
    asking.platform.status, asking.platform.body = status, PERSON.encode()
    problem(asking.label(), 410, "label-gone")


UNAVAILABLE: Mapping[str, Platform] = {
    "fails": Platform(status=500),
    "has too much to do": Platform(status=429),
    "knows us no more": Platform(status=401),
    "leads elsewhere": Platform(status=302),
    "sends another type": Platform(media="text/html"),
    "sends no type": Platform(media=""),
    "sends something else": Platform(body=b"<html>" + PERSON.encode()),
    "sends nothing": Platform(body=b""),
    "sends too much": Platform(body=PDF.ljust(LARGEST_LABEL + 1)),
    "does not answer": Platform(failure=TransientDeliveryError()),
    "may not be dialled": Platform(failure=PermanentDeliveryError()),
}


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_a_platform_that_fails_is_503_and_to_be_asked_again(asking: Asking, name: str) -> None:
    asking = Asking(intake=asking.intake, platform=UNAVAILABLE[name], record=asking.record)
    response = asking.label()
    problem(response, 503, "label-unavailable")
    assert response.headers["Retry-After"] == "15"
    common(response)
    assert len(asking.platform.asked) == 1


def test_a_lane_that_is_configured_no_more_is_503(asking: Asking) -> None:
    problem(asking.label(carrier="other"), 503, "label-unavailable")


def test_so_many_are_fetched_at_once(asking: Asking) -> None:
    shop = asking.intake.services.shops.get("plain")
    assert shop is not None
    places, calls = Seats(2), asking.intake.services.calls
    desk = Desk(lanes=asking.lanes(), places=places, many=Seats(0), joiners=Gate(), join=lambda _: None)
    for _ in range(2):
        assert desk.label(asking.record, shop, calls, Wish()) == Label(content=PDF)
    asking.platform.failure = TransientDeliveryError()
    with pytest.raises(LabelUnavailableError):
        desk.label(asking.record, shop, calls, Wish())
    asking.platform.failure = None
    with places.seat("plain") as seated:  # given back even then
        assert seated
        for record in (asking.record, "no-such-record"):  # before the database is asked
            with pytest.raises(LabelUnavailableError):
                desk.label(record, shop, calls, Wish())
    assert len(asking.platform.asked) == 3
    with places.seat("another"):
        assert desk.label(asking.record, shop, calls, Wish()) == Label(content=PDF)
