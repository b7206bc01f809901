"""Every mistake in a configuration is one line: file, line, key, what is expected, an example; and never the value."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from middleware import config
from middleware.cli.starting import written
from middleware.config_settings import ANY, SETTINGS, Place, Setting, example
from middleware.errors import ConfigError
from tests.middleware.configuring import cleaned

CANARY = "Canary-secret-9f3"
TEXT = written("demo.myshopify.com", "http://127.0.0.1:8090")
NAMES = {"sources": "dashboard", "carriers": "platform", "apps": "parcelveil", "shops": "demo"}
ENVIRONMENT = (
    "SHOPIFY_SECRET",
    "PARCEL_PLATFORM_TOKEN",
    "DEMO_TOKEN",
    "ADMIN_TOKEN",
    "DASHBOARD_TOKEN",
    "BPOST_PASSPHRASE",
    "DEMO_PASSPHRASE",
    "DEMO_TRACKING_PASSWORD",
    "LOCATOR_KEY",
    "BPOST_TRACKING_PASSWORD",
    "DEMO_ADMIN_TOKEN",
)
SIGNS = "whsec_bWFkZS11cC1rZXktb2YtYS1jYWxsYmFjay0wMDE="
FREE = {"keys", "state", "journal", "ca_file", "pickup_attribute", "reference", "database"}
"""Settings that take any one line of text, beside those of the sender."""

OF_BPOST = ("locator", "tracking")
"""Tables of the one kind of carrier that has them."""

NESTED = ("integration", "sender", "cash_on_delivery", "customs", "callback", "fulfilment", *OF_BPOST)

WRONG_TYPES = [f'["{CANARY}"]', f'{{ canary = "{CANARY}" }}', "true", "2026-11-22T10:00:00", "1.5", "[[1]]"]
PASTED = [f'{{ {source} = "{text}" }}' for source in ("env", "file") for text in (CANARY, f"{CANARY}\\u0000")]
"""The secret itself where the name of its variable, or of its file, should stand."""

WRONG_TYPES += [*PASTED, *(f"[{pasted}]" for pasted in PASTED)]
WRONG_VALUES = [f'"{CANARY} é!"', f'"{CANARY}\\nb"', f"'''\n{CANARY}\n# x'''"]

OF_ACCOUNTS = (
    *(("account", "passphrase"), ("passphrase", "account")),
    *(("tracking_password", "account"), ("tracking_password", "passphrase")),
)
PAIRS = {
    "cash_on_delivery": (("iban", "bic"), ("bic", "iban")),
    "callback": (("url", "secrets"), ("secrets", "url")),
    "fulfilment": (("url", "token"),),
    "tracking": (),  # the whole table stands there as a comment
}
"""Of tables that may be left out: what needs what."""

EVERY = [
    pytest.param(place, setting, id=".".join((*place, setting.key)))
    for place, entries in SETTINGS.items()
    for setting in entries
    if setting.key not in NESTED  # tables of their own: their keys are here
]
each_setting = pytest.mark.parametrize(("place", "setting"), EVERY)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cleaned(monkeypatch, tmp_path)
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, f"made-up-for-{name}")
    monkeypatch.setenv("DEMO_POINTS_KEY", "points_made-up-for-browsers")
    monkeypatch.setenv("DEMO_CALLBACK_SECRET", SIGNS)


def table_of(place: Place) -> str:
    return ".".join(NAMES[place[0]] if name == ANY else name for name in place)


def replaced(place: Place, key: str, value: str, filling: str = "") -> tuple[str, int]:
    """The text of ``init`` with another value of a setting, and the line on which it stands."""
    whole = with_table(f"[{table_of(place)}]")
    head, found, rest = whole.partition(f"\n[{table_of(place)}]\n")
    assert found
    changed, count = re.subn(
        rf"^(?:# )?{key} = .*$", lambda _: f"{filling}{key} = {value} # = 1", rest, count=1, flags=re.M
    )
    assert count == 1
    if key == "secrets" and place == ("shops", ANY):  # in the place of the app
        changed = re.sub(r'^app = "parcelveil"', "# none    ", changed, count=1, flags=re.M)
    for one, other in PAIRS.get(place[-1], OF_ACCOUNTS):
        if key == one:  # either needs the other
            changed = re.sub(rf"^# {other} = ", f"{other} = ", changed, count=1, flags=re.M)
    if place[-1] in OF_BPOST or (place == ("carriers", ANY) and key in ("account", "passphrase", "points", *OF_BPOST)):
        head, changed = map(of_bpost, (head, changed))
    text = head + found + changed
    at = text.index(f"\n{key} = {value} # = 1", len(head) + len(found) - 1)
    return text, text.count("\n", 0, at) + 2


def with_table(header: str) -> str:
    """The text of ``init``; a table that stands there as a comment alone is one, with all that is in it."""
    head, found, rest = TEXT.partition(f"\n# {header}\n")
    if not found:
        return TEXT
    inside, gap, rest = rest.partition("\n\n")
    return f"{head}\n{header}\n{re.sub('^# ', '', inside, flags=re.M)}{gap}{rest}"


def of_bpost(text: str) -> str:
    """The same with the kind of carrier that alone takes some settings."""
    text = re.sub(r'^kind = "parcel-json"', 'kind = "bpost-shm"', text, flags=re.M)
    return re.sub(r'^token = \{ env = "PARCEL', '# ten = { env = "PARCEL', text, flags=re.M)


def said(folder: Path, text: str) -> str | None:
    """The one line that is said of a configuration; None where nothing is wrong with it."""
    file = folder / "made.toml"
    file.write_text(text, encoding="utf-8")
    found: tuple[str, ...] = ()
    try:
        found = tuple(config.load(file).quarantined.values())
    except ConfigError as fault:
        found = (str(fault),)
        trace = "".join(traceback.format_exception(fault))
    else:
        trace = ""
    assert len(found) <= 1
    assert [line for line in found if len(line.splitlines()) != 1 or CANARY in line + trace] == []
    return found[0] if found else None


def takes(place: Place, setting: Setting, value: str) -> bool:
    """Whether a value is none of the wrong ones for this setting."""
    if setting.key == "interpretations":
        return value.startswith("{")
    if setting.key in ("simulated", "follow"):
        return value == "true"
    if value != WRONG_VALUES[0]:  # one line of text
        return False
    if place == ("carriers", ANY):
        return setting.key == "points"  # the file is read later
    if place == ("shops", ANY):
        return setting.key in ("pickup_attribute", "policy")  # a pack is looked for later
    if place[-1] == "customs":
        return setting.key == "description"
    free = ("server", "integration") if setting.key in FREE else ()
    return place[-1] in free or (place[-1] == "sender" and setting.key != "country")


def test_what_is_changed_here_is_right_by_itself(tmp_path: Path) -> None:
    assert said(tmp_path, TEXT) is None


@each_setting
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_wrong_type_or_value_is_told_with_its_line(
    tmp_path: Path, place: Place, setting: Setting, data: st.DataObject
) -> None:
    value = data.draw(
        st.sampled_from([value for value in WRONG_TYPES + WRONG_VALUES if not takes(place, setting, value)])
    )
    filling = "".join(data.draw(st.lists(st.sampled_from(["\n", "# [x]\n", '# """\n']), max_size=3)))
    text, line = replaced(place, setting.key, value, filling)
    told = said(tmp_path, text)
    dotted = f"{table_of(place)}.{setting.key}"
    assert told is not None, f"{dotted} = {value} is taken"
    assert re.fullmatch(rf"{re.escape(str(tmp_path))}/made\.toml:{line}: {re.escape(dotted)}: expected .+", told), (
        told,
        line,
    )
    assert " such as " in told


