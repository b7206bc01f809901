"""A shop's order on the real line to bpost's Shipping Manager, over real HTTP: sealed, opened for one conversation,
made once, labelled; asked for with the account of who sends, and nothing of it in a log.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from middleware import bootstrap, bootstrap_back, bootstrap_lanes
from middleware.cli import doctor_lanes
from middleware.cli.findings import Finding, ok
from middleware.cli.words import remedy
from middleware.web.app import create
from tests.middleware.cli.bench import SECRET, Instance
from tests.middleware.starting import cleaned
from tests.system.line import tell
from tests.system.orders import address, order
from tests.system.stack import headers

NAME = "Verzonnenachternaam"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BARCODE = "323299901059912015292030"
SHARED, OWN = ("123456", "shared-passphrase"), ("654321", "own-passphrase")
TRACKING = "tracking-password"
PDF = b"%PDF-1.7 made up"
BPOST = """account = "123456"
passphrase = { env = "BPOST_PASSPHRASE" }
allow_private = ["127.0.0.1"]"""


CONFIGURATION = b"""<productConfiguration><deliveryMethod name="home or office"><product name="bpack 24h Pro">
<option name="Info &quot;Next Day&quot;"/><option name="Signature"/></product></deliveryMethod>
</productConfiguration>"""


@dataclass
class Bpost:
    """The other end: keeps orders by reference, in memory. ``lose`` answers so many creates with 503, after it has
    committed them.
    """

    url: str = ""
    lose: int = 0
    orders: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, word: str, body: bytes) -> tuple[int, bytes]:
        if path.startswith("/services/trackedmail/"):
            return self._track(path, word)
        account, _, rest = path.removeprefix("/services/shm/").partition("/")
        given = base64.b64decode(word.removeprefix("Basic ")).decode().partition(":")
        self.asked.append((method, rest, given[0]))
        if (given[0], given[2]) not in (SHARED, OWN) or given[0] != account:
            return 401, b"<html><body>who?</body></html>"
        if rest == "productconfig":
            return 200, CONFIGURATION
        if (method, rest) == ("POST", "orders"):
            (reference,) = re.findall(rb"<(?:\w+:)?reference>([^<]+)<", body)
            self.orders.setdefault(reference.decode(), []).append(body)
            self.lose -= 1
            return (503, b"") if self.lose >= 0 else (201, b"")
        if rest.startswith("boxes/") or rest.endswith("/labels/A6"):
            return 200, _labels()
        return self._order(method, unquote(rest.removeprefix("orders/")))

    def _track(self, path: str, word: str) -> tuple[int, bytes]:
        self.asked.append(("GET", path, SHARED[0]))
        if base64.b64decode(word.removeprefix("Basic ")).decode() != f"{SHARED[0]}:{TRACKING}":
            return 401, b"<html><body>who?</body></html>"
        return 404, b"no such item"

    def _order(self, method: str, reference: str) -> tuple[int, bytes]:
        made = self.orders.get(reference)
        if made is None:
            return 404, b"no such order"
        if method == "POST":
            made.append(b"CANCELLED")
        state = "CANCELLED" if b"CANCELLED" in made else "PENDING"
        boxes = f"<box><status>{state}</status></box>" * len([body for body in made if body != b"CANCELLED"])
        return 200, f"<orderInfo><reference>{reference}</reference>{boxes}</orderInfo>".encode()


def _labels() -> bytes:
    pdf = base64.b64encode(PDF).decode()
    label = f"<label><barcode>{BARCODE}</barcode><mimeType>application/pdf</mimeType><bytes>{pdf}</bytes></label>"
    return f"<labels>{label}</labels>".encode()


@contextmanager
def taking() -> Iterator[Bpost]:
    """The other end on loopback, until the block ends."""
    bpost = Bpost()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, said = bpost.answer(self.command, self.path, self.headers["Authorization"] or "", body)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain;charset=UTF-8" if status == 404 else "application/xml")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        bpost.url = f"http://127.0.0.1:{server.server_port}"
        yield bpost
        server.shutdown()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An instance whose one carrier is bpost: intake, relay and api in this process."""

    instance: Instance
    bpost: Bpost

    def accept(self, shop: str = "demo", **changes: Any) -> Mapping[str, Any]:
        """An order comes: the answer."""
        services = bootstrap.services(self.instance.settings())
        body = json.dumps(order(**{"shipping_address": address(NAME), **changes})).encode()
        given = headers(body, f"{shop}.myshopify.com", secret=SECRET.encode())
        answer = create(services, "intake").test_client().post("/webhooks/shopify/orders", data=body, headers=given)
        services.store.close()
        return dict(answer.get_json())

    def deliver(self, later: timedelta = timedelta(minutes=3)) -> str:
        """The relay takes one record as far as it goes: how that ended, and what it logs."""
        settings, results = self.instance.settings(), list[str]()
        tell(self.instance.folder / "clock", bootstrap.clock(settings)() + later)
        shops = bootstrap_back.shops(settings)
        (relay,) = bootstrap_lanes.relays(settings, lambda _, result: results.append(result), shops)
        with closing(shops.store), closing(relay.store), contextlib.redirect_stderr(io.StringIO()) as said:
            assert relay.step()
        return f"{results} {said.getvalue()}"

    def label(self, record: str) -> tuple[int, bytes]:
        settings = self.instance.settings()
        services = bootstrap.services(settings)
        client = create(services, "api", None, bootstrap_lanes.lanes(settings, services.shops)).test_client()
        answer = client.get(
            f"/v1/shops/demo/shipments/{record}/label", headers={"Authorization": "Bearer made-up-token-of-demo"}
        )
        services.store.close()
        return answer.status_code, answer.data


