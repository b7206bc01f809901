"""What a plug-in is refused with; part of the error tree of ``middleware.errors``."""

from __future__ import annotations

from middleware.errors import ConflictError, ParcelveilError, RequestError, SchemaError


class IdempotencyKeyError(RequestError):
    """This request needs one Idempotency-Key, a string of 1 to 255 printable ASCII characters."""

    code = "idempotency-key"


class OtherPolicyError(RequestError):
    """The policy of this shop is not for what this address takes."""

    code = "other-policy"
    status = 403


class OtherLaneError(RequestError):
    """Shipments of this shop are made of its webhooks; a call makes none."""

    code = "other-lane"
    status = 403


class KeyReusedError(ConflictError):
    """This Idempotency-Key was used for another content; take a new key for a new shipment."""

    code = "idempotency-key-reused"
    status = 422


class InHandError(ConflictError):
    """A request with this Idempotency-Key is in hand; send it again later."""

    code = "in-hand"


class ErasedError(RequestError):
    """What was sent under this Idempotency-Key is erased."""

    code = "erased"
    status = 410


class OrderCancelledError(ConflictError):
    """This order was cancelled, or has nothing left to ship."""

    code = "order-cancelled"


class OlderVersionError(ConflictError):
    """A newer version of this order is known."""

    code = "older-version"


class TooLateError(ConflictError):
    """The parcel platform can no longer change or cancel this parcel; a person decides."""

    code = "too-late"


class HeldError(ConflictError):
    """What the parcel platform has of this is kept by law for now and can be neither changed nor taken back."""

    code = "held"


class NoLabelError(ConflictError):
    """There is no label yet; the parcel platform has not taken this shipment."""

    code = "no-label-yet"


class LabelGoneError(RequestError):
    """There is no label any more; this shipment was cancelled, or its data have ended."""

    code = "label-gone"
    status = 410


class LabelElsewhereError(ConflictError):
    """There is no label as long as the shop's account with which this shipment was made is not known here."""

    code = "account-changed"


class LabelUnavailableError(ParcelveilError):
    """The parcel platform did not give the label; ask again later."""

    code = "label-unavailable"
    status = 503
    retry_after = 15


class UnknownShipmentsError(SchemaError):
    """Some of these shipments are not there; nothing is handed on."""

    code = "unknown-shipments"
    status = 404


class LabelsLackingError(SchemaError):
    """Of some of these shipments there is no label; nothing is handed on."""

    code = "labels-lacking"
    status = 409


class LabelsTooLargeError(RequestError):
    """These labels are too large for one document; ask for fewer at once."""

    code = "labels-too-large"
    status = 422
