"""bpost's tracking answer tells who sends and who receives: of it codes and times pass, and no text of anybody's."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from middleware.account import Account
from middleware.carriers.bpost_tracking import LONGEST, OTHER_ACCOUNT, BpostTracking, trial, tried
from middleware.exchange import Failed, Gone, Impossible, Request, Response
from middleware.journey import Journey, Scan, Unheard, Window
from schemas.bpost_tracking import MOST_STATES, PROGRESS
from schemas.journey import JOURNEY, Progress
from tests.middleware.carriers.test_bpost_shm import vector
from tests.middleware.carriers.test_bpost_shm_conversation import BARCODE, SIGHTED

ACCOUNT = Account(id="123456", passphrase="not a real one: ü", shared=True)
BPOST = BpostTracking(asking=lambda _: ACCOUNT)
WHOLE = vector("answers", "tracking").decode()
PEOPLE = ("Verzonnen", "Bedacht", "Gent", "Brussel", "9000", "1000", "DistributedNormally", "gqwxvsyt", "805140")


def heard(body: str | bytes, status: int = 200, **headers: str) -> Journey | Unheard | Gone | Failed:
    content = body if isinstance(body, bytes) else body.encode()
    given_ = {name.replace("_", "-"): value for name, value in headers.items()}
    return BPOST.answer(SIGHTED, Response(status=status, headers=given_, body=content))


def followed(body: str | bytes) -> Journey:
    journey = heard(body)
    assert isinstance(journey, Journey)
    return journey


def item(inside: str, code: str = BARCODE) -> str:
    return f"<itemTracking><itemCode>{code}</itemCode>{inside}</itemTracking>"


def scan(code: str = "T00", time: str = "2026-11-22T23:19:29+01:00", more: str = "") -> str:
    return f"<stateInfo><time>{time}</time>{more}<stateCode>{code}</stateCode></stateInfo>"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_it_is_asked_for_the_barcode_alone_with_the_account_of_tracking() -> None:
    asked = BPOST.question(SIGHTED)
    assert isinstance(asked, Request)
    assert (asked.method, asked.path) == ("GET", f"/services/trackedmail/item/{BARCODE}/trackingInfo")
    assert asked.body is None
    word = base64.b64decode(asked.headers.pop("Authorization").removeprefix("Basic ")).decode()  # type: ignore[attr-defined]  # ours is a dict
    assert (word, dict(asked.headers)) == ("123456:not a real one: ü", {})


def test_a_barcode_of_any_letters_stays_one_step_of_the_path() -> None:
    asked = BPOST.question(replace(SIGHTED, barcode="../a b?c"))
    assert isinstance(asked, Request)
    assert asked.path == "/services/trackedmail/item/..%2Fa%20b%3Fc/trackingInfo"


def test_for_a_shop_with_an_account_of_its_own_nobody_else_asks() -> None:
    nobody = Impossible(code=OTHER_ACCOUNT)
    theirs = BpostTracking(asking=lambda record: nobody if record.shop == SIGHTED.shop else ACCOUNT)
    assert theirs.question(SIGHTED) is nobody
    assert isinstance(theirs.question(replace(SIGHTED, shop="another")), Request)


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_that_an_account_is_not_taken_concerns_its_own_shop_alone(status: int) -> None:
    refused = Response(status=status, headers={}, body=b"")
    own = BpostTracking(asking=lambda _: replace(ACCOUNT, shared=False))
    answers = [one.answer(SIGHTED, refused) for one in (BPOST, own)]
    assert answers == [Failed(code=f"http-{status}", alone=alone) for alone in (False, status in (401, 403))]


def test_of_a_whole_answer_codes_and_times_pass_in_their_order_and_no_word_of_it() -> None:
    for word in PEOPLE:
        assert word in WHOLE
    journey = followed(WHOLE)
    assert journey == Journey(
        barcode=BARCODE,
        state=Progress.DELIVERED,
        scans=(
            Scan(at=at("2026-11-22T23:19:29+01:00"), code="T00", state=Progress.SORTED),
            Scan(at=at("2026-11-23T06:11:18+00:00"), code="L00", state=Progress.OUT_FOR_DELIVERY),
            Scan(at=at("2026-11-23T09:31:07+01:00"), code="U01", state=Progress.DELIVERED),
        ),
        window=Window(starts=at("2026-11-23T09:00:00+01:00"), ends=at("2026-11-23T11:00:00+01:00")),
    )
    told = json.dumps(JOURNEY.dump(journey))
    assert [word for word in PEOPLE if word in told] == []


def test_it_is_read_with_prefixes_that_nobody_declared() -> None:
    bare = WHOLE.replace("ns2:", "")
    assert followed(re.sub(r"<(/?)(?=[a-z])", r"<\1tr:", bare)) == followed(WHOLE)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("T00", "sorted"),
        ("L00", "out_for_delivery"),
        *((f"U0{number}", "delivered") for number in range(9)),
        ("N74", "awaiting_pickup"),
        ("R13", "awaiting_pickup"),
        ("R01", "in_transit"),
        ("N05", "delayed"),
        ("B03", "not_delivered"),
        *((code, "unknown") for code in ("U09", "B04", "B00", "X99", "I18")),
    ],
)
def test_a_code_stands_for_a_state_and_an_unexplained_one_for_none(code: str, state: str) -> None:
    journey = followed(item(scan(code)))
    assert (journey.state, journey.scans[0].code) == (state, code)


def test_no_code_stands_for_two_states() -> None:
    assert len(PROGRESS) == 60
    assert all(re.fullmatch("[A-Z][0-9]{2}", code) for code in PROGRESS)


def test_what_is_known_and_not_scanned_is_announced() -> None:
    assert followed(item("")) == Journey(barcode=BARCODE, state=Progress.ANNOUNCED)


@pytest.mark.parametrize("code", ["Lotte", "9000", "t00", "T0", "T000", "T00\n1", "", "T٠٠"])
def test_what_is_no_code_is_not_told(code: str) -> None:
    (told,) = followed(item(scan(code))).scans
    assert (told.code, told.state) == (None, Progress.UNKNOWN)


@pytest.mark.parametrize(
    "time",
    [
        "Lotte Verzonnen",
        "2026-11-22",
        "2026-11-22T23:19:29",
        "2026-02-30T23:19:29Z",
        "2026-11-22T23:19:29+25:00",
        "1926-11-22T23:19:29Z",
        "2026-11-22T23:19:29.Z",
        "٢٠26-11-22T23:19:29Z",
        "2026-11-22T23:19:29Z Bedachte Laan",
        "",
    ],
)
def test_what_is_no_time_is_not_told_and_leaves_the_order_as_it_came(time: str) -> None:
    journey = followed(item(scan("L00", time) + scan("T00")))
    assert [(told.code, told.at is None) for told in journey.scans] == [("L00", True), ("T00", False)]
    assert journey.state == Progress.SORTED


def test_at_one_time_what_came_last_is_the_newest() -> None:
    assert followed(item(scan("T00") + scan("U01"))).state == Progress.DELIVERED
    assert followed(item(scan("U01") + scan("T00"))).state == Progress.SORTED


def test_a_window_may_have_one_bound_and_without_any_is_none() -> None:
    start, end = ("plannedDeliveryDateWindow" + bound for bound in ("Start", "End"))
    told = followed(item(f"<deliveryTimeWindow><{end}>2026-11-23T11:00:00Z</{end}></deliveryTimeWindow>")).window
    assert told == Window(starts=None, ends=at("2026-11-23T11:00:00+00:00"))
    assert followed(item(f"<deliveryTimeWindow><{start}>this morning</{start}></deliveryTimeWindow>")).window is None


UNREADABLE = {
    "nothing": "",
    "no XML": "Lotte Verzonnen",
    "a page": "<html><body>Lotte Verzonnen</body></html>",
    "half of it": WHOLE[:-30],
    "another document": item(scan()).replace("itemTracking>", "orderInfo>"),
    "within another": f"<answers>{item('')}</answers>",
    "no item code": "<itemTracking><addressee><itemCode>" + BARCODE + "</itemCode></addressee></itemTracking>",
    "another parcel's": item(scan(), BARCODE[:-1] + "1"),
    "an item code with more": item(scan(), f"{BARCODE} Lotte"),
    "a DTD": '<!DOCTYPE itemTracking [<!ENTITY who "Lotte">]>' + item(scan("&who;")),
    "an entity outside": '<!DOCTYPE itemTracking SYSTEM "file:///etc/passwd">' + item(scan()),
    "an entity of nobody": item(scan("&who;")),
    "too many scans": item(scan() * (MOST_STATES + 1)),
    "too long": item(scan() + "<addressee>" + "x" * LONGEST + "</addressee>"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_answer_about_this_parcel_is_not_handed_on(name: str) -> None:
    assert heard(UNREADABLE[name]) == Failed(code="unreadable-answer")


def test_what_only_just_can_be_read_is() -> None:
    assert len(followed(item(scan() * MOST_STATES)).scans) == MOST_STATES
    room = LONGEST - len(item(scan() + "<addressee></addressee>"))
    assert followed(item(scan() + "<addressee>" + "x" * room + "</addressee>")).state == Progress.SORTED


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 406, 410, 500, 503])
def test_a_refusal_is_its_status_and_its_body_tells_nothing(status: int) -> None:
    assert heard(WHOLE, status) == Failed(code=f"http-{status}")


UNKNOWN = "<unknownItems><box>" + BARCODE + "</box></unknownItems>"


@pytest.mark.parametrize(("status", "outcome"), [(404, Unheard()), (410, Gone())])
@pytest.mark.parametrize(("body", "media"), [("No item found", "text/plain;charset=UTF-8"), (UNKNOWN, "text/xml")])
def test_bposts_own_word_that_it_has_no_such_parcel_is_believed(
    status: int, outcome: object, body: str, media: str
) -> None:
    assert heard(body, status, content_type=media) == outcome


ANOTHERS = {
    "a page": ("<html><body>No such page</body></html>", "text/html"),
    "a page without its type": ("\n <!DOCTYPE html><title>gone</title>", ""),
    "a page as plain text": ("<html><body>No such page</body></html>", "text/plain"),
    "a gateway's JSON": ('{"message": "no Route matched with those values"}', "application/json"),
    "JSON as plain text": ('{"message": "no Route matched with those values"}', "text/plain"),
    "nothing": ("", "text/plain"),
    "words of no type": ("default backend - 404", ""),
    "another document": (WHOLE, "application/xml"),
}


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("name", ANOTHERS)
def test_the_word_of_who_stands_before_it_says_nothing_of_the_parcel(status: int, name: str) -> None:
    body, media = ANOTHERS[name]
    assert heard(body, status, content_type=media) == Failed(code=f"http-{status}")


def test_a_wait_that_is_asked_for_is_told() -> None:
    assert heard("", 429, retry_after="120") == Failed(code="http-429", retry_after=120.0)


@pytest.mark.parametrize(
    ("status", "body", "media", "well", "says"),
    [
        (401, "<html>who?</html>", "text/html", False, "does not take its account and password: ask bpost for the"),
        (403, "", "", False, "does not take its account and password: ask bpost for the"),
        (404, "No item found", "text/plain", True, "bpost takes the account and its password"),
        (410, "No item found", "text/plain", True, "bpost takes the account and its password"),
        (200, "anything", "application/xml", True, "bpost takes the account and its password"),
        (404, "<html>no page</html>", "text/html", False, "does not tell whether it takes the account (http-404)"),
        (404, '{"message": "no route"}', "application/json", False, "(http-404): check url"),
        (500, "No item found", "text/plain", False, "(http-500): check url"),
        (302, "", "", False, "(http-302): check url"),
    ],
)
def test_whether_the_account_is_taken_is_asked_with_nobodys_parcel(
    status: int, body: str, media: str, *, well: bool, says: str
) -> None:
    asked = trial(ACCOUNT)
    assert asked.path == f"/services/trackedmail/item/{'0' * 24}/trackingInfo"
    whole = BPOST.question(replace(SIGHTED, barcode="0" * 24))
    assert isinstance(whole, Request)
    assert (asked.headers, asked.method, asked.body) == (whole.headers, whole.method, None)
    told = tried(Response(status=status, headers={"content-type": media}, body=body.encode()))
    assert (told.ok, says in told.message) == (well, True), told.message


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="\ufffe\uffff"))
NAMES = st.sampled_from(
    ("sender", "addressee", "name", "location", "stateDescription", "nameOfDestination", "emailAddress", "from")
)
PERMITTED = st.sampled_from(
    ("itemCode", "time", "stateCode", "stateInfo", "deliveryTimeWindow", "plannedDeliveryDateWindowEnd", "itemTracking")
)
Tree = tuple[str, str, str, list[Any]]
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.tuples(NAMES | PERMITTED, TEXT, TEXT, st.just([])),
    lambda inner: st.tuples(NAMES, TEXT, TEXT, st.lists(inner, max_size=3)),
    max_leaves=6,
)
ASIDE = st.lists(st.tuples(NAMES, TEXT, TEXT, st.lists(TREES, max_size=2)), max_size=3)
"""What may stand beside the permitted elements: of another name, with anything beneath."""

LEAVES = st.tuples(st.sampled_from(sorted(PROGRESS)), st.datetimes(at("2026-01-01"), at("2027-01-01")))


def grown(parent: etree._Element, trees: list[Tree]) -> None:
    for name, text, behind, below in trees:
        child = etree.SubElement(parent, f"{{urn:any}}{name}", attrib={"who": text})
        child.text, child.tail = text, behind
        grown(child, below)


def planted(leaves: list[tuple[str, datetime]], aside: list[Tree], texts: tuple[str, str] | None = None) -> bytes:
    """An answer with these scans, and ``aside`` before, within and behind all that is permitted. ``texts`` stand in
    the place of every code and every time.
    """
    root = etree.Element("itemTracking")
    grown(root, aside)
    etree.SubElement(root, "itemCode").text = BARCODE
    for code, moment in leaves:
        entry = etree.SubElement(root, "stateInfo", attrib={"who": "Lotte"})
        grown(entry, aside)
        etree.SubElement(entry, "time").text = texts[0] if texts else f"{moment:%Y-%m-%dT%H:%M:%S}+01:00"
        etree.SubElement(entry, "stateCode").text = texts[1] if texts else code
        grown(entry[-1], aside)
        entry.append(etree.Comment("Lotte Verzonnen"))
    window = etree.SubElement(root, "deliveryTimeWindow")
    grown(window, aside)
    etree.SubElement(window, "plannedDeliveryDateWindowEnd").text = texts[0] if texts else "2026-11-23T11:00:00Z"
    grown(root, aside)
    return etree.tostring(root, encoding="UTF-8")


def strings(value: object) -> list[str]:
    """Every text that a JSON value holds."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


