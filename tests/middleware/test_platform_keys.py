"""What a parcel platform publishes: its keys admitted together or not at all, each pinned to its id."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from jwcrypto import jwe as other_jwe
from jwcrypto import jwk as other_jwk

from middleware.core.schedule import schedule
from middleware.core.seal import seal
from middleware.errors import KeyRefusedError
from middleware.exchange import PickupPoint
from middleware.platform_keys import MAX_KEYS, MAX_POINTS, Known, PlatformKeys, admit
from tests.middleware.core import made_up
from tests.middleware.published import (
    CANARY,
    KID,
    LATER,
    NOW,
    OTHER,
    POINT,
    Json,
    jwk,
    jwks,
    key,
    known,
    points,
    published,
)


def refusal(before: Known, answer: bytes, places: bytes | None = None) -> str:
    """The message of the refusal, which carries nothing else."""
    with pytest.raises(KeyRefusedError) as caught:
        admit(before, answer, points() if places is None else places, LATER)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    told = str(caught.value)
    assert repr(caught.value) == f"KeyRefusedError({told!r})"
    assert CANARY not in told
    return told


class TestAdmit:
    def test_takes_public_keys_and_points(self) -> None:
        found = known()
        assert found.keys.keys() == {KID, OTHER}
        assert found.pins == {KID: key("one").thumbprint(), OTHER: key("two").thumbprint()}
        assert found.points == {"kariboe-1000": PickupPoint(id="kariboe-1000", postal_code="1000", country="BE")}
        assert found.fetched_at == NOW
        assert not [one for one in found.keys.values() if one.is_private]

    @pytest.mark.parametrize("extra", [{}, {"key_ops": ["deriveKey", "deriveBits"]}, {"use": "enc"}])
    def test_what_it_takes_can_be_sealed_to(self, extra: Json) -> None:
        public = {name: value for name, value in jwk().items() if name != "use"}
        found = admit(Known(), jwks({**public, **extra}), points(), NOW).keys[KID]
        whole = made_up.order()
        plan = schedule(whole, made_up.POLICY, "professional", made_up.NOW)
        delivery = replace(plan, parts=tuple(part for part in plan.parts if part.kid == KID))
        (part,) = seal(whole, made_up.SENDER, delivery, {KID: found}, shop="demo").parts
        box = other_jwe.JWE()
        box.deserialize(part.jwe, other_jwk.JWK(**key("one").as_dict(private=True)))
        assert b"Verzinsel" in box.payload

    @pytest.mark.parametrize("member", ["d", "p", "k", "x5c", "ext", "q", "oth", CANARY])
    def test_refuses_a_private_or_foreign_member(self, member: str) -> None:
        told = refusal(Known(), jwks(jwk(OTHER, "two"), jwk(**{member: CANARY})))
        assert told == f"the parcel platform's key {KID} is not exactly a public P-256 key for ECDH-ES+A256KW"

    def test_refuses_a_private_key(self) -> None:
        private = {**jwk(), **key("one").as_dict(private=True)}
        told = refusal(Known(), jwks(private))
        assert private["d"] not in told

    @pytest.mark.parametrize(
        "other",
        [
            lambda: published(ECKey.generate_key("P-384")),
            lambda: published(ECKey.generate_key("P-521")),
            lambda: {**published(ECKey.generate_key("P-384")), "crv": "P-256"},
            lambda: published(OKPKey.generate_key("X25519")),
            lambda: published(RSAKey.generate_key(2048)),
            lambda: {**published(OctKey.generate_key(256)), "k": "k4n4rie"},
            lambda: {**jwk(), "alg": "ECDH-ES"},
            lambda: {**jwk(), "alg": None},
            lambda: {name: value for name, value in jwk().items() if name != "alg"},
            lambda: {**jwk(), "crv": "secp256k1"},
            lambda: {**jwk(), "kty": "OKP"},
            lambda: {**jwk(), "kty": ["EC"]},
            lambda: {**jwk(), "use": "sig"},
            lambda: {**jwk(), "use": 5},
            lambda: {**jwk(), "key_ops": ["sign"]},
            lambda: {**jwk(), "use": None, "key_ops": ["verify"]},
            lambda: {**jwk(), "key_ops": 5},
            lambda: {**{name: value for name, value in jwk().items() if name != "use"}, "key_ops": ["encrypt"]},
        ],
        ids=range(18),
    )
    def test_refuses_another_kind_of_key(self, other: Callable[[], Json]) -> None:
        assert refusal(Known(), jwks(jwk(OTHER, "two"), other())).startswith(f"the parcel platform's key {KID} ")

    @pytest.mark.parametrize(
        "changes",
        [
            {"x": base64.urlsafe_b64encode(b"\x01" * 32).decode().rstrip("=")},
            {"x": ""},
            {"x": None},
            {"x": 5},
            {"x": []},
            {"x": "é"},
            {"x": "A" * 5000},
            {"y": jwk()["x"]},
            {"x": base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("=")},
            {"x": "AA", "y": "AA"},
            {"x": jwk()["x"] + "="},
        ],
        ids=range(11),
    )
    def test_refuses_what_is_no_point_of_the_curve(self, changes: Json) -> None:
        assert refusal(Known(), jwks(jwk(OTHER, "two"), jwk(**changes))).startswith(f"the parcel platform's key {KID} ")

    @pytest.mark.parametrize("member", ["x", "y", "crv", "kty"])
    def test_refuses_half_a_key(self, member: str) -> None:
        half = {name: value for name, value in jwk().items() if name != member}
        assert refusal(Known(), jwks(half)).startswith(f"the parcel platform's key {KID} ")

    @pytest.mark.parametrize(
        "kid",
        [
            *("", "a", CANARY, f"{KID} ", f" {KID}", f"{KID}\n", f"{KID}/{CANARY}", KID.upper(), KID.replace(".", "/")),
            *(
                "recipient.delivery/vp.recipient.operational/2027-13",
                "recipient.delivery/vp.recipient.operational/2027-00",
            ),
            *(
                "recipient.delivery/vp.recipient.operational/27-12",
                "recipient.delivery/vp.recipient.operational/2027-1",
            ),
            *("recipient.delivery/vp.recipient.operational/２０２７-12", "recipient.delivery/vp.recipient.operational"),
            *(
                "recipient.delivery/transit/2026-W48",
                "../../etc/passwd",
                f"{KID},{OTHER}",
                f"https://{CANARY}.example/{KID}",
            ),
            *(None, 5, True, [KID], {"kid": KID}),
        ],
    )
    def test_refuses_a_foreign_key_id_without_repeating_it(self, kid: object) -> None:
        told = refusal(Known(), jwks(jwk(OTHER, "two"), {**jwk(), "kid": kid}))
        assert told == "the parcel platform's key set holds a key without a proper key id"

    def test_refuses_a_key_without_an_id(self) -> None:
        nameless = {name: value for name, value in jwk().items() if name != "kid"}
        assert refusal(Known(), jwks(nameless)) == "the parcel platform's key set holds a key without a proper key id"

    @pytest.mark.parametrize(
        "answer",
        [
            *(
                b"",
                b"null",
                b"[]",
                b"{}",
                b"5",
                b'"keys"',
                b'{"keys":null}',
                b'{"keys":{}}',
                b'{"keys":[]}',
                b'{"keys":5}',
            ),
            *(b'{"keys":"k4n4rie"}', b"<html>k4n4rie</html>", b"\xff\xfe", b'{"keys":[', b'{"keys":[],"keys":[]}'),
            *(b"[" * 10**6, b'{"keys":' * 10**5, b"9" * 10**6, jwks(jwk())[:-1], b"\xef\xbb\xbf" + jwks(jwk())),
        ],
        ids=range(20),
    )
    def test_refuses_what_is_no_key_set(self, answer: bytes) -> None:
        assert refusal(Known(), answer) == "the parcel platform's key set cannot be read"

    @pytest.mark.parametrize("entry", [None, 5, "k4n4rie", [], True, {}])
    def test_refuses_what_is_no_key(self, entry: object) -> None:
        assert "without a proper key id" in refusal(Known(), jwks(jwk(), entry))

    def test_refuses_two_keys_of_one_id(self) -> None:
        told = refusal(Known(), jwks(jwk(name="one"), jwk(OTHER, "two"), jwk(name="three")))
        assert told == f"the parcel platform's key set holds {KID} twice"
        refusal(known(), jwks(jwk(name="three"), jwk(name="one")))

    def test_takes_no_more_than_it_can_need(self) -> None:
        assert refusal(Known(), jwks(*[jwk()] * (MAX_KEYS + 1))) == "the parcel platform's key set cannot be read"
        assert refusal(Known(), jwks(*[jwk()] * MAX_KEYS)) == f"the parcel platform's key set holds {KID} twice"

    def test_takes_many(self) -> None:
        kids = [
            f"recipient.delivery/vp.recipient.operational/{2027 + number // 12}-{number % 12 + 1:02d}"
            for number in range(240)
        ]
        assert admit(Known(), jwks(*(jwk(kid) for kid in kids)), points(), NOW).keys.keys() == set(kids)


class TestPins:
    def test_the_same_key_may_come_again(self) -> None:
        before = known()
        after = admit(before, jwks(jwk(), jwk(OTHER, "two")), points(POINT), LATER)
        assert (after.keys, after.pins, after.fetched_at) == (before.keys, before.pins, LATER)

    def test_another_key_under_a_known_id_is_refused(self) -> None:
        told = refusal(known(), jwks(jwk(OTHER, "two"), jwk(name="three")))
        assert told == f"the parcel platform gave another key for {KID}: refused; ask the platform's operator first"

    def test_a_key_that_was_withdrawn_is_used_no_more_and_stays_pinned(self) -> None:
        without = admit(known(), jwks(jwk(OTHER, "two")), points(), LATER)
        assert without.keys.keys() == {OTHER}
        assert without.pins == known().pins
        assert KID in refusal(without, jwks(jwk(name="three")))
        again = admit(without, jwks(jwk()), points(), LATER)
        assert again.keys.keys() == {KID}
        assert again.pins == known().pins

    def test_a_pin_survives_the_file(self, tmp_path: Path) -> None:
        PlatformKeys(tmp_path, "platform").store(admit(known(), jwks(jwk(OTHER, "two")), points(), LATER))
        assert KID in refusal(PlatformKeys(tmp_path, "platform").known(), jwks(jwk(name="three")))

    def test_another_spelling_of_the_same_point_is_another_key(self) -> None:
        raw = base64.urlsafe_b64decode(jwk()["x"] + "=")
        longer = base64.urlsafe_b64encode(b"\0" + raw).decode().rstrip("=")
        refusal(known(), jwks(jwk(x=longer)))


class TestPoints:
    @pytest.mark.parametrize(
        "entry",
        [
            *(
                None,
                5,
                "k4n4rie",
                [],
                {},
                [POINT],
                {"id": "kariboe-2"},
                {"postal_code": "1000", "country": "BE"},
                {"country": "BE"},
            ),
            *(
                {**POINT, "id": None},
                {**POINT, "id": 1000},
                {**POINT, "id": ""},
                {**POINT, "id": "-a"},
                {**POINT, "id": "a b"},
            ),
            *({**POINT, "id": "a" * 33}, {**POINT, "id": "-a"}, {**POINT, "id": "é1"}, {**POINT, "id": "ab\n"}),
            *({**POINT, "postal_code": 1000}, {**POINT, "postal_code": ""}, {**POINT, "postal_code": "1000\n"}),
            *({**POINT, "postal_code": "1" * 13}, {**POINT, "postal_code": None}, {**POINT, "country": "be"}),
            *(
                {**POINT, "country": "BEL"},
                {**POINT, "country": None},
                {**POINT, "country": "B\u0395"},
                {**POINT, "country": "BE\n"},
            ),
        ],
    )
    def test_a_point_that_cannot_be_used_is_left_out_and_counted(self, entry: object) -> None:
        found = known(places=points(POINT, entry))
        assert (found.points, found.unfit) == (known().points, 1)
        assert Known.from_bytes(found.to_bytes(), Path("file")).unfit == 1

    def test_what_is_listed_is_kept_of_a_point_and_nothing_else(self) -> None:
        hours = {"monday": [["09:00", "12:00"]]}
        found = known(places=points({**POINT, "name": "Kariboe Centrum", "hours": hours, "keeper": CANARY}))
        (point,) = found.points.values()
        assert (point.name, point.hours) == ("Kariboe Centrum", {"monday": (("09:00", "12:00"),)})
        assert CANARY.encode() not in found.to_bytes()
        assert Known.from_bytes(found.to_bytes(), Path("file")).points == found.points

    @pytest.mark.parametrize(
        "answer",
        [
            *(
                b"",
                b"null",
                b"[]",
                b"{}",
                b"5",
                b'{"points":5}',
                b'{"points":null}',
                b'{"points":{}}',
                b'{"points":"abc"}',
            ),
            *(b"<html>k4n4rie</html>", b'{"points":[', b"\xff", b"[" * 10**6),
        ],
        ids=range(13),
    )
    def test_an_answer_that_is_no_list_of_points_is_refused(self, answer: bytes) -> None:
        assert refusal(known(), jwks(jwk()), answer) == "the parcel platform's pick-up points cannot be read"

    def test_an_empty_list_leaves_what_was_known(self) -> None:
        """It is a fault over there: without them, orders to the points known before would be refused."""
        assert admit(known(), jwks(jwk()), points(), LATER).points == known().points
        assert admit(known(), jwks(jwk()), points({"id": "a b"}), LATER).points == known().points

    def test_another_list_takes_the_place_of_what_was_known(self) -> None:
        other = {**POINT, "id": "kariboe-2000"}
        assert list(admit(known(), jwks(jwk()), points(other), LATER).points) == ["kariboe-2000"]

    def test_no_more_than_there_can_be(self) -> None:
        many = [{**POINT, "id": f"p{number}"} for number in range(MAX_POINTS + 1)]
        assert len(admit(known(), jwks(jwk()), points(*many[1:]), LATER).points) == MAX_POINTS
        assert refusal(known(), jwks(jwk()), points(*many)) == "the parcel platform's pick-up points cannot be read"

    def test_there_may_be_none(self) -> None:
        assert known(places=points()).points == {}
