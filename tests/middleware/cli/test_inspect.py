"""``inspect``: an order explained without configuration; nothing is stored or sent, and no value of it is told."""

from __future__ import annotations

import base64
import json
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from middleware import binding
from middleware.core.body import MAX_BYTES
from middleware.model import Reason, Status
from schemas.errors import SchemaFault
from schemas.known import DOUBTS, MISSING, REASONS
from schemas.mystamp import LONGEST_BODY
from schemas.policy_loader import load
from tests.middleware.cli.bench import ORDERS, PACK, process, run
from tests.middleware.core.pictures import CANARY
from tests.middleware.platforms.telling import FORBIDDEN, contact, large_png, stamps, tagged_jpeg
from tests.middleware.walking import KNOWN
from tests.schemas.broken_pack import fault

MEMBERS = {
    *("file", "status", "reason", "blocked", "kept", "used", "index", "removed", "in_clear", "doubted", "parts"),
    "errors",
}
COLUMNS = ("part", "class", "trigger", "starts", "until", "unsent_until", "purpose", "basis")
FILES = sorted(str(path) for path in ORDERS.glob("[0-9]*.json"))
ACCEPTED = str(ORDERS / "01-domestic-full.json")
IGNORED = str(ORDERS / "07-digital-only.json")
STATUS = {
    name: 1 if row["status"] == "rejected" else 0
    for name, row in json.loads((ORDERS / "expected.json").read_bytes()).items()
}
"""What a command ends with that looks at this order."""

