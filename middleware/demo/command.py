"""The command ``demo``."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from middleware.demo import label_files, later, later_screen, report, run, screen, weeks
from middleware.demo.carriers import CARRIERS, PLATFORM
from middleware.demo.later_story import Told, tell_later, tell_weeks
from middleware.demo.orders import made_up
from middleware.demo.processes import DemoError
from middleware.demo.sabotage import FAULTS
from middleware.demo.stage import DOMAIN, Stage
from middleware.demo.story import tell
from simulator.evidence import Evidence
from simulator.judge import judge
from simulator.passed import Passed
from simulator.resting import Ended
from simulator.verdict import Verdict
from simulator.wire import NoAnswerError

PAGE = "demo-report.html"
BROKEN_PAGE = "demo-report-broken.html"
"""Of a run that broke a promise, or in which something was broken on purpose: it never takes a good one's place."""


@click.command()
@click.option(
    "--report",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where the page is written.  [default: {PAGE}; {BROKEN_PAGE} if a promise was broken, or with --break]",
)
@click.option("--verbose", is_flag=True, help="Every path of every order.")
@click.option("--stay", is_flag=True, help="Leave all running until Ctrl-C; nothing is judged, no month passes.")
@click.option("--keep", is_flag=True, help="Leave the folder with all files behind.")
@click.option(
    "--break",
    "fault",
    envvar="BREAK",
    default="",
    metavar="NAME",
    help=f"Break something on purpose: {', '.join(FAULTS)}. Also $BREAK.",
)
@click.option(
    "--carrier",
    "name",
    envvar="CARRIER",
    default=PLATFORM.name,
    metavar="NAME",
    show_default=True,
    help=f"Who takes the parcels: {', '.join(CARRIERS)}. Also $CARRIER.",
)
def demo(page: Path | None, verbose: bool, stay: bool, keep: bool, fault: str, name: str) -> None:
    """Send made-up orders through Parcelveil into a simulated parcel platform, let thirteen months pass, and judge what
    became of them. With `--carrier bpost` into bpost's services, simulated too, which leaves labels in demo-labels.

    Needs no configuration. Exit status 1 if a promise was not kept.
    """
    if name not in CARRIERS:
        raise click.UsageError(f"there is no carrier called {name!r}; there is: {', '.join(CARRIERS)}")
    if fault and fault not in FAULTS:
        raise click.UsageError(f"there is nothing called {fault!r} to break; there is: {', '.join(FAULTS)}")
    if fault and stay:
        raise click.UsageError("--stay judges nothing, so nothing is broken for it either")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options = run.Options(fault=fault or None, keep=keep, carrier=CARRIERS[name], judged=not stay)
        kept = _stay(options) if stay else _run(page, verbose, options)
    except (DemoError, NoAnswerError) as problem:
        click.echo(f"parcelveil: {problem}", err=True)
        kept = False
    except OSError as problem:
        click.echo(f"parcelveil: {problem.filename}: {problem.strerror}", err=True)
        kept = False
    sys.exit(0 if kept else 1)


def _run(chosen: Path | None, verbose: bool, options: run.Options) -> bool:
    carrier = options.carrier
    out, orders, words = screen.console(), made_up(carrier), carrier.words
    screen.opening(out, len(orders), words)
    with run.started(options) as stage:
        with out.status("Starting, sending, waiting …"):
            evidence = run.perform(stage, orders)
            inspections = run.inspect(stage, orders)
            said = judge(evidence)
        told = tell(orders, inspections, evidence)
        screen.chapters(out, told, verbose)
        screen.verdicts(out, said, words.promised)
        second = _second_act(out, stage, evidence) if _kept(said) else None
        well = second is not None and _kept(second.said)
        labels = (chosen or Path(PAGE)).parent / label_files.FOLDER if carrier.labels and well else None
        if labels:
            label_files.write(stage, told, labels)
    if second:
        said = (*said, *second.said)
    else:
        out.print(later_screen.NOT_PLAYED)
    page = chosen or page_of(options.fault, said)
    page.write_text(report.page(told, second, said, words), encoding="utf-8")
    screen.closing(out, said, str(page.resolve()))
    if page == Path(BROKEN_PAGE) and Path(PAGE).exists():
        click.echo(f"{PAGE} beside it is of an earlier run.")
    if labels:
        click.echo(f"The labels as bpost printed them: {labels.resolve()}")
    if options.keep:
        click.echo(f"All files are in {stage.folder}")
    return _kept(said)


def page_of(fault: str | None, said: Sequence[Verdict]) -> Path:
    """Where the page of a run is written, if nothing else was said."""
    return Path(PAGE if fault is None and _kept(said) else BROKEN_PAGE)


def _kept(said: Sequence[Verdict]) -> bool:
    return all(verdict.kept for verdict in said)


def _second_act(out: Console, stage: Stage, evidence: Evidence) -> Told:
    with out.status("Thirteen months pass …"):
        told = _played(stage, evidence)
    later_screen.second_act(out, told)
    screen.verdicts(out, told.said, told.words.second_promised)
    return told


def _played(stage: Stage, evidence: Evidence) -> Told:
    if stage.carrier.waits:
        of_weeks = weeks.play(stage, evidence)
        return tell_weeks(of_weeks, Ended(evidence, of_weeks.weeks))
    played = later.play(stage, evidence)
    return tell_later(played, Passed(evidence, played.later))


def _stay(options: run.Options) -> bool:
    out, orders = screen.console(), made_up(options.carrier)
    screen.opening(out, len(orders), options.carrier.words, judged=False)
    with run.started(options) as stage:
        with out.status("Sending …"):
            run.deliver(stage, orders)
            run.wait_for(stage, sum(order.status == "accepted" for order in orders))
        click.echo(_where(stage))
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopping …")
    return True


def _where(stage: Stage) -> str:
    program, configuration = _program(), stage.folder / "parcelveil.toml"
    return f"""\
Parcelveil           {stage.url}  (health {stage.url}/healthz, interface {stage.url}/openapi.json)
The parcel platform  {stage.platform}  (what it received: {stage.platform}/_ledger)
Configuration        {configuration}

In another terminal, with the made-up secrets of this run:

  export SHOPIFY_SECRET={stage.secret.decode("ascii")} {stage.carrier.variable}={stage.token}

Send more orders, from files or made up, and look at what became of them:

  {program} simulate shopify --url {stage.url}/webhooks/shopify/orders --shop {DOMAIN} --made-up 3
  {program} deliveries list --config {configuration}

Ctrl-C ends everything and removes the folder."""


def _program() -> str:
    """How this program is called from another folder, where it may be on no path."""
    called = Path(sys.argv[0]).absolute()
    return f"{sys.executable} -m middleware" if called.suffix == ".py" else str(called)
