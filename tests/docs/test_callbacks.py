"""docs/callbacks.md: its snippets are the files that are tested, its tables and lengths those of the code."""

from __future__ import annotations

import json
import re

from middleware.core.retry import SCHEDULE
from middleware.core.standard_webhooks import body
from middleware.model_back import STATES
from tests.docs.reading import DOCS, TREE, rows, unquoted
from tests.middleware.core.test_standard_webhooks import EVENT

PAGE = DOCS / "callbacks.md"
TEXT = PAGE.read_text(encoding="utf-8")


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.M | re.S)
    return str(found)


def test_what_is_pasted_is_what_is_tested() -> None:
    for kind, name in (("python", "verify.py"), ("php", "verify.php")):
        assert block(kind) == (TREE / "examples" / "callbacks" / name).read_text(encoding="utf-8")


def test_the_example_is_what_is_sent() -> None:
    assert json.loads(block("json")) == json.loads(body(EVENT, "5123456789012"))


def test_every_type_is_told_with_its_state() -> None:
    told = {unquoted(row[0]): unquoted(row[2]) for row in rows(PAGE, "## What is told")}
    assert told == {kind.value: state for kind, state in STATES.items()}


def test_what_a_proxy_and_an_own_authority_change_is_said_wherever_addresses_are_promised() -> None:
    adr = (DOCS / "adr" / "0026-what-goes-back.md").read_text(encoding="utf-8")
    (promise,) = re.findall(r"^- Behind an egress proxy.*?(?=^- )", adr, re.M | re.S)
    (page,) = re.findall(r"^The address must be `https` and public\..*?^$", TEXT, re.M | re.S)
    (url,) = [row[1] for row in rows(DOCS / "configuration.md", "### `callback`") if unquoted(row[0]) == "url"]
    (threat,) = re.findall(r"^.*SSRF.*$", (DOCS / "threat-model.md").read_text(encoding="utf-8"), re.M)
    for told in (promise, page, url, threat.split(" | ")[-1]):
        assert "proxy" in told
        assert "shop" in told
    assert "`ca_file`" in page
    assert "`tls`" in page


def test_the_schedule_is_that_of_the_code() -> None:
    assert "eight attempts within some 28\nhours (5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours" in TEXT
    assert [wait.total_seconds() for wait in SCHEDULE] == [0, 5, 300, 1800, 7200, 18000, 36000, 36000]
