"""Sending contacts, orders of stamps and events through a whole stack, and gathering all that it left or told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.canaries import Document
from tests.system.direct_documents import Sent, sealed, taken
from tests.system.direct_refusals import EVENTS, refused, told
from tests.system.haystacks import Haystacks, Place, find, gather, raw
from tests.system.processes import SECONDS, wait_for
from tests.system.search import Canary, Needles
from tests.system.stack import Json, Mock, Service, configure, direct, mock, serving

TOKENS = {"contacts": "made-up-token-of-contacts", "stamps": "made-up-token-of-stamps", "pro": "made-up-token-of-pro"}
OWN = {"maxiresponse/contacts": ("id", "contact"), "mystamp/orders": ("id", "order")}
"""By route: the name in the query under which a shop asks with its own id, and the object that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectRun:
    """What was sent, and all that there was to look through afterwards."""

    sent: tuple[Sent, ...]
    canaries: tuple[Canary, ...]
    haystacks: Haystacks
    found: Mapping[Place, set[str]]
    statuses: Mapping[str, int]
    opened: Mapping[str, Json]


@contextmanager
def whole(folder: Path) -> Iterator[tuple[Service, Mock]]:
    """The service with a shop of each kind, and the simulated platform."""
    shops = {
        "contacts": direct("contacts", "bpost-maxiresponse", "maxiresponse"),
        "stamps": direct("stamps", "bpost-mystamp", "mystamp"),
        "pro": direct("pro", "bpost-mystamp", "mystamp_pro"),
    }
    with mock(folder / "platform") as platform:
        service = configure(folder / "service", shops, {"platform": platform.url})
        with serving(service, **{f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}):
            yield service, platform


def carry_out(service: Service, platform: Mock) -> DirectRun:
    """Send, wait until all has arrived, look through everything while the last order still waits."""
    orders = tuple(taken())
    events = tuple(told({one.name: one.document for one in orders}))
    sent = (*orders, *refused(), *events)
    surroundings = Document("the request")
    answers: dict[str, bytes] = {}
    statuses: dict[str, int] = {}
    records: dict[str, str] = {}
    kept = b""
    for one in sent:
        if one is events[0]:
            kept = backup(service)  # while an order waits for its declaration
        status, answers[one.name], content = post(service, one, surroundings)
        statuses[one.name] = status
        if status in (201, 202):
            records[one.name] = content["id"]
    answers |= asked(service, orders, records, surroundings)
    wait_for(lambda: states(service) == {"delivered"}, "what was declared")
    commands = command_line(service, orders, list(records.values()))
    opened = {name: platform.opened(record) for name, record in records.items()}
    haystacks = {
        **gather(service, platform, (), answers, commands),
        "backup": {"backup": kept},
        "opened": {name: json.dumps(parts).encode() for name, parts in opened.items()},
    }
    documents = (*(one.document for one in sent), surroundings)
    canaries = tuple(canary for document in documents for canary in document.canaries.values())
    found = find(Needles((*canaries, *tokens())), haystacks)
    return DirectRun(sent=sent, canaries=canaries, haystacks=haystacks, found=found, statuses=statuses, opened=opened)


def post(service: Service, one: Sent, surroundings: Document) -> tuple[int, bytes, Json]:
    """Send one document, with canaries around it as well."""

    def word(place: str) -> str:
        return surroundings.text(f"{one.name}: {place}")

    given = {
        "Authorization": f"Bearer {TOKENS[one.shop]}",
        "Content-Type": "application/json",
        "Idempotency-Key": f'"{word("key")}"',
        "Prefer": "wait=20",
        word("the name of a header"): word("an unknown header"),
        "User-Agent": word("user agent"),
        "Cookie": f"{word('the name of a cookie')}={word('a cookie')}",
        "Referer": f"https://{word('referrer')}.example/{word('path of the referrer')}",
        "X-Forwarded-For": word("forwarded for"),
        "X-Request-Id": word("request id"),
        "Traceparent": word("trace"),
        **one.headers,
    }
    url = f"{service.api}/v1/shops/{one.shop}/{one.path}"
    answer = service.client.post(url, data=one.change(one.document.body), headers=given, timeout=SECONDS)
    told: Json = answer.json()
    return answer.status_code, raw(answer), told


def asked(
    service: Service, orders: tuple[Sent, ...], records: Mapping[str, str], surroundings: Document
) -> dict[str, bytes]:
    """What a shop is told that asks by our id and by its own, and who asks for what is not there."""
    word = surroundings.text
    found: dict[str, bytes] = {}
    targets = {"/openapi.json": "", "/docs": ""}
    for one in orders:
        member, holder = OWN[one.path]
        route = f"/v1/shops/{one.shop}/{one.path}"
        targets[f"{route}/{records[one.name]}"] = one.shop
        targets[f"{route}?{member}={one.document.content[holder]['id']}"] = one.shop
    for one in orders[:2]:
        route = f"/v1/shops/{one.shop}/{one.path}"
        targets[f"{route}/{word(f'{one.path}, no id')}"] = one.shop
        targets[f"{route}?id={word(f'{one.path}, no id of a shop')}"] = one.shop
        targets[f"{route}?{word(f'{one.path}, a name')}={word(f'{one.path}, a parameter')}"] = one.shop
    targets[f"/v1/shops/{word('a shop')}/{EVENTS}"] = "stamps"
    for target, shop in targets.items():
        given = {"Authorization": f"Bearer {TOKENS[shop]}"} if shop else {}
        found[f"GET {len(found)}"] = raw(service.client.get(service.api + target, headers=given, timeout=SECONDS))
    return found


def states(service: Service) -> set[str]:
    """The states in which records are."""
    return {state for (state,) in service.ask("SELECT DISTINCT state FROM records")}


def backup(service: Service) -> bytes:
    """A backup as an operator makes it of a service that runs."""
    target = service.folder / "backup.db"
    with (
        closing(sqlite3.connect(service.database / "parcelveil.db")) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    return target.read_bytes()


def command_line(service: Service, orders: tuple[Sent, ...], ids: list[str]) -> dict[str, bytes]:
    """What the command line tells of the records and of the events."""
    commands = [
        ["deliveries", "show", ids[-1]],
        ["shipments", "find", orders[0].document.content["contact"]["id"]],
        ["events", "list", "--shop", "stamps"],
    ]
    done = [(words[0], service.typed(*words)) for words in commands]
    return {f"{n} {name}": (shown.stdout + shown.stderr).encode() for n, (name, shown) in enumerate(done)}


def tokens() -> Iterator[Canary]:
    """What stands in the environment, and may not go about either."""
    for shop, text in TOKENS.items():
        yield Canary(order="settings", path=shop, text=text)


def permitted(run: DirectRun) -> set[Place]:
    """Where canaries may be found, and must be: the second opinion of ``direct_documents``, and the shops' tokens."""
    places = {Place(order="settings", path=shop, kind="processes") for shop in TOKENS}
    for one in run.sent:
        kinds = {path: set(kinds) for path, kinds in one.clear.items()}
        for path in sealed(one.parts or {}) & one.document.canaries.keys():
            kinds.setdefault(path, set()).add("opened")
        places |= {Place(order=one.name, path=path, kind=kind) for path, found in kinds.items() for kind in found}
    return places
