"""``keys rotate``: another key takes over, beside the running service, and nothing becomes unreadable."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Mapping

import click

from middleware import bootstrap_rotation, rotation
from middleware.cli.common import config_option, loaded
from middleware.cli.destroying import named
from middleware.rotation import Rechained, Relocked, Turning


def account() -> str:
    """The name of the account that runs this command, for the audit log."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


@click.command("rotate", short_help="Let a new key of the service take over.")
@config_option
@click.argument("which", type=click.Choice(("signing", "service", "index")))
@click.option("--finish", is_flag=True, help="The end: remove the key before, if nothing needs it any more.")
@click.option("--by", "actor", default=account, callback=named, help="Who asks for it: it stands in the audit log.")
def rotate(config_file: str | None, which: str, finish: bool, actor: str) -> None:
    """Let a new key sign receipts (signing), lock what only the service may read (service), or make the keyed digests
    by which orders are known again (index).

    The running service takes it without a restart. What was made with the key before stays readable; --finish removes
    that key, and is refused while something needs it. Stopped in between, the same command goes on.
    """
    steps: Mapping[tuple[str, bool], Callable[[Turning], None]] = {
        ("signing", False): _sign,
        ("signing", True): _signed,
        ("service", False): _lock,
        ("service", True): _locked,
        ("index", False): _chain,
        ("index", True): _chained,
    }
    with bootstrap_rotation.turning(loaded(config_file), actor) as turning:
        steps[which, finish](turning)


def _sign(turning: Turning) -> None:
    click.echo(f"signing: {rotation.turn_signing(turning)} signs from now on.")
    click.echo("The key before verifies what it signed, until --finish finds no record of it any more.")


def _signed(turning: Turning) -> None:
    for kid in rotation.finish_signing(turning):
        click.echo(f"signing: {kid} is gone")


def _lock(turning: Turning) -> None:
    begun = rotation.turn_service(turning)
    click.echo("service: " + ("a new key locks from now on." if begun else "the rotation that was begun goes on."))
    _tell(rotation.relock(turning))
    click.echo("The key before opens what is left, until --finish, or the relay within minutes, removes it.")


def _locked(turning: Turning) -> None:
    _tell(rotation.finish_service(turning))
    click.echo("service: the key before is gone")


def _chain(turning: Turning) -> None:
    begun = rotation.turn_index(turning)
    click.echo(
        "index: " + ("a new key makes digests from now on." if begun else "the rotation that was begun goes on.")
    )
    _tell_rows(rotation.rechain(turning))
    click.echo("What rests is found under both, until --finish, or the relay within minutes, ends it.")


def _chained(turning: Turning) -> None:
    _tell_rows(rotation.finish_index(turning))
    click.echo("index: the new key is part of index.key")


def _tell_rows(done: Rechained) -> None:
    click.echo(f"index: {done.changed} rows taken to the new key, {done.left} left")


def _tell(done: Relocked) -> None:
    click.echo(f"service: {done.changed} texts locked anew")
    if done.unreadable:
        click.echo(f"service: {done.unreadable} texts open with no key that is there, and stay as they are", err=True)