@each_setting
def test_every_example_is_one(tmp_path: Path, place: Place, setting: Setting) -> None:
    text, _ = replaced(place, setting.key, setting.example)
    told = said(tmp_path, text)
    if (place, setting.key) == (("shops", ANY), "secrets"):
        assert told is not None
        assert "a secret that is also another shop's or app's is refused" in told  # the app's, as in the example
    else:
        assert told is None


@each_setting
def test_an_example_is_found_by_the_path_of_its_setting(place: Place, setting: Setting) -> None:
    path = tuple("whatever" if name == ANY else name for name in place)
    assert example((*path, setting.key)) == f"{setting.key} = {setting.example}"
    assert example((*path, "nonesuch")) == example(()) == ""


@pytest.mark.parametrize("pasted", PASTED)
@pytest.mark.parametrize(
    ("place", "key", "listed"),
    [
        (("admin",), "tokens", True),
        (("sources", ANY), "token", False),
        (("carriers", ANY), "token", False),
        (("apps", ANY), "secrets", True),
        (("shops", ANY), "secrets", True),
        (("shops", ANY), "token", False),
    ],
)
def test_a_secret_in_the_place_of_its_name_is_not_repeated(
    tmp_path: Path, place: Place, key: str, listed: bool, pasted: str
) -> None:
    text, line = replaced(place, key, f"[{pasted}]" if listed else pasted)
    told = said(tmp_path, text)
    assert told is not None
    assert told.startswith(f"{tmp_path}/made.toml:{line}: {table_of(place)}.{key}: expected {{ ")
    assert "never the secret itself" in told


