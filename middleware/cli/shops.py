"""``shops``: connect shops, check them, let them wait, change their secrets and let them go, while the service runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from middleware import bootstrap, bootstrap_granted, bootstrap_lanes, config
from middleware.cli.common import Function, config_option, json_option, loaded, print_json, print_table
from middleware.cli.followed import checked
from middleware.config_back import without_secrets
from middleware.config_shop import plain
from middleware.config_table import Source, Table
from middleware.errors import NotFitError, NotFoundError, SettingError
from middleware.model_shop import Checkup, Fitness, ShopFace
from middleware.onboarding import KEEP_OLD_LEAST, Onboarding
from middleware.parting import Parting, parted
from schemas.shops import lifetime

T = TypeVar("T")

_WITHIN = "in force on every process within five seconds"
_HELD = frozenset(("secrets", "token", "passphrase", "tracking_password", "points_key"))
"""What stands beside a shop's settings."""

_PLAIN = ("platform", "policy", "domain", "carrier", "app", "account_type", "account", "notify", "creates", "mode")
"""The settings that an option tells as they are."""

_SECRETS = "--app NAME, --secret-env VAR or --secret-file FILE tells it"


class _Length(click.ParamType[timedelta]):
    """A length of time such as ``24h``."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            length = lifetime(str(value))
        except ValueError:
            self.fail('expected a length of time such as "90m", "24h" or "2d"', param, ctx)
        if length < KEEP_OLD_LEAST:
            self.fail("the old secret has to work for an hour at least; --now ends it at once", param, ctx)
        return length


@contextmanager
def _onboarding(config_file: str | None, name: str = "") -> Iterator[Onboarding]:
    known = bootstrap.onboarding(loaded(config_file))
    try:
        yield known
    except NotFoundError:
        click.echo(f"parcelveil: there is no shop {name}; `parcelveil shops list` shows those there are", err=True)
        sys.exit(1)
    finally:
        known.store.close()


@click.group(short_help="Connect shops, and let them go.")
def shops() -> None:
    """Shops, without a restart. Those of the configuration file are shown and checked, and changed there alone."""


def _secret_options(command: Function) -> Function:
    """Where a secret is read from: never from the arguments, which every process can see."""
    for option in (
        click.option("--secret-file", metavar="FILE", help="A file that holds the secret of its own app."),
        click.option("--secret-env", metavar="VAR", help="A variable that holds the secret of its own app."),
    ):
        command = option(command)
    return command


@shops.command(short_help="Connect a shop, or give it new settings.")
@click.argument("name")
@click.option("--from", "from_file", metavar="FILE", help="Settings as under [shops.<name>]: TOML, or JSON.")
@click.option(
    "--platform", metavar="KIND", help="shopify, woocommerce, or direct: systems of its own.  [default: shopify]"
)
@click.option("--policy", metavar="PACK", help="The pack that it sends under.")
@click.option("--token-env", metavar="VAR", help="A variable that holds the token with which its own systems call.")
@click.option("--token-file", metavar="FILE", help="A file that holds that token.")
@click.option("--points-key-env", metavar="VAR", help="A variable that holds the key for browsers: its pick-up points.")
@click.option("--points-key-file", metavar="FILE", help="A file that holds that key.")
@click.option("--domain", metavar="DOMAIN", help="Its myshopify.com domain, or the address of its site.")
@click.option("--carrier", metavar="NAME", help="The parcel platform that it ships with.")
@click.option("--app", metavar="NAME", help="The app that it belongs to.")
@_secret_options
@click.option("--account-type", metavar="KIND", help="Its account at the parcel platform.")
@click.option("--requested-on", metavar="DAY", help="The day of its request to integrate, such as 2026-11-22.")
@click.option("--account", metavar="DIGITS", help="Its own account at bpost; without it, the carrier's.")
@click.option("--passphrase-env", metavar="VAR", help="A variable that holds the passphrase of that account.")
@click.option("--passphrase-file", metavar="FILE", help="A file that holds that passphrase.")
@click.option("--tracking-password-env", metavar="VAR", help="A variable that holds its password at bpost's tracking.")
@click.option("--tracking-password-file", metavar="FILE", help="A file that holds that password.")
@click.option("--notify", metavar="HOW", help="none, email or sms.")
@click.option("--creates", metavar="LANE", help="webhook or call: what makes its shipments.  [default: webhook]")
@click.option("--mode", metavar="MODE", help="live, or test: into the simulated platform.")
@click.option("--sender-file", metavar="FILE", help="Who sends: the settings of `sender`, TOML or JSON.")
@config_option
@json_option
def connect(name: str, config_file: str | None, as_json: bool, **options: str | None) -> None:
    """Connect a shop in the database, or give a connected one these settings in place of those that it has.

    Options win over the file. Without --app and without a secret, a connected shop keeps the secrets that it has;
    without --account one that had an account of its own at bpost ships with the carrier's, which is told, and so is
    how many parcels under way need the account that it had. A live shop must be fit: `parcelveil shops check` says
    what that takes.
    """
    content, source = _wanted(options)
    held = config.resolved(content, source)
    settings = plain(without_secrets({key: value for key, value in content.items() if key not in _HELD}))
    bootstrap.settle_keys(loaded(config_file))
    with _onboarding(config_file, name) as known, _told_of(source):
        (face, new), left = _fit(name, lambda: parted(known, name, lambda: known.connect(name, settings, held)))
    if left.gone and face.account == "shared":
        told = (
            "its own account is gone, and it ships with the carrier's; --account and its passphrase give it one again"
        )
        click.echo(f"{name}: {told}", err=True)
    _tell_left(name, left)
    stands = f"mode {face.mode}, creates by {face.creates}"
    _tell(face, as_json, f"{name}: {'connected' if new else 'changed'}, {stands}; {_WITHIN}.")


def _tell_left(name: str, left: Parting) -> None:
    if left.behind:
        told = "go no further without the account that it had; connected with that again, they do (docs/bpost.md)"
        click.echo(f"{name}: {left.behind} of its parcels under way {told}", err=True)


@contextmanager
def _told_of(source: Source) -> Iterator[None]:
    """A mistake in settings is told of where they were given."""
    try:
        yield
    except SettingError as fault:
        key = fault.path[2:]
        mistake = fault.at(source.place(key), _SECRETS if key == ("app",) and key not in source.elsewhere else "")
    else:
        return
    raise mistake


def _fit(name: str, connect: Callable[[], T]) -> T:
    """What ``connect`` gives; of a shop that is not fit to be live it is told what is missing, and the status is 1."""
    try:
        return connect()
    except NotFitError as lacking:
        remedies = lacking.remedies
    for remedy in remedies:
        click.echo(f"BAD   {remedy}", err=True)
    click.echo(f"parcelveil: {name} is not fit to be live, and nothing was changed; mode test asks for less", err=True)
    sys.exit(1)


def _wanted(options: Mapping[str, str | None]) -> tuple[dict[str, Any], Source]:
    """Settings out of files and options, and where each of them stands. Raises: ConfigError."""
    content: dict[str, Any] = {"platform": "shopify"}
    source = Source(file="shops connect")
    if options["from_file"]:
        content, source = config.shop_file(Path(options["from_file"]).absolute())
    given = {key: options[key] for key in _PLAIN if options[key] is not None}
    content |= given
    elsewhere: dict[tuple[str, ...], str] = {(key,): f"--{key.replace('_', '-')}" for key in given}
    if options["requested_on"] is not None:
        content["integration"] = {**content.get("integration", {}), "requested_on": options["requested_on"]}
        elsewhere["integration", "requested_on"] = "--requested-on"
    if options["sender_file"] is not None:
        content["sender"], sender = config.shop_file(Path(options["sender_file"]).absolute())
        elsewhere |= {("sender", key): sender.place((key,)).rpartition(": ")[0] for key in content["sender"]}
        elsewhere["sender",] = sender.file
    if named := _named_secret(options["secret_env"], options["secret_file"]):
        content["secrets"] = [named]
        elsewhere["secrets",] = f"--secret-{next(iter(named))}"
    for key in ("token", "passphrase", "tracking_password", "points_key"):
        if told := _named_secret(options[f"{key}_env"], options[f"{key}_file"], key.replace("_", "-")):
            content[key] = told
            elsewhere[key,] = f"--{key.replace('_', '-')}-{next(iter(told))}"
    source = replace(source, elsewhere=elsewhere)
    if "app" in content and "secrets" in content:
        raise Table({}, source, (), {}).fault(
            "secrets", "either an app, or a secret of an app of its own, not both", example="--app parcelveil"
        )
    return content, source


def _named_secret(env: str | None, file: str | None, what: str = "secret") -> dict[str, str]:
    if env and file:
        raise click.UsageError(f"either --{what}-env or --{what}-file, not both")
    return {"env": env} if env else {"file": file} if file else {}


@shops.command(short_help="Whether a shop is fit to be live.")
@click.argument("name")
@click.option("--live", is_flag=True, help="Where it is fit, let a shop in test mode send to its real carrier.")
@config_option
@json_option
def check(name: str, live: bool, config_file: str | None, as_json: bool) -> None:
    """What the shop needs, in the mode that it has and in the other: a line each, with what to do. Exit status 1 where
    it does not work as it is, or is not fit to be live.
    """
    with _onboarding(config_file, name) as known:
        settings = loaded(config_file)
        asked = bootstrap_lanes.account_findings(settings, known, name, partial(bootstrap_granted.heard, settings))
        asked = (*asked, *checked(settings, known, name))
        found = _with(known.check(name), asked)
        if live and found.fit:
            _, left = parted(known, name, lambda: known.go_live(name))
            _tell_left(name, left)
            found = _with(known.check(name), asked)
    if as_json:
        print_json([{"mode": mode, **_finding(one)} for mode, one in found.told()])
    else:
        _print_checkup(name, found)
    sys.exit(0 if found.works and found.fit else 1)


def _with(found: Checkup, asked: Sequence[Fitness]) -> Checkup:
    """With what the carrier was asked about the shop's account, in the mode that it has."""
    return replace(found, present=(*found.present, *asked))


