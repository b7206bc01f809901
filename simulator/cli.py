"""The commands ``mock`` and ``simulate``."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import click

from simulator import made_up, made_up_woocommerce, shopify, woocommerce
from simulator.bpost.switches import CHOICES, MOST_DELAY, Switches, parse_switches
from simulator.faults import read_rates
from simulator.http import Settings, running


@click.group()
def main() -> None:
    """A parcel platform and shops to try everything against."""


@main.command()
@click.option("--listen", default="127.0.0.1:8090", show_default=True, help="host:port; port 0 takes any free one.")
@click.option("--state", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of its own.")
@click.option("--receipt-keys", metavar="URL|FILE", help="JWKS: from then on a shipment needs a receipt that verifies.")
@click.option("--fault", "faults", multiple=True, metavar="NAME=RATE", help="Make a fault at that rate; repeatable.")
@click.option("--seed", default=0, show_default=True, help="Of the draw of faults.")
@click.option("--token-env", metavar="NAME", help="Ask for the bearer token that stands in this environment variable.")
@click.option("--passphrase-env", metavar="NAME", help="Ask bpost's accounts for the passphrase in this variable.")
@click.option("--bpost", "switches", multiple=True, metavar="NAME=VALUE", help="A switch of bpost's services.")
def mock(
    listen: str,
    state: Path,
    receipt_keys: str | None,
    faults: tuple[str, ...],
    seed: int,
    token_env: str | None,
    passphrase_env: str | None,
    switches: tuple[str, ...],
) -> None:
    """The simulated parcel platform, until it is told to stop."""
    settings = Settings(
        state=state,
        listen=_listen(listen),
        receipt_keys=receipt_keys,
        faults=_rates(faults),
        seed=seed,
        token=_secret(token_env).decode() if token_env else None,
        passphrase=_secret(passphrase_env).decode() if passphrase_env else None,
        switches=_switches(switches),
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with running(settings) as server:
            click.echo(f"ready {server.url}")
            stop.wait()
    except OSError as error:
        raise click.ClickException(f"cannot listen on {listen} or use the folder: {error.strerror}") from None


@main.group()
def simulate() -> None:
    """Shops that send orders."""


@simulate.command("shopify")
@click.option("--url", required=True, help="Where the webhook goes.")
@click.option("--shop", required=True, metavar="DOMAIN", help="The shop's myshopify.com domain.")
@click.option("--topic", default="orders/create", show_default=True)
@click.option(
    "--secret-env", default="SHOPIFY_SECRET", show_default=True, metavar="NAME", help="Variable of the secret."
)
@click.option("--made-up", "count", type=click.IntRange(min=1), metavar="N", help="Send N made-up orders.")
@click.option("--seed", default=0, show_default=True, help="Of the made-up orders.")
@click.option("--retry-scale", default=shopify.RETRY_SCALE, show_default=True, help="1 waits as long as Shopify does.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def simulate_shopify(
    url: str,
    shop: str,
    topic: str,
    secret_env: str,
    count: int | None,
    seed: int,
    retry_scale: float,
    files: tuple[Path, ...],
) -> None:
    """Sign orders as Shopify does and send them; one JSON line for each."""
    if bool(files) == bool(count):
        raise click.UsageError("name files, or --made-up N")
    secret = _secret(secret_env)
    lost = 0
    orders = made_up.orders(count or 0, now=datetime.now(UTC), seed=seed, shop=shop)
    for name, body in _bodies(files, orders):
        try:
            delivery = shopify.send(url, shop, topic, body, secret, retry_scale=retry_scale)
        except ValueError:
            raise click.UsageError("--url is not an http(s) address") from None
        if delivery.status is None:
            click.echo(f"nobody answers at {url}: does the service run, and does it listen there?", err=True)
        told = {"webhook_id": delivery.webhook_id, "status": delivery.status, "answer": delivery.answer}
        click.echo(json.dumps({"file": name, **told}))
        lost += not delivery.acknowledged
    if lost:
        raise SystemExit(1)


@simulate.command("woocommerce")
@click.option("--url", required=True, help="Where the webhook goes: /webhooks/woocommerce/SHOP/orders.")
@click.option("--source", required=True, metavar="URL", help="The address of the shop's site.")
@click.option("--topic", default="order.created", show_default=True)
@click.option(
    "--secret-env", default="WOOCOMMERCE_SECRET", show_default=True, metavar="NAME", help="Variable of the secret."
)
@click.option("--made-up", "count", type=click.IntRange(min=1), metavar="N", help="Send N made-up orders.")
@click.option("--seed", default=0, show_default=True, help="Of the made-up orders.")
@click.option("--ping", is_flag=True, help="First the unsigned ping of a webhook that was just made.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def simulate_woocommerce(
    url: str,
    source: str,
    topic: str,
    secret_env: str,
    count: int | None,
    seed: int,
    ping: bool,
    files: tuple[Path, ...],
) -> None:
    """Sign orders as WooCommerce does and send them, each once; one JSON line for each."""
    if bool(files) == bool(count):
        raise click.UsageError("name files, or --made-up N")
    secret = _secret(secret_env).decode()
    orders = made_up_woocommerce.orders(count or 0, now=datetime.now(UTC), seed=seed)
    lost = 0
    try:
        sent = [("ping", woocommerce.ping(url))] if ping else []
        for name, delivery in chain(sent, _delivered(url, source, topic, secret, _bodies(files, orders))):
            if delivery.status is None:
                click.echo(f"nobody answers at {url}: does the service run, and does it listen there?", err=True)
            told = {"delivery_id": delivery.delivery_id, "status": delivery.status, "answer": delivery.answer}
            click.echo(json.dumps({"file": name, **told}))
            lost += not delivery.acknowledged
    except ValueError:
        raise click.UsageError("--url is not an http(s) address") from None
    if lost:
        raise SystemExit(1)


def _delivered(
    url: str, source: str, topic: str, secret: str, bodies: Iterator[tuple[str, bytes]]
) -> Iterator[tuple[str, woocommerce.Delivery]]:
    for name, body in bodies:
        yield name, woocommerce.send(url, source, topic, body, secret)


def _bodies(files: tuple[Path, ...], orders: Iterator[made_up.Json]) -> Iterator[tuple[str, bytes]]:
    for path in files:
        yield str(path), path.read_bytes()
    for number, order in enumerate(orders, start=1):
        yield f"made-up:{number}", json.dumps(order, ensure_ascii=False).encode("utf-8")


def _secret(name: str) -> bytes:
    value = os.environ.get(name, "")
    if not value:
        raise click.UsageError(f"the environment variable {name} is not set")
    return value.encode("utf-8")


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.UsageError("--listen is not host:port")
    return text


def _rates(faults: tuple[str, ...]) -> dict[str, float]:
    try:
        rates = {name: float(rate) for name, _, rate in (fault.partition("=") for fault in faults)}
        read_rates(rates)
    except ValueError:
        raise click.UsageError("--fault is not NAME=RATE, with rates from 0 to 1 and together at most 1") from None
    return rates


def _switches(words: tuple[str, ...]) -> Switches:
    try:
        return parse_switches(words)
    except ValueError:
        known = ", ".join(f"{name}={'|'.join(values)}" for name, values in CHOICES.items())
        text = f"--bpost is not one of {known}, without=PRODUCT or OPTION, delay-milliseconds=0..{MOST_DELAY}"
        raise click.UsageError(text) from None