REQUIRED = [(place, setting.key) for place, entries in SETTINGS.items() for setting in entries if setting.required]


@pytest.mark.parametrize(("place", "key"), REQUIRED, ids=[f"{'.'.join(place)}.{key}" for place, key in REQUIRED])
def test_what_is_missing_is_told_with_the_line_of_its_table(tmp_path: Path, place: Place, key: str) -> None:
    if key in ("integration", "sender"):
        text = re.sub(rf"^\[{table_of(place)}\.{key}\]\n(?:.+\n)*", "", TEXT, count=1, flags=re.M)
        table = table_of(place)
    else:
        text, _ = replaced(place, key, "x")
        text = text.replace(f"{key} = x # = 1\n", "")
        table = table_of(place)
    told = said(tmp_path, text)
    line = text[: text.index(f"[{table}]")].count("\n") + 1
    assert told is not None
    assert re.match(
        rf"{re.escape(str(tmp_path))}/made\.toml:{line}: {re.escape(table)}[\w.]*: (?:.+; )?expected ", told
    ), told


def test_an_unknown_key_is_told_with_its_line(tmp_path: Path) -> None:
    text, line = replaced(("shops", ANY), "notify", '"none"')
    told = said(tmp_path, text.replace("notify = ", "notfy = "))
    assert told == (
        f"{tmp_path}/made.toml:{line}: shops.demo.notfy: unknown key; "
        'expected one that is known, such as notify = "email"; did you mean notify?'
    )


def test_a_choice_is_told_as_people_need_it(tmp_path: Path) -> None:
    text, line = replaced(("shops", ANY), "notify", '"emial"')
    assert said(tmp_path, text) == (
        f"{tmp_path}/made.toml:{line}: shops.demo.notify: expected one of none, email, sms, "
        'such as notify = "email"; did you mean email?'
    )


@pytest.mark.parametrize("key", ["NOTIFY", "HOLD", "SENDER__COUNTRY"])
def test_what_comes_from_the_environment_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    monkeypatch.setenv(f"PARCELVEIL_SHOPS__DEMO__{key}", CANARY)
    told = said(tmp_path, TEXT)
    dotted = key.lower().replace("__", ".")
    assert told is not None
    assert told.startswith(f"$PARCELVEIL_SHOPS__DEMO__{key}: shops.demo.{dotted}: expected ")


@pytest.mark.parametrize("name", ENVIRONMENT[:2])
def test_a_secret_that_is_not_set_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.delenv(name)
    told = said(tmp_path, TEXT)
    assert told is not None
    assert re.search(
        rf"made\.toml:\d+: .*: the secret in env {name} is missing or empty; "
        rf"expected it to be set, such as export {name}=…$",
        told,
    )


@pytest.mark.parametrize(
    ("bad", "line"), [("notify = Canary", 3), ("[shops.demo", 3), ("hold =", 3), ('a = "\x01"', 3)]
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, bad: str, line: int) -> None:
    told: Any = said(tmp_path, f"# one\n# two\n{bad}\n[x]\n")
    assert told.startswith(f"{tmp_path}/made.toml:{line}: not TOML: ")
    assert "Canary" not in told
