"""``shops``: what it prints and how it ends; what it does is shown with the admin API and on the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from middleware import bootstrap
from middleware.core.calendar import today
from middleware.core.shops import Vault
from middleware.keys import load_service
from middleware.model_shop import MADE_UP, ShopContent, ShopRow
from middleware.onboarding import Onboarding
from middleware.platform_keys import PlatformKeys
from tests.middleware.cli.bench import SECRET, Instance, refused

SENDER = {
    "name": "Persoon-Xy7Qz",
    "street": "Bedachte Kouter",
    "number": "17",
    "postal_code": "9000",
    "locality": "Gent",
    "country": "BE",
}
SIMULATED = '[carriers.simulated]\nkind = "parcel-json"\nurl = "http://127.0.0.1:9"\nallow_private = ["127.0.0.1"]\n'
NEW, NEWER = "made-up secret of a new shop", "made-up secret from now on"
OPTIONS = ["--account-type", "professional", "--requested-on", "2026-11-02", "--carrier", "platform"]


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_SECRET", NEW)
    monkeypatch.setenv("NEWER_SECRET", NEWER)
    monkeypatch.setenv("SHOP_TOKEN", "made-up-token-of-the-shop")


@pytest.fixture
def sender(instance: Instance) -> Path:
    file = instance.folder / "sender.json"
    file.write_text(json.dumps(SENDER), encoding="utf-8")
    return file


def connect(instance: Instance, name: str, sender: Path, *more: str) -> Result:
    """Connect a shop by options alone."""
    words = ["--domain", f"{name}.myshopify.com", "--sender-file", str(sender), *OPTIONS]
    return instance.run("shops", "connect", name, *words, *(more or ("--app", "parcelveil")))


def listed(instance: Instance) -> Mapping[str, Any]:
    return {entry["shop"]: entry for entry in instance.json("shops", "list")}


@contextmanager
def onboarding(instance: Instance) -> Iterator[Onboarding]:
    opened = bootstrap.onboarding(instance.settings())
    with closing(opened.store):
        yield opened


def row(instance: Instance, name: str) -> ShopRow:
    with onboarding(instance) as known:
        found = known.store.find(name)
    assert found is not None
    return found


def content(instance: Instance, name: str) -> ShopContent:
    """What is sealed of a shop."""
    with onboarding(instance) as known:
        return known.vault.open(name, row(instance, name).sealed or "")


# ---- connect -------------------------------------------------------------------------------------------------------


def test_a_shop_is_connected_by_options(instance: Instance, sender: Path) -> None:
    made = connect(instance, "new", sender)
    assert (made.exit_code, made.stderr) == (0, "")
    assert (
        made.stdout == "new: connected, mode live, creates by webhook; in force on every process within five seconds.\n"
    )
    assert connect(instance, "new", sender).stdout.startswith("new: changed, ")
    shop = listed(instance)["new"]
    assert (shop["origin"], shop["state"], shop["app"], shop["fault"]) == ("database", "live", "parcelveil", None)
    assert content(instance, "new").settings["sender"] == SENDER


def test_which_lane_creates_is_an_option_and_shown(instance: Instance, sender: Path) -> None:
    told = ["--app", "parcelveil", "--creates", "call"]
    assert "token: there is none; expected a token" in refused(connect(instance, "new", sender, *told), 2)
    made = connect(instance, "new", sender, *told, "--token-env", "SHOP_TOKEN")
    assert "mode live, creates by call; " in made.stdout
    assert {name: shop["creates"] for name, shop in listed(instance).items()} == {"demo": "webhook", "new": "call"}
    lines = [line.split() for line in instance.run("shops", "list").stdout.splitlines()]
    assert [line[lines[0].index("creates")] for line in lines[1:]] == ["webhook", "call"]
    checked = instance.run("shops", "check", "new").stdout
    assert "settings: policy bpost-shipping-platform, account professional, creates by call" in checked
    assert "creates by webhook; " in connect(instance, "new", sender).stdout  # what is not told is the default
    assert "--creates: creates: expected one of webhook, call" in refused(
        connect(instance, "new", sender, *told[:3], "calls"), 2
    )


TOML = """
platform = "shopify"
domain = "new.myshopify.com"
secrets = [{ env = "NEW_SECRET" }, { file = "FILE" }]
account_type = "professional"
integration = { requested_on = 2026-11-02, reference = "made up" }
carrier = "platform"
notify = "email"
hold = "5m"
customs = { description = "Textile goods", weight_grams = 400 }

