"""The part of the description that tells of labels. The tests send the example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from middleware.web.labels import RETURN_BARCODES
from middleware.web.openapi_examples import ANOTHER, RECORD
from middleware.web.openapi_lane import ID, PREFIX, SHOP, WHO, as_json

Problem = Callable[[str], Mapping[str, Any]]

EXAMPLE: Final[Mapping[str, Any]] = {
    "shipments": [RECORD, ANOTHER],
    "format": "pdf",
    "size": "A6",
    "with_return": False,
}
_LACKING: Final[Mapping[str, Any]] = {
    "type": "urn:problem:labels-lacking",
    "title": "Of some of these shipments there is no label; nothing is handed on.",
    "status": 409,
    "instance": "urn:uuid:3c5f9f0e-8a7d-4c26-9a5e-1f1f3c1c0d03",
    "errors": [{"pointer": "/shipments/1", "code": "no-label-yet"}],
}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_BACK: Final = {
    RETURN_BARCODES: {
        "description": (
            "Where return labels were asked for and are there: their barcodes in the order of the shipments, strings "
            "of a list (RFC 9651), an empty one for a shipment without"
        ),
        "schema": {"type": "string", "examples": ['"323212345600000000001050", ""']},
    }
}


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    yield f"{PREFIX}/{{id}}/label", {"get": _label(problem)}
    yield "/v1/shops/{shop}/labels", {"post": _labels(problem)}


def _label(problem: Problem) -> Mapping[str, Any]:
    wishes = [
        {
            "name": name,
            "in": "query",
            "description": told,
            "schema": {"type": "string", "enum": words, "default": words[0]},
        }
        for name, told, words in (
            ("format", "What the parcel platform makes: all can pdf", ["pdf", "png", "zpl"]),
            ("size", "zpl is A6 alone", ["A6", "A4"]),
            ("with_return", "With the label that brings the parcel back, as the second page; not as png", _TRUTH),
        )
    ]
    forms = {"application/pdf": _BINARY, "image/png": _BINARY, "application/zpl": _BINARY}
    return {
        "summary": "The label, fetched from the parcel platform and never stored",
        "security": [{"shop": []}],
        "parameters": [SHOP, ID, *wishes],
        "responses": {
            "200": {"description": "The label", "headers": _BACK, "content": forms},
            "400": problem("Another query, or a form that the parcel platform does not make"),
            "401": problem(WHO),
            "404": problem("There is no such shipment in this shop"),
            "409": problem("There is none yet"),
            "410": problem("There is none any more"),
            "503": problem("The parcel platform did not give it: try again"),
        },
    }


_TRUTH: Final = ["false", "true"]


def _labels(problem: Problem) -> Mapping[str, Any]:
    wanted = {**as_json("LabelsWanted")["application/json"], "example": EXAMPLE}
    return {
        "summary": "The labels of up to a hundred shipments in one document, in the order in which they are asked for",
        "description": "All or none, fetched from the parcel platform and never stored; asked again, printed again.",
        "security": [{"shop": []}],
        "parameters": [SHOP],
        "requestBody": {"required": True, "content": {"application/json": wanted}},
        "responses": {
            "200": {"description": "The labels", "headers": _BACK, "content": {"application/pdf": _BINARY}},
            "400": problem("A body that is not strict JSON"),
            "401": problem(WHO),
            "404": problem("Some of them are not there in this shop: `errors` tells at which places"),
            "409": _with_example(problem("Of some of them there is no label yet, or none any more: `errors` tells")),
            "411": problem("The length of the body must be told"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem("Not the permitted form, not made by the parcel platform, or too large: ask for fewer"),
            "503": problem("The parcel platform did not give them, or too many are asked for at once: try again"),
        },
    }


def _with_example(described: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        **described,
        "content": {media: {**shown, "example": _LACKING} for media, shown in described["content"].items()},
    }
