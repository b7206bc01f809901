"""The command line. ``--config FILE`` wherever a configuration is needed, ``--json`` where data are printed, exit
status 0 / 1 / 2.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from errno import EPIPE
from importlib import import_module

import click

from middleware import __version__
from middleware.errors import ConfigError, ParcelveilError
from schemas.errors import SchemaFault

_COMMANDS: Mapping[str, str] = {
    "demo": "middleware.demo.command:demo",
    "init": "middleware.cli.starting:init",
    "mock": "simulator.cli:mock",
    "simulate": "simulator.cli:simulate",
    "serve": "middleware.cli.serve:serve",
    "run-role": "middleware.cli.serve:run_role",
    "migrate": "middleware.cli.operate:migrate",
    "doctor": "middleware.cli.doctor:doctor",
    "keys": "middleware.cli.operate:keys",
    "callbacks": "middleware.cli.callbacks:callbacks",
    "deliveries": "middleware.cli.deliveries:deliveries",
    "events": "middleware.cli.events:events",
    "hold": "middleware.cli.holding:hold",
    "purge": "middleware.cli.purging:purge",
    "shipments": "middleware.cli.shipments:shipments",
    "inspect": "middleware.cli.inspecting:inspect",
    "shopify-toml": "middleware.cli.inspecting:shopify_toml",
    "policy": "middleware.cli.policies:policy",
    "register": "middleware.cli.register:register",
    "shops": "middleware.cli.shops:shops",
}
"""Each command's home, loaded when it is asked for: ``--help`` and small commands need not wait for a web server's
imports.
"""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. Configuration errors end with status 2, everything else that did not succeed with 1, each
        with one line.
        """
        try:
            return super().invoke(ctx)
        except (ConfigError, SchemaFault) as problem:
            said, status = str(problem), 2
        except ParcelveilError as problem:
            said, status = f"{problem} ({problem.code})", 1
        except OSError as problem:
            if problem.errno == EPIPE:  # nobody reads on: click ends quietly
                raise
            told = [str(part) for part in (problem.filename, problem.strerror) if part is not None]
            said, status = ": ".join(told) or type(problem).__name__, 1
        click.echo(f"parcelveil: {said}", err=True)
        sys.exit(status)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="parcelveil")
def root() -> None:
    """Parcelveil: orders become sealed, tagged shipments, and everything else is left behind."""


def main() -> None:
    """Run the command line."""
    root(prog_name="parcelveil")
