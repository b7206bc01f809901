"""``/docs``: the description of the API as one page, made here from the same data, without a script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from flask import Blueprint, Response

from middleware.web.curl import command
from middleware.web.openapi import description
from schemas.shops import ONE_LINE

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1c2a33 }
h2 { border-top: 1px solid #cbd5da; padding-top: 1rem; font-size: 1.1rem }
code, .method { font-family: ui-monospace, monospace }
.method { background: #1c2a33; color: #fff; border-radius: 3px; padding: .1rem .4rem; font-size: .85rem }
pre { background: #f2f5f6; border-radius: 3px; font-size: .8rem; padding: .5rem; white-space: pre-wrap }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
td, th { border-bottom: 1px solid #e4eaed; padding: .25rem .5rem .25rem 0; text-align: left; vertical-align: top }
"""
_BOUNDS = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " entries"),
)
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
    schemes = document["components"].get("securitySchemes", {})
    return "".join(
        (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
            f"<p>{escape(document['info']['description'])} The same for machines: ",
            '<a href="/openapi.json">openapi.json</a>.</p>',
            "<h1>Authentication</h1>",
            _table(("name", "how", "what"), [(name, _scheme(one), _text(one)) for name, one in schemes.items()]),
            "<h1>Routes</h1>",
            *operations,
            "<h1>Schemas</h1>",
            *schemas,
            "</body></html>",
        )
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h2><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code></h2>'
    yield f"<p>{_prose(operation['summary'])}. {_prose(operation.get('description', ''))}</p>"
    wanted = " or ".join(escape(name) for one in operation.get("security", ()) for name in one)
    yield f"<p>Authentication: {wanted or 'none'}.</p><pre>{escape(command(path, method, operation))}</pre>"
    parameters = [
        (
            entry["name"],
            entry["in"],
            "required" if entry.get("required") else "",
            *_cells({**entry, **entry.get("schema", {})}),
        )
        for entry in operation.get("parameters", ())
    ]
    yield _table(("parameter", "in", "", "type", "limits", "meaning"), parameters)
    body = operation.get("requestBody", {}).get("content", {})
    yield "".join(f"<p>Body: {_media(media, shown)}</p>{_example(shown)}" for media, shown in body.items())
    answers = [
        (status, answer["description"], " ".join(map(_told, answer.get("content", {}).items())))
        for status, answer in operation["responses"].items()
    ]
    rows = "".join(
        f"<tr><td>{escape(one)}</td><td>{_prose(two)}</td><td>{three}</td></tr>" for one, two, three in answers
    )
    yield f"<table><tr><th>status</th><th>meaning</th><th>body</th></tr>{rows}</table>"


def _scheme(shown: Mapping[str, Any]) -> str:
    if shown.get("type") == "http":
        return f"Authorization: {str(shown.get('scheme', '')).title()} …"
    return f"{shown.get('name', '')}: …"


def _media(media: str, shown: Mapping[str, Any]) -> str:
    name = _name(shown.get("schema", {}))
    return f"<code>{escape(media)}</code>{f' {_link(name)}' if name else ''}"


def _told(entry: tuple[str, Mapping[str, Any]]) -> str:
    return _media(*entry) + _example(entry[1])


def _example(shown: Mapping[str, Any]) -> str:
    if "example" not in shown:
        return ""
    return f"<pre>{escape(json.dumps(shown['example'], indent=1, ensure_ascii=False))}</pre>"


def _schema(name: str, shown: Mapping[str, Any]) -> Iterator[str]:
    yield f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{_prose(_text(shown))}</p>'
    required = shown.get("required", ())
    rows = "".join(
        f"<tr><td>{escape(member)}</td><td>{'required' if member in required else ''}</td>"
        f"<td>{_typed(entry)}</td><td>{escape(limits(entry))}</td><td>{_prose(_text(entry))}</td></tr>"
        for member, entry in shown["properties"].items()
    )
    yield f"<table><tr><th>member</th><th></th><th>type</th><th>limits</th><th>meaning</th></tr>{rows}</table>"


def _cells(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return kind(entry), limits(entry), _text(entry)


def _typed(entry: Mapping[str, Any]) -> str:
    """The type, with a link where it is another schema."""
    name = _name(entry)
    return escape(kind(entry)).replace(escape(name), _link(name), 1) if name else escape(kind(entry))


def _name(entry: Mapping[str, Any]) -> str:
    """The schema that an entry refers to, by itself, in a list or as one of two; ``""`` for none."""
    here = str(entry.get("$ref", "")).rpartition("/")[2]
    inner = (*([entry["items"]] if "items" in entry else ()), *entry.get("anyOf", ()))
    return here or next(filter(None, map(_name, inner)), "")


def kind(entry: Mapping[str, Any]) -> str:
    """The type of an entry in a few words: ``list of Shop``, ``string (date-time) or null``."""
    types = [entry["type"]] if isinstance(entry.get("type"), str) else list(entry.get("type", ()))
    types += [one.get("type", "") for one in entry.get("anyOf", ()) if "$ref" not in one]
    named = [one for one in types if one != "null"]
    if "array" in named:
        each = kind(entry.get("items", {}))
        told = f"list of ({each})" if " or " in each else f"list of {each}"
    elif "additionalProperties" in entry:
        told = f"object of {kind(entry['additionalProperties'])}s"
    else:
        told = _name(entry) or " or ".join(named)
    form = f" ({entry['format']})" if "format" in entry else ""
    return f"{told}{form}{' or null' if 'null' in types else ''}"


def limits(entry: Mapping[str, Any]) -> str:
    """What a value may be beyond its type; nothing where nothing is said."""
    return "; ".join(_limits(entry))


def _limits(entry: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in entry:
        yield f"one of {', '.join(str(one) for one in entry['enum'] if one is not None)}"
    for least, most, unit in _BOUNDS:
        if least in entry and most in entry:
            yield f"{entry[least]} to {entry[most]}{unit}"
        elif least in entry:
            yield f"at least {entry[least]}{unit}"
        elif most in entry:
            yield f"at most {entry[most]}{unit}"
    if entry.get("pattern") == ONE_LINE:
        yield "one line"
    elif "pattern" in entry:
        yield f"of the form {entry['pattern']}"
    if each := limits(entry.get("items", {})) if "items" in entry else "":
        yield f"each {each}"
    if entry.get("writeOnly"):
        yield "never given back"


def _text(shown: Mapping[str, Any]) -> str:
    return str(shown.get("description", ""))


def _prose(text: str) -> str:
    """Text in which `what stands so` is code, as HTML."""
    pieces = escape(text).replace("``", "`").split("`")
    return "".join(f"<code>{piece}</code>" if place % 2 else piece for place, piece in enumerate(pieces))


def _link(name: str) -> str:
    return f'<a href="#{escape(name)}">{escape(name)}</a>'


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<tr>{''.join(f'<td>{_prose(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>{cells}</table>"
