"""Every error that is documented of bpost, from a signed webhook or a plug-in's call over real HTTP to what an operator
sees: state, code, words, log and metrics; and nowhere a value of the order, although bpost repeats some.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from middleware import bootstrap
from middleware.carriers.bpost_shm import conversation, labelling, limits, writing
from middleware.cli import serve
from middleware.exchange import Form, Request, Response
from middleware.ports import Transport
from middleware.web import metrics
from middleware.web.app import create
from simulator.bpost.switches import read_switches
from simulator.bpost.wanted import Wanted
from simulator.faults import FaultName
from tests.middleware.platforms.plugging import shipment
from tests.simulator.bpost.bench import UPDATE, accepted
from tests.system.bpost_fates import Play, once
from tests.system.bpost_house import ACCOUNT, TOKEN, House, house
from tests.system.orders import order
from tests.system.stack import Json

NAME, STREET, PLACE = "Kanarie-Xy7Qz", "Kanariestraat-Vb3Wk", "Kanariegem-Tp9Rd"
CANARIES = (NAME, STREET, PLACE, "kanarie.hn4@voorbeeld.example", "+32470555123", "Kanarievoer-Lm8")
MAKING, LABELLING = 2, 3
"""The moments of a first claim at which bpost is asked for the order, and for its label."""

PRINT = Wanted(form="pdf", sheet="A6", back=False, references=False, force=False, media="")


@dataclass(slots=True, kw_only=True)
class Stage:
    """An order on its way. ``heard`` is all that bpost said; ``between`` is done after its order was made there."""

    play: Play
    patch: pytest.MonkeyPatch
    id: str = ""
    heard: list[bytes] = field(default_factory=list)
    between: Callable[[Stage], object] = lambda _: None

    @property
    def bpost(self) -> Any:
        """What the simulator does of itself."""
        return self.play.house.platform.api.bpost

    def turn(self, **switches: Any) -> None:
        self.bpost.turn(read_switches({name.replace("_", "-"): setting for name, setting in switches.items()}))

    def spoil(self, old: bytes, new: bytes) -> None:
        """What is written of an order is not what bpost wants."""
        write = writing.order

        def spoilt(made: Any) -> bytes:
            assert old in write(made)
            return write(made).replace(old, new)

        self.patch.setattr(writing, "order", spoilt)

    def update(self, state: str) -> None:
        """Somebody sets it to that state in the back office."""
        self.bpost.manager.update(ACCOUNT, self.id, (UPDATE % state).encode())

    def add(self) -> None:
        """Somebody else has made an order under this reference."""
        self.bpost.manager.create(ACCOUNT, accepted("at-home").replace(b"R-1", self.id.encode()))


@dataclass(slots=True)
class Overheard:
    """The way there and back, with an ear."""

    stage: Stage
    way: Transport

    def send(self, request: Request) -> Response:
        answer = self.way.send(request)
        self.stage.heard.append(answer.body)
        if request.method == "POST" and request.path.endswith("/orders") and answer.status == 201:
            self.stage.between(self.stage)
        return answer


Set = Callable[[Stage], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is set, and what is told after ``steps``. ``echoes``: bpost repeats something of the order in saying so."""

    set: Set
    code: str | None = None
    state: str = "waiting"
    says: str = ""
    paused: bool = False
    echoes: bool = False
    steps: int = 1


def dead(code: str, set_: Set, says: str, **more: Any) -> Row:
    return Row(set=set_, code=code, state="dead", says=says, **more)


def waits(code: str, set_: Set, says: str = "", **more: Any) -> Row:
    return Row(set=set_, code=code, says=says, **more)


def made(set_: Set, **more: Any) -> Row:
    return Row(set=set_, state="delivered", **more)


def spoilt(old: str, new: str) -> Set:
    return lambda stage: stage.spoil(old.encode(), new.encode())


def turned(**switches: Any) -> Set:
    return lambda stage: stage.turn(**switches)


