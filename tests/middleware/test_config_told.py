"""Every kind of mistake in a configuration, one at a time: its file and line or its variable, what is expected there,
and an example. A place in the code that tells of one without a row here is found.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

import middleware
from middleware import config
from middleware.binding import Binder, ShopFault, carriers, check_permitted
from middleware.cli.starting import written
from middleware.config_shop import Around, stored_settings
from middleware.errors import ConfigError, SettingError
from middleware.keys import ServiceKeys
from middleware.model_shop import ShopContent, ShopSecret
from middleware.platform_keys import PlatformKeys
from middleware.retention_keys import PublicKeys
from schemas.policy_loader import load
from tests.middleware.configuring import CANARY, WHOLE, cleaned, own
from tests.middleware.platforms.making import settings

HOME = Path(middleware.__file__).parent
TOLD = (HOME / "binding.py", *sorted(HOME.glob("config*.py")))
"""The modules that tell of mistakes in a configuration."""

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A mistake: ``old`` of the whole configuration is ``new``, or a variable is set. ``at`` is the text in whose line
    it stands (its last line), or the variable; ``says`` what is told of it.
    """

    old: str = "[server]\n"
    new: str = ""
    variable: str = ""
    value: str = "x"
    at: str = ""
    says: str


def server(setting: str, says: str) -> Row:
    return Row(new=f"[server]\n{setting}\n", at=setting, says=says)


def shop(setting: str, says: str) -> Row:
    return Row(old='app = "parcelveil"', new=f'app = "parcelveil"\n{setting}', at=setting, says=says)


def instead(old: str, new: str, says: str, at: str = "") -> Row:
    return Row(old=old, new=new, at=at or new, says=says)


def set_to(variable: str, value: str, says: str) -> Row:
    return Row(new="[server]\n", variable=variable, value=value, at=f"${variable}", says=says)


def spoken(setting: str, says: str, at: str = "") -> Row:
    """Of a carrier that knows accounts."""
    old = 'kind = "parcel-json"\nurl = "https://platform.example"\ntoken = { env = "TOKEN" }\n'
    return instead(old, f'kind = "bpost-shm"\nurl = "https://platform.example"\n{setting}\n', says, at or setting)


def unknown(setting: str, says: str) -> Row:
    """Of one that does not."""
    return instead('kind = "parcel-json"', f'kind = "parcel-json"\n{setting}', says, setting)


