"""The Dockerfile, judged by its text and by running what runs without an engine: the lock's extract, the health check.

The whole replay in a clean root file system is ``scripts/dockerfile_rootfs.py``, which needs root and a package mirror.
"""

from __future__ import annotations

import configparser
import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest
from packaging.specifiers import SpecifierSet

from scripts.dockerfile_steps import Stage, context, ignored, read_stages, read_steps

TREE = Path(__file__).resolve().parents[2]
BUILD, IMAGE = read_stages((TREE / "Dockerfile").read_text(encoding="utf-8"))
RULES = (TREE / ".dockerignore").read_text(encoding="utf-8")
SECRET_NAMES = re.compile(r"SECRET|TOKEN|PASSWORD|PASSPHRASE|PRIVATE|CREDENTIAL|DATABASE", re.IGNORECASE)


def texts(stage: Stage, name: str) -> list[str]:
    return [step.text for step in stage.steps if step.name == name]


@pytest.mark.parametrize("line", ["ADD https://example.com/a.tar /", "COPY a b\nONBUILD RUN true", "MAINTAINER me"])
def test_an_instruction_that_is_not_judged_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        list(read_steps(line))


def test_continued_lines_and_comments_are_read_as_docker_reads_them() -> None:
    steps = list(read_steps("# a\nRUN one && \\\n# between\n    two\nENV A=1 \\\n    B='2 3'\n"))
    assert [(step.name, step.text) for step in steps] == [("RUN", "one && two"), ("ENV", "A=1 B='2 3'")]
    assert Stage(base="", name="", steps=tuple(steps)).env() == {"A": "1", "B": "2 3"}


def test_two_stages_of_one_base_that_the_package_permits() -> None:
    assert BUILD.base == IMAGE.base
    match = re.fullmatch(r"python:(\d+\.\d+)-slim", BUILD.base)
    assert match is not None
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(TREE / "setup.cfg", encoding="utf-8")
    assert SpecifierSet(settings["options"]["python_requires"]).contains(match[1])


def test_runs_as_a_fixed_user_that_is_not_root() -> None:
    user, _, group = IMAGE.last("USER").text.partition(":")
    assert int(user) >= 1000
    assert int(group) >= 1000
    made = " ".join(texts(IMAGE, "RUN"))
    assert f"--uid {user} " in made
    assert f"--gid {group} " in made
    after = [step.name for step in IMAGE.steps[IMAGE.steps.index(IMAGE.last("USER")) :]]
    assert "RUN" not in after


def test_nothing_is_written_but_to_the_volume() -> None:
    (volume,) = IMAGE.last("VOLUME").words()
    env = IMAGE.env()
    assert PurePosixPath(env["TMPDIR"]).is_relative_to(volume)
    assert PurePosixPath(IMAGE.last("WORKDIR").text).is_relative_to(volume)
    assert env["PYTHONDONTWRITEBYTECODE"] == "1"


def test_command_and_address() -> None:
    assert IMAGE.last("ENTRYPOINT").words() == ["parcelveil"]
    assert IMAGE.last("CMD").words() == ["serve"]
    host, _, port = IMAGE.env()["PARCELVEIL_SERVER__LISTEN"].rpartition(":")
    assert host == "0.0.0.0"  # noqa: S104 - inside a container, whose engine decides what is published
    assert IMAGE.last("EXPOSE").text == port


@pytest.mark.parametrize("stage", [BUILD, IMAGE], ids=["build", "image"])
def test_no_secret_is_baked_in(stage: Stage) -> None:
    names = {*stage.env(), *(text.partition("=")[0] for text in texts(stage, "ARG"))}
    assert [name for name in names if SECRET_NAMES.search(name)] == []
    assert [text for text in texts(stage, "RUN") if "--mount=type=secret" in text or "://" in text] == []


def test_every_copy_finds_its_source_in_the_build_context() -> None:
    files = list(context(TREE))
    sources = [word for step in BUILD.steps if step.name == "COPY" for word in step.words()[:-1]]
    missing = [
        source for source in map(PurePosixPath, sources) if not any(source in (path, *path.parents) for path in files)
    ]
    assert sources
    assert missing == []
    assert {"schemas/", "middleware/", "simulator/", "examples/orders/", "setup.cfg"} <= set(sources)


@pytest.mark.parametrize(
    "path",
    [".env", ".git/config", ".venv/bin/python", "var/keys/service/key", "tests/x.py", "schemas/__pycache__/a.pyc"],
)
def test_the_build_context_holds_nothing_of_the_machine(path: str) -> None:
    assert ignored(PurePosixPath(path), RULES)


@pytest.mark.parametrize("path", ["schemas/order.py", "examples/orders/02-minimal.json", "README.md"])
def test_the_build_context_holds_what_is_built(path: str) -> None:
    assert not ignored(PurePosixPath(path), RULES)


def test_everything_that_is_installed_has_its_hash() -> None:
    commands = [part for text in texts(BUILD, "RUN") for part in text.split("&&") if re.search(r"\binstall\b", part)]
    assert len(commands) == 3
    assert [part for part in commands if not re.search(r"--require-hashes|--no-index", part)] == []
    assert texts(IMAGE, "RUN")
    assert [text for text in texts(IMAGE, "RUN") if "pip" in text or "apt" in text] == []


def test_the_tool_that_builds_the_wheel_is_taken_from_the_lock() -> None:
    (extract,) = [part for text in texts(BUILD, "RUN") for part in text.split("&&") if part.strip().startswith("sed")]
    command = extract.partition(">")[0]
    shell = ["/bin/sh", "-c", command]
    taken = subprocess.run(shell, cwd=TREE, check=True, capture_output=True, text=True).stdout.splitlines()
    assert re.fullmatch(r"setuptools==[\d.]+ \\", taken[0])
    assert len(taken) >= 2
    assert [line for line in taken[1:] if "--hash=sha256:" not in line] == []
    assert not taken[-1].endswith("\\")


class Health(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the server carries, 404 off the path."""

    def do_GET(self) -> None:
        assert isinstance(self.server, HealthServer)
        self.send_response(self.server.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class HealthServer(http.server.HTTPServer):
    status = 200


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server on loopback that gives this status; its port."""
    with HealthServer(("127.0.0.1", 0), Health) as server:
        server.status = status
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def health(**env: str) -> int:
    """Run the image's health check with this interpreter and only these variables; its exit status."""
    command = json.loads(IMAGE.last("HEALTHCHECK").text.partition("CMD ")[2])
    assert command[0] == "python"
    return subprocess.run([sys.executable, *command[1:]], env=env, check=False, capture_output=True).returncode


def test_health_check_honours_port() -> None:
    with answering(200) as port:
        assert health(PORT=str(port), PARCELVEIL_SERVER__LISTEN="0.0.0.0:1") == 0
        assert health(PORT="", PARCELVEIL_SERVER__LISTEN=f"0.0.0.0:{port}") == 0
        assert health(PARCELVEIL_SERVER__LISTEN=f"0.0.0.0:{port}", http_proxy="http://127.0.0.1:1") == 0


def test_health_check_fails_when_ill_or_absent() -> None:
    with answering(503) as port:
        assert health(PORT=str(port)) != 0
    assert health(PORT=str(port)) != 0