REJECTED = b'{"id": 5001, "updated_at": "yesterday", "note": "Merel Onbestaand"}'
SHOPIFY = ("inspect", "--platform", "shopify")
FULL = ("--notify", "email", "--pickup-attribute", "pickup_point")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No network, and nothing is written: not where the command runs, nor where temporary files go."""

    def no_network(*_: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    yield
    assert [path for folder in ("cwd", "tmp") for path in (tmp_path / folder).iterdir()] == []


def told(*words: str, stdin: bytes | None = None, status: int = 0) -> list[dict[str, Any]]:
    result = run(*SHOPIFY, "--json", *words, stdin=stdin)
    assert (result.exit_code, result.stderr) == (status, "")
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_everything_is_told_in_json() -> None:
    (order,) = told(ACCEPTED, "--notify", "email")
    assert set(order) == MEMBERS
    assert (order["file"], order["status"], order["reason"], order["errors"]) == (ACCEPTED, "accepted", None, [])
    assert [set(kept) for kept in order["kept"]] == [{"path", "target", "part", "sealed"}] * len(order["kept"])
    assert {frozenset(removed) for removed in order["removed"]} == {frozenset(("path", "reason"))}
    assert {frozenset(part) for part in order["parts"]} == {
        frozenset(("part", "class", "trigger", "starts", "until", "unsent_until", "purpose", "basis"))
    }
    assert all(part["until"] for part in order["parts"])  # all of their clocks start at intake
    assert all(part["unsent_until"] is None for part in order["parts"])
    assert order["blocked"] is False
    assert [part["part"] for part in order["parts"]] == [
        "recipient.delivery",
        "recipient.notification",
        "sender.contact",
    ]
    assert order["used"]
    assert order["index"]


@pytest.mark.parametrize("order", [ACCEPTED, IGNORED])
def test_an_order_can_come_from_standard_input(order: str) -> None:
    (from_file,) = told(order)
    (from_input,) = told("-", stdin=Path(order).read_bytes())
    assert from_input == {**from_file, "file": "-"}


def test_several_orders_are_told_in_their_order(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(REJECTED)
    found = told(ACCEPTED, str(broken), IGNORED, status=1)
    assert [(order["file"], order["status"]) for order in found] == [
        (ACCEPTED, "accepted"),
        (str(broken), "rejected"),
        (IGNORED, "ignored"),
    ]


def test_a_rejected_order_is_told_by_pointers_and_codes() -> None:
    (order,) = told("-", stdin=REJECTED, status=1)
    assert order["errors"] == [{"pointer": "/updated_at", "code": "timestamp"}]
    result = run(*SHOPIFY, "-", stdin=REJECTED)
    assert result.exit_code == 1
    title, _, error = result.stdout.splitlines()[:3]
    assert title == "standard input: rejected: it cannot be shipped so; have it completed in the shop"
    assert error.split() == ["error", "/updated_at", "timestamp"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"id": NaN}', b"{}{}"])
def test_what_is_no_json_is_rejected(body: bytes) -> None:
    (order,) = told("-", stdin=body, status=1)
    assert order["errors"] == [{"pointer": "", "code": "malformed-json"}]


@pytest.mark.parametrize("name", ["-", "order.json"])
@pytest.mark.parametrize(("more", "code"), [(0, None), (1, "too-large")])
def test_what_would_be_too_large_for_a_webhook_is_rejected(
    tmp_path: Path, name: str, more: int, code: str | None
) -> None:
    order = Path(ACCEPTED).read_bytes().rstrip()
    body = order.ljust(MAX_BYTES + more)
    file = tmp_path / name
    file.write_bytes(body)
    given, stdin = ("-", body) if name == "-" else (str(file), None)
    (found,) = told(given, stdin=stdin, status=0 if code is None else 1)
    assert [error["code"] for error in found["errors"]] == ([] if code is None else [code])


def test_what_the_delivery_needs_can_be_chosen() -> None:
    parts = {
        notify: [part["part"] for part in told(ACCEPTED, "--notify", notify)[0]["parts"]]
        for notify in ("none", "email", "sms")
    }
    assert ["recipient.notification" in parts[notify] for notify in parts] == [False, True, True]
    pickup = str(ORDERS / "06-pickup-point.json")
    targets = [
        {kept["target"] for kept in told(pickup, *option)[0]["kept"]}
        for option in ((), ("--pickup-attribute", "pickup_point"))
    ]
    assert ["parcel.pickup_point" in found for found in targets] == [False, True]


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file).stem)
def test_text_tells_the_same_paths_as_json(file: str) -> None:
    (order,) = told(file, *FULL, status=STATUS[Path(file).name])
    lines = run(*SHOPIFY, *FULL, file).stdout.splitlines()
    rows = {tuple(line.split(maxsplit=2)) for line in lines}
    assert {("sealed" if kept["sealed"] else "kept", kept["path"], kept["part"]) for kept in order["kept"]} <= rows
    assert {("removed", removed["path"], REASONS[removed["reason"]]) for removed in order["removed"]} <= rows
    doubted = [("missing" if one["reason"] in MISSING else "unclear", one) for one in order["doubted"]]
    assert {(what, one["path"], DOUBTS[one["reason"]]) for what, one in doubted} <= rows
    assert len(lines) == len(set(lines)) + lines.count("") - 1
    assert {("used", path, "read to decide, then gone") for path in order["used"]} <= rows
    assert {("index", path, "kept only to know the order again") for path in order["index"]} <= rows
    in_clear = {tuple(line.split(maxsplit=3)) for line in lines if line.startswith("in clear")}
    assert in_clear == {("in", "clear", path, "what the carrier reads without a key") for path in order["in_clear"]}
    tags = [tuple(str(part[name]) for name in COLUMNS if part[name] is not None) for part in order["parts"]]
    assert [
        tuple(line.split()) for line in lines if line.split()[:1] in [[part["part"]] for part in order["parts"]]
    ] == tags


def test_what_is_in_doubt_is_told_with_the_reason_and_without_the_line(tmp_path: Path) -> None:
    order = json.loads(Path(ACCEPTED).read_bytes())
    order["shipping_address"] |= {"address1": "Kerselaarsteeg 7 8", "address2": "bel 0470 00 00 01"}
    file = tmp_path / "order.json"
    file.write_text(json.dumps(order), encoding="utf-8")
    paths = ["shipping_address.address1", "shipping_address.address2"]
    assert told(str(file))[0]["doubted"] == [
        {"path": path, "reason": reason} for path, reason in zip(paths, ["several_numbers", "contact"], strict=True)
    ]
    printed = run(*SHOPIFY, str(file)).stdout
    assert [line.split()[1] for line in printed.splitlines() if line.startswith("unclear")] == paths
    assert "Kerselaarsteeg" not in printed
    assert "0470" not in printed


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("01-domestic-full", "accepted: it would be sealed, stored and sent"),
        ("07-digital-only", "ignored: nothing of it is shipped"),
        ("08-in-store", "ignored: it is picked up in store"),
        ("11-cancelled", "ignored: the order is cancelled"),
        ("16-not-yet-paid", "ignored: it is not paid yet"),
        ("17-test-order", "ignored: it is a test order"),
    ],
)
def test_the_verdict_is_told_in_plain_words(name: str, verdict: str) -> None:
    file = str(ORDERS / f"{name}.json")
    assert run(*SHOPIFY, file).stdout.splitlines()[0] == f"{file}: {verdict}"


def strings(value: Any) -> Iterator[str]:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)
    if isinstance(value, str):
        yield value


OUR_WORDS = " ".join(
    (
        *(name for names in KNOWN for name in names),
        *REASONS.values(),
        *map(str, (*Reason, *Status, *load(PACK).parts, *load(PACK).retention)),
        "pickup_point",
    )
)
"""What is printed by itself: a value that happens to be a piece of it tells nothing."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file).stem)
def test_no_value_of_an_order_is_printed(file: str) -> None:
    values = {
        value for value in strings(json.loads(Path(file).read_bytes())) if len(value) >= 5 and value not in OUR_WORDS
    }
    body = Path(file).read_bytes()
    printed = "".join(run(*SHOPIFY, *FULL, *option, "-", stdin=body).output for option in ((), ("--json",)))
    assert len(values) > 3
    assert [value for value in values if value in printed] == []