def _finding(one: Fitness) -> Mapping[str, object]:
    return {"check": one.check, "ok": one.ok, "message": one.message}


def _print_checkup(name: str, found: Checkup) -> None:
    before: str | None = ""
    for mode, one in found.told():
        if mode != before:
            click.echo(f"mode {mode or 'unknown'}{', as it is now' if mode == found.mode else ', if it were set so'}:")
        wrong = "note" if found.mode == "live" and mode == "test" else "BAD"  # a live shop needs no other mode
        verdict = wrong if not one.ok else "note" if one.note else "ok"
        click.echo(f"{verdict:<4}  {one.check}: {one.message}")
        before = mode
    works = f"{'works' if found.works else 'does not work'} in mode {found.mode or 'unknown'}"
    click.echo(f"{name}: {works}; {'fit' if found.fit else 'not fit'} to be live.")


@shops.command("list", short_help="List all shops.")
@config_option
@json_option
def list_shops(config_file: str | None, as_json: bool) -> None:
    """All shops, those of the file first, with what is wrong with them."""
    with _onboarding(config_file) as known:
        faces = list(known.faces())
    if as_json:
        print_json([asdict(face) for face in faces])
    elif faces:
        columns = ("shop", "from", "state", "mode", "creates", "domain", "carrier", "restricted", "fault")
        rows = [
            (face.shop, face.origin, "quarantined" if face.fault else face.state, face.mode, face.creates, face.domain,
             face.carrier, ", ".join(face.restricted), face.fault)
            for face in faces
        ]  # fmt: skip
        print_table(columns, rows, whole=("shop", "domain"))
    else:
        click.echo("No shop is there; `parcelveil shops connect` connects one.")


