"""Who may ask, in which words, and where."""

from __future__ import annotations

import re

import pytest

from tests.simulator.bpost.bench import Asker, accepted, basic, media


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer hush", "Basic ???", basic("123457"), basic(passphrase="hush!"), basic("123456:hush", "")],
)
@pytest.mark.parametrize("status", [401, 403])
def test_another_user_or_passphrase_meets_a_page_for_people(bpost: Asker, authorization: str, status: int) -> None:
    bpost.turn({"unauthorised": str(status)})
    if authorization == basic("123456:hush", ""):
        authorization = basic("123456", "")
    answer = bpost.send("POST", "/orders", accepted("at-home"), authorization=authorization)
    assert (answer.status, answer.media) == (status, "text/html;charset=UTF-8")
    assert b"<body>" in answer.body
    assert bpost.services.manager.ledger() == {}


def test_tracking_asks_for_a_passphrase_too(bpost: Asker) -> None:
    path = "//services/trackedmail/item/323212345600000000001030/trackingInfo"
    assert bpost.send("GET", path, authorization=basic(passphrase="no")).status == 401
    assert bpost.send("GET", path, authorization=basic("somebody")).status == 401
    assert bpost.send("GET", path).status == 404


def test_tracking_tells_an_account_of_its_own_parcels_alone(bpost: Asker) -> None:
    bpost.take("at-home")
    pdf, wish = media("label-pdf-v3.4"), media("labelRequest-v5")
    label = bpost.send("GET", "/orders/R-1/labels/A6", accept=pdf, content_type=wish)
    (barcode,) = re.findall(r"3232[0-9]{20}", label.body.decode())
    path = f"//services/trackedmail/item/{barcode}/trackingInfo"
    assert bpost.send("GET", path).status == 200
    assert bpost.send("GET", path, authorization=basic("654321")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/orders", {"content_type": "application/xml"}, 415),
        ("POST", "/orders", {"content_type": media("order-v3.3")}, 415),
        ("POST", "/orders", {}, 415),
        ("POST", "/orders", {"content_type": media("order-v5") + ";charset=ISO-8859-1"}, 415),
        ("POST", "/orders/R-1", {"content_type": media("orderUpdate-v5")}, 415),
        ("GET", "/orders/R-1", {"accept": "*/*"}, 406),
        ("GET", "/orders/R-1/labels/A6", {"accept": media("label-pdf-v3.4")}, 415),
        ("GET", "/orders/R-1/labels/A6", {"accept": "application/pdf"}, 406),
        ("GET", "/orders/R-1/labels/A4", {"accept": media("label-zpl-v5")}, 406),
        ("GET", "/productconfig", {}, 406),
    ],
)
def test_a_media_type_that_is_not_the_documented_one_is_refused_as_we_assume(
    bpost: Asker, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    bpost.take("at-home")
    answer = bpost.send(method, path, accepted("at-home"), **headers)
    assert (answer.status, answer.headers["X-Assumed"]) == (status, "media-types")


def test_media_types_can_be_left_aside(bpost: Asker) -> None:
    bpost.turn({"media-types": "any"})
    assert bpost.send("POST", "/orders", accepted("at-home")).status == 201
    assert bpost.send("GET", "/orders/R-1").status == 200
    assert bpost.send("GET", "/orders/R-1/labels/A6", accept=media("label-pdf-v3")).status == 200


@pytest.mark.parametrize("type_", [media("order-v5").lower(), media("order-v5") + "; charset=UTF-8"])
def test_media_types_are_compared_without_regard_to_case(bpost: Asker, type_: str) -> None:
    assert bpost.send("POST", "/orders/", accepted("at-home"), content_type=type_).status == 201


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/orders/R-1", 405),
        ("GET", "/orders/R-1/labels/A5", 404),
        ("GET", "//services/shm/12345/orders/R-1", 404),
    ],
)
def test_what_is_not_there_is_said_in_plain_text(bpost: Asker, method: str, path: str, status: int) -> None:
    answer = bpost.send(method, path)
    assert (answer.status, answer.media) == (status, "text/plain;charset=UTF-8")


def test_an_unknown_order_and_box_are_named_back(bpost: Asker) -> None:
    answer = bpost.ask("GET /orders/Made%20up")
    assert (answer.status, answer.body) == (404, b"No order found with reference Made up")
    answer = bpost.ask("GET /boxes/323212345600000000009030/labels/A6 pdf-v3")
    assert (answer.status, answer.media) == (404, "text/plain;charset=UTF-8")
