"""Joins labels into one document in a process of its own: whatever a parcel platform sends, it costs no more than
``joining`` allows, and takes no secret with it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from middleware.exchange import Sheaf

SECONDS: Final = 30
"""Until the process has to be done."""

_SCRIPT: Final = Path(__file__).with_name("joining.py")


def joined(sheaves: Sequence[Sheaf]) -> bytes | None:
    """One PDF of all labels in the order of their places; None where that cannot be made of what came. The bytes pass
    through pipes alone, and what the process complains of is heard by nobody.
    """
    lines = [" ".join(map(str, (len(sheaf.content), *sheaf.places))) for sheaf in sheaves]
    head = "".join(f"{line}\n" for line in (str(len(lines)), *lines)).encode("ascii")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", str(_SCRIPT)],
            input=b"".join((head, *(sheaf.content for sheaf in sheaves))),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
