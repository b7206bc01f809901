"""What the service locked for its own eyes: opened again, or one and the same error for everything else."""

from __future__ import annotations

import base64
import json
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OctKey

from middleware.core.seal import lock, unlock
from middleware.errors import TamperedError

SERVICE = OctKey.generate_key(256)
CANARY = "6203718204417"
LOCKED = lock(CANARY, SERVICE)


def made(header: dict[str, str], key: OctKey = SERVICE, content: bytes = CANARY.encode()) -> str:
    """A token that another hand made with the service's key."""
    return jwe.encrypt_compact(dict(header), content, key, algorithms=[*header.values()])


def segment(token: str, position: int, new: str) -> str:
    parts = token.split(".")
    parts[position] = new
    return ".".join(parts)


def encoded(header: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80).map(lambda text: text.rstrip(" ")))
def test_what_was_locked_comes_back(text: str) -> None:
    assert unlock(lock(text, SERVICE), SERVICE) == text


REFUSED = {
    "nothing": "",
    "no token": "not a token",
    "another key": lock(CANARY, OctKey.generate_key(256)),
    "another encryption": made({"alg": "dir", "enc": "A128CBC-HS256"}),
    "another algorithm": made({"alg": "A256KW", "enc": "A256GCM"}),
    "a header with more in it": made({"alg": "dir", "enc": "A256GCM", "kid": "x"}),
    "compressed": made({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}),
    "no text": made({"alg": "dir", "enc": "A256GCM"}, content=b"\xff\xfe"),
    "a changed header": segment(LOCKED, 0, encoded({"enc": "A256GCM", "alg": "dir"})),
    "a header that is no object": segment(LOCKED, 0, encoded(["dir"])),
    "another nonce": segment(LOCKED, 2, "A" * len(LOCKED.split(".")[2])),
    "other content": segment(LOCKED, 3, "A" * len(LOCKED.split(".")[3])),
    "another seal": segment(LOCKED, 4, "A" * len(LOCKED.split(".")[4])),
    "a segment too few": LOCKED.rpartition(".")[0],
    "a segment too many": f"{LOCKED}.",
    "not of ASCII": f"{LOCKED}é",
    "far too long": LOCKED + "A" * 5_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_whatever_is_wrong_is_one_error_that_tells_nothing(name: str) -> None:
    with pytest.raises(TamperedError) as caught:
        unlock(REFUSED[name], SERVICE)
    assert str(caught.value) == TamperedError.__doc__
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
