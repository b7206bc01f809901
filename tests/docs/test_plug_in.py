"""docs/plug-in.md: its commands are run from the first to the label, and its tables are what the code knows. The
call of docs/events.md is made of the same order, and a WooCommerce shop connected beside it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from middleware.core.calling import DEFAULT_WAIT, LONGEST_WAIT
from middleware.labels import LARGEST
from middleware.web import points
from middleware.web.labels import RETURN_BARCODES
from middleware.web.openapi import description
from schemas import failure, plugin
from schemas.allowlist import Node
from schemas.labels import LABELS_WANTED, MOST
from schemas.plugin import MADE
from schemas.shop_rules import OF_POINTS_KEYS
from tests.docs import test_connect_woocommerce as woocommerce
from tests.docs.reading import DOCS, TREE, rows, unquoted
from tests.docs.test_connect_shopify import ARRIVED, ID, WAIT
from tests.ports import free_port

GUIDE = DOCS / "plug-in.md"
TEXT = GUIDE.read_text(encoding="utf-8")
SETTING_UP, MAKING, LOOKING = re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S)
EVENTS = (DOCS / "events.md").read_text(encoding="utf-8")
((TELLING, TOLD),) = re.findall(r"^```sh\n(.*?)^```\n+```json\n(.*?)^```", EVENTS, re.M | re.S)
SECONDS = 150

SHIMS = {
    "parcelveil": f"""#!/bin/bash
exec {sys.executable} -m middleware "$@"
""",
    "curl": f"""#!{sys.executable}
import argparse
import sys
import urllib.error
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("-X")
parser.add_argument("-H", action="append")
parser.add_argument("-d")
parser.add_argument("-o")
parser.add_argument("-s", action="store_true")
parser.add_argument("-S", action="store_true")
parser.add_argument("url")
given = parser.parse_args()
headers = dict(line.split(": ", 1) for line in given.H)
request = urllib.request.Request(given.url, given.d and given.d.encode(), headers, method=given.X or "GET")
with urllib.request.urlopen(request, timeout=30) as answer:
    content = answer.read()
