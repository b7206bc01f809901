"""The service's own key files: who may read them, what must stand in them, and how they come to be."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from middleware.core import receipt
from middleware.errors import ConfigError
from middleware.keys import ServiceKeys, load_service, provision

FILES = ("receipt.jwk", "index.key", "service.key")
CANARY = "k4n4rie"

BACK = "put the file back that `parcelveil keys provision` made, from its own backup"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    provision(tmp_path / "keys")
    return tmp_path / "keys"


def refusal(folder: Path) -> str:
    """The message of the refusal, which names what is wrong and carries nothing else."""
    with pytest.raises(ConfigError) as caught:
        load_service(folder)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert CANARY not in repr(caught.value) + str(vars(caught.value))
    return str(caught.value)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638, by hand."""
    text = f'{{"crv":"{jwk["crv"]}","kty":"{jwk["kty"]}","x":"{jwk["x"]}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


class TestProvision:
    def test_makes_what_is_missing_for_us_alone(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            made = provision(tmp_path / "a" / "keys")
        finally:
            os.umask(old)
        home = tmp_path / "a" / "keys" / "service"
        assert made == list(FILES)
        assert {path.name for path in home.iterdir()} == set(FILES)
        assert mode(home) == 0o700
        assert {mode(path) for path in home.iterdir()} == {0o600}

    def test_touches_nothing_that_is_there(self, folder: Path) -> None:
        before = {name: (folder / "service" / name).read_bytes() for name in FILES}
        assert provision(folder) == []
        (folder / "service" / "index.key").unlink()
        assert provision(folder) == ["index.key"]
        after = {name: (folder / "service" / name).read_bytes() for name in FILES}
        assert {name for name in FILES if before[name] != after[name]} == {"index.key"}

    def test_touches_not_even_what_is_broken(self, folder: Path) -> None:
        broken = folder / "service" / "receipt.jwk"
        broken.write_bytes(b"")
        assert provision(folder) == []
        assert broken.read_bytes() == b""

    def test_every_key_is_new(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            provision(tmp_path / name)
        for file in FILES:
            one, other = (tmp_path / name / "service" / file for name in ("a", "b"))
            assert one.read_bytes() != other.read_bytes()

    def test_the_keys_are_of_the_right_kind(self, folder: Path) -> None:
        made = load_service(folder)
        jwk = json.loads((folder / "service" / "receipt.jwk").read_bytes())
        assert (jwk["kty"], jwk["crv"], len(jwk["d"])) == ("OKP", "Ed25519", 43)
        assert made.signing.kid == thumbprint(jwk)
        assert made.index == (folder / "service" / "index.key").read_bytes()
        assert made.service.raw_value == (folder / "service" / "service.key").read_bytes()
        assert len(made.index) == len(made.service.raw_value) == 32

    @pytest.mark.parametrize("wide", [0o750, 0o755, 0o711, 0o701, 0o770, 0o777])
    def test_a_folder_that_lets_others_in_gets_no_key(self, tmp_path: Path, wide: int) -> None:
        home = tmp_path / "service"
        home.mkdir()
        home.chmod(wide)
        with pytest.raises(ConfigError, match=f"{home}: mode {wide:04o} lets others in"):
            provision(tmp_path)
        assert list(home.iterdir()) == []

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "service").write_bytes(b"")
        for unusable in (tmp_path / "file", tmp_path / "keys"):
            with pytest.raises(ConfigError, match=str(unusable)) as caught:
                provision(unusable)
            assert (caught.value.__cause__, caught.value.__context__) == (None, None)

    def test_a_key_that_cannot_be_written_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ConfigError, match=r"receipt\.jwk: No space left on device"):
            provision(tmp_path)
        assert list((tmp_path / "service").iterdir()) == []


