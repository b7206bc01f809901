"""docs/configuration.md against the code: every key, default, example and reading, by what a configuration accepts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from middleware import config
from middleware.config_settings import ANY, SETTINGS, Setting
from middleware.errors import ConfigError
from schemas.policy_loader import load, names
from tests.docs.reading import CONFIGURATION, rows, unquoted

SECTIONS = {
    "## `[server]`": "server",
    "## `[admin]`": "admin",
    "## `[sources.<name>]`": "sources.dashboard",
    "## `[carriers.<name>]`": "carriers.platform",
    "### `tracking`": "carriers.platform.tracking",
    "### `locator`": "carriers.platform.locator",
    "## `[apps.<name>]`": "apps.parcelveil",
    "## `[shops.<name>]`": "shops.demo",
    "### `cash_on_delivery`": "shops.demo.cash_on_delivery",
    "### `customs`": "shops.demo.customs",
    "### `callback`": "shops.demo.callback",
    "### `fulfilment`": "shops.demo.fulfilment",
    "### `integration`": "shops.demo.integration",
    "### `sender`": "shops.demo.sender",
}
LOCATOR = "carriers.platform.locator"
NESTED = ("locator", "tracking", "integration", "sender", "cash_on_delivery", "customs", "callback", "fulfilment")
UNKNOWN = {"parcel-json": ("account", "passphrase", "points", "tracking", "locator"), "bpost-shm": ("token",)}
"""What a carrier of that kind knows not."""
TRACKING = "carriers.platform.tracking"
VARIABLES = (
    "SHOPIFY_SECRET",
    "PARCEL_PLATFORM_TOKEN",
    "DEMO_TOKEN",
    "ADMIN_TOKEN",
    "DASHBOARD_TOKEN",
    "BPOST_PASSPHRASE",
    "BPOST_TRACKING_PASSWORD",
    "DEMO_PASSPHRASE",
    "DEMO_TRACKING_PASSWORD",
    "LOCATOR_KEY",
    "DEMO_POINTS_KEY",
    "DEMO_ADMIN_TOKEN",
)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in config.environment() if name.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)
    for name in ("PORT", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in VARIABLES:
        monkeypatch.setenv(name, f"{'points_' if name == 'DEMO_POINTS_KEY' else ''}made-up-for-{name}")
    monkeypatch.setenv("DEMO_CALLBACK_SECRET", "whsec_bWFkZS11cC1rZXktb2YtYS1jYWxsYmFjay0wMDE=")


def documented(column: int) -> dict[str, dict[str, str]]:
    """Section → key → the cell of a column: 2 defaults, 3 examples."""
    return {
        section: {unquoted(row[0]): unquoted(row[column]) for row in rows(CONFIGURATION, heading)}
        for heading, section in SECTIONS.items()
    }


def written(told: dict[str, dict[str, str]], kind: str = "parcel-json") -> str:
    """A configuration file of these settings. What is a table of its own is left out where it stands in its shop, and
    what another kind of carrier knows in that of this one; points that a locator tells come from no file.
    """
    lines: list[str] = []
    for section, settings in told.items():
        if section.rpartition(".")[2] in UNKNOWN[kind]:
            continue
        left = (*NESTED, *UNKNOWN[kind]) if section == "carriers.platform" else NESTED
        if section == "carriers.platform" and LOCATOR in told:
            left = (*left, "points")
        lines.append(f"[{section}]")
        lines += [f"{key} = {value}" for key, value in settings.items() if key not in left]
    return "\n".join(lines).replace('kind = "parcel-json"', f'kind = "{kind}"')


def kind_for(section: str) -> str:
    """A kind of carrier that has this section."""
    return "bpost-shm" if section in (TRACKING, LOCATOR) else "parcel-json"


def loaded(folder: Path, text: str) -> config.Config:
    file = folder / "parcelveil.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file)


def told_of(setting: Setting) -> tuple[str, str, str]:
    """(key, default, example) as a row has them; the default of one that is required or has none in a word."""
    default = setting.default or ("required" if setting.required else "none")
    return setting.key, "required" if setting.key == "app" else default, setting.example


@pytest.mark.parametrize(("heading", "section"), SECTIONS.items())
def test_every_setting_is_documented_in_its_order_with_its_default_and_its_example(heading: str, section: str) -> None:
    names = {"dashboard", "platform", "parcelveil", "demo"}
    place = tuple(ANY if name in names else name for name in section.split("."))
    rows_ = [(row[0], row[2], row[3]) for row in rows(CONFIGURATION, heading)]
    assert [tuple(map(unquoted, row)) for row in rows_] == [told_of(setting) for setting in SETTINGS[place]]


def test_every_place_of_settings_is_documented() -> None:
    assert len(SETTINGS) == len(SECTIONS)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("without", ["app", "secrets"])
@pytest.mark.parametrize("unset", ["clock", "listen"])
@pytest.mark.parametrize("kind", UNKNOWN)
def test_every_example_of_a_setting_can_be_used(tmp_path: Path, without: str, unset: str, kind: str) -> None:
    told = documented(3)
    del told["shops.demo"][without]
    del told["server"][unset]  # a clock of one's own is for loopback only
    if without == "app":
        told["shops.demo"]["secrets"] = '[{ env = "DEMO_TOKEN" }]'  # the app's own is refused
    assert loaded(tmp_path, written(told, kind)).quarantined == {}


@pytest.mark.usefixtures("clean")
def test_points_come_from_a_locator_or_from_a_file(tmp_path: Path) -> None:
    told = {section: settings for section, settings in documented(3).items() if section.startswith("carriers")}
    carrier = loaded(tmp_path, written(told, "bpost-shm")).carriers["platform"]
    assert carrier.locator is not None
    assert (carrier.locator.partner, carrier.locator.countries, carrier.points) == ("123456", ("BE", "FR", "NL"), None)
    del told[LOCATOR]
    carrier = loaded(tmp_path, written(told, "bpost-shm")).carriers["platform"]
    assert (carrier.locator, carrier.points and carrier.points.name) == (None, "points.json")


@pytest.mark.usefixtures("clean")
def test_every_default_is_the_one_in_force(tmp_path: Path) -> None:
    defaults, shown = documented(2), documented(3)
    least = {
        section: {key: shown[section][key] for key, default in settings.items() if default == "required"}
        for section, settings in defaults.items()
    }
    least["shops.demo.sender"]["name"] = shown["shops.demo.sender"]["name"]
    spelt = {
        section: {key: default for key, default in settings.items() if default not in ("required", "none")}
        | least[section]
        for section, settings in defaults.items()
    }
    assert loaded(tmp_path, written(spelt)) == loaded(tmp_path, written(least))
    assert loaded(tmp_path, written(least)).quarantined == {}


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(("heading", "section"), SECTIONS.items())
def test_every_setting_is_documented_and_every_documented_one_known(tmp_path: Path, heading: str, section: str) -> None:
    shown = documented(3)
    del shown["shops.demo"]["secrets"]
    del shown["server"]["clock"]
    shown[section]["qqqqqqqq"] = "1"
    try:
        (said,) = loaded(tmp_path, written(shown, kind_for(section))).quarantined.values()
    except ConfigError as fault:
        said = str(fault)
    known = said.partition("unknown key; expected one of ")[2].partition(", such as ")[0].split(", ")
    assert set(known) == {unquoted(row[0]) for row in rows(CONFIGURATION, heading)}


@pytest.mark.usefixtures("clean")
def test_a_setting_that_is_not_required_can_be_left_out(tmp_path: Path) -> None:
    shown, defaults = documented(3), documented(2)
    del shown["server"]["clock"]
    del shown["shops.demo"]["secrets"]
    for section, settings in defaults.items():
        for key in [key for key, default in settings.items() if default == "required" and key in shown[section]]:
            if key in NESTED:
                continue
            fewer = {name: {**told} for name, told in shown.items()}
            del fewer[section][key]
            try:
                faults = loaded(tmp_path, written(fewer, kind_for(section))).quarantined
            except ConfigError:
                continue
            assert faults, f"{section}.{key} is not required"


@pytest.mark.usefixtures("clean")
def test_the_whole_example_of_a_configuration_can_be_used(tmp_path: Path) -> None:
    text = CONFIGURATION.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    found = loaded(tmp_path, text)
    assert (set(found.shops), found.quarantined) == ({"demo"}, {})


def test_every_reading_that_can_be_chosen_is_documented() -> None:
    told = {
        (unquoted(row[0]), unquoted(row[1])): re.findall(r"`([\w-]+)`", row[3])
        for row in rows(CONFIGURATION, "### `interpretations`")
    }
    open_points = {
        (pack, name): point
        for pack in names()
        for name, point in load(pack).interpretations.items()
        if len(point.choices) > 1
    }
    assert set(told) == set(open_points)
    for name, point in open_points.items():
        assert (told[name][0], set(told[name])) == (point.default, set(point.choices))
