"""The command line. Every command: ``--config FILE``, ``--json`` where it prints data, exit status 0 / 1 / 2."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

import click

from middleware import __version__
from middleware.errors import ConfigError, ParcelveilError
from schemas.errors import SchemaFault

_COMMANDS: Mapping[str, str] = {
    "demo": "middleware.demo.command:demo",
    "mock": "simulator.cli:mock",
    "simulate": "simulator.cli:simulate",
    "serve": "middleware.cli.serve:serve",
    "run-role": "middleware.cli.serve:run_role",
    "migrate": "middleware.cli.operate:migrate",
    "doctor": "middleware.cli.operate:doctor",
    "keys": "middleware.cli.operate:keys",
    "deliveries": "middleware.cli.deliveries:deliveries",
    "inspect": "middleware.cli.inspecting:inspect",
    "shopify-toml": "middleware.cli.inspecting:shopify_toml",
    "policy": "middleware.cli.policies:policy",
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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="parcelveil")
def root() -> None:
    """Parcelveil: orders become sealed, tagged shipments, and everything else is left behind."""


def main() -> None:
    """Run the command line. Configuration errors end with status 2, everything else that did not succeed with 1, each
    with one line.
    """
    try:
        root(prog_name="parcelveil")
    except (ConfigError, SchemaFault) as problem:
        click.echo(f"parcelveil: {problem}", err=True)
        sys.exit(2)
    except ParcelveilError as problem:
        click.echo(f"parcelveil: {problem} ({problem.code})", err=True)
        sys.exit(1)
