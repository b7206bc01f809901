"""``policy ask``: whether a purpose is permitted, in plain words and as an exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from middleware import bootstrap, bootstrap_retention
from middleware.cli.common import config_option, json_option, loaded, print_json
from middleware.core.calendar import today
from middleware.core.permitting import WITHOUT, contract_of
from middleware.core.standing import Asked, question
from middleware.errors import ConfigError, SchemaError
from middleware.permissions import decide
from schemas.decision import says, told
from schemas.permission import LANES, NO_CONTRACT, TIES, Permission, Refusal, permitted
from schemas.policy import Policy
from schemas.policy_loader import load, load_file, names
from schemas.policy_terms import CONTRACTS


@click.command(short_help="Whether a purpose is permitted.")
@click.argument("pack", required=False)
@click.option("--shop", help="Ask by this shop's policy, over what is known of its people.")
@click.option("--purpose", required=True, help="A purpose of the policy, such as generic_advertising.")
@click.option("--subject", required=True, help="Whose data: sender, user, recipient, contact, customer or depicted.")
@click.option("--account-type", help="The sender's account. [default: the shop's, or the pack's only one]")
@click.option("--contract", type=click.Choice((*CONTRACTS, NO_CONTRACT)), help="With whom the contract is.")
@click.option("--tie", type=click.Choice(TIES), help="Whether the contract needs it.")
@click.option("--lane", type=click.Choice(LANES), help="The way on which a shop asks for it.")
@click.option("--channel", help="The channel of advertising, such as email.")
@click.option("--customer", help="The contact or customer whose data it is, by the id that the shop has.")
@config_option
@json_option
def ask(
    pack: str | None,
    shop: str | None,
    account_type: str | None,
    customer: str | None,
    config_file: str | None,
    as_json: bool,
    **asked: str,
) -> None:
    """Ask whether a PACK (a name or a file), or the policy of a shop, permits a purpose. Exit status 0: permitted, on
    this basis; 1: refused, for this reason.

    What is not told is unknown, and what is unknown is refused. With --shop the levels, the objections and the
    restrictions count that are known of the user of its label module, or of the contact or customer who is named.
    """
    if (pack is None) is (shop is None):
        raise click.UsageError("either a PACK or --shop NAME")
    if shop is None and customer is not None:
        raise click.UsageError("a customer is one of a shop: --shop NAME")
    if shop is not None:
        wanted, answer, restricted = _of_shop(shop, account_type, customer, config_file, asked)
    else:
        wanted, answer = _of_pack(str(pack), account_type, asked)
        restricted = ()
    if as_json:
        print_json(told(answer, restricted))
    else:
        click.echo(f"{says(answer)}\nClause: {answer.clause.ref} ({', '.join(answer.clause.ids)})")
        if isinstance(answer, Refusal) and answer.reason == "contract_unknown":
            click.echo(f"What was not told: {' and '.join(_lacking(wanted))}")
        if restricted:
            click.echo(f"Kept for legal claims alone: {', '.join(restricted)}")
    sys.exit(0 if isinstance(answer, Permission) else 1)


def _of_pack(pack: str, account_type: str | None, asked: dict[str, str]) -> tuple[Asked, Permission | Refusal]:
    policy = named_pack(pack)
    kinds = list(policy.account_types)
    if account_type is None and len(kinds) > 1:
        raise click.UsageError(f"which account the sender has: --account-type {' or '.join(kinds)}")
    wanted = Asked(account_type=account_type or kinds[0], **asked)
    now = bootstrap.system_clock()
    return wanted, permitted(policy, question(policy, wanted, None, now, today(now)))


def _lacking(wanted: Asked) -> list[str]:
    """What would have told with whom the contract is and whether it needs the purpose."""
    contract = wanted.subject in WITHOUT or wanted.contract or contract_of(wanted.account_type)
    told = (
        (f"with whom the contract is (--contract {'|'.join((*CONTRACTS, NO_CONTRACT))})", contract),
        (f"whether the contract needs it (--tie {'|'.join(TIES)})", wanted.tie),
    )
    return [option for option, there in told if not there]


def _of_shop(
    name: str, account_type: str | None, customer: str | None, config_file: str | None, asked: dict[str, str]
) -> tuple[Asked, Permission | Refusal, Sequence[str]]:
    settings = loaded(config_file)
    services = bootstrap.services(settings)
    shop = services.shops.get(name)
    if shop is None:
        raise ConfigError(f"there is no shop {name} at work; `parcelveil shops list` names them")
    wanted = Asked(account_type=account_type or shop.settings.account_type, customer=customer, **asked)
    with closing(bootstrap_retention.retention(settings)) as known:
        try:
            decided = decide(shop, wanted, known, services.clock)
        except SchemaError as refusal:
            faults = [f"--{fault.pointer.removeprefix('/')}: {fault.code}" for fault in refusal.faults]
        else:
            return wanted, decided.answer, decided.restricted
    raise click.UsageError("; ".join(faults))


def named_pack(pack: str) -> Policy:
    """A pack that comes with the package, or an operator's own file. Raises: ConfigError, SchemaFault."""
    if pack in names():
        return load(pack)
    if Path(pack).exists():
        return load_file(pack)
    raise ConfigError(f"{pack}: neither a file nor a pack; the packs are {', '.join(names())}")