def begun(folder: Path, patch: pytest.MonkeyPatch, bpost: Bpost, shop: str = "") -> Line:
    cleaned(patch)
    patch.setenv("BPOST_PASSPHRASE", SHARED[1])
    patch.setenv("DEMO_PASSPHRASE", OWN[1])
    patch.setenv("DEMO_TOKEN", "made-up-token-of-demo")
    (folder / "data").mkdir(mode=0o700)
    token = 'token = { env = "DEMO_TOKEN" }\n'
    instance = Instance(folder=folder, url=bpost.url)
    instance.write(server=f'clock = "file:{folder}/clock"', carrier=BPOST, shop=token + shop)
    text = instance.file.read_text(encoding="utf-8").replace('kind = "parcel-json"', 'kind = "bpost-shm"')
    text = text.replace('token = { env = "PARCEL_PLATFORM_TOKEN" }\n', "")
    instance.file.write_text(text, encoding="utf-8")
    tell(folder / "clock", NOW)
    for words in (("keys", "provision"), ("migrate",)):
        done = instance.run(*words)
        assert done.exit_code == 0, done.output
    return Line(instance=instance, bpost=bpost)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    with taking() as bpost:
        yield begun(tmp_path, monkeypatch, bpost)


def test_an_order_becomes_one_of_bposts_with_barcode_and_label(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    answer = line.accept()
    assert answer["status"] == "accepted", answer
    assert line.bpost.asked == []
    said = line.deliver()
    id_ = answer["id"]
    assert [(method, path) for method, path, _ in line.bpost.asked] == [
        ("POST", "orders"),
        ("GET", f"orders/{id_}/labels/A6"),
    ]
    ((body,),) = line.bpost.orders.values()
    assert f"Lotte {NAME}".encode() in body
    assert answer["reference"].encode() in body
    assert "['delivered']" in said
    assert id_ in said
    assert NAME not in said
    assert line.label(id_) == (200, PDF)
    assert line.bpost.asked[-1] == ("GET", f"boxes/{BARCODE}/labels/A6", SHARED[0])


def test_what_was_lost_after_it_was_committed_is_found_and_not_made_again(line: Line) -> None:
    id_ = line.accept()["id"]
    line.bpost.lose = 1
    assert "['retry']" in line.deliver()
    assert "['delivered']" in line.deliver(timedelta(hours=1))
    assert [len(made) for made in line.bpost.orders.values()] == [1]
    assert line.bpost.asked[1][:2] == ("GET", f"orders/{id_}")


def test_a_shops_own_account_is_used_in_place_of_the_carriers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = 'account = "654321"\npassphrase = { env = "DEMO_PASSPHRASE" }\n'
    with taking() as bpost:
        line = begun(tmp_path, monkeypatch, bpost, own)
        line.accept()
        assert "['delivered']" in line.deliver()
        assert {account for _, _, account in bpost.asked} == {OWN[0]}


@pytest.mark.policy("VP-CAT-8", "AMB-1")
def test_the_shipping_line_decides_what_bpost_is_told_of_the_contact_and_its_name_is_nowhere_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {"Kanarielijn, thuis": "bpack-24h-pro+tell-email", "Kanarielijn, stil": "bpack-24h-pro+signed"}
    written = ", ".join(f'"{name}" = "{text}"' for name, text in chosen.items())
    mail = "lotte@verzonnen.example"
    person = {"first_name": "Lotte", "last_name": NAME}
    with taking() as bpost:
        line = begun(tmp_path, monkeypatch, bpost, f'notify = "email"\nlines = {{ {written} }}\n')
        said = ""
        for name in chosen:
            line.accept(email=mail, billing_address=person, shipping_lines=[{"code": name, "title": name}])
            said += line.deliver()
        told, untold = (body for made in bpost.orders.values() for body in made)
        assert (mail.encode() in told, b"infoNextDay" in told) == (True, True)
        assert (mail.encode() in untold, b"infoNextDay" in untold, b"signed" in untold) == (False, False, True)
        left = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and file != line.instance.file]
        assert len(left) > 3
        assert not any(b"Kanarielijn" in text for text in (*left, told, untold, said.encode()))


