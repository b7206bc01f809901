"""The command line as a whole: help, exit status, and that whatever goes wrong is told in one line."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from middleware import __version__, cli
from middleware.cli import root
from middleware.errors import ConfigError, StorageError
from schemas.errors import SchemaFault
from tests.middleware.cli.bench import ROOT, Instance, process, refused, run

NO_CONFIGURATION = {"demo", "init", "mock", "simulate", "inspect", "shopify-toml", "policy", "register", "run-role"}
DATA = {
    ("callbacks", "list"),
    ("doctor",),
    ("keys", "list"),
    ("deliveries", "list"),
    ("deliveries", "show"),
    ("shipments", "find"),
    ("inspect",),
    ("policy", "list"),
    ("policy", "show"),
    ("policy", "lint"),
    ("policy", "coverage"),
    ("policy", "ask"),
    ("purge",),
    ("hold", "add"),
    ("hold", "list"),
    ("events", "record"),
    ("events", "list"),
    ("shops", "connect"),
    ("shops", "check"),
    ("shops", "list"),
    ("shops", "pause"),
    ("shops", "rotate-secret"),
}
"""The commands that print data."""

NEEDED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("deliveries", "show"): ("some-id",),
    ("deliveries", "retry"): ("some-id",),
    ("shipments", "find"): ("some-id",),
    ("callbacks", "resume"): ("demo",),
    **{("shops", verb): ("demo",) for verb in ("connect", "check", "pause", "disconnect")},
    ("shops", "rotate-secret"): ("demo", "--secret-env", "SHOPIFY_SECRET"),
    ("keys", "destroy"): ("2020-01", "--by", "Els"),
    ("keys", "rotate"): ("signing",),
    ("hold", "add"): ("some-id", "--ground", "a case", "--by", "Els", "--until", "2099-12-31"),
    ("events", "record"): ("last-use", "--shop", "demo", "--by", "Els"),
    ("policy", "ask"): ("--shop", "demo", "--purpose", "support", "--subject", "sender"),
    ("inspect",): ("-", "--shop", "demo"),
    ("hold", "end"): ("some-id", "--by", "Els"),
}
"""What a command asks for before it looks for a configuration."""


def commands(group: click.Group = root, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command beneath, with the words that lead to it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands())
LEAVES = {path: command for path, command in ALL.items() if not isinstance(command, click.Group)}
OURS = {path: command for path, command in ALL.items() if command.callback.__module__.startswith("middleware.cli")}


def options(path: tuple[str, ...]) -> set[str]:
    return {name for parameter in ALL[path].params for name in parameter.opts}


def test_there_are_the_commands_that_are_promised() -> None:
    assert {path[0] for path in ALL} >= {"demo", "mock", "simulate", "serve", "doctor", "migrate"} | NO_CONFIGURATION
    assert set(LEAVES) >= DATA | {("keys", "provision"), ("simulate", "shopify"), ("shopify-toml",)}


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("path", [(), *ALL], ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...], option: str) -> None:
    result = run(*path, option)
    assert (result.exit_code, result.stderr) == (0, "")
    usage, _, text = result.stdout.partition("\n\n")
    assert usage.split()[: 2 + len(path)] == ["Usage:", "parcelveil", *path]
    assert text.strip()


@pytest.mark.parametrize("path", OURS, ids=" ".join)
def test_what_a_command_does_fits_into_its_line_of_the_list(path: tuple[str, ...]) -> None:
    listed = run(*path[:-1], "--help").stdout
    lines = [line for line in listed.splitlines() if line.split()[:1] == [path[-1]]]
    assert len(lines) == (0 if path == ("run-role",) else 1)  # that one is for `serve` alone
    assert not any(line.endswith("...") for line in lines)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_a_configuration_can_be_named_where_one_is_needed(path: tuple[str, ...]) -> None:
    of_a_shop = path in {("policy", "ask"), ("inspect",)}
    assert ("--config" in options(path)) == (path[0] not in NO_CONFIGURATION or of_a_shop)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_what_prints_data_can_print_json(path: tuple[str, ...]) -> None:
    assert ("--json" in options(path)) == (path in DATA)


@pytest.mark.parametrize("path", [path for path in LEAVES if "--config" in options(path)], ids=" ".join)
def test_a_command_without_its_configuration_says_so_in_one_line(path: tuple[str, ...]) -> None:
    line = refused(run(*path, *NEEDED.get(path, ())), 2)
    assert line == (
        f"{Path.cwd()}/parcelveil.toml: no such configuration file; expected one here, or named with --config FILE or "
        "$PARCELVEIL_CONFIG, such as --config /etc/parcelveil.toml; `parcelveil init` writes one"
    )


@pytest.mark.parametrize("words", [["nonesuch"], ["keys", "nonesuch"], ["policy", "nonesuch"], ["deliveries", "x"]])
def test_an_unknown_command_is_a_usage_error(words: list[str]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"No such command '{words[-1]}'" in result.stderr


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_an_unknown_option_is_a_usage_error(path: tuple[str, ...]) -> None:
    result = run(*path, "--nonesuch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such option" in result.stderr


@pytest.mark.parametrize(
    ("problem", "status", "line"),
    [
        (ConfigError("a line of the configuration"), 2, "a line of the configuration"),
        (SchemaFault("own.toml: a row"), 2, "own.toml: a row"),
        (StorageError("It is full."), 1, "It is full. (storage-unavailable)"),
        (OSError(errno.ENOSPC, "No space left on device", "/var/x"), 1, "/var/x: No space left on device"),
        (OSError(errno.EADDRINUSE, "Address already in use"), 1, "Address already in use"),
        (TimeoutError(), 1, "TimeoutError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_wrong_is_one_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, problem: Exception, status: int, line: str
) -> None:
    def fails() -> None:
        raise problem

    monkeypatch.setattr(cli, "_COMMANDS", {"fails": f"{__name__}:fails"})
    monkeypatch.setattr(sys.modules[__name__], "fails", click.command()(fails), raising=False)
    assert refused(run("fails"), status) == line


def test_what_nobody_expected_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "_COMMANDS", {"fails": f"{__name__}:fails"})
    monkeypatch.setattr(sys.modules[__name__], "fails", click.command()(fails), raising=False)
    with pytest.raises(ZeroDivisionError):
        run("fails")


def test_the_process_ends_with_status_and_line_and_no_traceback(tmp_path: Path) -> None:
    line = refused(process("doctor", cwd=tmp_path), 2)
    assert line.startswith(f"{tmp_path}/parcelveil.toml: no such configuration file")


def test_a_secret_that_is_missing_ends_the_process_with_one_line(instance: Instance) -> None:
    done = process("doctor", "--config", str(instance.file), cwd=instance.folder, SHOPIFY_SECRET="x")
    assert "PARCEL_PLATFORM_TOKEN" in refused(done, 2)


def test_the_configuration_can_be_named_by_the_environment(instance: Instance) -> None:
    secrets = {"SHOPIFY_SECRET": "x", "PARCEL_PLATFORM_TOKEN": "y", "PARCELVEIL_CONFIG": str(instance.file)}
    done = process("deliveries", "list", "--json", cwd=instance.folder / "data", **secrets)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"parcelveil, version {__version__}\n"


def test_a_small_command_does_not_wait_for_the_web_server(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom middleware.cli import root\nroot(['policy', 'list'], standalone_mode=False)\n"
        "print(sorted({'granian', 'flask', 'prometheus_client', 'reportlab'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_who_stops_reading_is_no_error(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "middleware", "policy", "show", "bpost-shipping-platform", "--json"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as popen:
        assert popen.stdout is not None
        assert popen.stderr is not None
        popen.stdout.close()
        assert popen.stderr.read() == b""