def test_names_that_nobody_knows_are_not_printed_either() -> None:
    order = {**json.loads(Path(ACCEPTED).read_bytes()), "merel.onbestaand@example.org": {"0470000114": "x"}}
    for option in ((), ("--json",)):
        printed = run(*SHOPIFY, *option, "-", stdin=json.dumps(order).encode()).output
        assert "merel" not in printed
        assert "0470" not in printed


def test_paths_are_not_broken_on_a_narrow_terminal() -> None:
    (order,) = told(ACCEPTED)
    printed = run(*SHOPIFY, ACCEPTED, columns=100).stdout.split()
    assert {removed["path"] for removed in order["removed"]} <= set(printed)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((ACCEPTED,), "Missing option '--platform'"),
        (("--platform", "nonesuch", ACCEPTED), "'nonesuch' is not one of 'direct', 'shopify', 'woocommerce'"),
        (("--platform", "shopify"), "Missing argument 'FILE|-…'"),
        (("--platform", "shopify", "nowhere.json"), "nowhere.json: No such file or directory"),
        (("--platform", "shopify", "."), ".: Is a directory"),
        (("--platform", "shopify", "--policy", "nonesuch", ACCEPTED), "'nonesuch' is not one of 'bpost-"),
        (("--platform", "shopify", "--notify", "fax", ACCEPTED), "'fax' is not one of"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(words: tuple[str, ...], said: str) -> None:
    result = run("inspect", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_pack_that_does_not_hold_together_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(_: str) -> None:
        raise SchemaFault(fault(tmp_path, 'covers = ["complaint"]', 'covers = ["complaints"]'))

    monkeypatch.setattr(binding, "load", broken)
    result = run(*SHOPIFY, ACCEPTED)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("parcelveil: own.toml: categories.")


def test_no_configuration_is_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "parcelveil.toml").write_text("this is not TOML", encoding="utf-8")
    done = process(*SHOPIFY, "--json", ACCEPTED, cwd=folder, PARCELVEIL_SERVER__LISTEN="nonsense", FLASK_DEBUG="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == told(ACCEPTED)
    assert [path.name for path in folder.iterdir()] == ["parcelveil.toml"]


DIRECT = ("inspect", "--platform", "direct", "--json", "--policy")


def direct(pack: str, document: object, *words: str, status: int = 0) -> dict[str, Any]:
    result = run(*DIRECT, pack, *words, "-", stdin=json.dumps(document).encode())
    assert (result.exit_code, result.stderr) == (status, "")
    (found,) = json.loads(result.stdout)
    assert found.keys() == MEMBERS
    return dict(found)


@pytest.mark.policy("MS-CAT-6", "MS-CAT-5")
def test_of_an_order_of_stamps_it_is_told_what_was_taken_out_of_its_image() -> None:
    image = base64.b64encode(tagged_jpeg() + CANARY).decode()
    seen = direct("bpost-mystamp", stamps("S-1", image=image, customer={"vat": "BE0214596464"}))
    reasons = {one["path"]: one["reason"] for one in seen["removed"]}
    assert reasons == {
        **dict.fromkeys(("image.exif", "image.trailer"), "image_metadata"),
        "customer.vat": "not_in_pack",
    }
    assert {one["path"]: one["part"] for one in seen["kept"]}["image"] == "mystamp.photo"
    assert [part["part"] for part in seen["parts"]] == ["mystamp.customer", "mystamp.photo"]
    pro = direct("bpost-mystamp", stamps("S-1", customer={"vat": "BE0214596464"}), "--account-type", "mystamp_pro")
    assert (pro["removed"], pro["status"]) == ([], "accepted")


@pytest.mark.policy("MS-CTL-3")
@pytest.mark.parametrize("declared", [False, True])
def test_what_shows_people_is_said_to_wait_for_a_declaration(*, declared: bool) -> None:
    more = {"declaration": {"id": "D-1", "declared_at": "2026-11-20T10:00:00Z"}} if declared else {}
    document = stamps("S-1", depicted=[{"name": "Mirte"}], **more)
    assert direct("bpost-mystamp", document)["blocked"] is not declared
    asked = ("inspect", "--platform", "direct", "--policy", "bpost-mystamp", "-")
    title = run(*asked, stdin=json.dumps(document).encode()).stdout.splitlines()[0]
    waits = "it would be sealed and stored, and wait here for the customer's declaration"
    sent = "it would be sealed, stored and sent"
    assert title == f"standard input: accepted: {sent if declared else waits}"


@pytest.mark.policy("MX-RET-1")
def test_of_a_clock_that_waits_it_is_told_until_when_while_nothing_sends_it() -> None:
    (part,) = direct("bpost-maxiresponse", contact("C-1"))["parts"]
    assert (part["starts"], part["until"]) == (None, None)
    asked = ("inspect", "--platform", "direct", "--policy", "bpost-maxiresponse", "-")
    shown = run(*asked, stdin=json.dumps(contact("C-1")).encode()).stdout.splitlines()
    (line,) = [line for line in shown if line.split()[:1] == [part["part"]]]
    (header,) = [line for line in shown if line.split()[:1] == ["part"]]
    assert line.index(part["unsent_until"]) == header.index("unsent until")


def test_of_a_contact_it_is_told_and_in_words_too() -> None:
    seen = direct("bpost-maxiresponse", contact("C-1", **FORBIDDEN))
    assert {one["path"] for one in seen["removed"]} == {f"contact.{name}" for name in FORBIDDEN}
    assert (seen["used"], seen["index"]) == (["contract"], ["contact.id"])
    assert direct("bpost-maxiresponse", contact("C-1", contract="none"), status=1)["errors"] == [
        {"pointer": "/contract", "code": "no_retention_rule"}
    ]
    document = json.dumps(stamps("S-1", image=base64.b64encode(tagged_jpeg()).decode())).encode()
    shown = run("inspect", "--platform", "direct", "--policy", "bpost-mystamp", "-", stdin=document).stdout
    assert ["removed", "image.exif"] in [line.split()[:2] for line in shown.splitlines()]
    assert "Ververbeeld" not in shown


@pytest.mark.parametrize(
    "words",
    [
        ("direct", "--policy", "bpost-shipping-platform"),
        ("direct",),
        ("shopify", "--policy", "bpost-mystamp"),
        ("direct", "--policy", "bpost-mystamp", "--account-type", "professional"),
        ("shopify", "--account-type", "mystamp"),
    ],
)
def test_a_pack_that_is_not_for_it_is_refused(words: tuple[str, ...]) -> None:
    result = run("inspect", "--platform", *words, "-", stdin=b"{}")
    assert result.exit_code == 2
    assert "Invalid value for --" in result.stderr


def test_an_image_may_be_longer_than_an_order_and_not_longer_than_it_may_be_sent() -> None:
    document = stamps("S-1", image=base64.b64encode(large_png(3 * MAX_BYTES // 2)).decode())
    assert direct("bpost-mystamp", document)["status"] == "accepted"
    result = run(*DIRECT, "bpost-mystamp", "-", stdin=b" " * (LONGEST_BODY + 1))
    assert [one["errors"] for one in json.loads(result.stdout)] == [[{"pointer": "", "code": "too-large"}]]


def test_what_bpost_would_refuse_is_told_before_anything_is_configured(tmp_path: Path) -> None:
    points = tmp_path / "points.json"
    spot = {"id": "200001", "name": "Bedacht Punt", "street": "Bedachte Markt", "postal_code": "9000"}
    points.write_text(json.dumps([{**spot, "locality": "Gent", "country": "BE"}]), encoding="utf-8")
    at = ("--pickup-attribute", "pickup_point", "--carrier", "bpost-shm", "--json")
    hostile, point = str(ORDERS / "15-hostile-strings.json"), str(ORDERS / "06-pickup-point.json")
    done = run(*SHOPIFY, hostile, point, *at, "--points", str(points))
    assert done.exit_code == 1
    found = [(told["status"], [error["code"] for error in told["errors"]]) for told in json.loads(done.stdout)]
    assert found == [("rejected", ["character"]), ("rejected", ["unknown-pickup-point"])]
    points.write_text(points.read_text(encoding="utf-8").replace("200001", "200002"), encoding="utf-8")
    order = json.loads(Path(point).read_bytes())
    order["note_attributes"] = [{"name": "pickup_point", "value": "200002"}]
    Path(tmp_path / "order.json").write_text(json.dumps(order), encoding="utf-8")
    done = run(*SHOPIFY, str(tmp_path / "order.json"), *at, "--points", str(points))
    (told,) = json.loads(done.stdout)
    assert (done.exit_code, told["status"]) == (0, "accepted")
    assert {entry["target"] for entry in told["kept"] if entry["part"] == "recipient.delivery"} == {"recipient.name"}


BPOST = ("--carrier", "bpost-shm")
PLACE = ("streetName", "number", "box", "postalCode", "locality", "countryCode")
ALWAYS = {"accountId", "reference", "box/additionalCustomerReference"}
"""What is ours, or of the settings: bpost is told it of every order."""


def in_clear(*words: str) -> set[str]:
    (order,) = told(ACCEPTED, *words)
    assert order["status"] == "accepted"
    return set(order["in_clear"])


def test_what_bpost_reads_is_told_element_by_element() -> None:
    home = "box/nationalBox/atHome"
    place = {f"{home}/receiver/address/{name}" for name in PLACE}
    least = {
        *ALWAYS,
        *place,
        *(f"{home}/{name}" for name in ("product", "weight", "receiver/name", "receiver/company")),
    }
    assert in_clear(*BPOST) == least
    chosen = ("--product", "home=bpack-24h-business+signed+tell-email+distributed")
    next_day, told_sender = f"{home}/options/infoNextDay", f"{home}/options/infoDistributed"
    assert in_clear(*BPOST, *chosen) == {
        *least,
        f"{home}/options/signed",
        *(f"{one}/{name}" for one in (next_day, told_sender) for name in ("@language", "emailAddress")),
    }
    assert in_clear(*BPOST, *chosen, "--notify", "sms") == in_clear(*BPOST, *chosen)
    assert f"{next_day}/mobilePhone" in in_clear(*BPOST, "--notify", "sms")


def test_the_shipping_line_of_an_order_is_what_line_says(tmp_path: Path) -> None:
    order = json.loads(Path(ACCEPTED).read_bytes())
    order["shipping_lines"] = [{"code": "A=b", "title": "Merel Onbestaand"}]
    file = tmp_path / "order.json"
    file.write_text(json.dumps(order), encoding="utf-8")
    (seen,) = told(str(file), *BPOST, "--line", "A=b=bpack-24h-pro+sunday", "--line", "Other=bpack-at-bpost")
    assert "box/nationalBox/atHome/options/sundayDelivery" in seen["in_clear"]
    assert "shipping_lines[].code" in seen["used"]
    (seen,) = told(str(file), *BPOST, "--line", "A=b=bpack-at-bpost", status=1)
    assert [error["code"] for error in seen["errors"]] == ["unknown-product"]


def test_beside_sealed_parts_little_is_read_without_a_key() -> None:
    assert in_clear("--notify", "email") == {
        *(f"parcel.{name}" for name in ("product", "weight_grams", "pieces", "reference")),
        *("recipient.country", "recipient.postal_code", "sender.shop"),
    }
    assert [told(IGNORED)[0]["in_clear"], told("-", stdin=REJECTED, status=1)[0]["in_clear"]] == [[], []]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*BPOST, "--product", "home=bpack-nonesuch"), "Invalid value for --product: products.home: there is no such"),
        ((*BPOST, "--product", "home=bpack-at-bpost"), "this product does not go this way"),
        ((*BPOST, "--product", "bpack-24h-pro"), "such as home=bpack-24h-pro+signed"),
        ((*BPOST, "--product", "Home=Merel Onbestaand"), "a way, and its product with options behind it"),
        ((*BPOST, "--line", "Standard"), "such as Standard=bpack-24h-pro+signed"),
        ((*BPOST, "--line", "Standard=Merel Onbestaand"), "a shipping line, and its products with options"),
        (("--product", "home=bpack-24h-pro"), "Invalid value for --product: products: this kind of carrier knows none"),
        (("--config", "nowhere.toml"), "--config goes with --shop"),
    ],
)
def test_what_no_shop_could_have_set_is_a_mistake_in_the_call(words: tuple[str, ...], said: str) -> None:
    done = run(*SHOPIFY, ACCEPTED, *words)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert "Onbestaand" not in done.stderr


@pytest.mark.parametrize("content", [None, "[{}]"])
def test_points_that_cannot_be_read_are_a_mistake_in_the_call(content: str | None, tmp_path: Path) -> None:
    points = tmp_path / "points.json"
    if content:
        points.write_text(content, encoding="utf-8")
    done = run(*SHOPIFY, ACCEPTED, "--carrier", "bpost-shm", "--points", str(points))
    assert (done.exit_code, "--points" in done.output) == (2, True)
