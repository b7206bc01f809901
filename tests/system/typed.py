"""Commands of the command line, run in this very process: to start one takes a second, and shows nothing more but at a
start.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from middleware.cli import root


def typed(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one in ``folder`` to its end, as if it were a process there. What it does not catch is raised."""
    with chdir(folder), pytest.MonkeyPatch.context() as patched:
        patched.setattr("tempfile.tempdir", environment["TMPDIR"])
        done = CliRunner().invoke(root, words, env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
