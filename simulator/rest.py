"""What rests in files, read without asking whose they are: sealed parts in any database, private keys in any file."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.encoding import b64url_decode, read_object
from simulator.jwe import UnreadableError, open_token, read_header

TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){4}")
"""A compact JWE (RFC 7516)."""
SCALAR = re.compile(rb'"d"\s*:\s*"([A-Za-z0-9_-]{43})"')
"""The private half of a P-256 key in any JSON (RFC 7518 section 6.2.2)."""
PEM = re.compile(rb"-----BEGIN (EC )?PRIVATE KEY-----.+?-----END (EC )?PRIVATE KEY-----", re.DOTALL)
SQLITE = b"SQLite format 3\x00"
PIECE = 32
"""Bytes of a sealed text by which it is known again."""

Key = tuple[str, str]
"""(record id, part)."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sealed:
    """One sealed part and where it was found. Its header tells of which record it is, and by its key of which part."""

    where: str
    key: Key
    token: str

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """Its ciphertext, cut into pieces; each can be told from everything else."""
        text = self.token.split(".")[3].encode("ascii")
        return tuple(text[start : start + PIECE] for start in range(0, len(text) - PIECE + 1, PIECE))

    def place(self, content: bytes) -> int | None:
        """At which byte of ``content`` the first of its pieces stands that is there, or None."""
        places = (content.find(piece) for piece in self.pieces)
        return next((place for place in places if place >= 0), None)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PrivateKey:
    """A private key and the file that holds it."""

    where: str
    key: ec.EllipticCurvePrivateKey


def sealed_in(files: Mapping[str, bytes]) -> tuple[Sealed, ...]:
    """Every sealed part in any value of any table of the SQLite databases among ``files``; what is damaged is passed
    over.
    """
    return tuple(
        part
        for name, content in files.items()
        if content.startswith(SQLITE)
        for value in _values(content)
        for found in TOKEN.finditer(value)
        if (part := sealed(found.group().decode("ascii"), name)) is not None
    )


def sealed(token: str, where: str) -> Sealed | None:
    """``token`` if it is a sealed part: ``kid`` is ``part/class/month``."""
    try:
        header = read_header(token)
    except UnreadableError:
        return None
    return Sealed(where=where, key=(str(header["rid"]), str(header["kid"]).partition("/")[0]), token=token)


def private_keys(files: Mapping[str, bytes]) -> tuple[PrivateKey, ...]:
    """Every private key that could open a sealed part, in whatever file it lies: JWK or PEM."""
    return tuple(PrivateKey(where=name, key=key) for name, content in files.items() for key in _keys(content))


def opened(part: Sealed, keys: Sequence[PrivateKey]) -> tuple[PrivateKey, Mapping[str, object]] | None:
    """The first of these keys that opens it, and what it reads; None where none does."""
    for key in keys:
        try:
            return key, read_object(open_token(part.token, key.key))
        except (UnreadableError, ValueError):
            continue
    return None


def _values(content: bytes) -> Iterator[bytes]:
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(content)
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            database.text_factory = bytes
            for table in tables:
                quoted = table.replace('"', '""')
                for row in database.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - a name cannot be a parameter
                    yield from (value for value in row if isinstance(value, bytes))
    except sqlite3.DatabaseError:
        return


def _keys(content: bytes) -> Iterator[ec.EllipticCurvePrivateKey]:
    for found in SCALAR.finditer(content):
        try:
            yield ec.derive_private_key(int.from_bytes(b64url_decode(found[1].decode("ascii"))), ec.SECP256R1())
        except ValueError:
            continue  # of another curve
    for block in PEM.finditer(content):
        try:
            key = serialization.load_pem_private_key(block.group(), password=None)
        except ValueError:
            continue
        if isinstance(key, ec.EllipticCurvePrivateKey):
            yield key