[sender]
name = "Persoon-Xy7Qz"
street = "Bedachte Kouter"
postal_code = "9000"
locality = "Gent"
country = "BE"
"""


def test_a_shop_is_connected_by_a_file_with_the_keys_of_the_configuration(instance: Instance) -> None:
    (instance.folder / "secret").write_text(f"{NEWER}\n", encoding="utf-8")
    file = instance.folder / "new.toml"
    file.write_text(TOML.replace("FILE", f"{instance.folder}/secret"), encoding="utf-8")
    made = instance.json("shops", "connect", "new", "--from", str(file), "--notify", "sms")
    assert (made["secrets"], made["domain"], made["app"]) == (2, "new.myshopify.com", None)
    kept = content(instance, "new")
    assert [secret.value for secret in kept.secrets] == [NEW.encode(), NEWER.encode()]
    assert (kept.settings["notify"], kept.settings["hold"]) == ("sms", "5m")  # options win
    assert kept.settings["integration"] == {"requested_on": "2026-11-02", "reference": "made up"}
    assert kept.settings["customs"] == {"description": "Textile goods", "weight_grams": 400}
    assert "secrets" not in kept.settings


BACK = """
[callback]
url = "https://winkel.example/back"
secrets = [{ env = "NEW_CALLBACK" }]

