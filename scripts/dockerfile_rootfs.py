"""Replays the Dockerfile without a container engine: ``sudo python3 scripts/dockerfile_rootfs.py DIR``.

``debootstrap`` makes a minimal Debian with its own Python as a stand-in for the slim image; COPY and RUN are carried
out in it by chroot, stage by stage, over the very files that ``.dockerignore`` lets through. The last stage is then
mounted read-only, all but ``/data``, in namespaces of its own (mounts, processes, network with loopback alone), and the
image's commands are run in it as its user, without capabilities. Needs root, debootstrap and a package mirror. It is no
part of ``make test``. docs/operations/container.md says what this shows and what it does not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.dockerfile_steps import Stage, Step, context, fill, read_stages

TREE = Path(__file__).resolve().parent.parent
PACKAGES = "ca-certificates,python3,python3-pip,python3-venv"
SLIM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROBE = Path(__file__).with_name("dockerfile_probe.py")


@dataclass(slots=True, kw_only=True)
class Root:
    """A root file system under construction with what the instructions have set so far."""

    path: Path
    env: dict[str, str] = field(default_factory=lambda: {"PATH": SLIM_PATH})
    workdir: str = "/"

    def at(self, inside: str) -> Path:
        """Where an absolute or relative path of the image lies on this machine."""
        return self.path / str(PurePosixPath(self.workdir) / inside).lstrip("/")


def call(*command: str | Path, env: Mapping[str, str] | None = None) -> None:
    """Run a command. Raises: CalledProcessError if it fails."""
    subprocess.run([str(word) for word in command], check=True, env=env)


def base(work: Path, suite: str, mirror: str, ca_file: str) -> Path:
    """The stand-in for ``python:*-slim``: a minimal Debian with ``python`` and pip, made once."""
    root = work / f"base-{suite}"
    if not (root / "usr/local/bin/python").exists():
        call("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, root, mirror)
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    if ca_file:
        shutil.copyfile(ca_file, root / "etc/ssl/certs/ca-certificates.crt")
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    return root


def build(stage: Stage, start: Path, root: Root, others: Mapping[str, Root]) -> None:
    """Carry out a stage's instructions over a copy of ``start``."""
    if root.path.exists():
        shutil.rmtree(root.path)
    call("cp", "--archive", start, root.path)
    for step in stage.steps:
        print(f"== {stage.name or 'runtime'}: {step.name} {step.text[:100]}", flush=True)
        if step.name == "RUN":
            run(root, step.text)
        elif step.name == "COPY":
            copy(root, step, others)
        elif step.name == "ENV":
            pairs = (word.partition("=") for word in step.words())
            root.env.update({name: fill(value, root.env) for name, _, value in pairs})
        elif step.name == "WORKDIR":
            root.workdir = step.text
            root.at(".").mkdir(parents=True, exist_ok=True)


def run(root: Root, command: str) -> None:
    """RUN in its shell form, as root, with /proc and the network of this machine."""
    inner = f'mount -t proc proc {root.path}/proc && exec chroot {root.path} /bin/sh -c \'cd "$0" && eval "$1"\' "$@"'
    call("unshare", "--mount", "--pid", "--fork", "sh", "-c", inner, "sh", root.workdir, command, env=root.env)


def copy(root: Root, step: Step, others: Mapping[str, Root]) -> None:
    """COPY from the project's tree (only what ``.dockerignore`` lets through) or from an earlier stage."""
    words = step.words()
    if words[0].startswith("--from="):
        stage, (built, goal) = words[0].removeprefix("--from="), words[1:]
        call("cp", "--archive", others[stage].at(built), root.at(goal))
        return
    target = words.pop()
    files = list(context(TREE))
    for source in map(PurePosixPath, words):
        found = [path for path in files if path == source or source in path.parents]
        if not found:
            raise FileNotFoundError(f"COPY finds nothing: {source}")
        for path in found:
            inside = path.relative_to(source) if path != source else PurePosixPath(path.name)
            place = root.at(f"{target.rstrip('/')}/{inside}")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TREE / path, place, follow_symlinks=False)


def attempt(stage: Stage, root: Root) -> int:
    """Run the probe inside the finished image: read-only but for its volume, as its user, on loopback alone."""
    data = root.path.parent / "data"
    shutil.rmtree(data, ignore_errors=True)
    call("cp", "--archive", root.at("/data"), data)
    shutil.copyfile(PROBE, root.path / "probe.py")
    user, _, group = stage.last("USER").text.partition(":")
    script = (
        "set -e; ip link set lo up; "
        f"mount --bind {root.path} {root.path}; mount --bind {data} {root.path}/data; "
        f"mount -t proc proc {root.path}/proc; mount --bind /dev {root.path}/dev; "
        f"mount -o remount,bind,ro {root.path}; "
        f"exec chroot {root.path} /usr/bin/setpriv --reuid {user} --regid {group} --clear-groups --inh-caps=-all "
        '--bounding-set=-all --no-new-privs /bin/sh -c \'cd "$0" && exec python /probe.py "$@"\' "$@"'
    )
    health = stage.last("HEALTHCHECK").text.partition("CMD ")[2]
    arguments = [root.workdir, stage.last("ENTRYPOINT").text, stage.last("CMD").text, health]
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", script, "sh", *arguments]
    return subprocess.run(command, check=False, env=root.env).returncode


def main() -> int:
    """Build every stage, then try the last. Returns the probe's exit status."""
    parser = argparse.ArgumentParser(
        description="Replay the Dockerfile in a clean root file system and try the result."
    )
    parser.add_argument("work", type=Path, help="folder for the root file systems; a gigabyte")
    parser.add_argument("--suite", default="trixie", help="Debian release whose Python stands in for the slim image's")
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    parser.add_argument("--ca-file", default="", help="certificate authorities for pip, where a proxy has its own")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("debootstrap and chroot need root")
    work: Path = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    start = base(work, options.suite, options.mirror, options.ca_file)
    stages = read_stages((TREE / "Dockerfile").read_text(encoding="utf-8"))
    roots: dict[str, Root] = {}
    for stage in stages:
        root = Root(path=work / (stage.name or "runtime"))
        build(stage, start, root, roots)
        roots[stage.name] = root
    return attempt(stages[-1], roots[stages[-1].name])


if __name__ == "__main__":
    sys.exit(main())