@shops.command(short_help="Let a shop's orders wait over there.")
@click.argument("name")
@click.option("--resume", is_flag=True, help="Take its orders again.")
@config_option
@json_option
def pause(name: str, resume: bool, config_file: str | None, as_json: bool) -> None:
    """Answer a shop's orders with 503, so that it tries again later; what was accepted still goes out."""
    with _onboarding(config_file, name) as known:
        face = known.pause(name, paused=not resume)
    _tell(face, as_json, f"{name}: {face.state}; {_WITHIN}.")


@shops.command("rotate-secret", short_help="Put a new webhook secret beside the old one.")
@click.argument("name")
@_secret_options
@click.option("--retire-after", type=_Length(), default="24h", show_default=True, help="When the old one ends.")
@click.option("--now", "at_once", is_flag=True, help="The old one ends at once.")
@config_option
@json_option
def rotate_secret(
    name: str,
    secret_env: str | None,
    secret_file: str | None,
    retire_after: timedelta,
    at_once: bool,
    config_file: str | None,
    as_json: bool,
) -> None:
    """A new secret of a shop with an app of its own: it works beside the old one, until that ends."""
    named = _named_secret(secret_env, secret_file)
    if not named:
        raise click.UsageError("where the new secret is: --secret-env or --secret-file")
    (secret,) = config.resolved({"secrets": [named]}, Source(file="shops rotate-secret")).secrets
    with _onboarding(config_file, name) as known:
        face = known.rotate(name, secret, None if at_once else retire_after)
    _tell(face, as_json, f"{name}: the new secret is there, {face.secrets} in all; {_WITHIN}.")


@shops.command(short_help="End the exchange with a shop.")
@click.argument("name")
@config_option
def disconnect(name: str, config_file: str | None) -> None:
    """End the exchange with a shop: its settings and secrets are erased, its webhooks are answered 401.

    Records stay as long as their retention says, and what was accepted still goes out.
    """
    with _onboarding(config_file, name) as known:
        _, left = parted(known, name, lambda: known.disconnect(name))
    _tell_left(name, left)
    click.echo(f"{name}: disconnected; {_WITHIN}.")


def _tell(face: ShopFace, as_json: bool, text: str) -> None:
    if as_json:
        print_json(asdict(face))
    else:
        click.echo(text)
