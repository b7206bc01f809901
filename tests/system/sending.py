"""Sending every variant through a whole stack, and gathering all that it left behind or told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests

from tests.system import variants_woocommerce as woo
from tests.system.canaries import Document
from tests.system.haystacks import Haystacks, Place, find, gather, raw
from tests.system.processes import SECONDS, wait_for
from tests.system.rude import Reply, rude
from tests.system.search import Canary, Needles
from tests.system.stack import (
    OWN_SECRET,
    SECRET,
    SENDER,
    TOKEN,
    Json,
    Mock,
    Service,
    configure,
    headers,
    mock,
    serving,
    shop,
)
from tests.system.typed import typed
from tests.system.variants import Variant

SETTLED = {"failing": "waiting", "garbling": "waiting", "refusing": "dead"}
"""How a record ends up whose parcel platform is rude; all others are delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was sent, and all that there was to look through afterwards."""

    sent: tuple[Variant, ...]
    canaries: tuple[Canary, ...]
    haystacks: Haystacks
    found: Mapping[Place, set[str]]
    answers: Mapping[str, int]
    opened: Mapping[str, Json]
    records: Mapping[str, Json]


@contextmanager
def whole(
    folder: Path, shops: Mapping[str, Mapping[str, object]], extra: Path | None = None
) -> Iterator[tuple[Service, Mock, Rudeness]]:
    """The service, the simulated platform, and the rude ones."""
    with ExitStack() as opened:
        platform = opened.enter_context(mock(folder / "platform"))
        words = Rudeness(opened, platform.url)
        settings = {name: shop(name, **changes) for name, changes in shops.items()}
        service = configure(folder / "service", settings, {"platform": platform.url, **words.carriers}, extra=extra)
        yield opened.enter_context(serving(service)), platform, words


class Rudeness:
    """Four parcel platforms that repeat what they got, beside canaries of their own in every place of an answer."""

    def __init__(self, opened: ExitStack, upstream: str) -> None:
        self.document = Document("the platform's answer")
        statuses = {"failing": 500, "refusing": 422, "garbling": 200, "chatty": 201}
        replies = {name: partial(self._say, name, status) for name, status in statuses.items()}
        self.servers = {name: opened.enter_context(rude(upstream, reply)) for name, reply in replies.items()}
        self.carriers = {name: server.url for name, server in self.servers.items()}

    def _say(self, name: str, status: int, body: bytes) -> Reply:
        word = self.document.text
        fixed = (("Content-Type", "application/json"), ("Retry-After", "1"))
        own = {word(f"{name}: a name"): word(f"{name}: a value"), "detail": body.decode(), "echo": body.hex()}
        content = json.dumps({"barcode": "RUDE0000000000000001", "state": "created", **own}).encode()
        return Reply(
            status=status,
            reason=word(f"{name}: the reason"),
            headers=(*fixed, (f"X-{word(f'{name}: the name of a header')}", word(f"{name}: a header"))),
            body=content[: -1 if name == "garbling" else None],
        )


def carry_out(service: Service, platform: Mock, sent: tuple[Variant, ...], rudeness: Rudeness) -> Run:
    """Send, wait until all is settled, look through everything."""
    surroundings = Document("the request")
    answers: dict[str, bytes] = {}
    statuses: dict[str, int] = {}
    records: dict[str, Json] = {}
    for variant in sent:
        for time in range(variant.times):
            status, answer, told = post(service, variant, surroundings)
            answers[f"{variant.name} {time}"] = answer
            statuses[variant.name] = status
            if told.get("status") == "accepted":
                records[variant.name] = {"id": told["id"]}
            elif time == 0 and status == 200:
                assert told["status"] == variant.answer, variant.name
    answers |= elsewhere(service, surroundings)
    wanted = {
        records[variant.name]["id"]: SETTLED.get(variant.shop, "delivered")
        for variant in sent
        if variant.name in records
    }
    wait_for(lambda: settled(service, wanted), "the settling of all records")
    rows = {row["id"]: row for row in service.records()}
    records = {name: rows[record["id"]] for name, record in records.items()}
    commands = command_line(service, sent, list(rows))
    haystacks = gather(service, platform, rudeness.servers.values(), answers, commands)
    taken = platform.shipments()
    documents = (*(variant.document for variant in sent), surroundings, rudeness.document)
    canaries = tuple(canary for document in documents for canary in document.canaries.values())
    return Run(
        sent=sent,
        canaries=canaries,
        haystacks=haystacks,
        found=find(Needles((*canaries, *settings())), haystacks),
        answers=statuses,
        opened={name: platform.opened(row["id"]) for name, row in records.items() if row["id"] in taken},
        records=records,
    )


def post(service: Service, variant: Variant, surroundings: Document) -> tuple[int, bytes, Json]:
    """Send one order, with canaries around it as well."""
    body = variant.change(variant.document.body)

    def word(place: str) -> str:
        return surroundings.text(f"{variant.name}: {place}")

    around = {
        word("the name of a header"): word("an unknown header"),
        "User-Agent": word("user agent"),
        "Cookie": f"{word('the name of a cookie')}={word('a cookie')}",
        "Referer": f"https://{word('referrer')}.example/{word('path of the referrer')}",
        "X-Forwarded-For": word("forwarded for"),
        "X-Request-Id": word("request id"),
        "Traceparent": word("trace"),
    }
    if variant.platform == "woocommerce":
        signed, route = woo.headers(body, x_wc_webhook_delivery_id=word("webhook id")), woo.ROUTE
    else:
        domain, route = f"{variant.shop}.myshopify.com", "/webhooks/shopify/orders"
        signed = headers(body, domain, x_shopify_webhook_id=word("webhook id"), x_shopify_event_id=word("event id"))
    signed |= {name.replace("_", "-"): str(value) for name, value in variant.headers.items()}
    route = f"{route}?{word('the name of a parameter')}={word('a parameter')}"
    answer = service.client.post(service.url + route, data=body, headers={**signed, **around}, timeout=SECONDS)
    told: Json = answer.json()
    return answer.status_code, raw(answer), told


def elsewhere(service: Service, surroundings: Document) -> dict[str, bytes]:
    """Requests that reach no webhook at all."""
    word = surroundings.text
    found = {}
    for method, path in (
        ("GET", "/webhooks/shopify/orders"),
        ("POST", f"/webhooks/shopify/{word('a shop in the path')}/orders"),
        ("POST", f"/webhooks/{word('a platform in the path')}"),
        ("PUT", "/healthz"),
        ("GET", f"/{word('a path')}"),
        ("GET", "/openapi.json"),
    ):
        target = f"{service.url}{path}?{word(f'{method} {path}: a parameter')}"
        body = word(f"{method} {path}: a body")
        headers = {"X-Unknown": word(f"{method} {path}: a header")}
        found[f"{method} {path}"] = raw(_answered(service, method, target, body, headers))
    return found


def _answered(
    service: Service, method: str, target: str, body: str, headers: Mapping[str, str], tries: int = 5
) -> requests.Response:
    """The answer to a request whose body nobody reads: the server may close before a long answer was read to its end,
    which is the client's to try again (RFC 9110, section 9.3.1).
    """
    try:
        return service.client.request(method, target, data=body, headers=headers, timeout=SECONDS)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        if tries == 1:
            raise
        return _answered(service, method, target, body, headers, tries - 1)


def settled(service: Service, wanted: Mapping[str, str]) -> bool:
    """Whether every record is in the state that it must end in, after at least one attempt."""
    rows = {id_: (state, attempts) for id_, state, attempts in service.ask("SELECT id, state, attempts FROM records")}
    return all(rows[id_][0] == state and (state != "waiting" or rows[id_][1] > 0) for id_, state in wanted.items())


SHOWN = (("deliveries", "show"), ("shipments", "find"))
REJECTIONS = "1 deliveries"
"""The one output that may name an order: that of the shop's own id, to whom it is to be mended."""