class TestModes:
    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize(
        "wide", [0o644, 0o755, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660, 0o666, 0o777, 0o4644]
    )
    def test_a_file_that_others_may_use_is_refused(self, folder: Path, name: str, wide: int) -> None:
        path = folder / "service" / name
        path.chmod(wide)
        assert refusal(folder) == (
            f"{path}: mode {wide:04o} lets others in; use 0700 for folders and 0600 for files: chmod 600 {path}"
        )

    @pytest.mark.parametrize("wide", [0o755, 0o750, 0o705, 0o711, 0o710, 0o701, 0o720, 0o702, 0o777])
    def test_a_folder_that_others_may_use_is_refused(self, folder: Path, wide: int) -> None:
        home = folder / "service"
        home.chmod(wide)
        assert refusal(folder) == (
            f"{home}: mode {wide:04o} lets others in; use 0700 for folders and 0600 for files: chmod 700 {home}"
        )

    @pytest.mark.parametrize("wide", [0o755, 0o750, 0o711, 0o777])
    def test_the_folder_above_is_ours_alone_too(self, folder: Path, wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
        if os.geteuid() == 0:  # what is root's may be looked into: be somebody else
            for path in (folder, *folder.rglob("*")):
                os.chown(path, 4321, -1)
            monkeypatch.setattr(os, "geteuid", lambda: 4321)
        folder.chmod(wide)
        assert refusal(folder) == (
            f"{folder}: mode {wide:04o} lets others in; use 0700 for folders and 0600 for files: chmod 700 {folder}"
        )

    @pytest.mark.parametrize("name", ["retention", "retention/2027-12.jwk"])
    def test_retention_keys_that_others_may_read_stop_the_start(self, folder: Path, name: str) -> None:
        path = folder / name
        (folder / "retention").mkdir(mode=0o700)
        (folder / "retention" / "2027-12.jwk").touch(mode=0o600)
        assert load_service(folder)
        path.chmod(0o750)
        told = "mode 0750 lets others in; use 0700 for folders and 0600 for files, as these are never shared: chmod"
        assert refusal(folder) == f"{path}: {told} {700 if path.is_dir() else 600} {path}"

    @pytest.mark.parametrize("name", ["service", "service/index.key"])
    def test_what_belongs_to_another_user_is_refused(
        self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = folder / name
        if os.geteuid() == 0:
            os.chown(path, 4321, -1)
        else:  # who cannot give a file away is taken for somebody else
            monkeypatch.setattr(os, "geteuid", lambda: 4321)
        assert (
            refusal(folder)
            .partition(": it ")[2]
            .startswith("belongs to another user, who could change it; take it over: ")
        )

    @pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o600, 0o700), (0o400, 0o500), (0o600, 0o500)])
    def test_for_us_alone_is_enough(self, folder: Path, file_mode: int, folder_mode: int) -> None:
        for name in FILES:
            (folder / "service" / name).chmod(file_mode)
        (folder / "service").chmod(folder_mode)
        assert load_service(folder).signing.is_private


