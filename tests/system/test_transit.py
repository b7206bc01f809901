"""A carrier that takes cleartext on the real line: sealed to weekly keys, opened for one request, readable nowhere
afterwards. Over SQLite and PostgreSQL, with real HTTP.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import create_engine, text

from middleware import bootstrap, bootstrap_lanes, bootstrap_months, bootstrap_retention
from middleware.config import Config
from middleware.core.weeks import week_of
from middleware.errors import ClockJumpedError, StorageError, UnknownKeyError
from middleware.fitness import fitness
from middleware.model_keys import KeptCopy
from middleware.model_purge import Boot
from middleware.purge import Purge
from middleware.relay import Relay
from middleware.retention_keys import KeyRing
from middleware.web.app import create
from tests import postgres
from tests.middleware import cleartext
from tests.middleware.cli.bench import SECRET, Instance
from tests.middleware.starting import cleaned
from tests.system.line import tell
from tests.system.orders import address, order
from tests.system.stack import headers

NAME = "Verzonnenachternaam"
TAKEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WEEK = "2026-W47"
SETTLED = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""An hour after the week's end in Brussels."""
LAST = datetime(2026, 12, 6, 22, 59, tzinfo=UTC)
"""Its keys may exist a minute longer."""
OVER = LAST + timedelta(minutes=1)
PARTS = ("recipient.delivery", "sender.contact")
Rows = list[tuple[Any, ...]]

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An instance whose one carrier takes cleartext: intake and relay in this process."""

    instance: Instance
    taker: cleartext.Taker
    database: str

    @property
    def settings(self) -> Config:
        return self.instance.settings()

    @property
    def ring(self) -> KeyRing:
        return bootstrap_months.ring(self.settings)

    def at(self, now: datetime) -> None:
        """It is this time."""
        tell(self.instance.folder / "clock", now)

    def send(self) -> tuple[int, Mapping[str, Any]]:
        """An order comes: status and answer."""
        services = bootstrap.services(self.settings)
        body = json.dumps(order(shipping_address=address(NAME))).encode()
        given = headers(body, "demo.myshopify.com", secret=SECRET.encode())
        answer = create(services, "intake").test_client().post("/webhooks/shopify/orders", data=body, headers=given)
        services.store.close()
        return answer.status_code, answer.get_json()

    def accept(self) -> str:
        """An order comes and is taken: its id."""
        status, answer = self.send()
        assert (status, answer["status"]) == (200, "accepted")
        return str(answer["id"])

    @contextlib.contextmanager
    def relay(self) -> Iterator[Relay]:
        (made,) = bootstrap_lanes.relays(self.settings, lambda *_: None, {})
        with closing(made.store):
            yield made

    def deliver(self) -> str:
        """The relay takes one record as far as it goes: what it logs."""
        self.at(bootstrap.clock(self.settings)() + timedelta(minutes=3))  # its hold is over
        with self.relay() as relay, contextlib.redirect_stderr(io.StringIO()) as said:
            assert relay.step()
        return said.getvalue()

    def purge(self, now: datetime, boot: Boot = Boot(id="made up", since=None)) -> Mapping[str, int]:  # noqa: B008 - a value
        """The purge of a relay at that time: what went."""
        self.at(now)
        with closing(bootstrap_retention.retention(self.settings)) as known:
            keys = bootstrap_months.clearing(self.settings, known)
            taken = Purge(purging=known, clock=lambda: now, boot=lambda: boot, keys=keys).run()
            assert taken is not None
            return {str(kind): count for kind, count in taken.items()}

    def ask(self, question: str) -> Rows:
        engine = create_engine(self.database)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(question))]
        engine.dispose()
        return found

    def sealed(self) -> list[KeptCopy]:
        """The parts that are here, as a backup made now would hold them."""
        rows = self.ask("SELECT record_id, name, week, jwe FROM parts WHERE jwe IS NOT NULL ORDER BY name")
        return [
            KeptCopy(record_id=id_, part=name, kid=f"{name}/transit/{week}", until=None, jwe=jwe)
            for id_, name, week, jwe in rows
        ]

    def readable(self, backup: list[KeptCopy]) -> int:
        """How many parts of a backup open with the keys that are there."""
        opened = 0
        for part in backup:
            with contextlib.suppress(UnknownKeyError):
                self.ring.open(part)
                opened += 1
        return opened

    def weeks(self) -> set[str]:
        return {week for kid in self.ring.kids() if (week := week_of(kid))}

    def run(self, *words: str) -> Result:
        return self.instance.run(*words)


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def line(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Both databases; copies stay after delivery."""
    url = f"sqlite:///{tmp_path}/data/parcelveil.db"
    if request.param == "postgres":
        made = postgres.database(request.getfixturevalue("postgres_server"), f"transit_{next(_numbers)}")
        url = made.replace("postgresql:", "postgresql+psycopg:")
    yield from lines(tmp_path, monkeypatch, url, 'keep_delivered = "policy"')


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """SQLite alone; nothing stays after delivery."""
    yield from lines(tmp_path, monkeypatch, f"sqlite:///{tmp_path}/data/parcelveil.db")


