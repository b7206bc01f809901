"""What a shop pastes to verify a callback does so, for every vector that is published."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2] / "examples" / "callbacks"
VECTORS = json.loads((HOME / "signatures.json").read_text(encoding="utf-8"))
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
PHP = """
require $argv[1];
foreach (json_decode(file_get_contents($argv[2]), true) as $one) {
    echo parcelveil_verify($one['body'], $one, $one['secrets'], $one['now']) === $one['verifies'] ? '.' : $one['says'];
}
"""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["says"])
def test_python_verifies_what_it_should(vector: dict[str, object]) -> None:
    verify = runpy.run_path(str(HOME / "verify.py"))["verify"]
    told = {name: vector[name] for name in HEADERS}
    assert verify(str(vector["body"]).encode(), told, vector["secrets"], vector["now"]) is vector["verifies"]


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no PHP on this machine")
def test_php_verifies_what_it_should() -> None:
    command = ["php", "-r", PHP, str(HOME / "verify.php"), str(HOME / "signatures.json")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "." * len(VECTORS)