TRIAL = '[carriers.NAME]\nkind = "parcel-json"\nurl = "https://trial.example"\nsimulated = true\n'
TWICE = TRIAL.replace("NAME", "one") + TRIAL.replace("NAME", "two")
LOCATOR = 'locator = { partner = "123456", key = { env = "OTHER" } }'
LOCATOR_INSIDE = LOCATOR.replace("{ partner", '{ url = "http://locator.example", partner')
STAMPS = """[shops.stamps]
platform = "direct"
carrier = "platform"
policy = "bpost-mystamp"
account_type = "mystamp"
"""
ROWS = {
    "an unknown key": server("listn = 1", "unknown key"),
    "an unknown key that resembles none": server("qqqq = 1", "expected one of api_listen, "),
    "an unknown table": Row(new="[server]\n[shop]\n", at="[shop]", says="did you mean shops?"),
    "no text": server("keys = 1", "expected one line of text"),
    "a longer line": instead(
        'reference = "', f'reference = "{300 * "x"}', "at most 200 characters", at="integration = {"
    ),
    "another word": shop('notify = "emial"', "expected one of none, email, sms"),
    "another form": shop('product = "A b"', "expected small letters, digits and hyphens"),
    "no address": server('listen = "8080"', "expected host:port"),
    "no origin": server('egress_proxy = "socks5://a"', "expected http://host[:port]"),
    "no flag": instead('kind = "parcel-json"', 'kind = "parcel-json"\nsimulated = 1', "expected true or false"),
    "no number": shop("default_weight_grams = 0", "expected a whole number from 1 to 30000"),
    "no date": instead("requested_on = 2026-11-22", 'requested_on = "x"', "expected a date", at="integration = {"),
    "no length of time": shop('hold = "2"', "expected a length of time"),
    "public addresses": instead(
        'kind = "parcel-json"',
        'kind = "parcel-json"\nallow_private = ["8.8.8.8"]',
        "expected a list of private addresses or networks",
    ),
    "no texts": shop("interpretations = { a = 1 }", "expected a table of texts"),
    "a token no header can carry": instead(
        'env = "TOKEN" }', 'file = "odd" }', "expected a secret of printable ASCII characters alone", at="token = "
    ),
    "three secrets": instead('[{ env = "SECRET" }]', "[]", "expected a list of one secret, or of two"),
    "a secret inline": instead('{ env = "TOKEN" }', '"x"', "never the secret itself", at='token = "x"'),
    "a secret of another kind": instead('{ env = "TOKEN" }', '{ vault = "x" }', 'expected { env = "NAME" }'),
    "a number for the name of a secret": instead('{ env = "TOKEN" }', '{ env = 1 }', "never the secret itself"),
    "a misspelt source of a secret": instead('{ env = "TOKEN" }', '{ evn = "TOKEN" }', "did you mean env?"),
    "a misspelt secret": spoken(
        'account = "123456"\npassphrse = { env = "TOKEN" }', "it is missing; expected { env", at="[carriers.platform]"
    ),
    "a misspelt list of secrets": instead(
        'secrets = [{ env = "SECRET" }]',
        'secret = [{ env = "SECRET" }]',
        "secrets: it is missing; expected a list of one",
        at="[apps.parcelveil]",
    ),
    "a file of no secret": instead('{ env = "TOKEN" }', '{ file = "empty" }', "the file of the secret is empty"),
    "a secret for its name": instead('{ env = "TOKEN" }', '{ env = "a b" }', "the name of a variable that is set"),
    "a secret that is not set": instead('{ env = "TOKEN" }', '{ env = "NOT" }', "such as export NOT=…"),
    "a file that is not there": instead('{ env = "TOKEN" }', '{ file = "not" }', "of a file that can be read"),
    "a table that is none": Row(
        old="[server]\n", new='[shops]\nodd = 3\n[server]\n', at="odd = 3", says="expected a table, such as [shops.odd]"
    ),
    "one address twice": server('api_listen = "127.0.0.1:8080"', "expected another address than that of listen"),
    "metrics among all": server('metrics_listen = "127.0.0.1:8081"', "than those of listen and api_listen"),
    "a password": server('database = "postgresql://a:b@c/d"', "expected a URL without a password"),
    "no database": server('database = "mysql://a"', "expected sqlite:///FILE"),
    "a database in memory": server('database = "sqlite:///:memory:"', "expected sqlite:///FILE"),
    "no group": server('keys_group = "no such"', "expected a group of this machine"),
    "kept longer": server('keep_delivered = "1d"', "expected one of 0d, policy"),
    "no clock": server('clock = "x"', 'expected "file:PATH"'),
    "a clock for all": server('listen = "0.0.0.0:80"\nclock = "file:x"', "expected addresses of loopback"),
    "short tokens": Row(
        new='[server]\n[admin]\ntokens = [{ env = "SECRET" }]\n', at="tokens", says="expected tokens of at least 16"
    ),
    "a short token": Row(
        new='[server]\n[sources.own]\ntoken = { env = "SECRET" }\n', at="token", says="expected a token of at least 16"
    ),
    "no names of shops": Row(
        new='[server]\n[sources.own]\nshops = ["A b"]\n', at="shops", says="expected a list of names of shops"
    ),
    "plain http": instead("https://platform.example", "http://platform.example", "allow_private alone, and there is"),
    "two simulated platforms": Row(
        new=f"[server]\n{TWICE}", at=TWICE.rstrip(), says="one is the simulated platform already; expected no more than"
    ),
    "no name": instead("[carriers.platform]", "[carriers.A]", "expected a name of small letters, digits and hyphens"),
    "webhooks without a secret": instead(
        '[shops.demo]\nplatform = "shopify"',
        '[shops.demo]\nplatform = "woocommerce"',
        "the secret of its webhooks",
        at="[shops.demo]",
    ),
    "app and secrets": instead(
        'app = "parcelveil"', 'secrets = [{ env = "OTHER" }]\napp = "parcelveil"', "expected either the app or secrets"
    ),
    "neither": Row(old='app = "parcelveil"\n', new="", at="[shops.demo]", says="expected an app, one of parcelveil"),
    "no domain": instead('"demo.myshopify.com"', '"demo.example"', "which ends in .myshopify.com"),
    "a real shop at the simulated one": instead(
        'url = "https://platform.example"',
        'url = "https://platform.example"\nsimulated = true',
        'this is the simulated platform, which shops in mode = "test" go to',
        at='carrier = "platform"',
    ),
    "nothing to test with": shop('mode = "test"', "expected a simulated platform in the configuration"),
    "another account": instead('"professional"', '"guest"', "professional accounts only (VP-PLG-1)"),
    "a token for a carrier of accounts": instead(
        'kind = "parcel-json"', 'kind = "bpost-shm"', "bpost-shm knows none", at='token = { env = "TOKEN" }'
    ),
    "no account": spoken('account = "12345"', "expected six digits in quotation marks"),
    "an account without its passphrase": spoken(
        'account = "123456"', "passphrase: it is missing; expected", at="[carriers.platform]"
    ),
    "an account that this carrier does not know": unknown('account = "123456"', "account: parcel-json knows none"),
    "a passphrase that it does not know": unknown('passphrase = { env = "OTHER" }', "passphrase: parcel-json knows"),
    "points for a carrier that publishes its own": unknown('points = "x.json"', "parcel-json publishes its own"),
    "tracking for a carrier that tells itself": unknown(
        'tracking = { url = "https://t.example" }', "parcel-json tells of its parcels itself"
    ),
    "no word for tracking": spoken(
        'tracking = { url = "https://t.example", account = "123456" }', "password: it is missing; expected"
    ),
    "nobody to follow with": spoken("follow = true", "there is none to ask; expected false, or a table tracking"),
    "plain http for tracking": spoken('tracking = { url = "http://t.example" }', "allow_private alone, and there is"),
    "no account for tracking": spoken(
        'tracking = { url = "https://t.example", account = "12" }', "expected six digits in quotation marks"
    ),
    "points from two places": instead(
        'kind = "parcel-json"\nurl = "https://platform.example"\ntoken = { env = "TOKEN" }',
        f'kind = "bpost-shm"\nurl = "https://platform.example"\n{LOCATOR}\npoints = "points.json"',
        "the locator tells the points; expected it to be left out, or the locator",
    ),
    "a locator of another": instead(
        'kind = "parcel-json"', f'kind = "parcel-json"\n{LOCATOR}', "parcel-json publishes its own; expected no such"
    ),
    "plain http to a locator": instead(
        'kind = "parcel-json"\nurl = "https://platform.example"\ntoken = { env = "TOKEN" }',
        f'kind = "bpost-shm"\nurl = "https://platform.example"\n{LOCATOR_INSIDE}',
        "allow_private alone, and there is none",
    ),
    "a key for browsers that looks like a secret": shop(
        'points_key = { env = "OTHER" }', "expected points_ and at least 16 letters, digits"
    ),
    "a token that looks like a key for browsers": shop(
        'token = { file = "points" }', "expected a secret that does not begin with points_"
    ),
    "no products": shop('products = { home = "A b" }', "expected a product, and options behind it, for each way"),
    "no lines": shop('lines = { home = "a  b" }', "expected the shop's shipping lines, each with a product"),
    "lines where none are known": shop('lines = { home = "a" }', "lines: this kind of carrier knows none"),
    "an account where none is known": Row(
        old='app = "parcelveil"',
        new='account = "123456"\npassphrase = { env = "OTHER" }\napp = "parcelveil"',
        at='account = "123456"',
        says="this kind of carrier knows none",
    ),
    "no IBAN": shop(
        'cash_on_delivery = { iban = "BE68539007547035", bic = "GKCCBEBB" }', "expected an IBAN without spaces, whose"
    ),
    "money where none is collected": shop(
        'cash_on_delivery = { iban = "BE68539007547034", bic = "GKCCBEBB" }',
        "cash_on_delivery: this kind of carrier knows none",
    ),
    "a callback that is none of https": shop(
        'callback = { url = "http://winkel.example/x", secrets = [{ env = "OTHER" }] }', "expected https://host[:port]/path"
    ),
    "a callback without a key": shop(
        'callback = { url = "https://winkel.example/x", secrets = [{ env = "OTHER" }] }',
        "expected secrets of the form whsec_",
    ),
    "a fulfilment elsewhere": Row(
        old='platform = "shopify"\ndomain = "demo.myshopify.com"',
        new='platform = "woocommerce"\ndomain = "winkel.example"\nsecrets = [{ env = "OTHER" }]\n'
        'fulfilment = { token = { env = "OTHER" } }',
        at='fulfilment = { token = { env = "OTHER" } }',
        says="there is no such thing at other platforms",
    ),
    "no request": instead(
        "{ requested_on = 2026-11-22, reference = \"made up\" }", "{}", "expected the recorded request (VP-PLG-3)"
    ),
    "nobody sends": instead('name = "Voorbeeldwinkel", ', "", "expected a name or a company", at="sender = {"),
    "a domain twice": Row(
        new="[server]\n" + own("two", "OTHER").replace("two.my", "demo.my"),
        at='domain = "demo.myshopify.com"',
        says="expected a domain of its own",
    ),
    "a secret twice": Row(
        new="[server]\n" + own("two", "SECRET"), at='secrets = [{ env = "SECRET" }]', says="expected a secret of its"
    ),
    "no such pack": shop('policy = "nonesuch"', "shop yet; expected one of bpost-shipping-platform"),
    "no webshop's pack": shop('policy = "bpost-mystamp"', "no webshop may be linked under it (MS-SCO-1, MS-COL-1)"),
    "another pack's account": instead('"professional"', '"mystamp"', "bpost-shipping-platform has none of that name"),
    "no token": Row(new=f"[server]\n{STAMPS}", at="[shops.stamps]", says="expected a token, with which the shop's own"),
    "no token to call with": Row(
        old='app = "parcelveil"',
        new='app = "parcelveil"\ncreates = "call"',
        at="[shops.demo]",
        says="token: there is none; expected a token, with which the shop's own systems call",
    ),
    "another lane": shop('creates = "calls"', "creates: expected one of webhook, call, such as"),
    "a lane where there is one": Row(
        new=f'[server]\n{STAMPS}creates = "call"\n',
        at='creates = "call"',
        says="no webhook brings it anything, so it always creates by call; expected it to be left out",
    ),
    "no such reading": shop('interpretations = { odd = "x" }', "expected readings that the policy leaves open"),
    "a request to come": instead("requested_on = 2026-11-22", "requested_on = 2999-01-01", "this day has not come"),
    "no port": set_to("PORT", "abc", "expected a port, from 1 to 65535"),
    "no database by its variable": set_to("DATABASE_URL", "nonesuch", "expected sqlite:///FILE"),
    "a debug server": set_to("FLASK_DEBUG", "1", "expected it not to be set"),
    "a variable of nothing": set_to("PARCELVEIL_SERVR__X", "1", "no such setting; expected one of server, admin"),
    "a variable of no table": set_to("PARCELVEIL_SHOPS__NOT__X", "1", "the file has no [shops.not]"),
    "a variable too deep": set_to("PARCELVEIL_CARRIERS__PLATFORM__URL__X", "1", "url is no table"),
    "a wrong variable": set_to("PARCELVEIL_SHOPS__DEMO__NOTIFY", "x", "expected one of none, email, sms"),
    "no TOML": Row(new="[server]\nx\n", at="[server]\nx", says="not TOML: "),
}  # fmt: skip


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cleaned(monkeypatch, tmp_path)
    Path("empty").write_bytes(b"\n")
    Path("points").write_bytes(b"points_made-up-for-browsers")
    Path("odd").write_bytes(b"a\x00b")


