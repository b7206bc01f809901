"""``/docs``: the description of the API as one page, made here from the same data, without a script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from flask import Blueprint, Response

from middleware.web.openapi import description

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1c2a33 }
h2 { border-top: 1px solid #cbd5da; padding-top: 1rem; font-size: 1.1rem }
code, .method { font-family: ui-monospace, monospace }
.method { background: #1c2a33; color: #fff; border-radius: 3px; padding: .1rem .4rem; font-size: .85rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
td, th { border-bottom: 1px solid #e4eaed; padding: .25rem .5rem .25rem 0; text-align: left; vertical-align: top }
"""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def blueprint() -> Blueprint:
    """The one route."""
    routes = Blueprint("docs", __name__)

    def docs() -> Response:
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return Response(page(description()), mimetype="text/html", headers=headers)

    routes.add_url_rule("/docs", view_func=docs, methods=["GET"], provide_automatic_options=False)
    return routes


def page(document: Mapping[str, Any]) -> str:
    """An OpenAPI description as HTML: every operation with its parameters, body and answers, every schema."""
    title = f"{escape(document['info']['title'])} {escape(document['info']['version'])}"
    operations = [
        "".join(_operation(path, method, operation))
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    schemas = ["".join(_schema(name, shown)) for name, shown in document["components"]["schemas"].items()]
    return "".join(
        (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
            f"<p>{escape(document['info']['description'])} The same for machines: ",
            '<a href="/openapi.json">openapi.json</a>.</p>',
            *operations,
            "<h1>Schemas</h1>",
            *schemas,
            "</body></html>",
        )
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h2><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code></h2>'
    yield f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}</p>"
    parameters = [
        (entry["name"], entry["in"], "required" if entry.get("required") else "")
        for entry in operation.get("parameters", ())
    ]
    yield _table(("parameter", "in", ""), parameters)
    body = operation.get("requestBody", {}).get("content", {})
    yield "".join(f"<p>Body: {_media(media, shown)}</p>" for media, shown in body.items())
    answers = [
        (status, answer["description"], " ".join(_media(*entry) for entry in answer.get("content", {}).items()))
        for status, answer in operation["responses"].items()
    ]
    rows = "".join(
        f"<tr><td>{escape(one)}</td><td>{escape(two)}</td><td>{three}</td></tr>" for one, two, three in answers
    )
    yield f"<table><tr><th>status</th><th>meaning</th><th>body</th></tr>{rows}</table>"


def _media(media: str, shown: Mapping[str, Any]) -> str:
    name = str(shown.get("schema", {}).get("$ref", "")).rpartition("/")[2]
    link = f' <a href="#{escape(name)}">{escape(name)}</a>' if name else ""
    return f"<code>{escape(media)}</code>{link}"


def _schema(name: str, shown: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{escape(shown.get("description", ""))}</p>'
    required = shown.get("required", ())
    rows = [
        (field, _form(entry), "required" if field in required else "") for field, entry in shown["properties"].items()
    ]
    yield _table(("field", "form", ""), rows)


def _form(entry: Mapping[str, Any]) -> str:
    """What a field may hold, in a few words."""
    refers = str(entry.get("$ref", "")).rpartition("/")[2]
    words = [str(choice) for choice in entry.get("enum", ())]
    type_ = entry.get("type", "")
    types = [type_] if isinstance(type_, str) else [one for one in type_ if one != "null"]
    told = refers or ", ".join(words) or ", ".join(types)
    return f"{told} {entry['description']}" if "description" in entry else told


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>{cells}</table>"