class TestContent:
    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file_is_named(self, folder: Path, name: str) -> None:
        path = folder / "service" / name
        path.unlink()
        assert refusal(folder) == f"{path}: No such file or directory; make the keys with `parcelveil keys provision`"

    @pytest.mark.parametrize("name", FILES)
    def test_a_folder_in_the_place_of_a_file_is_named(self, folder: Path, name: str) -> None:
        path = folder / "service" / name
        path.unlink()
        path.mkdir()
        assert str(path) in refusal(folder)

    @pytest.mark.parametrize("name", FILES[1:])
    @pytest.mark.parametrize("length", [0, 1, 16, 31, 33, 65, 10**6])
    def test_a_secret_has_exactly_32_bytes(self, folder: Path, name: str, length: int) -> None:
        path = folder / "service" / name
        path.write_bytes((CANARY.encode() * (length // 7 + 1))[:length])
        assert refusal(folder) == f"{path}: a key of 32 bytes is expected; {BACK}"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"null",
            b"[]",
            b"5",
            f'"{CANARY}"'.encode(),
            f'{{"kty":"{CANARY}"}}'.encode(),
            b'{"kty":"OKP"}',
            b'{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA","kid":"k4n4rie"}',
            b"\xff\xfe",
            b"[" * 5000,
            CANARY.encode() * 10**5,
            b"-----BEGIN PRIVATE KEY-----\nk4n4rie\n-----END PRIVATE KEY-----\n",
        ],
        ids=range(12),
    )
    def test_a_signing_key_is_a_key(self, folder: Path, content: bytes) -> None:
        self._refused(folder, content)

    @pytest.mark.parametrize(
        "made",
        [
            lambda good: {**good, "d": None},
            lambda good: {name: value for name, value in good.items() if name != "d"},
            lambda good: {name: value for name, value in good.items() if name != "kid"},
            lambda good: {**good, "kid": ""},
            lambda good: {**good, "kid": 5},
            lambda good: {**good, "d": 5},
            lambda good: {**good, "d": good["d"][:-4]},
            lambda good: {**good, "crv": "Ed448"},
            lambda good: {**good, "use": "enc"},
            lambda good: {**good, "key_ops": ["verify"]},
            lambda good: OKPKey.generate_key("Ed448", auto_kid=True).as_dict(private=True),
            lambda good: OKPKey.generate_key("X25519", auto_kid=True).as_dict(private=True),
            lambda good: ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True),
            lambda good: OctKey.generate_key(256, auto_kid=True).as_dict(private=True),
        ],
        ids=range(14),
    )
    def test_a_signing_key_is_a_private_ed25519_key_with_an_id(
        self, folder: Path, made: Callable[[dict[str, str]], dict[str, object]]
    ) -> None:
        good = json.loads((folder / "service" / "receipt.jwk").read_bytes())
        self._refused(folder, json.dumps(made(good)).encode())

    @pytest.mark.parametrize("cut", [1, 2, 20, 60, 100])
    def test_a_truncated_signing_key_is_refused(self, folder: Path, cut: int) -> None:
        self._refused(folder, (folder / "service" / "receipt.jwk").read_bytes()[:-cut])

    def test_another_public_half_is_refused(self, folder: Path) -> None:
        good = json.loads((folder / "service" / "receipt.jwk").read_bytes())
        other = OKPKey.generate_key("Ed25519").as_dict(private=False)
        self._refused(folder, json.dumps({**good, "x": other["x"]}).encode())

    def _refused(self, folder: Path, content: bytes) -> None:
        path = folder / "service" / "receipt.jwk"
        path.write_bytes(content)
        assert refusal(folder) == f"{path}: not an Ed25519 private key with a key id; {BACK}"


class TestServiceKeys:
    def test_the_public_half_verifies_what_the_private_half_signs(self, folder: Path) -> None:
        made = load_service(folder)
        (published,) = made.public_jwks()["keys"]
        assert published.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
        assert (published["use"], published["alg"], published["kid"]) == ("sig", "EdDSA", made.signing.kid)
        token = receipt.sign({"v": 1}, made.signing)
        assert receipt.verify(token, {published["kid"]: OKPKey.import_key(dict(published))}) == {"v": 1}

    def test_shows_nothing(self, folder: Path) -> None:
        made = load_service(folder)
        shown = f"{made!r} {made!s} {[made]} {made.signing!r} {made.service!r}"
        secrets = [made.index, made.service.raw_value]
        jwk = json.loads((folder / "service" / "receipt.jwk").read_bytes())
        assert repr(made) == "<ServiceKeys>"
        assert jwk["d"] not in shown + json.dumps(made.public_jwks())
        for secret in secrets:
            assert repr(secret)[2:-1] not in shown
            assert secret.hex() not in shown
            assert base64.b64encode(secret).decode() not in shown

    def test_is_frozen(self, folder: Path) -> None:
        made = load_service(folder)
        with pytest.raises(AttributeError, match=re.escape("cannot assign to field 'index'")):
            made.index = b""  # type: ignore[misc]  # that is what is tested
        assert isinstance(made, ServiceKeys)