(open(given.o, "wb") if given.o else sys.stdout.buffer).write(content)
""",
}


def script(ports: dict[str, int]) -> str:
    """What a reader types, on free ports, who then looks until the label is there."""
    platform = f"127.0.0.1:{ports['8090']}"
    setting_up = ["set -e"]
    for line in SETTING_UP.splitlines():
        typed = line.replace("parcelveil mock ", f"parcelveil mock --listen {platform} ")
        typed = typed.replace("parcelveil init ", f"parcelveil init --platform-url http://{platform} ")
        setting_up.append(typed)
        if typed.endswith("&"):
            setting_up.append(WAIT.format(port=ports["8090" if " mock " in typed else "8081"]))
    making = f"({MAKING.strip()}) > answer.json\n"
    identified = f'ID=$({sys.executable} -c \'import json; print(json.load(open("answer.json"))["id"])\')\n'
    telling = f"({TELLING.strip()}) > told.json\n"
    woo = [line for line in woocommerce.BEGINNING.splitlines() if line.startswith("export ")]
    woo += [f"({woocommerce.CONNECTING}) > connected.txt", "sleep 5"]
    woo += [f"({woocommerce.SENDING}) > sent.txt", ARRIVED.format(shop="--shop winkel")]
    woo += [ID.replace('"#1001"', "7001"), woocommerce.FETCHING]
    text = "\n".join([*setting_up, making, identified, telling, LOOKING, *woo])
    return re.sub(r"127\.0\.0\.1:(808[01])", lambda found: f"127.0.0.1:{ports[found[1]]}", text)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which all of it was typed; ``said`` is what was printed."""
    tmp_path = tmp_path_factory.mktemp("typed")
    ports = {port: free_port() for port in ("8080", "8081", "8090", "9090")}
    (tmp_path / "bin").mkdir()
    for name, text in SHIMS.items():
        shim = tmp_path / "bin" / name
        shim.write_text(text, encoding="utf-8")
        shim.chmod(0o755)
    folder = tmp_path / "here"
    folder.mkdir()
    (shop,) = (block for kind, block in woocommerce.BLOCKS if kind == "toml")
    (folder / "winkel.toml").write_text(shop, encoding="utf-8")
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(TREE),
        "HOME": str(tmp_path),
        "PARCELVEIL_SERVER__LISTEN": f"127.0.0.1:{ports['8080']}",
        "PARCELVEIL_SERVER__API_LISTEN": f"127.0.0.1:{ports['8081']}",
        "PARCELVEIL_SERVER__METRICS_LISTEN": f"127.0.0.1:{ports['9090']}",
    }
    with (tmp_path / "said").open("wb") as file:
        shell = subprocess.Popen(
            ["/bin/bash", "-c", script(ports)],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait(SECONDS)
        finally:
            os.killpg(shell.pid, signal.SIGTERM)  # what was started to go on
            shell.wait()
    assert status == 0, (tmp_path / "said").read_text(encoding="utf-8")
    return folder


@pytest.mark.timeout(SECONDS + 30)
def test_its_commands_run_as_they_stand_and_end_with_a_label(here: Path) -> None:
    made = json.loads((here / "answer.json").read_text(encoding="utf-8"))
    shown = json.loads(re.findall(r"^```json\n(.*?)^```", TEXT, re.M | re.S)[0])
    assert set(made) == set(shown) == set(MADE.fields)
    label = "".join(page.extract_text() for page in PdfReader(here / "label.pdf").pages)
    assert made["reference"] in label
    assert [page.extract_text() for page in PdfReader(here / "labels.pdf").pages] == [label]
    said = (here.parent / "said").read_text(encoding="utf-8")
    states = re.findall(r'"state": ?"(\w+)"', said)
    assert (states[0], states[-1] in ("cancelling", "cancelled")) == ("delivered", True)
    told, printed = (json.loads(text) for text in ((here / "told.json").read_text(encoding="utf-8"), TOLD))
    apart = {"day": None, "id": None, "records": None}  # of the day and of the run
    assert {**told, **apart} == {**printed, **apart}
    assert told["records"] == [made["id"]]
    assert '"id": "PUP-9000-01"' in said
    assert '"hours": {"monday": [["09:00", "12:00"]' in said


@pytest.mark.timeout(SECONDS + 30)
def test_a_woocommerce_shop_is_connected_by_its_commands_as_they_stand(here: Path) -> None:
    begun = [line for line in woocommerce.BEGINNING.splitlines() if not line.startswith("export ")]
    assert [line for line in begun if line not in SETTING_UP.splitlines()] == []
    assert "winkel: " in (here / "connected.txt").read_text(encoding="utf-8")
    sent = (here / "sent.txt").read_text(encoding="utf-8")
    answers = [json.loads(line)["answer"] for line in re.findall(r'^{"file".*}$', sent, re.M)]
    assert [answer["status"] for answer in answers] == ["ignored", "accepted"]
    assert f"code {answers[1]['reference']}" in sent
    label = "".join(page.extract_text() for page in PdfReader(here / "winkel.pdf").pages)
    assert answers[1]["reference"] in label
    assert "SPECIMEN" in label


def leaves(node: Node, path: str = "") -> Iterator[str]:
    for name, child in node.children.items():
        here = f"{path}.{name}" if path else name
        yield from leaves(child, f"{here}[]" if here == "customs" else here) if child.children else [here]


def test_what_may_be_sent_is_told_and_nothing_else() -> None:
    told = [name for row in rows(GUIDE, "## What may be sent") for name in re.findall(r"`([\w.\[\]]+)`", row[0])]
    assert sorted(told) == sorted(leaves(plugin.SHAPE))


def test_the_answers_are_those_that_are_described() -> None:
    told = {row[0].split()[0] for row in rows(GUIDE, "## What is answered")}
    assert told == {"201", "202", "400", "401", "403", "409", "410", "422", "503"}
    slugs = {slug for row in rows(GUIDE, "## What is answered") for slug in re.findall(r"`([a-z-]+)`", row[0])}
    homes = [TREE / "middleware" / name for name in ("errors.py", "errors_shipping.py", "errors_following.py")]
    sources = "".join(home.read_text(encoding="utf-8") for home in homes)
    assert [slug for slug in sorted(slugs) if f'code = "{slug}"' not in sources] == []


def test_why_a_shipment_failed_is_told_in_the_words_that_there_are() -> None:
    table = [cell for row in rows(GUIDE, "## Why a shipment failed") for cell in re.findall(r"`([^`]+)`", row[0])]
    assert sorted(code for code in table if ":" not in code) == sorted(failure.WORDS)
    assert [code for code in table if ":" in code and failure.told(code) != code] == [failure.EXHAUSTED]
    (kinds,) = re.findall(r"^The kinds are (.*?)\n\n", TEXT, re.M | re.S)
    assert sorted(re.findall(r"`([\w-]+)`", kinds)) == sorted(failure.KINDS)


def test_what_is_told_of_labels_is_what_the_code_knows() -> None:
    told = [unquoted(row[0]) for row in rows(GUIDE, "## Labels")]
    assert told == list(LABELS_WANTED.fields)
    assert (f"1 to {MOST} ids" in TEXT, f"more than {LARGEST // 1024 // 1024} MiB" in TEXT) == (True, True)
    assert RETURN_BARCODES in TEXT
    section = TEXT.partition("## Labels")[2].partition("\n## ")[0]
    sources = "".join(
        (TREE / "middleware" / name).read_text(encoding="utf-8") for name in ("errors.py", "errors_shipping.py")
    )
    slugs = re.findall(r"^\| \d+ `([a-z-]+)`", section, re.M)
    assert len(slugs) == 5
    assert [slug for slug in slugs if f'code = "{slug}"' not in sources] == []


def test_the_waits_are_those_of_the_code() -> None:
    assert f"{DEFAULT_WAIT} by default, {LONGEST_WAIT} at most" in TEXT


def test_what_is_told_of_pickup_points_is_so() -> None:
    section = TEXT.partition("## Pick-up points in a browser")[2]
    told = {row[0] for row in rows(GUIDE, "## Pick-up points in a browser")}
    described = description()["paths"]["/v1/shops/{shop}/pickup-points"]["get"]["responses"]
    assert told == set(described) - {"304"}
    assert f"({points.DEFAULT_LIMIT}, at most {points.MOST})" in section
    assert (points.RATE, points.BURST, points.FRESH_SECONDS) == (10, 60, 3600)
    assert "ten times a second, after sixty at once" in section
    assert "/v1/shops/demo/pickup-points?postal_code=" in section
    assert re.search(rf'const key = "{OF_POINTS_KEYS}[a-z-]+";', section)