def both(*acts: Set) -> Set:
    return lambda stage: [act(stage) for act in acts]


def meets(fault: FaultName, number: int = MAKING) -> Set:
    return lambda stage: setattr(stage.play, "fates", once(number, fault))


def between(act: Set, **switches: Any) -> Set:
    def set_(stage: Stage) -> None:
        stage.turn(**switches)
        stage.between = act

    return set_


def asked_with(headers: Mapping[str, str], name: str) -> Set:
    """bpost wants another media type than it is known to want."""
    return lambda stage: stage.patch.setitem(headers, name, "application/vnd.bpost.shm-order-v9+XML")


def elsewhere(stage: Stage) -> None:
    """The order is looked for at an address that does not take the question."""
    meets(FaultName.RESET)(stage)
    stage.patch.setattr(conversation, "_order", lambda _: "/orders")


def printed(stage: Stage) -> None:
    stage.bpost.manager.print_order(ACCOUNT, stage.id, PRINT)


def taken(stage: Stage) -> None:
    stage.add()
    stage.update("CANCELLED")


def denied(stage: Stage) -> None:
    stage.patch.setattr(stage.bpost, "_passphrase", "another one")


def denied_otherwise(stage: Stage) -> None:
    denied(stage)
    stage.turn(unauthorised="403")


