"""The file of what is known of a parcel platform: read as it was written, replaced in one piece."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from middleware import platform_keys
from middleware.errors import ConfigError, UnknownKeyError
from middleware.exchange import PickupPoint
from middleware.platform_keys import Known, PlatformKeys, admit
from tests.middleware.published import KID, LATER, NOW, OTHER, POINT, Json, jwk, jwks, key, known, plan, points


@pytest.fixture
def platform(tmp_path: Path) -> PlatformKeys:
    return PlatformKeys(tmp_path, "platform")


class TestKnown:
    def test_reads_what_it_writes(self) -> None:
        for whole in (Known(), known(), admit(known(), jwks(jwk(OTHER, "two")), points(), LATER)):
            assert Known.from_bytes(whole.to_bytes(), Path("p")) == whole

    @given(
        st.dictionaries(
            st.from_regex(r"[a-z0-9][a-z0-9-]{1,31}", fullmatch=True), st.sampled_from(["1000", "2018 AB"]), max_size=5
        )
    )
    def test_reads_any_points_that_it_writes(self, made: dict[str, str]) -> None:
        found = {id_: PickupPoint(id=id_, postal_code=code, country="BE") for id_, code in made.items()}
        whole = Known(fetched_at=NOW, keys=known().keys, pins=known().pins, points=found)
        assert Known.from_bytes(whole.to_bytes(), Path("p")) == whole

    def test_never_writes_a_private_half(self) -> None:
        private = ECKey.import_key({**key("one").as_dict(private=True), "kid": KID})
        written = Known(fetched_at=NOW, keys={KID: private}).to_bytes()
        assert b'"d"' not in written
        assert str(private.as_dict(private=True)["d"]).encode() not in written

    @pytest.mark.parametrize(
        "changes",
        [
            {"fetched_at": 5},
            {"fetched_at": "yesterday"},
            {"keys": 5},
            {"keys": None},
            {"keys": [5]},
            {"keys": ["k4n4rie"]},
            {"keys": [{"kid": KID}]},
            {"keys": [{"kid": KID, "kty": "OKP"}]},
            {"keys": [{**jwk(), "kid": []}]},
            {"keys": [{name: value for name, value in jwk().items() if name != "kid"}]},
            {"keys": [jwk(x="AA")]},
            {"pins": 5},
            {"pins": ["k4n4rie"]},
            {"pins": None},
            {"points": 5},
            {"points": [5]},
            {"points": [{}]},
            {"points": [{**POINT, "more": "k4n4rie"}]},
            {"points": [{**POINT, "id": []}]},
        ],
        ids=range(19),
    )
    def test_another_file_is_refused_by_its_path(self, changes: Json) -> None:
        self._refused(json.dumps({**json.loads(known().to_bytes()), **changes}).encode())

    @pytest.mark.parametrize(
        "content", [b"", b"null", b"[]", b"5", b'"k4n4rie"', b"{}", b"\xff", b"[" * 5000, b"k4n4rie"]
    )
    def test_no_file_of_ours_is_refused_by_its_path(self, content: bytes) -> None:
        self._refused(content)

    @pytest.mark.parametrize("member", ["fetched_at", "keys", "pins", "points"])
    def test_half_a_file_is_refused(self, member: str) -> None:
        whole = json.loads(known().to_bytes())
        del whole[member]
        self._refused(json.dumps(whole).encode())

    @pytest.mark.parametrize("cut", [1, 2, 50, 200])
    def test_a_truncated_file_is_refused(self, cut: int) -> None:
        self._refused(known().to_bytes()[:-cut])

    def _refused(self, content: bytes) -> None:
        with pytest.raises(ConfigError) as caught:
            Known.from_bytes(content, Path("keys/made-up.json"))
        told = "keys/made-up.json: not a file of this service; remove it and run `parcelveil keys provision`"
        assert (str(caught.value), caught.value.__cause__, caught.value.__context__) == (told, None, None)


class TestPlatformKeys:
    def test_knows_nothing_before_there_is_a_file(self, platform: PlatformKeys) -> None:
        assert platform.known() == Known()
        with pytest.raises(UnknownKeyError):
            platform.points()
        with pytest.raises(UnknownKeyError):
            platform.public(plan(KID))

    def test_knows_what_was_stored(self, platform: PlatformKeys) -> None:
        platform.store(known())
        assert platform.path.name == "platform-platform.json"
        assert platform.path.stat().st_mode & 0o7777 == 0o600
        assert platform.known() == known()
        assert platform.points() == known().points

    def test_two_platforms_have_two_files(self, platform: PlatformKeys, tmp_path: Path) -> None:
        platform.store(known())
        assert PlatformKeys(tmp_path, "other").known() == Known()

    def test_gives_the_keys_of_a_plan_and_no_others(self, platform: PlatformKeys) -> None:
        platform.store(known())
        assert platform.public(plan(OTHER)) == {OTHER: known().keys[OTHER]}
        assert platform.public(plan(KID, OTHER)) == known().keys

    @pytest.mark.parametrize(
        "missing",
        ["recipient.delivery/vp.recipient.operational/2028-01", "recipient.customs/vp.recipient.operational/2027-12"],
    )
    def test_a_missing_month_fails_closed(self, platform: PlatformKeys, missing: str) -> None:
        platform.store(known())
        with pytest.raises(UnknownKeyError) as caught:
            platform.public(plan(KID, missing, OTHER))
        assert (str(caught.value), caught.value.code, caught.value.status) == (
            UnknownKeyError.__doc__,
            "missing-retention-key",
            503,
        )

    def test_sees_what_another_process_stores(self, platform: PlatformKeys, tmp_path: Path) -> None:
        platform.store(known())
        assert platform.known().keys.keys() == {KID, OTHER}
        PlatformKeys(tmp_path, "platform").store(admit(known(), jwks(jwk(OTHER, "two")), points(), LATER))
        assert platform.known().keys.keys() == {OTHER}
        assert platform.points() == known().points  # an empty list is a fault over there

    def test_reads_the_file_once_while_it_stays_the_same(
        self, platform: PlatformKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        platform.store(known())
        before = platform.known()
        monkeypatch.setattr(platform_keys, "read", None)
        assert platform.known() is before

    def test_keeps_what_it_knows_when_the_file_goes(self, platform: PlatformKeys) -> None:
        platform.store(known())
        before = platform.known()
        platform.path.unlink()
        assert platform.known() is before

    def test_a_broken_file_is_refused_and_stays(self, platform: PlatformKeys) -> None:
        platform.path.write_bytes(b"k4n4rie")
        platform.path.chmod(0o600)
        for _ in range(2):
            with pytest.raises(ConfigError, match="not a file of this service"):
                platform.known()
        assert platform.path.read_bytes() == b"k4n4rie"

    @pytest.mark.parametrize("wide", [0o644, 0o640, 0o666])
    def test_a_file_that_others_may_use_is_refused(self, platform: PlatformKeys, wide: int) -> None:
        platform.store(known())
        platform.path.chmod(wide)
        with pytest.raises(ConfigError, match=f"mode {wide:04o} lets others in"):
            platform.known()


class TestReplacing:
    def test_is_on_disk_before_it_is_in_place(self, platform: PlatformKeys, monkeypatch: pytest.MonkeyPatch) -> None:
        done: list[str] = []
        sync, move = os.fsync, Path.replace

        def fsync(handle: int) -> None:
            kind = "folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file"
            done.append(f"sync {kind}")
            sync(handle)

        def replace(self: Path, target: Path) -> Path:
            done.append("replace")
            assert self.parent == target.parent
            assert self.stat().st_mode & 0o7777 == 0o600
            assert Known.from_bytes(self.read_bytes(), self) == known()
            return move(self, target)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(Path, "replace", replace)
        platform.store(known())
        assert done == ["sync file", "replace", "sync folder"]

    @pytest.mark.parametrize("fails", ["fsync", "replace"])
    def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
        self, platform: PlatformKeys, monkeypatch: pytest.MonkeyPatch, fails: str
    ) -> None:
        platform.store(known())
        before = platform.path.read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os if fails == "fsync" else Path, fails, full)
        with pytest.raises(ConfigError, match=r"platform-platform\.json: No space left on device") as caught:
            platform.store(Known(fetched_at=LATER))
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        assert platform.path.read_bytes() == before
        assert [path.name for path in platform.path.parent.iterdir()] == [platform.path.name]

    def test_a_missing_folder_is_made_for_us_alone(self, tmp_path: Path) -> None:
        platform = PlatformKeys(tmp_path / "a" / "state", "platform")
        platform.store(known())
        assert platform.known() == known()
        assert platform.path.parent.stat().st_mode & 0o7777 == 0o700

    def test_or_for_the_group_that_is_named(self, tmp_path: Path) -> None:
        platform = PlatformKeys(tmp_path / "state", "platform", os.getegid())
        platform.store(known())
        assert [path.stat().st_mode & 0o7777 for path in (platform.path, platform.path.parent)] == [0o640, 0o750]
        assert platform.known() == known()

    def test_a_folder_that_others_may_write_to_gets_no_file(self, platform: PlatformKeys) -> None:
        platform.path.parent.chmod(0o777)
        with pytest.raises(ConfigError, match="mode 0777 lets others in"):
            platform.store(known())
        assert not platform.path.exists()

    def test_where_a_folder_cannot_be_made_it_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_bytes(b"")
        with pytest.raises(ConfigError, match=re.escape(f"{tmp_path}/state: File exists")):
            PlatformKeys(tmp_path / "state", "platform").store(known())