def lines(folder: Path, patch: pytest.MonkeyPatch, url: str, server: str = "") -> Iterator[Line]:
    cleaned(patch)
    cleartext.known(patch)
    patch.setenv("DATABASE_URL", url)
    (folder / "data").mkdir(mode=0o700)
    with ExitStack() as opened:
        taker = opened.enter_context(cleartext.taking())
        instance = Instance(folder=folder, url=taker.url).write(server=f'clock = "file:{folder}/clock"\n{server}')
        whole = instance.file.read_text(encoding="utf-8")
        instance.file.write_text(whole.replace('kind = "parcel-json"', f'kind = "{cleartext.KIND}"'), encoding="utf-8")
        made = Line(instance=instance, taker=taker, database=url)
        made.at(TAKEN)
        for words in (("keys", "provision"), ("migrate",)):
            done = made.run(*words)
            assert done.exit_code == 0, done.output
        yield made


def test_an_order_is_sealed_to_the_week_opened_for_one_request_and_gone(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    id_ = line.accept()
    backup = line.sealed()
    assert [part.kid for part in backup] == [f"{part}/transit/{WEEK}" for part in PARTS]
    assert line.ask("SELECT fact FROM audit_entries") == []
    assert line.taker.taken == []
    said = line.deliver()
    (body,) = line.taker.taken
    sent = dict(json.loads(text) for text in body.decode().splitlines())
    assert sent["recipient.delivery"]["name"] == f"Lotte {NAME}"
    assert set(sent) == set(PARTS)
    assert line.ask("SELECT fact, subject, actor FROM audit_entries") == [("opened", id_, "relay")]
    assert line.sealed() == []
    assert NAME not in said
    assert '"status": "delivered"' in said


def test_class_and_clock_are_those_of_the_policy_and_the_copy_is_sealed_to_the_month(line: Line) -> None:
    line.accept()
    line.deliver()
    rows = line.ask("SELECT name, retention, starts, until, week FROM parts ORDER BY name")
    assert rows == [
        ("recipient.delivery", "vp.recipient.operational", "2026-11-20", "2027-12-20", None),
        ("sender.contact", "vp.sender.legal", "2026-11-20", "2036-11-20", None),
    ]
    copies = line.ask("SELECT record_id, part, kid, jwe FROM copies ORDER BY part")
    assert [kid for _, _, kid, _ in copies] == [
        "recipient.delivery/vp.recipient.operational/2027-12",
        "sender.contact/vp.sender.legal/2036-11",
    ]
    kept = [KeptCopy(record_id=id_, part=part, kid=kid, until=None, jwe=jwe) for id_, part, kid, jwe in copies]
    assert NAME.encode() in line.ring.open(kept[0])
    line.purge(SETTLED)
    assert NAME.encode() in line.ring.open(kept[0])  # the week's key has gone, the month's has not
    assert WEEK not in line.weeks()


def test_once_all_is_settled_the_keys_go_and_a_backup_opens_nothing(line: Line) -> None:
    line.accept()
    backup = line.sealed()
    assert line.readable(backup) == 2
    line.deliver()
    line.purge(SETTLED - timedelta(minutes=1))
    assert line.readable(backup) == 2
    line.purge(SETTLED)
    assert (line.readable(backup), len(backup)) == (0, 2)
    noted = line.ask("SELECT subject, actor FROM audit_entries WHERE fact = 'key-destroyed' ORDER BY subject")
    kinds = ("recipient.customs", "recipient.delivery", "recipient.notification", "sender.contact")
    assert noted == [(f"{part}/transit/{WEEK}", "relay") for part in kinds]
    assert min(line.weeks()) == "2026-W48"
    status, _ = line.send()
    assert status == 200  # the next week has keys of its own


def test_what_waits_keeps_the_keys_for_fourteen_days_and_no_longer(line: Line) -> None:
    id_ = line.accept()
    line.taker.status = 422
    line.deliver()
    backup = line.sealed()
    for now in (SETTLED, LAST):
        assert line.purge(now) == {}
        assert line.readable(backup) == 2
    refused = line.run("keys", "destroy", WEEK, "--by", "Els De Smet")
    assert (refused.exit_code, "1 records of its week wait still" in refused.stderr) == (1, True)
    assert "on 2026-12-07 whatever waits" in refused.stderr
    assert line.purge(OVER)["transit"] == 2
    assert (line.readable(backup), line.sealed()) == (0, [])
    shown, again = line.run("deliveries", "show", id_), line.run("deliveries", "retry", id_)
    assert "Send the order again" in shown.stdout
    assert (again.exit_code, "not sent again. Send the order again" in again.stderr) == (1, True)
    line.taker.status = 201
    fresh = line.accept()
    assert fresh != id_


def test_a_week_that_waits_holds_up_no_other(small: Line) -> None:
    small.accept()
    small.taker.status = 422
    small.deliver()
    small.taker.status = 201
    small.at(TAKEN + timedelta(weeks=1))
    small.accept()
    small.deliver()
    small.purge(SETTLED + timedelta(weeks=1))
    assert sorted(small.weeks())[:2] == [WEEK, "2026-W49"]


def test_what_waits_when_the_key_must_go_is_told_as_a_dead_letter(small: Line) -> None:
    id_ = small.accept()
    small.at(OVER)
    with small.relay() as relay:
        assert relay.step()
    assert small.taker.taken == []  # its key is there still, and it is not opened
    assert small.ask("SELECT state, last_code FROM records") == [("dead", "key-gone")]
    assert small.ask("SELECT count(*) FROM audit_entries") == [(0,)]
    assert small.purge(OVER) == {"transit": 2}
    assert "Send the order again" in small.run("deliveries", "show", id_).stdout


def test_what_cannot_be_noted_is_not_opened(small: Line) -> None:
    small.accept()
    engine = create_engine(small.database)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entries RENAME TO elsewhere"))
    engine.dispose()
    small.at(TAKEN + timedelta(minutes=3))
    with small.relay() as relay, pytest.raises(StorageError):
        relay.step()
    assert small.taker.taken == []
    assert len(small.sealed()) == 2


def test_by_a_clock_that_jumped_no_key_goes(small: Line) -> None:
    small.accept()
    small.deliver()
    small.purge(TAKEN + timedelta(hours=1), Boot(id="one", since=timedelta(hours=1)))
    with pytest.raises(ClockJumpedError):
        small.purge(SETTLED, Boot(id="one", since=timedelta(hours=1, minutes=5)))
    assert WEEK in small.weeks()


def test_without_the_keys_of_the_week_intake_fails_closed_and_the_doctor_says_so_ahead(small: Line) -> None:
    def doctor() -> tuple[str, str]:
        found = json.loads(small.run("doctor", "--json").stdout)
        assert "own retention keys" not in {one["check"] for one in found}  # nothing stays after delivery
        (told,) = [(one["verdict"], one["message"]) for one in found if one["check"] == "transit keys"]
        return told

    assert doctor() == ("ok", "they are there for this week and those ahead")
    small.at(TAKEN + timedelta(weeks=3))
    verdict, message = doctor()
    assert verdict == "warn"
    assert "recipient.customs/transit/2026-W52 is needed within 2 weeks" in message
    assert small.send()[0] == 200
    small.at(TAKEN + timedelta(weeks=5))
    assert doctor() == ("BAD", "no key recipient.customs/transit/2026-W52: orders that need it are answered 503")
    status, answer = small.send()
    assert (status, answer["type"]) == (503, "urn:problem:missing-retention-key")
    said = small.run("keys", "provision").stdout
    assert "Made 20 transit keys of our own, up to 2027-W03." in said
    assert small.send()[0] == 200


def test_a_shop_is_fit_as_long_as_this_weeks_keys_are_there(small: Line) -> None:
    def keys(now: datetime) -> tuple[bool, str]:
        small.at(now)
        shop = services.shops.get("demo")
        assert shop is not None
        (told,) = [one for one in fitness(shop, now) if one.check == "keys"]
        return told.ok, told.message

    services = bootstrap.services(small.settings)
    with closing(services.store):
        assert keys(TAKEN) == (True, "the transit keys of this week are there")
        services.check_keys()
        well, told = keys(TAKEN + timedelta(weeks=5))
        assert (well, "there is no key recipient.customs/transit/2026-W52" in told) == (False, True)
        with pytest.raises(UnknownKeyError):
            services.check_keys()


def test_the_doctor_tells_of_parts_that_should_be_gone(small: Line) -> None:
    small.accept()
    small.at(OVER)
    small.run("keys", "provision")
    found = json.loads(small.run("doctor", "--json").stdout)
    (told,) = [(one["verdict"], one["message"]) for one in found if one["check"] == "transit keys"]
    assert told == ("warn", f"parts of {WEEK} should be gone by now, with their keys")


def test_the_relay_makes_the_keys_of_the_weeks_ahead_itself(small: Line) -> None:
    small.at(TAKEN + timedelta(weeks=10))
    assert len(bootstrap_months.provision(small.settings)) == 20
    assert small.send()[0] == 200


def test_keys_are_listed_with_their_last_day_and_what_waits(small: Line) -> None:
    small.accept()
    rows = small.instance.json("keys", "list")
    told = {row["kid"]: (row["days_left"], row["waiting"]) for row in rows}
    assert told[f"recipient.delivery/transit/{WEEK}"] == (17, 1)
    assert told["recipient.delivery/transit/2026-W48"] == (24, 0)
    assert {row["carrier"] for row in rows} == {"(our own)"}
    assert "records that wait" in small.run("keys", "list").stdout


def test_a_person_destroys_a_week_in_two_steps(small: Line) -> None:
    small.accept()
    early = small.run("keys", "destroy", WEEK, "--by", "Els De Smet")
    assert (early.exit_code, "its week is not over" in early.stderr) == (1, True)
    small.deliver()
    small.at(SETTLED)
    unannounced = small.run("keys", "destroy", WEEK, "--by", "Noor", "--carry-out")
    assert (unannounced.exit_code, "was not announced" in unannounced.stderr) == (1, True)
    assert small.run("keys", "destroy", WEEK, "--by", "Els De Smet").exit_code == 0
    assert WEEK in small.weeks()
    for _ in range(2):  # done again it is completed
        assert small.run("keys", "destroy", WEEK, "--by", "Noor", "--carry-out").exit_code == 0
    assert WEEK not in small.weeks()
    facts = small.ask("SELECT fact, actor FROM audit_entries WHERE subject LIKE 'sender.contact/transit/%'")
    assert sorted(facts) == [("key-destroyed", "Noor"), ("key-destruction-announced", "Els De Smet")]
    unknown = small.run("keys", "destroy", "2020-W01", "--by", "Noor")
    assert (unknown.exit_code, "no such key" in unknown.stderr) == (1, True)


def test_handed_over_means_that_erasure_is_not_verifiable(small: Line) -> None:
    id_ = small.accept()
    small.deliver()
    assert "erasure there is not verifiable" in " ".join(small.run("deliveries", "show", id_).stdout.split())
    small.purge(datetime(2027, 12, 22, tzinfo=UTC))
    with closing(bootstrap_retention.retention(small.settings)) as known:
        (teller,) = bootstrap_retention.propagations(small.settings, known, lambda *_: None)
        assert teller.step()
    (told,) = small.instance.json("deliveries", "show", id_)["told"]
    assert (told["part"], told["state"], told["code"]) == ("recipient.delivery", "impossible", "no-such-verb")
    shown = " ".join(small.run("deliveries", "show", id_).stdout.split())
    assert "handed over, erasure not verifiable" in shown
    assert len(small.taker.taken) == 1
