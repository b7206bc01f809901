"""Connecting shops and letting them go, while the service runs: what the command line and the admin API both do.

Shops of the configuration file are seen here and never changed: the file wins. Secrets go in and never come out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from middleware.core.shops import Vault, content_of, in_force, told_domain, turned
from middleware.errors import (
    ConfigError,
    DomainChangedError,
    DomainTakenError,
    Fault,
    IntegrationEndedError,
    NotFitError,
    NotFoundError,
    NotOwnSecretError,
    ParcelveilError,
    SecretTakenError,
    ShopInFileError,
    ShopUnreadableError,
    TamperedError,
)
from middleware.faces import seed_face, seen
from middleware.fitness import check_seed, fitness, long_enough, unreadable
from middleware.model import ShopSettings
from middleware.model_shop import (
    NOTHING,
    Checkup,
    Fitness,
    Held,
    Reserved,
    ShopContent,
    ShopFace,
    ShopRow,
    ShopState,
)
from middleware.moving import move, working
from middleware.ports import Clock, ShopStore
from middleware.services import Shop
from middleware.uninstalling import marked

PAGE = 500
KEEP_OLD = timedelta(hours=24)
"""How long the secret before works beside a new one, if nothing else is asked for."""

KEEP_OLD_LEAST = timedelta(hours=1)
"""Shopify signs with the old one for a while."""

Read = Callable[[str, ShopContent, datetime], ShopSettings]
"""A shop's settings out of its content. Raises: ConfigError."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Onboarding:
    """``seeds`` are the configuration's shops with what is wrong with them, and ``reserved`` what they and the apps
    hold.
    """

    store: ShopStore
    clock: Clock
    vault: Vault
    seeds: Mapping[str, Shop | ConfigError]
    reserved: Reserved
    read: Read
    bind: Callable[[ShopSettings], Shop]

    def __repr__(self) -> str:
        return "<Onboarding>"

    def connect(self, name: str, settings: Mapping[str, object], held: Held = NOTHING) -> tuple[ShopFace, bool]:
        """Connect a shop, or give a connected one these settings: (the shop, whether it is new). Without secrets and
        without an app those that it has stay, and so do its token and its key for browsers; its passphrase, what signs
        its callbacks and its token at its own platform stay as long as there is what they belong to.

        Raises: ConfigError for settings that cannot be used; NotFitError for a live shop that lacks something;
        IntegrationEndedError, ShopInFileError, DomainTakenError, DomainChangedError, SecretTakenError,
        ChangedMeanwhileError, StorageError.
        """
        self._own(name)
        long_enough(name, held.secrets, held.token)
        row, now = self.store.find(name), self.clock()
        if self._former(row) not in (None, told_domain(name, settings)):
            raise DomainChangedError()  # who has the name's token sees the name's parcels
        keeps = not held.secrets and "app" not in settings
        content = content_of(settings, held, self._before(row, wanted=keeps), keeps=keeps)
        wanted = self._usable(name, content, now)
        if wanted.ended:
            raise IntegrationEndedError()
        if wanted.settings.mode == "live":
            self._fit(name, content, now)
        stands = row is not None and row.state is not ShopState.DISCONNECTED
        state = ShopState.PAUSED if row is not None and row.state is ShopState.PAUSED else ShopState.LIVE
        return self._face(self._put(name, content, state, row, now)), not stands

    def check(self, name: str) -> Checkup:
        """What the shop needs in its present mode and in the other, and whether it is there. Raises: NotFoundError,
        StorageError.
        """
        now = self.clock()
        if name in self.seeds:
            return check_seed(self._seed(name), now)
        row = self._row(name)
        try:
            content = self._content(row)
            if row.domain != self.vault.of_domain(told_domain(name, content.settings) or ""):
                raise TamperedError()
        except ParcelveilError as fault:
            return Checkup(mode=None, present=tuple(unreadable(fault)), other=())
        mode = str(content.settings.get("mode", "live"))
        other = "test" if mode == "live" else "live"
        present = self._checked(name, content, now, mode)
        return Checkup(mode=mode, present=present, other=self._checked(name, content, now, other))

    def go_live(self, name: str) -> ShopFace:
        """Let a shop in test mode send to its real carrier. Raises: as ``connect``, and NotFoundError."""
        row, content = self._opened(name)
        now = self.clock()
        self._fit(name, content, now)
        live = replace(content, settings={**content.settings, "mode": "live"})
        return self._face(self._put(name, live, row.state, row, now))

    def pause(self, name: str, *, paused: bool) -> ShopFace:
        """Let the shop's orders wait over there, or take them again, whether its settings can be used or not. Raises:
        ShopInFileError, NotFoundError, ShopUnreadableError, TamperedError, ChangedMeanwhileError, DomainTakenError,
        SecretTakenError, StorageError.
        """
        row, content = self._opened(name)
        state, now = ShopState.PAUSED if paused else ShopState.LIVE, self.clock()
        if row.state is not state:
            held = self.vault.of_secrets(one.value for one in in_force(content.secrets, now))
            row = self.store.put(replace(row, state=state, updated_at=now), held, row.version)
        return self._face(row)

    def rotate(self, name: str, secret: bytes, retire_after: timedelta | None) -> ShopFace:
        """Put a new secret in the place of those that the shop has, which end after that time; None: at once. Repeated
        with the secret that is the newest already, the one before ends when it was to end.

        Raises: as ``pause``; ConfigError for a secret that is too short, or settings that cannot be used any more;
        NotOwnSecretError for a shop of an app; DomainTakenError, SecretTakenError.
        """
        long_enough(name, (secret,))
        row, content = self._opened(name)
        if not content.secrets:
            raise NotOwnSecretError()
        now = self.clock()
        return self._face(self._put(name, turned(content, secret, now, retire_after), row.state, row, now))

    def disconnect(self, name: str) -> None:
        """End the exchange: settings and secrets are erased. Records stay as long as they may, and so the name stays
        that of its domain, which alone is kept, sealed.

        Raises: ShopInFileError, NotFoundError, ChangedMeanwhileError, StorageError.
        """
        self._own(name)
        row = self.store.find(name)
        if row is None:
            raise NotFoundError()
        former = self._former(row)
        kept = former and self.vault.close(name, ShopContent(settings={"domain": former}, secrets=(), token=None))
        gone = ShopRow(
            name=name, domain=None, sealed=kept, state=ShopState.DISCONNECTED, version=0, updated_at=self.clock()
        )
        if row.state is not ShopState.DISCONNECTED:
            self.store.put(gone, (), row.version, move(working(row, self.opened, gone.updated_at), None))

    def show(self, name: str) -> ShopFace:
        """One shop. Raises: NotFoundError, StorageError."""
        row = self.store.find(name)
        if name not in self.seeds and row is None:
            raise NotFoundError()
        return self._stood(seed_face(name, self._seed(name)) if row is None or name in self.seeds else self._face(row))

    def faces(self) -> Iterator[ShopFace]:
        """All shops, those of the file first, each group by name. Raises: StorageError."""
        yield from map(self._stood, self._seed_faces())
        yield from (self._stood(self._face(row)) for row in self._rows())

    def page(self, since: int, most: int) -> tuple[list[ShopFace], int | None]:
        """At most so many shops of the database that changed after the version ``since``, in the order of their last
        change, and from where the next page goes on, None after the last; before the first page those of the file.
        Raises: StorageError.
        """
        rows = self.store.changed(since, most)
        seeds = () if since else self._seed_faces()
        return [self._stood(face) for face in (*seeds, *map(self._face, rows))], rows[-1].version if len(
            rows
        ) == most else None

    def _stood(self, face: ShopFace) -> ShopFace:
        return replace(face, restricted=tuple(self.store.restricted(face.shop)))

    def _seed(self, name: str) -> Shop | ConfigError:
        seed = self.seeds[name]
        return marked(seed, self.store) if isinstance(seed, Shop) else seed

    def _seed_faces(self) -> Iterator[ShopFace]:
        return (seed_face(name, self._seed(name)) for name in sorted(self.seeds))

    def at_work(self) -> Iterator[tuple[ShopRow, Shop | ParcelveilError]]:
        """Every connected shop as it works, or why it does not. Raises: StorageError."""
        for row in self._rows():
            if row.state is ShopState.DISCONNECTED:
                continue
            try:
                yield row, self.opened(row, self.clock())[0]
            except ParcelveilError as fault:
                yield row, fault

    def _rows(self) -> list[ShopRow]:
        page = self.store.changed(0, PAGE)
        rows = [*page]
        while len(page) == PAGE:
            page = self.store.changed(rows[-1].version, PAGE)
            rows += page
        return sorted(rows, key=lambda row: row.name)

    def opened(self, row: ShopRow, now: datetime) -> tuple[Shop, datetime | None]:
        """A row's shop at work, and when its first secret ends. Raises: ConfigError, SealError, ConflictError,
        ShopUnreadableError.
        """
        self._own(row.name)
        content = self._content(row)
        ends = [one.until for one in in_force(content.secrets, now) if one.until is not None]
        return self._at_work(row, content, now), min(ends, default=None)

    def _at_work(self, row: ShopRow, content: ShopContent, now: datetime) -> Shop:
        shop = self._usable(row.name, content, now)
        if row.domain != self.vault.of_domain(shop.settings.domain):
            raise TamperedError()  # the digest stands beside what is sealed, and orders are found by it
        return shop

    def domains(self, shop: str | None) -> Mapping[str, str]:
        """The domain of every shop that ever was, or of one; ``""`` where it cannot be told. Raises: StorageError."""
        seeds = {name: seed_face(name, seed) for name, seed in self.seeds.items() if shop in (None, name)}
        rows = self._rows() if shop is None else filter(None, [None if shop in seeds else self.store.find(shop)])
        return {row.name: self._domain(row) for row in rows} | {name: face.domain or "" for name, face in seeds.items()}

    def _domain(self, row: ShopRow) -> str:
        """As it is sealed, whether the shop's settings can be used or not: no shop is bound for it."""
        if row.sealed is None:
            return ""
        with suppress(ParcelveilError):
            domain = told_domain(row.name, self._content(row).settings)
            return domain if domain and row.domain == self.vault.of_domain(domain) else ""
        return ""

    def _former(self, row: ShopRow | None) -> str | None:
        """The domain that a name was connected with; None where it never was, or that cannot be told."""
        with suppress(ShopUnreadableError, TamperedError):
            return told_domain(row.name, self._content(row).settings) if row and row.sealed else None
        return None

    def _before(self, row: ShopRow | None, *, wanted: bool) -> ShopContent | None:
        """What is sealed of a connected shop. A row that does not open is replaced, unless its secrets are wanted.
        Raises: ShopUnreadableError, TamperedError.
        """
        if row is None or row.sealed is None or row.state is ShopState.DISCONNECTED:
            return None
        try:
            return self._content(row)
        except (ShopUnreadableError, TamperedError):
            if wanted:
                raise
        return None

    def _own(self, name: str) -> None:
        if name in self.seeds:
            raise ShopInFileError()

    def _row(self, name: str) -> ShopRow:
        row = self.store.find(name)
        if row is None or row.state is ShopState.DISCONNECTED:
            raise NotFoundError()
        return row

    def _opened(self, name: str) -> tuple[ShopRow, ShopContent]:
        self._own(name)
        row = self._row(name)
        return row, self._content(row)

    def _content(self, row: ShopRow) -> ShopContent:
        """Raises: ShopUnreadableError, TamperedError."""
        if row.state is ShopState.UNREADABLE:
            raise ShopUnreadableError()
        return self.vault.open(row.name, row.sealed or "")

    def _usable(self, name: str, content: ShopContent, now: datetime) -> Shop:
        """The shop at work. Raises: ConfigError; DomainTakenError, SecretTakenError for what the
        configuration's shops and apps hold.
        """
        settings = self.read(name, content, now)
        if self.vault.of_domain(settings.domain) in self.reserved.domains:
            raise DomainTakenError()
        if self.reserved.secrets.intersection(self.vault.of_secrets(one.value for one in content.secrets)):
            raise SecretTakenError()
        return marked(self.bind(settings), self.store)

    def _put(self, name: str, content: ShopContent, state: ShopState, row: ShopRow | None, now: datetime) -> ShopRow:
        content = replace(content, secrets=in_force(content.secrets, now))
        shop = self._usable(name, content, now)
        stored = ShopRow(
            name=name,
            domain=self.vault.of_domain(shop.settings.domain),
            sealed=self.vault.close(name, content),
            state=state,
            version=0,
            updated_at=now,
        )
        digests = self.vault.of_secrets(secret.value for secret in content.secrets)
        before = working(row, self.opened, now)
        return self.store.put(stored, digests, row.version if row else 0, move(before, shop))

    def _checked(self, name: str, content: ShopContent, now: datetime, mode: str) -> tuple[Fitness, ...]:
        """The fitness for a mode, whatever the mode is now."""
        try:
            shop = self._usable(name, replace(content, settings={**content.settings, "mode": mode}), now)
        except ParcelveilError as fault:
            return tuple(unreadable(fault))
        return tuple(fitness(shop, now))

    def _fit(self, name: str, content: ShopContent, now: datetime) -> None:
        missing = [one for one in self._checked(name, content, now, "live") if not one.ok]
        if missing:
            faults = tuple(Fault(pointer=one.pointer, code=one.check) for one in missing)
            raise NotFitError(faults, tuple(f"{one.check}: {one.message}" for one in missing))

    def _face(self, row: ShopRow) -> ShopFace:
        bare = ShopFace(shop=row.name, origin="database", state=row.state, updated_at=row.updated_at)
        if row.state is ShopState.UNREADABLE:
            bare = replace(bare, updated_at=None)
        if row.sealed is None or row.state is ShopState.DISCONNECTED:
            return bare
        now = self.clock()
        try:
            self._own(row.name)
            content = self._content(row)
            shop = self._at_work(row, content, now)
        except ParcelveilError as fault:
            return replace(bare, fault=str(fault))
        app = content.settings.get("app")
        told = replace(bare, app=None if app is None else str(app), secrets=len(in_force(content.secrets, now)))
        return seen(told, shop)