def told(file: Path) -> list[str]:
    """What is said of a configuration: where it is read, and where its shops are put to work."""
    try:
        found = config.load(file)
    except ConfigError as fault:
        return [str(fault)]
    known = {name: PlatformKeys(file.parent, name) for name in found.carriers}
    spoken, own = carriers(found.carriers), PublicKeys(file.parent)
    keys = ServiceKeys(signing=cast(Any, None), index=b"0" * 32, service=cast(Any, None))
    binder = Binder(carriers=spoken, known=known, own=own, keys=keys, clock=lambda: NOW)
    said = list(found.quarantined.values())
    for made in found.shops.values():
        try:
            binder.bind(made)
        except SettingError as fault:
            said.append(str(fault.at(found.source.place(fault.path))))
    return said


def mistaken(monkeypatch: pytest.MonkeyPatch, folder: Path, row: Row) -> tuple[list[str], str]:
    """What is said of the mistake of a row, and where it stands."""
    assert WHOLE.count(row.old) == 1, row.old
    text = WHOLE.replace(row.old, row.new)
    file = folder / "made.toml"
    file.write_text(text, encoding="utf-8")
    if row.variable:
        monkeypatch.setenv(row.variable, row.value)
        return told(file), row.at
    end = text.index(row.at) + len(row.at)
    return told(file), f"{file}:{text.count(chr(10), 0, end) + 1}"


