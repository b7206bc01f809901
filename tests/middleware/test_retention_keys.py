"""Our own retention keys: the relay's alone, published by their public halves, and never back once destroyed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from middleware.core import seal
from middleware.errors import ConfigError, TamperedError, UnknownKeyError
from middleware.model_keys import KeptCopy
from middleware.retention_keys import KeyRing, PublicKeys

KID = "recipient.delivery/vp.recipient.operational/2027-12"
LATER = "recipient.delivery/vp.recipient.operational/2028-03"
SENDER = "sender.contact/vp.sender.legal/2036-11"
PLAINTEXT = b'{"name":"Jozefien Wuytack"}'.ljust(1024)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    made = KeyRing(tmp_path / "keys")
    made.provision({KID, SENDER})
    return made


def copy(folder: Path, kid: str = KID, record_id: str = "r1") -> KeptCopy:
    """A copy as intake makes it, with the public half alone."""
    key = PublicKeys(folder / "keys").known()[kid]
    token = seal.sealed_to(kid, record_id, PLAINTEXT, key)
    return KeptCopy(record_id=record_id, part="recipient.delivery", kid=kid, until=date(2027, 12, 22), jwe=token)


def test_what_intake_seals_the_ring_opens(ring: KeyRing, tmp_path: Path) -> None:
    assert ring.open(copy(tmp_path)) == PLAINTEXT


def test_only_public_halves_are_published(ring: KeyRing, tmp_path: Path) -> None:
    text = (tmp_path / "keys/public/retention.json").read_text()
    assert [jwk["kid"] for jwk in json.loads(text)["keys"]] == sorted((KID, SENDER))
    assert '"d"' not in text
    for path in (tmp_path / "keys/retention").glob("*.jwk"):
        assert json.loads(path.read_text())["d"] not in text
    assert all(not key.is_private for key in PublicKeys(tmp_path / "keys").known().values())
    assert ring.kids() == {KID, SENDER}


def test_the_private_halves_are_never_shared_and_the_public_ones_are_with_the_group(tmp_path: Path) -> None:
    KeyRing(tmp_path / "keys", os.getegid()).provision({KID})

    def modes(folder: str) -> set[int]:
        found = tmp_path / "keys" / folder
        return {path.stat().st_mode & 0o777 for path in (found, *found.iterdir())}

    assert modes("retention") == {0o700, 0o600}
    assert modes("public") == {0o750, 0o640}


@pytest.mark.parametrize("path", ["keys/retention", "keys/public"])
def test_keys_that_others_could_replace_are_refused(ring: KeyRing, tmp_path: Path, path: str) -> None:
    (tmp_path / path).chmod(0o777)
    with pytest.raises(ConfigError, match=path):
        ring.provision({LATER})


def test_to_provision_again_changes_nothing(ring: KeyRing) -> None:
    before = ring.thumbprints()
    assert ring.provision({KID, SENDER}) == []
    assert ring.thumbprints() == before
    assert ring.provision({KID, LATER}) == [LATER]


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: replace(kept, record_id="r2"),
        lambda kept: replace(kept, kid=SENDER),
        lambda kept: replace(kept, jwe=kept.jwe[:-3] + ("AAA" if kept.jwe[-3:] != "AAA" else "BBB")),
        lambda kept: replace(kept, jwe="no token"),
    ],
    ids=["of another record", "under another key's name", "a flipped bit", "no token"],
)
def test_what_is_not_what_was_sealed_does_not_open(ring: KeyRing, tmp_path: Path, change: object) -> None:
    with pytest.raises(TamperedError) as caught:
        ring.open(change(copy(tmp_path)))  # type: ignore[operator]
    assert str(caught.value) == "A sealed part or receipt is not what was sealed or signed."
    assert caught.value.__context__ is None


def test_sealed_again_the_same_opens_under_a_later_key(ring: KeyRing, tmp_path: Path) -> None:
    kept = copy(tmp_path)
    later = ring.reseal(kept, LATER)
    assert (later.kid, later.until, ring.open(later)) == (LATER, kept.until, PLAINTEXT)
    assert later.jwe != kept.jwe
    assert LATER in PublicKeys(tmp_path / "keys").known()


@pytest.mark.policy("AMB-20")
def test_a_destroyed_key_opens_nothing_and_never_comes_back(ring: KeyRing, tmp_path: Path) -> None:
    kept, other = copy(tmp_path), KeyRing(tmp_path / "keys")
    assert other.open(kept) == PLAINTEXT  # another process has it in memory
    ring.destroy(KID)
    for one in (ring, other, KeyRing(tmp_path / "keys")):
        with pytest.raises(UnknownKeyError):
            one.open(kept)
        assert one.provision({KID}) == []
        assert one.kids() == {SENDER}
    assert KID not in PublicKeys(tmp_path / "keys").known()
    with pytest.raises(UnknownKeyError):
        ring.reseal(copy(tmp_path, SENDER), KID)
    ring.destroy(KID)
    assert ring.gone() == {KID}


def test_a_stop_between_the_note_and_the_deed_leaves_a_key_that_nobody_uses(ring: KeyRing, tmp_path: Path) -> None:
    kept = copy(tmp_path)
    (tmp_path / "keys/retention/destroyed").write_text(f"{KID}\n")
    (tmp_path / "keys/retention/destroyed").chmod(0o600)
    with pytest.raises(UnknownKeyError):
        ring.open(kept)
    ring.destroy(KID)
    assert not list((tmp_path / "keys/retention").glob("recipient*"))


def test_another_key_under_the_name_is_refused_by_its_path(ring: KeyRing, tmp_path: Path) -> None:
    kept = copy(tmp_path)
    path = next((tmp_path / "keys/retention").glob("recipient*"))
    path.write_text(json.dumps(ECKey.generate_key("P-256", {"kid": "x"}).as_dict(private=True)))
    with pytest.raises(ConfigError, match="put the right file back"):
        KeyRing(tmp_path / "keys").open(kept)


def test_no_file_means_no_keys_and_intake_fails_closed(tmp_path: Path) -> None:
    assert PublicKeys(tmp_path / "keys").known() == {}
    assert KeyRing(tmp_path / "keys").kids() == frozenset()


def test_a_file_that_is_none_of_ours_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    (tmp_path / "keys/public/retention.json").write_text('{"keys": [{"kid": "k4n4rie"}]}')
    with pytest.raises(ConfigError) as caught:
        PublicKeys(tmp_path / "keys").known()
    assert "k4n4rie" not in str(caught.value)


def test_of_two_that_make_a_key_at_once_the_first_one_stays(
    ring: KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sealed to the first one's public half must open."""
    other = KeyRing(tmp_path / "keys")
    kept, before = copy(tmp_path), ring.thumbprints()
    with monkeypatch.context() as patched:
        patched.setattr(KeyRing, "gone", lambda _: frozenset())
        looks = iter([frozenset[str]()])  # it looked before the first one made it
        kids = KeyRing.kids
        patched.setattr(KeyRing, "kids", lambda self: next(looks, kids(self)))
        assert other.provision({KID}) == []
    assert KeyRing(tmp_path / "keys").thumbprints() == before
    assert KeyRing(tmp_path / "keys").open(kept) == PLAINTEXT