[fulfilment]
token = { env = "NEW_ADMIN" }
"""


def test_how_it_is_told_is_connected_by_the_file_and_sealed(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs, token = "whsec_bWFkZS11cC1rZXktb2YtYS1jYWxsYmFjay0wMDE=", "shpat_made_up"
    monkeypatch.setenv("NEW_CALLBACK", signs)
    monkeypatch.setenv("NEW_ADMIN", token)
    (instance.folder / "secret").write_text(f"{NEWER}\n", encoding="utf-8")
    file = instance.folder / "new.toml"
    text = TOML.replace("FILE", f"{instance.folder}/secret") + BACK
    file.write_text(text, encoding="utf-8")
    said = instance.run("shops", "connect", "new", "--from", str(file), "--json")
    assert said.exit_code == 0, said.output
    kept = content(instance, "new")
    assert (kept.callback, kept.fulfilment) == ((signs,), token)
    assert (kept.settings["callback"], kept.settings["fulfilment"]) == ({"url": "https://winkel.example/back"}, {})
    assert [word for word in (signs, token, "winkel.example") if word in said.output] == []
    assert [word for word in (signs, token, "winkel.example") if word.encode() in instance.database.read_bytes()] == []
    file.write_text(text.replace("whsec", "").replace("NEW_CALLBACK", "NEW_ADMIN"), encoding="utf-8")
    line = refused(instance.run("shops", "connect", "new", "--from", str(file)), 2)
    assert ("callback.secrets: expected secrets of the form whsec_" in line, token in line) == (True, False)


def test_json_is_a_form_of_the_same(instance: Instance) -> None:
    file = instance.folder / "new.json"
    wanted = {
        "platform": "shopify",
        "domain": "new.myshopify.com",
        "app": "parcelveil",
        "account_type": "professional",
        "integration": {"requested_on": "2026-11-02"},
        "carrier": "platform",
        "sender": SENDER,
    }
    file.write_text(json.dumps(wanted), encoding="utf-8")
    assert instance.json("shops", "connect", "new", "--from", str(file))["state"] == "live"
    assert content(instance, "new").settings == wanted


@pytest.mark.parametrize("source", ["--secret-env", "--secret-file"])
def test_a_secret_comes_from_a_variable_or_a_file(instance: Instance, sender: Path, source: str) -> None:
    (instance.folder / "secret").write_text(NEW, encoding="utf-8")
    place = "NEW_SECRET" if source == "--secret-env" else str(instance.folder / "secret")
    assert connect(instance, "new", sender, source, place).exit_code == 0
    assert [secret.value for secret in content(instance, "new").secrets] == [NEW.encode()]


REFUSED: Mapping[str, tuple[tuple[str, ...], int, str]] = {
    "an unknown carrier": (
        ("--app", "parcelveil", "--carrier", "x"),
        2,
        "--carrier: carrier: expected one of ",
    ),
    "an unknown app": (("--app", "x"), 2, "--app: app: expected one of parcelveil"),
    "app and secret": (
        ("--app", "parcelveil", "--secret-env", "NEW_SECRET"),
        2,
        "--secret-env: secrets: expected either ",
    ),
    "no secret there": (("--secret-env", "NONESUCH"), 2, "the secret in env NONESUCH is missing or empty"),
    "a day that is none": (("--app", "parcelveil", "--requested-on", "soon"), 2, "integration.requested_on: expected"),
    "a domain of another": (("--app", "parcelveil", "--domain", "demo.myshopify.com"), 1, "(domain-taken)"),
    "the app's secret": (("--secret-env", "SHOPIFY_SECRET"), 1, "This secret belongs to another shop or app."),
    "no simulated platform": (
        ("--app", "parcelveil", "--mode", "test"),
        2,
        "--mode: mode: test is not possible ",
    ),
    "no such file": (("--from", "nonesuch.toml"), 2, "nonesuch.toml: No such file or directory"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_connected_is_told_in_one_line(instance: Instance, sender: Path, name: str) -> None:
    options, status, line = REFUSED[name]
    said = refused(connect(instance, "new", sender, *options), status)
    assert line in said
    assert "new" not in listed(instance)
    assert SECRET not in said


def test_without_app_and_secret_it_is_told_how_either_is_given(instance: Instance) -> None:
    said = refused(instance.run("shops", "connect", "new", "--domain", "new.myshopify.com"), 2)
    assert said == (
        "shops connect: app: neither of them is there; expected an app, one of parcelveil, or secrets of an app of its "
        'own, such as app = "parcelveil"; --app NAME, --secret-env VAR or --secret-file FILE tells it'
    )


def test_the_sender_that_init_made_up_is_not_fit_to_be_live(instance: Instance, sender: Path) -> None:
    whole = {"number": "1", "locality": "Brussel", "postal_code": "1000", "country": "BE"}
    sender.write_text(json.dumps({"name": "Anna", "street": MADE_UP["street"], **whole}), encoding="utf-8")
    done = connect(instance, "new", sender)
    assert done.exit_code == 1
    assert "BAD   sender: street made up by `parcelveil init`: write who sends" in done.stderr
    sender.write_text(json.dumps({"name": "Anna", "street": "Bedachte Kouter", **whole}), encoding="utf-8")
    assert connect(instance, "new", sender).exit_code == 0


def test_a_mistake_in_a_file_is_told_with_its_line(instance: Instance, sender: Path) -> None:
    file = instance.folder / "new.toml"
    file.write_text('platform = "shopify"\napp = "parcelveil"\n\nhold = "2"\n', encoding="utf-8")
    said = refused(connect(instance, "new", sender, "--from", str(file)), 2)
    assert said.startswith(f"{file}:4: hold: expected a length of time")
    file.write_text('app = "parcelveil"\nplatform = "shopify"\nnotfy = "sms"\n', encoding="utf-8")
    assert refused(connect(instance, "new", sender, "--from", str(file)), 2).startswith(
        f"{file}:3: notfy: unknown key; "
    )
    file.write_text('app = "parcelveil"\nplatform = "shopify"\n', encoding="utf-8")
    sender.write_text('name = "Iemand"\ncountry = "Elders"\n', encoding="utf-8")
    toml = sender.rename(sender.with_suffix(".toml"))
    said = refused(connect(instance, "new", toml, "--from", str(file)), 2)
    assert said.startswith(f"{toml}:2: sender.country: expected two capital letters")


def test_a_shop_that_is_not_fit_is_told_what_it_lacks(instance: Instance, sender: Path) -> None:
    sender.write_text('{"name": "Persoon-Xy7Qz"}', encoding="utf-8")
    done = connect(instance, "new", sender)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "BAD   sender: sender without street, locality, postal_code, country: add what is missing",
        "parcelveil: new is not fit to be live, and nothing was changed; mode test asks for less",
    ]


def test_a_shop_of_the_file_is_not_changed(instance: Instance, sender: Path) -> None:
    for words in (("pause", "demo"), ("disconnect", "demo"), ("rotate-secret", "demo", "--secret-env", "NEW_SECRET")):
        assert "change it there" in refused(instance.run("shops", *words), 1)
    assert "change it there" in refused(connect(instance, "demo", sender), 1)


def test_a_key_for_browsers_is_taken_from_where_it_is_named_and_stays(
    instance: Instance, sender: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "points_made-up-for-browsers"
    monkeypatch.setenv("SHOP_KEY", key)
    done = connect(instance, "new", sender, "--app", "parcelveil", "--points-key-env", "SHOP_KEY")
    assert (done.exit_code, key in done.output) == (0, False)
    assert content(instance, "new").points_key == key.encode()
    assert connect(instance, "new", sender).exit_code == 0
    assert content(instance, "new").points_key == key.encode()
    assert "points_key" not in content(instance, "new").settings
    for option, variable, says in (
        ("--points-key-env", "SHOP_TOKEN", "points_key: expected points_ and at least 16"),
        ("--token-env", "SHOP_KEY", "token: expected a secret that does not begin with points_"),
    ):
        wrong = connect(instance, "new", sender, "--app", "parcelveil", option, variable)
        assert (wrong.exit_code, f"{option}: {says}" in wrong.stderr) == (2, True)


def test_a_token_is_taken_from_the_file_and_stays(instance: Instance) -> None:
    file = instance.folder / "new.toml"
    (instance.folder / "secret").write_text(NEWER, encoding="utf-8")
    text = TOML.replace("FILE", f"{instance.folder}/secret").replace(NEWER, "")
    file.write_text(f'token = {{ env = "SHOP_TOKEN" }}\n{text}', encoding="utf-8")
    assert instance.run("shops", "connect", "new", "--from", str(file)).exit_code == 0
    assert content(instance, "new").token == b"made-up-token-of-the-shop"
    file.write_text(text, encoding="utf-8")
    assert instance.run("shops", "connect", "new", "--from", str(file)).exit_code == 0
    assert content(instance, "new").token == b"made-up-token-of-the-shop"
    assert "token" not in content(instance, "new").settings


def test_a_parcel_is_looked_for_in_connected_and_disconnected_shops_too(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender)
    connect(instance, "gone", sender, "--secret-env", "NEW_SECRET")
    instance.run("shops", "disconnect", "gone")
    with onboarding(instance) as known:
        assert known.domains(None) == {"demo": "demo.myshopify.com", "new": "new.myshopify.com", "gone": ""}
        assert (known.domains("new"), known.domains("demo"), known.domains("gone"), known.domains("x")) == (
            {"new": "new.myshopify.com"},
            {"demo": "demo.myshopify.com"},
            {"gone": ""},
            {},
        )
    for name, status in (("new", 1), ("gone", 1), ("nonesuch", 2)):
        assert instance.run("shipments", "find", "#1001", "--shop", name).exit_code == status


# ---- check ---------------------------------------------------------------------------------------------------------


def heard(instance: Instance) -> None:
    """The simulated platform published what the other did."""
    state = instance.folder / "state"
    PlatformKeys(state, "simulated").store(PlatformKeys(state, "platform").known())


def test_a_check_says_a_line_each_and_sets_a_fit_shop_live(instance: Instance, sender: Path) -> None:
    instance.write(more=f"{SIMULATED}simulated = true\n")
    assert connect(instance, "new", sender, "--app", "parcelveil", "--mode", "test").exit_code == 0
    assert listed(instance)["new"]["carrier"] == "simulated"
    heard(instance)
    checked = instance.run("shops", "check", "new")
    assert checked.exit_code == 0, checked.stdout
    head, *test, other = checked.stdout.splitlines()[:7]
    assert (head, other) == ("mode test, as it is now:", "mode live, if it were set so:")
    assert [line[:4].strip() for line in test] == ["ok"] * 5
    assert [line[:4].strip() for line in checked.stdout.splitlines()[7:-1]] == ["ok"] * 6
    assert checked.stdout.splitlines()[-1] == "new: works in mode test; fit to be live."
    assert instance.run("shops", "check", "new", "--live").stdout.endswith("new: works in mode live; fit to be live.\n")
    assert listed(instance)["new"]["carrier"] == "platform"


def test_a_shop_that_is_not_fit_stays_in_test_mode(instance: Instance, sender: Path) -> None:
    instance.write(more=f"{SIMULATED}simulated = true\n")
    assert connect(instance, "new", sender, "--app", "parcelveil", "--mode", "test").exit_code == 0
    heard(instance)
    instance.forget(*(entry["kid"] for entry in instance.json("keys", "list") if entry["carrier"] == "platform"))
    found = instance.json("shops", "check", "new", "--live", status=1)
    (lacking,) = [one for one in found if not one["ok"]]
    assert (lacking["mode"], lacking["check"]) == ("live", "keys")
    assert lacking["message"].startswith("platform has no key ")
    assert "run `parcelveil keys provision`" in lacking["message"]
    assert listed(instance)["new"]["mode"] == "test"


def test_a_shop_whose_simulated_platform_has_gone_is_quarantined_with_the_remedy(
    instance: Instance, sender: Path
) -> None:
    instance.write(more=f"{SIMULATED}simulated = true\n")
    connect(instance, "new", sender, "--app", "parcelveil", "--mode", "test")
    instance.write()
    assert "simulated = true" in listed(instance)["new"]["fault"]
    verdict, message = instance.checks()["shop new"]
    assert (verdict, "quarantined" in message, "simulated = true" in message) == ("warn", True, True)
    checked = instance.run("shops", "check", "new")
    assert checked.exit_code == 1
    first, second, *_, last = checked.stdout.splitlines()
    assert first == "mode test, as it is now:"
    assert second.startswith("BAD   settings: shops.new.mode: ")
    assert "simulated = true" in second
    assert last == "new: does not work in mode test; fit to be live."
    assert instance.run("shops", "check", "new", "--live").exit_code == 0  # which is one way out
    assert listed(instance)["new"]["fault"] is None


def test_of_a_live_shop_the_trial_is_told_last_and_asked_of_nobody(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender, "--app", "parcelveil")
    checked = instance.run("shops", "check", "new")
    assert (checked.exit_code, checked.stdout.splitlines()[-1]) == (0, "new: works in mode live; fit to be live.")
    modes = [(one["mode"], one["ok"]) for one in instance.json("shops", "check", "new")]
    assert modes == [("live", True)] * 6 + [("test", False)]
    assert checked.stdout.splitlines()[-2].startswith("note  settings: shops.new.mode: test is not possible here")
    assert "BAD" not in checked.stdout


def test_a_shop_of_the_file_in_test_mode_is_not_called_fit_to_be_live(instance: Instance) -> None:
    instance.write(carrier='allow_private = ["127.0.0.1"]\nsimulated = true', shop='mode = "test"')
    found = instance.json("shops", "check", "demo", status=1)
    (lacking,) = [one for one in found if not one["ok"]]
    assert (lacking["mode"], lacking["check"]) == ("live", "mode")
    assert 'set mode = "live" there' in lacking["message"]


def test_a_shop_that_is_not_there_cannot_be_checked(instance: Instance) -> None:
    assert refused(instance.run("shops", "check", "nonesuch"), 1) == (
        "there is no shop nonesuch; `parcelveil shops list` shows those there are"
    )


@pytest.mark.policy("VP-PLG-3")
def test_a_shop_that_uninstalled_the_app_is_connected_with_a_new_request_alone(
    instance: Instance, sender: Path
) -> None:
    connect(instance, "new", sender)
    with onboarding(instance) as known:
        shop, _ = known.opened(row(instance, "new"), known.clock())
        assert shop.integration is not None
        known.store.end("new", shop.integration, b"word", known.clock())
        day = today(known.clock()).isoformat()
    assert listed(instance)["new"]["state"] == "uninstalled"
    said = refused(connect(instance, "new", sender), 1)
    assert said.startswith(
        "The shop uninstalled the app, and this request to integrate ended; a new one, of that day or"
    )
    again = connect(instance, "new", sender, "--app", "parcelveil", "--requested-on", day)
    assert (again.exit_code, listed(instance)["new"]["state"]) == (0, "live")


# ---- list, pause, rotate, disconnect -------------------------------------------------------------------------------


def test_all_shops_are_listed_and_who_sends_is_not(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender)
    connect(instance, "own", sender, "--secret-env", "NEW_SECRET")
    printed = instance.run("shops", "list").stdout
    assert [line.split()[0] for line in printed.splitlines()] == ["shop", "demo", "new", "own"]
    told = printed + json.dumps(listed(instance))
    assert [text for text in (*SENDER.values(), NEW, SECRET) if len(text) > 4 and text in told] == []


def test_with_no_shop_at_all_it_is_told_how_to_connect_one(instance: Instance) -> None:
    text = instance.file.read_text(encoding="utf-8").partition("[shops.demo]")[0]
    instance.file.write_text(text, encoding="utf-8")
    assert "shops connect" in instance.run("shops", "list").stdout


def test_a_shop_pauses_and_resumes(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender)
    assert instance.run("shops", "pause", "new").stdout.startswith("new: paused; ")
    assert listed(instance)["new"]["state"] == "paused"
    assert instance.run("shops", "pause", "new", "--resume").stdout.startswith("new: live; ")


def test_the_old_secret_ends_a_day_after_the_new_one_came(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender, "--secret-env", "NEW_SECRET")
    assert instance.json("shops", "rotate-secret", "new", "--secret-env", "NEWER_SECRET")["secrets"] == 2
    newer, older = content(instance, "new").secrets
    assert (newer.value, newer.until, older.value) == (NEWER.encode(), None, NEW.encode())
    assert older.until is not None
    end = older.until
    with onboarding(instance) as known:
        assert timedelta(hours=23) < end - known.clock() <= timedelta(hours=24)
        assert replace(known, clock=lambda: end).show("new").secrets == 1


def test_the_old_secret_can_end_at_once(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender, "--secret-env", "NEW_SECRET")
    instance.run("shops", "rotate-secret", "new", "--secret-env", "NEWER_SECRET", "--now")
    assert [secret.value for secret in content(instance, "new").secrets] == [NEWER.encode()]


@pytest.mark.parametrize("length", ["59m", "0h", "1", "h", "-2h", "2w", "99999h"])
def test_an_old_secret_works_for_an_hour_at_least(instance: Instance, length: str) -> None:
    done = instance.run("shops", "rotate-secret", "new", "--secret-env", "NEWER_SECRET", f"--retire-after={length}")
    assert done.exit_code == 2
    assert "retire-after" in done.stderr


def test_a_shop_of_an_app_has_no_secret_of_its_own_to_rotate(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender)
    line = refused(instance.run("shops", "rotate-secret", "new", "--secret-env", "NEWER_SECRET"), 1)
    assert line.endswith("(secret-of-an-app)")


@pytest.mark.parametrize("words", [[], ["--secret-env", "NEW_SECRET", "--secret-file", "x"]])
def test_where_the_new_secret_is_has_to_be_told_once(instance: Instance, words: list[str]) -> None:
    assert instance.run("shops", "rotate-secret", "new", *words).exit_code == 2


def test_a_shop_is_let_go_and_its_secrets_are_erased(instance: Instance, sender: Path) -> None:
    connect(instance, "new", sender, "--secret-env", "NEW_SECRET")
    assert instance.run("shops", "disconnect", "new").stdout.startswith("new: disconnected; ")
    gone = row(instance, "new")
    assert gone.domain is None
    keys = load_service(instance.folder / "keys")
    left = Vault(keys).open("new", gone.sealed or "")
    assert (left.settings, left.secrets, left.token) == ({"domain": "new.myshopify.com"}, (), None)
    assert listed(instance)["new"]["state"] == "disconnected"
    assert connect(instance, "other", sender, "--secret-env", "NEW_SECRET").exit_code == 0


def test_no_secret_is_taken_from_the_arguments(instance: Instance) -> None:
    for verb in ("connect", "rotate-secret"):
        printed = instance.run("shops", verb, "--help").stdout
        assert "--secret " not in printed
        assert "--secret=" not in printed


@pytest.mark.policy("MX-SCO-1")
def test_a_shop_of_systems_of_its_own_is_connected_by_options_alone(instance: Instance) -> None:
    words = ["--platform", "direct", "--policy", "bpost-maxiresponse", "--account-type", "maxiresponse"]
    made = instance.run("shops", "connect", "contacts", *words, "--carrier", "platform", "--token-env", "SHOP_TOKEN")
    assert made.exit_code == 0, made.output
    assert "made-up-token-of-the-shop" not in made.output
    shop = listed(instance)["contacts"]
    assert (shop["state"], shop["fault"]) == ("live", None)
    checked = [one for one in instance.json("shops", "check", "contacts") if one["mode"] == "live"]
    assert [one["check"] for one in checked] == ["settings", "token", "keys"]
    assert "a record of today" in checked[-1]["message"]
    both = instance.run("shops", "connect", "contacts", *words, "--token-env", "SHOP_TOKEN", "--token-file", "x")
    assert (both.exit_code, "either --token-env or --token-file, not both" in both.stderr) == (2, True)