def test_what_bpost_would_refuse_is_told_at_the_shops_own_field(line: Line) -> None:
    answer = line.accept(shipping_address={**address(NAME), "city": "L" * 41})
    assert answer["status"] == "rejected"
    told = line.instance.run("deliveries", "list", "--rejected")
    assert "/shipping_address/city" in told.output
    assert "L" * 41 not in told.output


def test_letters_that_a_printer_lacks_are_told_by_their_path(line: Line) -> None:
    id_ = line.accept(shipping_address={**address(NAME), "city": "\u0141\u00f3d\u017a"})["id"]
    told = line.instance.json("deliveries", "show", id_)
    assert {"path": "shipping_address.city", "reason": "transliterated"} in told["doubted"]
    line.deliver()
    ((body,),) = line.bpost.orders.values()
    assert "L\u00f3dz</" in body.decode()


def test_a_shop_is_checked_against_what_its_account_may_use(line: Line) -> None:
    found = line.instance.run("shops", "check", "demo")
    assert "bpost: the account may use what goes home; not point" in found.output
    assert "note  pickup_points: none of platform is known, and no order can go to one" in found.output
    text = line.instance.file.read_text(encoding="utf-8")
    for setting, wanting in (
        ('products = { world = "bpack-world-business" }', "bpack-world-business, as products says of world"),
        ('products = { home = "bpack-24h-pro+saturday" }', "+saturday with bpack-24h-pro, as products says of home"),
        ('lines = { any = "bpack-24h-pro bpack-world-business" }', "bpack-world-business, as lines says of any"),
    ):
        changed = text.replace('carrier = "platform"', f'carrier = "platform"\n{setting}')
        line.instance.file.write_text(changed, encoding="utf-8")
        found = line.instance.run("shops", "check", "demo")
        assert (found.exit_code, f"BAD   bpost: the account may not use {wanting}" in found.output) == (1, True)


def doctor(line: Line) -> Mapping[str, tuple[str, str]]:
    """What ``doctor`` says of accounts and lanes; each account is asked for once."""
    before = len(line.bpost.asked)
    told = {check: told for check, told in line.instance.checks().items() if check.startswith(("account", "lane"))}
    accounts = [account for _, path, account in line.bpost.asked[before:] if path == "productconfig"]
    assert len(set(accounts)) == len(accounts)
    return told


