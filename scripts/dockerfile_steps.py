"""Reads ``Dockerfile`` and ``.dockerignore``: what the packaging tests judge and what ``dockerfile_rootfs.py`` replays.

Only what the project's own Dockerfile uses is understood; anything else is refused, so that nothing is passed over in
silence.
Source: the Dockerfile reference, "Format", "ENV", "COPY" and ".dockerignore file".
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

KNOWN = frozenset(
    {
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "RUN",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instruction: its name in capitals and the rest of its line, continuation lines joined."""

    name: str
    text: str

    def words(self) -> list[str]:
        """The arguments: a JSON list (exec form) as it stands, else split as a shell would."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One build stage: the image that it starts from, its name or "" and its instructions after FROM."""

    base: str
    name: str
    steps: tuple[Step, ...]

    def last(self, name: str) -> Step:
        """The instruction that counts where a later one replaces an earlier. Raises: KeyError if there is none."""
        for step in reversed(self.steps):
            if step.name == name:
                return step
        raise KeyError(name)

    def env(self) -> dict[str, str]:
        """All variables that ENV sets."""
        pairs = (word.partition("=") for step in self.steps if step.name == "ENV" for word in step.words())
        return {name: value for name, _, value in pairs}


def read_steps(text: str) -> Iterator[Step]:
    """The instructions in order, comments left out. Raises: ValueError at an instruction that is not known here."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    for line in joined.splitlines():
        name, _, rest = line.partition(" ")
        if name not in KNOWN:
            raise ValueError(f"not understood: {name}")
        yield Step(name=name, text=rest.strip())


def read_stages(text: str) -> tuple[Stage, ...]:
    """The stages in order, arguments before the first FROM filled in. Raises: ValueError as ``read_steps``."""
    arguments: dict[str, str] = {}
    opened: list[tuple[str, str, list[Step]]] = []
    for step in read_steps(text):
        if step.name == "FROM":
            base, *alias = fill(step.text, arguments).split()
            opened.append((base, alias[1] if alias else "", []))
        elif opened:
            opened[-1][2].append(step)
        elif step.name == "ARG":
            name, _, value = step.text.partition("=")
            arguments[name] = value
        else:
            raise ValueError(f"{step.name} before the first FROM")
    return tuple(Stage(base=base, name=name, steps=tuple(steps)) for base, name, steps in opened)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``${NAME}``. Raises: KeyError if it is not set."""
    return re.sub(r"\$\{(\w+)\}", lambda match: variables[match[1]], text)


def ignored(path: PurePosixPath, rules: str) -> bool:
    """Whether ``.dockerignore`` keeps this file of the project out of the build: the last rule that matches decides."""
    verdict = False
    for line in (line.strip() for line in rules.splitlines()):
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            candidates = [path, *path.parents][:-1]
            anywhere = "**/" in line
            names = [candidate.name if anywhere else str(candidate) for candidate in candidates]
            if any(fnmatchcase(name, pattern) for name in names):
                verdict = not line.startswith("!")
    return verdict


def context(tree: Path) -> Iterator[PurePosixPath]:
    """The files, relative to ``tree``, that ``.dockerignore`` lets into the build, links followed nowhere."""
    rules = (tree / ".dockerignore").read_text(encoding="utf-8")
    allowed = {line.strip()[1:].split("/")[0] for line in rules.splitlines() if line.startswith("!")}
    for top in sorted(allowed):
        found = [tree / top] if not (tree / top).is_dir() else sorted((tree / top).rglob("*"))
        for path in found:
            relative = PurePosixPath(path.relative_to(tree))
            if (path.is_symlink() or path.is_file()) and not ignored(relative, rules):
                yield relative