def command_line(service: Service, sent: tuple[Variant, ...], ids: list[str]) -> dict[str, bytes]:
    """What the command line tells of the orders and of the service."""
    folder = service.folder / "orders"
    folder.mkdir()
    files = [folder / f"{number}.json" for number in range(len(sent))]
    for file, variant in zip(files, sent, strict=True):
        file.write_bytes(variant.change(variant.document.body))
    names = [str(path) for path in sorted(files)]
    inspected = ["inspect", *names, "--platform", "shopify", "--notify", "sms", "--json"]
    if service.extra is not None:  # it leaks from the start of a process on, and in one command as in all
        return {"0 inspect": _output(service.command(*inspected))}
    commands = [["deliveries", "list"], ["deliveries", "list", "--rejected", "--json"], ["doctor"], ["keys", "list"]]
    commands += [[*words, ids[0], *option] for words in SHOWN for option in ((), ("--json",))]
    told = [(words[0], service.typed(*words)) for words in commands]
    asked = [["inspect", *names[::6], "--platform", "shopify", "--notify", "none"], inspected]
    theirs = [str(file) for file, variant in zip(files, sent, strict=True) if variant.platform == "woocommerce"]
    if theirs:
        asked.append(["inspect", *theirs, "--platform", "woocommerce", "--notify", "email"])
    told += [(words[0], typed(words, service.folder, service.environment())) for words in asked]
    return {f"{n} {name}": _output(done) for n, (name, done) in enumerate(told)}


def _output(done: subprocess.CompletedProcess[str]) -> bytes:
    return (done.stdout + done.stderr).encode()


def settings() -> Iterator[Canary]:
    """What stands in the configuration and its environment, and may not go about either."""
    for path in ("name", "company", "street", "email", "phone"):
        yield Canary(order="settings", path=f"sender.{path}", text=SENDER[path].removeprefix("+"))
    for path, text in (("app secret", SECRET.decode()), ("own secret", OWN_SECRET.decode()), ("token", TOKEN)):
        yield Canary(order="settings", path=path, text=text)


def permitted(run: Run) -> set[Place]:
    """Where canaries may be found, and must be: the second opinion of ``variants``, and the service's own secrets."""
    places = {
        Place(order=variant.name, path=path, kind=kind)
        for variant in run.sent
        for path, kinds in variant.clear.items()
        for kind in kinds
    }
    secrets = {Place(order="settings", path=path, kind="processes") for path in ("app secret", "own secret", "token")}
    return places | secrets | {Place(order="settings", path="token", kind="outbound")}
