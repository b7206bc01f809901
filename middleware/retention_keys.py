"""Parcelveil's own keys for parts: for what stays here after delivery (``keep_delivered = "policy"``), and for what a
carrier takes in cleartext.

P-256, one per part, class and month of expiry as the parcel platform has them, or per part and week of sealing
(``core.weeks``). The private halves, a file each in
``keys/retention``, are for the relay alone; the public ones, ``keys/public/retention.json``, are what intake seals to:
they belong to the relay too, as whoever could change them would choose who reads. A destroyed key is remembered by its
id, so that the id never comes back with another key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from middleware.core import seal
from middleware.errors import ConfigError, UnknownKeyError
from middleware.key_files import check_folder, make_folder, read, sync, write, write_new
from middleware.model import Plan
from middleware.model_keys import KeptCopy

HOME: Final = "retention"
PUBLIC: Final = Path("public", "retention.json")
GONE: Final = "destroyed"
_SUFFIX: Final = ".jwk"


class PublicKeys:
    """The public halves in the key folder, as intake reads them: again when the file changes."""

    def __init__(self, folder: Path, group: int | None = None) -> None:
        self._path, self._group = folder / PUBLIC, group
        self._stamp: tuple[int, int] | None = None
        self._keys: Mapping[str, ECKey] = {}

    def known(self) -> Mapping[str, ECKey]:
        """By key id; none as long as there is no file. Raises: ConfigError for a file that cannot be read."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return self._keys
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._keys, self._stamp = _public(read(self._path, self._group), self._path), stamp
        return self._keys

    def public(self, plan: Plan) -> Mapping[str, ECKey]:
        """The transit keys that a plan needs, by key id. Raises: UnknownKeyError when a week is missing: intake fails
        closed.
        """
        return self._all({part.kid for part in plan.parts})

    def copies(self, plan: Plan) -> Mapping[str, ECKey]:
        """The keys that the copies of a plan's parts need, by key id. Raises: as ``public``, of a month."""
        return self._all({part.copy_kid for part in plan.parts})

    def _all(self, kids: Collection[str]) -> Mapping[str, ECKey]:
        keys = self.known()
        if any(kid not in keys for kid in kids):
            raise UnknownKeyError()
        return {kid: keys[kid] for kid in kids}


class KeyRing:
    """The private halves in the key folder; the public ones are published there too, for ``group``."""

    def __init__(self, folder: Path, group: int | None = None) -> None:
        self._folder, self._public, self._group = folder / HOME, folder / PUBLIC, group
        self._loaded: dict[str, ECKey] = {}

    def kids(self) -> frozenset[str]:
        """The ids of the keys that are there. Raises: ConfigError where others could read or change them."""
        if not self._folder.exists():
            return frozenset()
        check_folder(self._folder, None)
        return frozenset(_kid(path) for path in self._folder.glob(f"*{_SUFFIX}")) - self.gone()

    def thumbprints(self) -> Mapping[str, str]:
        """RFC 7638, by key id. Raises: ConfigError."""
        return {kid: self._key(kid).thumbprint() for kid in self.kids()}

    def gone(self) -> frozenset[str]:
        """The ids of the keys that were destroyed."""
        path = self._folder / GONE
        return frozenset(read(path, None).decode().split()) if path.exists() else frozenset()

    def provision(self, kids: Collection[str]) -> list[str]:
        """Make the keys of these ids that never were, and publish the public halves of all. The ids made.

        Raises: ConfigError where a folder cannot be used.
        """
        for folder in (self._folder.parent, self._public.parent):
            make_folder(folder, self._group)
        make_folder(self._folder, None)
        check_folder(self._folder, None)
        lacking = sorted(set(kids) - self.kids() - self.gone())
        made = [kid for kid in lacking if write_new(self._path(kid), _new(kid), None)]
        self._publish()
        return made

    def open(self, copy: KeptCopy) -> bytes:
        """The padded plaintext of a part or copy. Raises: UnknownKeyError without its key; TamperedError, whatever else
        is wrong; ConfigError.
        """
        return seal.opened(copy.jwe, copy.kid, copy.record_id, self._key(copy.kid))

    def reseal(self, copy: KeptCopy, kid: str) -> KeptCopy:
        """The same copy under another key of ours, made where there is none yet.

        Raises: UnknownKeyError, TamperedError as ``open``; UnknownKeyError where ``kid`` was destroyed; ConfigError.
        """
        plaintext = self.open(copy)
        if not self._path(kid).exists():
            self.provision((kid,))
        token = seal.sealed_to(kid, copy.record_id, plaintext, self._key(kid))
        return KeptCopy(record_id=copy.record_id, part=copy.part, kid=kid, until=copy.until, jwe=token)

    def destroy(self, kid: str) -> None:
        """Destroy a key for good; done again it changes nothing. Durable when it returns.

        What the file system or a snapshot of it keeps of the file is not in our hands. Raises: ConfigError.
        """
        gone = self.gone() | {kid}  # noted first: a stop in between leaves a key that nobody uses any more
        write(self._folder / GONE, "".join(f"{name}\n" for name in sorted(gone)).encode(), None)
        self._path(kid).unlink(missing_ok=True)
        sync(self._folder)
        self._publish()

    def _publish(self) -> None:
        keys = [self._key(kid).as_dict(private=False) for kid in sorted(self.kids())]
        check_folder(self._public.parent, self._group)
        write(self._public, json.dumps({"keys": keys}, indent=1).encode(), self._group)

    def _key(self, kid: str) -> ECKey:
        """The key, as long as its file is there: another process may have destroyed it."""
        path = self._path(kid)
        if not path.exists() or kid in self.gone():
            self._loaded.pop(kid, None)
            raise UnknownKeyError()
        if kid not in self._loaded:
            self._loaded[kid] = self._read(kid, path)
        return self._loaded[kid]

    @staticmethod
    def _read(kid: str, path: Path) -> ECKey:
        try:
            key = ECKey.import_key(json.loads(read(path, None)))
            usable = key.curve_name == "P-256" and key.is_private and key.kid == kid
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            usable = False
        if not usable:
            raise ConfigError(f"{path}: not the P-256 private key that its name tells; put the right file back")
        return key

    def _path(self, kid: str) -> Path:
        return self._folder / f"{kid.replace('/', '--')}{_SUFFIX}"


def _kid(path: Path) -> str:
    return path.name.removesuffix(_SUFFIX).replace("--", "/")


def _new(kid: str) -> bytes:
    return json.dumps(ECKey.generate_key("P-256", {"kid": kid}).as_dict(private=True)).encode()


def _public(content: bytes, path: Path) -> Mapping[str, ECKey]:
    try:
        return {str(jwk["kid"]): ECKey.import_key(jwk) for jwk in json.loads(content)["keys"]}
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        fault = f"{path}: not a file of this service; remove it and run `parcelveil keys provision`"
    raise ConfigError(fault)