@pytest.mark.parametrize("name", ROWS)
def test_a_mistake_is_told_with_its_place_what_is_expected_and_an_example(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    row = ROWS[name]
    said, place = mistaken(monkeypatch, tmp_path, row)
    (line,) = [line for line in said if line.startswith(f"{place}: ")]
    assert row.says in line
    assert_whole(line)


def test_what_is_to_be_left_out_is_no_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, example in (
        ("a token for a carrier of accounts", ', such as account = "123456"'),
        ("points from two places", ", such as [carriers.bpost.locator]"),
    ):
        (line, *_), _ = mistaken(monkeypatch, tmp_path, ROWS[name])
        assert line.endswith(example)


def test_a_name_in_a_table_of_texts_has_the_example_of_the_table() -> None:
    fault = ShopFault("demo", ("lines", "Home"), problem="product 1 of it", expected="another")
    assert str(fault).endswith('expected another, such as lines = { bpost-home = "bpack-24h-pro+tell-email" }')


def assert_whole(line: str) -> None:
    _, expected, rest = line.partition("expected ")
    what, such_as, example = rest.partition(", such as ")
    assert all(part.strip() for part in (expected, what, such_as, example)), line
    assert len(line.splitlines()) == 1


def test_what_is_no_file_is_told_so(tmp_path: Path) -> None:
    broken = tmp_path / "a.json"
    broken.write_text("[]", encoding="utf-8")
    odd = tmp_path / "b.json"
    odd.write_text("{", encoding="utf-8")
    (tmp_path / "c.toml").write_bytes(b"\xff")
    missing = tmp_path / "d.toml"
    for read, file, says in (
        (config.shop_file, broken, "another kind of JSON"),
        (config.shop_file, odd, "not strict JSON"),
        (config.shop_file, tmp_path / "e.json", "No such file"),
        (config.load, tmp_path / "c.toml", "not UTF-8"),
        (config.load, missing, "No such file"),
        (lambda path: config.find(str(path)), missing, "no such configuration file"),
    ):
        with pytest.raises(SettingError) as fault:
            read(file)
        assert str(fault.value).startswith(f"{file}: {says}")
        assert_whole(str(fault.value))


def test_what_a_shop_in_the_database_cannot_hold_is_told_so() -> None:
    content = ShopContent(settings={"secrets": "x"}, secrets=(), token=None)
    with pytest.raises(SettingError) as fault:
        stored_settings("one", content, NOW, Around(carriers=(), simulated=None, apps={}))
    assert str(fault.value).startswith("settings: shops.one.secrets: not taken for a shop in the database")
    assert_whole(str(fault.value))
    content = ShopContent(
        settings={"platform": "shopify", "app": "x"}, secrets=(ShopSecret(value=b"0123456789abcdef"),), token=None
    )
    with pytest.raises(SettingError, match="either the app or secrets") as fault:
        stored_settings("one", content, NOW, Around(carriers=(), simulated=None, apps={}))
    assert_whole(str(fault.value))
    content = ShopContent(settings={"platform": "shopify", "account": "123456"})
    with pytest.raises(SettingError, match=r"shops\.one\.passphrase: there is none; expected it beside") as fault:
        stored_settings("one", content, NOW, Around(carriers=(), simulated=None, apps={}))
    assert_whole(str(fault.value))


LEAST: dict[str, object] = {
    "platform": "shopify",
    "app": "x",
    "domain": "one.myshopify.com",
    "carrier": "c",
    "account_type": "professional",
    "integration": {"requested_on": "2026-11-02"},
    "sender": {"name": "Voorbeeldwinkel"},
}
TOLD_BACK: dict[str, tuple[dict[str, object], str]] = {
    "named": ({"callback": {"secrets": []}}, "callback.secrets: not taken for a shop in the database"),
    "no token": ({"fulfilment": {}}, "fulfilment.token: there is none; expected that of the shop's Admin API"),
    "no parcels": (
        {"platform": "direct", "account_type": "mystamp", "callback": {"url": "https://winkel.example"}},
        "callback: there is nothing to tell; expected a shop that sends parcels",
    ),
}


@pytest.mark.parametrize("named", TOLD_BACK)
def test_what_a_shop_in_the_database_cannot_be_told_is_told_so(named: str) -> None:
    changes, says = TOLD_BACK[named]
    gone = ("domain", "app", "integration", "sender") if changes.get("platform") else ()
    settings = {key: value for key, value in LEAST.items() if key not in gone} | changes
    with pytest.raises(SettingError) as fault:
        stored_settings(
            "one", ShopContent(settings=settings), NOW, Around(carriers=("c",), simulated=None, apps={"x": (b"y",)})
        )
    assert says in str(fault.value)
    assert_whole(str(fault.value))


def test_what_the_pack_refuses_to_an_account_is_told_so() -> None:
    """No file leads here: an account that a pack refuses is told of before."""
    with pytest.raises(SettingError) as fault:
        check_permitted(settings(account_type="guest"), load("bpost-shipping-platform"))
    assert "shops.demo.account_type: bpost-shipping-platform refuses recipient.delivery to this" in str(fault.value)
    assert_whole(str(fault.value))


def sites() -> Iterator[tuple[str, int, int]]:
    """Where the code tells of a mistake: (file, first line, last line)."""
    for file in TOLD:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ("fault", "SettingError", "ShopFault"):
                yield str(file), node.lineno, node.end_lineno or 0


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_nothing_tells_of_a_mistake_without_a_row_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: set[tuple[str, int]] = set()
    make = SettingError.__init__

    def made(self: SettingError, **told: Any) -> None:
        frame = sys._getframe(1)
        while (above := frame.f_back) is not None:
            seen.add((frame.f_code.co_filename, frame.f_lineno))
            frame = above
        make(self, **told)

    monkeypatch.setattr(SettingError, "__init__", made)
    for row in ROWS.values():
        with monkeypatch.context() as patch:
            mistaken(patch, tmp_path, row)
    test_what_is_no_file_is_told_so(tmp_path)
    test_what_a_shop_in_the_database_cannot_hold_is_told_so()
    test_what_the_pack_refuses_to_an_account_is_told_so()
    for named in TOLD_BACK:
        test_what_a_shop_in_the_database_cannot_be_told_is_told_so(named)
    left = [site for site in sites() if not any((site[0], line) in seen for line in range(site[1], site[2] + 1))]
    assert left == []
    assert len(list(sites())) > 40


def test_of_a_configuration_nothing_is_told_without_an_example() -> None:
    """The type asks for one: no module here may tell of a mistake by another."""
    for file in TOLD[1:]:
        nodes = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        assert [node.lineno for node in nodes if called(node) == "ConfigError"] == [], file


def test_an_example_is_given_for_every_setting_whose_mistake_is_told() -> None:
    with pytest.raises(TypeError, match="example"):
        SettingError(place="x", expected="y")  # type: ignore[call-arg]


def test_what_init_writes_has_no_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SHOPIFY_SECRET", "PARCEL_PLATFORM_TOKEN"):
        monkeypatch.setenv(name, "made-up")
    file = tmp_path / "made.toml"
    file.write_text(written("demo.myshopify.com", "http://127.0.0.1:8090"), encoding="utf-8")
    assert told(file) == []


@pytest.mark.parametrize(
    ("row", "expected", "hint"),
    [
        (
            instead('{ env = "TOKEN" }', f'{{ evn = "{CANARY}" }}', ""),
            'token: expected { env = "NAME" } or { file = "PATH" }, and nothing else',
            "; did you mean env?",
        ),
        (
            instead('{ env = "TOKEN" }', f'{{ env = "TOKEN", path = "{CANARY}" }}', ""),
            'token: expected { env = "NAME" } or { file = "PATH" }, and nothing else',
            "",
        ),
        (
            instead('secrets = [{ env = "SECRET" }]', f'secert = "{CANARY}"', ""),
            "secrets: it is missing; expected a list of one secret, or of two while rotating",
            "; or is it what stands there as secert?",
        ),
        (
            spoken('account = "123456"\npassphrse = { env = "TOKEN" }', ""),
            'passphrase: it is missing; expected { env = "NAME" } or { file = "PATH" }',
            "; or is it what stands there as passphrse?",
        ),
        (
            spoken('account = "123456"', ""),
            'passphrase: it is missing; expected { env = "NAME" } or { file = "PATH" }',
            "",
        ),
    ],
)
def test_a_misspelt_secret_is_told_as_the_mistake_that_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, row: Row, expected: str, hint: str
) -> None:
    said, _ = mistaken(monkeypatch, tmp_path, row)
    (line,) = said
    assert re.search(rf"\.{re.escape(expected)}, such as .+ = .+ \}}\]?{re.escape(hint)}$", line), line
    assert CANARY not in line
