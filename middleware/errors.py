"""The error tree, by who is to blame.

Every class has a stable ``code`` (it never changes, clients may match on it), an HTTP ``status`` and a docstring that
is its default sentence. No message ever holds a value from a payload: pointers are made of known field names, codes
come from closed lists.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a body: where (RFC 6901 pointer of known names; ``*`` for an unknown one) and a stable
    code.
    """

    pointer: str
    code: str


class ParcelveilError(Exception):
    """Something went wrong."""

    code: str = "error"
    status: int = 500
    retry_after: int = 5
    """Seconds after which the request may be sent again, where ``status`` is 503."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class ConfigError(ParcelveilError):
    """The configuration cannot be used."""

    code = "configuration"
    status = 503

    def __init__(self, message: str | None = None, *, pointer: str = "") -> None:
        """``pointer`` (RFC 6901) leads to the setting, within the document that was read."""
        super().__init__(message)
        self.pointer = pointer


class SettingError(ConfigError):
    """A setting of the configuration is not what it has to be."""

    def __init__(
        self,
        *,
        place: str,
        expected: str,
        example: str,
        problem: str = "",
        hint: str = "",
        pointer: str = "",
        path: tuple[str, ...] = (),
    ) -> None:
        """``place`` is the file, the line and the key, or whatever else a mistake can be mended at; ``example`` is to
        be typed as it stands. Nobody can tell of a mistake without these. ``path`` leads to a setting by all its names.
        """
        self.expected, self.example, self.problem, self.hint = expected, example, problem, hint
        self.path = path
        told = "; ".join(filter(None, (problem, f"expected {expected}, such as {example}", hint)))
        super().__init__(f"{place}: {told}", pointer=pointer)

    def at(self, place: str, hint: str = "") -> SettingError:
        """The same mistake, told of a place that is known better now."""
        return SettingError(
            place=place,
            expected=self.expected,
            example=self.example,
            problem=self.problem,
            hint=hint or self.hint,
            pointer=self.pointer,
            path=self.path,
        )


class NoDatabaseError(ConfigError):
    """There is no database where the configuration says that there is one."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path}: there is no database here; `parcelveil migrate` makes one, unless another is meant: name it in "
            "server.database or $DATABASE_URL (a relative path starts at the working directory)"
        )


class RequestError(ParcelveilError):
    """The request cannot be accepted."""

    code = "bad-request"
    status = 400


class SignatureError(RequestError):
    """The signature of this request could not be verified."""

    code = "invalid-signature"
    status = 401


class UnauthorisedError(RequestError):
    """This request does not carry a credential for what it asks."""

    code = "unauthorised"
    status = 401


class BodyError(RequestError):
    """The body of this request cannot be read."""

    code = "malformed-json"
    status = 400

    def __init__(self, message: str | None = None, *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.status = status or type(self).status


class SchemaError(RequestError):
    """The body does not have the permitted form."""

    code = "schema"
    status = 422

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__()
        self.faults = faults
        self.alarms: tuple[str, ...] = ()
        """The paths under which something looks like a credential (VP-CAT-1): told to the operator alone."""


class ConflictError(RequestError):
    """The request is at odds with an earlier one."""

    code = "conflict"
    status = 409


class ShopInFileError(ConflictError):
    """This shop stands in the configuration file, which wins; change it there."""

    code = "shop-in-file"


class DomainTakenError(ConflictError):
    """Another shop has this domain."""

    code = "domain-taken"


class DomainChangedError(ConflictError):
    """A shop of this name has or had another domain, and its records stay under the name; choose another name."""

    code = "domain-changed"


class IntegrationEndedError(ConflictError):
    """The shop uninstalled the app, and this request to integrate ended; a new one, of that day or later, is needed."""

    code = "integration-ended"


class SecretTakenError(ConflictError):
    """This secret belongs to another shop or app."""

    code = "secret-taken"


class ChangedMeanwhileError(ConflictError):
    """Somebody else changed this shop at the same time; look again, and repeat what is still wanted."""

    code = "changed-meanwhile"


class QuarantinedError(ConflictError):
    """The settings of this shop cannot be used any more; a check of it tells why."""

    code = "shop-quarantined"


class NotOwnSecretError(ConflictError):
    """This shop belongs to an app, whose secrets stand in the configuration."""

    code = "secret-of-an-app"


class NotFitError(SchemaError):
    """This shop is not fit to be live; a check of it tells what is missing."""

    code = "shop-not-fit"
    status = 409

    def __init__(self, faults: tuple[Fault, ...], remedies: tuple[str, ...]) -> None:
        """``remedies`` say of each fault what is the matter and what to do, in words of ours."""
        super().__init__(faults)
        self.remedies = remedies


class NotFoundError(RequestError):
    """There is nothing here."""

    code = "not-found"
    status = 404


class SealError(ParcelveilError):
    """A part could not be sealed or opened."""

    code = "sealing"
    status = 503


class UnknownKeyError(SealError):
    """There is no key for this part, retention class and month."""

    code = "missing-retention-key"


class KeyRefusedError(SealError):
    """What a parcel platform publishes as its keys is refused; the keys known before stay in use."""

    code = "platform-keys-refused"


class TamperedError(SealError):
    """A sealed part or receipt is not what was sealed or signed."""

    code = "tampered"
    status = 500


class DestructionRefusedError(ParcelveilError):
    """This key may not be destroyed yet."""

    code = "destruction-refused"
    status = 409


class ShopUnreadableError(ParcelveilError):
    """The row of this shop holds what this service never writes; connect the shop anew, or disconnect it."""

    code = "unreadable-row"
    status = 500


class StorageError(ParcelveilError):
    """The storage is not available."""

    code = "storage-unavailable"
    status = 503


class ClockJumpedError(ParcelveilError):
    """The clock has jumped, so nothing is purged; where it is right, run `parcelveil purge --accept-clock`."""

    code = "clock-jumped"


class LeaseLostError(ParcelveilError):
    """Another process has taken over."""

    code = "lease-lost"


class PiledUpError(ParcelveilError):
    """Too many orders of this shop cannot be accepted; nothing was done, send it again later."""

    code = "rejections-piled-up"
    status = 503
    retry_after = 300


class ShopPausedError(ParcelveilError):
    """This shop is paused; nothing was done, send it again later."""

    code = "shop-paused"
    status = 503


class OverShareError(ParcelveilError):
    """This shop asks for more than its share; nothing was done, send it again later."""

    code = "over-share"
    status = 503

    def __init__(self, shop: str, retry_after: int | None = None) -> None:
        """``shop`` is its name, for the operator alone; ``retry_after`` is in seconds."""
        super().__init__()
        self.shop = shop
        self.retry_after = retry_after or type(self).retry_after


class BusyError(OverShareError):
    """Too many webhooks of this shop are in work; nothing was done, send it again in a moment."""

    code = "busy"


class BacklogFullError(OverShareError):
    """Too many orders of this shop wait to be sent; nothing was done, send it again later."""

    code = "backlog-full"
    retry_after = 300


class NotServedError(ParcelveilError):
    """This request is genuine, but cannot be served yet; nothing was done."""

    code = "not-served"
    status = 503


class DeliveryError(ParcelveilError):
    """The parcel platform could not be reached or did not take the shipment."""

    code = "delivery"
    status = 502


class TransientDeliveryError(DeliveryError):
    """The parcel platform did not answer as it should; a later attempt may succeed."""

    code = "delivery-transient"


class PermanentDeliveryError(DeliveryError):
    """The parcel platform refused; another attempt with the same content would be refused as well."""

    code = "delivery-permanent"