def test_the_doctor_asks_for_the_carriers_account_and_tells_of_a_lane_that_is_paused(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict, said = doctor(line)["account of platform"]
    assert (verdict, "the account may use what goes home; not point" in said) == ("ok", True)
    line.accept()
    monkeypatch.setenv("BPOST_PASSPHRASE", "wrong")
    line.deliver()
    paused = "all that goes there is paused: the parcel platform does not take the token"
    assert doctor(line) == {
        "account of platform": (
            "warn",
            "bpost does not take its account and passphrase; it is the webservice passphrase, not the portal's",
        ),
        "lane platform": ("warn", f"{paused} (http-401); {remedy('http-401', 'platform')}"),
    }
    text = line.instance.file.read_text(encoding="utf-8")
    line.instance.file.write_text(text.replace(line.bpost.url, "http://127.0.0.1:9"), encoding="utf-8")
    verdict, said = doctor(line)["account of platform"]
    assert (verdict, "the parcel platform could not be reached (connection); check carriers" in said) == ("warn", True)


def test_the_doctor_tells_of_a_password_that_tracking_does_not_take(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[Finding]:
        return list(doctor_lanes.tracking(line.instance.settings()))

    assert told() == []
    table = f'url = "{line.bpost.url}", account = "{SHARED[0]}", password = {{ env = "TRACKING_PASSWORD" }}'
    text = line.instance.file.read_text(encoding="utf-8").replace(BPOST, f"{BPOST}\ntracking = {{ {table} }}")
    line.instance.file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("TRACKING_PASSWORD", TRACKING)
    assert told() == [ok("tracking of platform", "bpost takes the account and its password")]
    assert [path for _, path, _ in line.bpost.asked] == [f"/services/trackedmail/item/{'0' * 24}/trackingInfo"]
    monkeypatch.setenv("TRACKING_PASSWORD", SHARED[1])
    found = line.instance.checks()
    verdict, said = found["tracking of platform"]
    assert verdict == "warn"
    assert said.startswith("bpost's tracking does not take its account and password; ask bpost for the password")
    assert found["account of platform"][0] == "ok"
    text = text.replace(f'tracking = {{ url = "{line.bpost.url}"', 'tracking = { url = "http://127.0.0.1:9"')
    line.instance.file.write_text(text, encoding="utf-8")
    (away,) = told()
    assert (away.verdict, away.message) == ("warn", "the parcel platform could not be reached (connection)")
    assert away.remedy.startswith("check carriers.platform")


def test_the_doctor_asks_for_an_account_of_two_shops_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    text = line.instance.file.read_text(encoding="utf-8")
    own = f'account = "{OWN[0]}"\npassphrase = {{ env = "DEMO_PASSPHRASE" }}'
    one = text.replace('carrier = "platform"', f'carrier = "platform"\n{own}')
    rest = one.partition("[shops.demo]")[2]
    two = one + f"\n[shops.two]{rest}".replace("demo.myshopify.com", "two.myshopify.com")
    line.instance.file.write_text(two, encoding="utf-8")
    assert line.instance.checks()["shop two"][0] == "ok"
    assert {check: verdict for check, (verdict, _) in doctor(line).items()} == {
        "account of platform": "ok",
        "account of shop demo": "ok",
    }
    monkeypatch.setenv("DEMO_PASSPHRASE", "wrong")
    assert doctor(line)["account of shop demo"][0] == "warn"
    monkeypatch.setattr(doctor_lanes, "MOST_ASKED", 0)
    assert doctor(line)["accounts of shops"][1].startswith("1 more of their own were not asked about; ")


def test_a_shop_of_the_database_brings_its_own_account_sealed(line: Line) -> None:
    sender = line.instance.folder / "sender.json"
    who = {
        "name": "Tweede Winkel",
        "street": "Bedachte Kouter",
        "postal_code": "9000",
        "locality": "Gent",
        "country": "BE",
    }
    sender.write_text(json.dumps(who), encoding="utf-8")
    words = (
        "--domain",
        "second.myshopify.com",
        "--app",
        "parcelveil",
        "--carrier",
        "platform",
        "--sender-file",
        str(sender),
    )
    more = ("--account-type", "professional", "--requested-on", "2026-11-02", "--account", OWN[0])
    lacking = line.instance.run("shops", "connect", "second", *words, *more)
    assert (lacking.exit_code, "passphrase: there is none" in lacking.output) == (2, True)
    done = line.instance.run("shops", "connect", "second", *words, *more, "--passphrase-env", "DEMO_PASSPHRASE")
    assert done.exit_code == 0, done.output
    again = line.instance.run("shops", "connect", "second", *words, *more)
    assert again.exit_code == 0, again.output
    assert OWN[1].encode() not in line.instance.database.read_bytes()
    assert line.accept("second")["status"] == "accepted"
    assert "['delivered']" in line.deliver()
    assert {account for _, _, account in line.bpost.asked} == {OWN[0]}
    gone = "its own account is gone"
    assert gone not in done.stderr + again.stderr
    shared = line.instance.run("shops", "connect", "second", *words, *more[:-2])
    assert (shared.exit_code, gone in shared.stderr) == (0, True)
    assert gone not in line.instance.run("shops", "connect", "second", *words, *more[:-2]).stderr