LONG = "x" * 40
REFUSED = "the parcel platform refused it"
ROWS: Mapping[str, Row] = {
    "400: a name too long": dead(
        "http-400:max-length:name", spoilt(NAME, NAME + LONG), f"{REFUSED}: name is too long", echoes=True
    ),
    "400: a street too long": dead(
        "http-400:max-length:street-name", spoilt(STREET, STREET + LONG), "street-name is too long", echoes=True
    ),
    "400: a postal code too long": dead(
        "http-400:max-length:postal-code", spoilt(">1000<", f">{PLACE}<"), "postal-code is too long", echoes=True
    ),
    "400: a name that is none": dead("http-400:pattern:name", spoilt(f"Lotte {NAME}", ""), "name is of another form"),
    "400: another form": dead(
        "http-400:pattern:country-code", spoilt(">BE<", f">{NAME}<"), "country-code is of another form", echoes=True
    ),
    "400: another type": dead(
        "http-400:type", spoilt("<weight>900<", f"<weight>{NAME}<"), f"{REFUSED}: of another type", echoes=True
    ),
    "400: another order of elements": dead(
        "http-400:structure:options", spoilt("<product>bpack 24h Pro</product>", ""), "options is in the wrong place"
    ),
    "400: an element that nobody knows": dead(
        "http-400:structure",
        spoilt("<weight>", f"<{NAME}/><weight>"),
        f"{REFUSED}: in the wrong place",
        echoes=True,
    ),
    "400: words of their own": dead("http-400", spoilt(f">{ACCOUNT}<", ">654321<"), REFUSED),
    "400 in HTML: a postal code too long": dead(
        "http-400:max-length:postal-code",
        both(turned(refusals="page"), spoilt(">1000<", f">{PLACE}<")),
        "postal-code is too long",
        echoes=True,
    ),
    "400: invalidSelection": dead(
        "http-400:invalid-selection", turned(without=["bpack 24h Pro"]), "an option that the account may not use"
    ),
    "401 in HTML": waits("http-401", denied, "does not take the token", paused=True),
    "403": waits("http-403", denied_otherwise, "does not take the token", paused=True),
    "404 of the order that is looked for": made(meets(FaultName.RESET), steps=2),
    "404 of a label": waits("http-404", meets(FaultName.GARBAGE), REFUSED),
    "405": waits("http-405", elsewhere, REFUSED, paused=True, steps=2),
    "406": waits("http-406", asked_with(conversation._PRINT, "Accept"), "look for a newer release", paused=True),
    "409: businessException": dead("http-409:business-exception", taken, "against its rules"),
    "409: cancelled before its label": dead(
        "cancelled-there", between(lambda stage: stage.update("CANCELLED")), "somebody cancelled it", steps=2
    ),
    "415": waits("http-415", asked_with(conversation._CREATE, "Content-Type"), REFUSED, paused=True),
    "429": waits("http-429", meets(FaultName.BUSY), "asked too often"),
    "500: systemException": waits("http-500:system-exception", meets(FaultName.ERROR), "at fault or out of order"),
    "slow": waits("timeout", meets(FaultName.SLOW), "did not answer in time"),
    "never an answer": waits("timeout", meets(FaultName.TIMEOUT), "did not answer in time"),
    "an answer that comes late": waits("timeout", turned(delay_milliseconds=400), "did not answer in time"),
    "broken off": waits("truncated", meets(FaultName.TRUNCATED, LABELLING), "broke off"),
    "sent elsewhere": waits("http-302", meets(FaultName.REDIRECT)),
    "no label but a page": waits("unreadable-answer", meets(FaultName.GARBAGE, LABELLING), "could not be read"),
    "prefixes that nobody declared": made(turned(prefixes="undeclared")),
    "printed before: nothing": made(between(printed, already_printed="empty")),
    "printed before: no label": made(between(printed, already_printed="without-bytes")),
    "printed before: again": made(between(printed, already_printed="again")),
    "several boxes, apart": dead(
        "several-boxes", between(Stage.add, existing_order="append", many_labels="apart"), "more than one box of it"
    ),
    "several boxes, together": dead(
        "several-boxes", between(Stage.add, existing_order="append", many_labels="together"), "more than one box of it"
    ),
    "put on hold": waits("on-hold-there", between(lambda stage: stage.update("ON-HOLD")), "put it on hold"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shops = {"demo": {"notify": "email"}, "plug": {"notify": "email", "creates": "call"}}
    with house(tmp_path_factory.mktemp("errors") / "house", level="INFO", **shops) as one:
        yield one


@pytest.fixture
def stage(built: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Stage:
    caplog.set_level("INFO")
    built.forget()
    monkeypatch.setattr(limits, "of_box", lambda *_: iter(()))  # as if bpost were stricter than is known
    play = Play(house=built)
    play.relay = replace(play.relay, observe=serve._counted(metrics.DELIVERIES))
    made = Stage(play=play, patch=monkeypatch)
    play.through(lambda way: Overheard(made, way))
    return made


def content() -> Json:
    whom = {"first_name": "Lotte", "last_name": NAME, "phone": CANARIES[4]}
    where = {"address1": f"{STREET} 12", "zip": "1000", "city": PLACE, "country_code": "BE"}
    what = {"title": CANARIES[5], "quantity": 1, "grams": 900, "requires_shipping": True, "price": "24.95"}
    both = {**whom, **where}
    return order(email=CANARIES[3], phone=CANARIES[4], billing_address=both, shipping_address=both, line_items=[what])


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("parcelveil_deliveries_total", {"carrier": "platform", "result": result}) or 0.0


def collected(one: House) -> dict[tuple[str, str], float]:
    """What the metrics tell of records and lanes."""
    found, *_ = metrics.own(one.services.store, None, None, bootstrap.clock(one.settings))  # type: ignore[arg-type]  # unused
    told = [sample for metric in found.collect() for sample in metric.samples]
    return {(sample.name, next(iter(sample.labels.values()), "")): sample.value for sample in told}


RESULTS = {"waiting": "retry", "dead": "dead", "delivered": "delivered"}


@pytest.mark.parametrize("name", ROWS)
def test_an_error_is_told_by_its_kind_and_never_with_a_value(stage: Stage, name: str) -> None:
    row, one = ROWS[name], stage.play.house
    before = counted(RESULTS[row.state])
    with contextlib.redirect_stderr(io.StringIO()) as said:
        stage.id = stage.play.accept(content())
        row.set(stage)
        for _ in range(row.steps):
            stage.play.step()
    shown = one.run("deliveries", "show", stage.id).output
    standing, metered = one.standing(stage.id), collected(one)
    assert (standing.state, standing.code or row.code) == (row.state, row.code or standing.code)
    assert (row.code or row.state) in shown
    assert row.says in " ".join(shown.split())
    assert counted(RESULTS[row.state]) > before
    assert metered["parcelveil_records", row.state] == 1
    assert metered.get(("parcelveil_lane_paused", "platform"), 0) == row.paused
    log = [json.loads(line) for line in said.getvalue().splitlines()]
    assert [line["status"] for line in log if line["event"] == "delivery"][-1] == RESULTS[row.state]
    assert [line["code"] for line in log if line["event"] == "lane_paused"] == [row.code] * row.paused
    assert not row.echoes or any(text.encode() in body for body in stage.heard for text in CANARIES)
    files = b"".join(path.read_bytes() for path in sorted(one.database.parent.iterdir()))
    for text in CANARIES:
        assert text not in shown + said.getvalue() + str(metered)
        assert text.encode() not in files


LABELS: Mapping[str, tuple[Set, int, str]] = {
    "404": (lambda stage: stage.bpost.manager.shelf.drop_boxes(ACCOUNT, stage.id), 410, "urn:problem:label-gone"),
    "401": (denied, 503, "urn:problem:label-unavailable"),
    "500": (lambda stage: stage.play.house.platform.faults.set({"500": 1.0}), 503, "urn:problem:label-unavailable"),
    "no label": (
        lambda stage: stage.play.house.platform.faults.set({"garbage": 1.0}),
        503,
        "urn:problem:label-unavailable",
    ),
    "406": (
        lambda stage: stage.patch.setitem(labelling._FORMS, Form.PDF, "label-v9"),
        503,
        "urn:problem:label-unavailable",
    ),
}


@pytest.fixture
def plugin(built: House) -> FlaskClient:
    """A shop's own system, which asks the real api."""
    return create(built.services, "api", None, dict(built.relay.lanes)).test_client()


@pytest.mark.parametrize("name", LABELS)
def test_a_plug_in_learns_why_there_is_no_label_and_no_value(stage: Stage, plugin: FlaskClient, name: str) -> None:
    set_, status, problem = LABELS[name]
    given = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": '"one"', "Prefer": "wait=0"}
    address = {"street": f"{STREET} 14", "locality": PLACE, "postal_code": "9000", "country": "BE"}
    called = shipment(recipient={"name": NAME, "address": address, "email": CANARIES[3]})
    with contextlib.redirect_stderr(io.StringIO()) as said:
        answer = plugin.post("/v1/shops/plug/shipments", json=called, headers=given)
        assert answer.status_code == 202, answer.json
        stage.id = answer.get_json()["id"]
        stage.play.take(stage.id)
        stage.play.step()
        where = f"/v1/shops/plug/shipments/{stage.id}"
        assert plugin.get(where, headers=given).get_json()["state"] == "delivered"
        set_(stage)
        refused = plugin.get(f"{where}/label", headers=given)
    assert (refused.status_code, refused.get_json()["type"]) == (status, problem)
    assert not [text for text in CANARIES if text in refused.text + said.getvalue()]


def test_a_plug_in_sees_of_a_refusal_that_there_was_one(stage: Stage, plugin: FlaskClient) -> None:
    given = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": '"two"', "Prefer": "wait=0"}
    stage.id = plugin.post(
        "/v1/shops/plug/shipments", json=shipment(recipient={"name": NAME}), headers=given
    ).get_json()["id"]
    stage.play.take(stage.id)
    stage.spoil(NAME.encode(), (NAME + LONG).encode())
    stage.play.step()
    status = plugin.get(f"/v1/shops/plug/shipments/{stage.id}", headers=given)
    assert status.get_json()["state"] == "dead"
    assert NAME in b"".join(stage.heard).decode()
    assert NAME not in status.text