@settings(max_examples=25, deadline=None)
@given(leaves=st.lists(LEAVES, max_size=3), one=ASIDE, other=ASIDE)
def test_what_stands_around_the_permitted_elements_has_no_effect(
    leaves: list[tuple[str, datetime]], one: list[Tree], other: list[Tree]
) -> None:
    journey = followed(planted(leaves, one))
    assert journey == followed(planted(leaves, other))
    assert sorted(scan.code or "" for scan in journey.scans) == sorted(code for code, _ in leaves)


@settings(max_examples=25, deadline=None)
@given(leaves=st.lists(LEAVES, max_size=3), aside=ASIDE, texts=st.tuples(TEXT, TEXT))
def test_no_text_passes_that_is_no_code_no_time_and_no_word_of_ours(
    leaves: list[tuple[str, datetime]], aside: list[Tree], texts: tuple[str, str]
) -> None:
    form = re.compile(rf"{BARCODE}|[A-Z][0-9]{{2}}|{'|'.join(Progress)}|20[0-9-]{{8}}T[0-9:]{{8}}[+-][0-9:]{{5}}")
    told = strings(JOURNEY.dump(followed(planted(leaves, aside, texts))))
    assert [text for text in told if not form.fullmatch(text)] == []
    assert BARCODE in told
