"""What differs between the two parcel platforms that the demonstration can be played with: data, and no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.evidence import BPOST, PARCEL_JSON

ACCOUNT = "123456"
"""The simulated account at bpost."""

POINT, LOCKER = "200001", "200003"
"""Of the simulated pick-up points; the file that a configuration names has both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """What becomes of one made-up order with this carrier, where it is not what becomes of it elsewhere. ``status`` is
    None where that is the same; ``point`` is the pick-up point that it names here.
    """

    why: str
    status: str | None = None
    point: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said on the terminal and on the page where it depends on the carrier."""

    opens: str
    promised: str
    sealed: str
    seen: str
    second_opening: str
    turned: str
    second_promised: str
    explained: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One of the two. ``kind`` is what a configuration and ``inspect`` call it; ``profile`` the TOML of its table, in
    which ``{folder}`` is the demonstration's, and ``variable`` the one of the environment that the table names.

    ``waits``: it takes cleartext, so what rests here is looked at while all of it waits for the relay. ``keeps`` is
    ``keep_delivered``. ``labels``: they are left behind as files. ``others`` are orders that fare otherwise, by file.
    """

    name: str
    kind: str
    profile: str
    variable: str
    keeps: str
    words: Words
    waits: bool = False
    labels: bool = False
    others: Mapping[str, Other] = field(default_factory=dict)


PLATFORM = Carrier(
    name="platform",
    kind=PARCEL_JSON,
    profile='token = {{ env = "PARCEL_PLATFORM_TOKEN" }}',
    variable="PARCEL_PLATFORM_TOKEN",
    keeps="policy",
    words=Words(
        opens="A simulated parcel platform opens what it gets with private keys of its own, and prints labels.",
        promised="What was promised, judged by the platform's ledger, by what it opened and by raw bytes",
        sealed=(
            "encrypted to the parcel platform, in the part that is named; and once more to a key of Parcelveil's own "
            "that its relay can use: this instance keeps copies"
        ),
        seen="What the platform opened with its private keys",
        second_opening="The second act: thirteen months pass",
        turned=(
            "The clocks of Parcelveil and of the parcel platform are turned, as an operator can turn those of a test "
            "instance; everything else is as on any day. This instance keeps a sealed copy of each part after delivery "
            '(keep_delivered = "policy"), so that there is something to end here too.'
        ),
        second_promised="What was promised of time, judged by the platform's parts, by raw bytes and by every key that "
        "is left",
        explained=(
            "Each pair counts parts: those of the recipient + those of the sender. Here: sealed in Parcelveil's "
            "database. There: at the parcel platform. Backup: what opens out of a copy of the database that was made "
            "in the first act, with every private key that is left in any file."
        ),
    ),
)

BPOST_SHM = Carrier(
    name="bpost",
    kind=BPOST,
    profile=(
        f'account = "{ACCOUNT}"\npassphrase = {{{{ env = "BPOST_PASSPHRASE" }}}}\npoints = "{{folder}}/points.json"'
    ),
    variable="BPOST_PASSPHRASE",
    keeps="0d",
    waits=True,
    labels=True,
    words=Words(
        opens=(
            "bpost's services, simulated too, take cleartext: until then every part rests sealed to a key of the week, "
            "which the relay alone can use, in memory, for one conversation. They print labels."
        ),
        promised="What was promised, judged by the XML that bpost got, by what it tells of it and by raw bytes",
        sealed=(
            "encrypted to the week's transit key of Parcelveil's own, in the part that is named, and opened by the "
            "relay for one conversation with bpost; who sends is sealed too, and never sent: the account's own sender "
            "stands on the label"
        ),
        seen="What bpost was told, element by element",
        second_opening="The second act: the week ends, then thirteen months pass",
        turned=(
            "The clocks are turned, as an operator can turn those of a test instance. Parcelveil's own parts left when "
            "bpost had taken them, so it is the keys that are left to end. bpost has no way to be told that a part has "
            "ended: its own copy ends by its own clock, here it never does, and of such a record Parcelveil says "
            "'handed over, erasure not verifiable' and no more."
        ),
        second_promised="What was promised of time, judged by raw bytes and by every key that is left",
        explained=(
            "How many parts there are of each order. Waiting: sealed in Parcelveil's database before the relay began. "
            "Here: what is left of them in any file. Backup: what opens out of the copy of the database that was made "
            "while they waited, with every private key that is left in any file. At bpost: boxes with name and "
            "address, which end by bpost's own clock."
        ),
    ),
    others={
        "06-pickup-point.json": Other(
            why=(
                "Goes to a post office or shop, by bpost's own number for it: bpost is told the name and the point, "
                "and nothing of where the recipient lives."
            ),
            point=POINT,
        ),
        "12-partially-refunded.json": Other(
            why=(
                "Goes to a parcel locker: the same, and the e-mail address to which bpost mails the code. One of two "
                "pairs of boots was refunded, and is no part of the parcel."
            ),
            point=LOCKER,
        ),
        "14-many-scripts.json": Other(
            why=(
                "A Greek address in Greek: label printers have the letters of Western Europe alone, so name, street "
                "and locality are transliterated, and that is told of each path. Nothing is left out or cut off."
            )
        ),
        "15-hostile-strings.json": Other(
            why=(
                "Markup, script, SQL and terminal codes in every text field. bpost's XML can hold no control "
                "characters, and nothing is taken out of a name in silence: the order is recorded as rejected, with "
                "the field, for the merchant to mend."
            ),
            status="rejected",
        ),
    },
)

CARRIERS: Mapping[str, Carrier] = {carrier.name: carrier for carrier in (PLATFORM, BPOST_SHM)}
"""By the names that ``--carrier`` and the demonstration's configuration use."""

CONFIGURATION = """\
[server]
listen = "{host}:{port}"
api_listen = "{host}:{api_port}"
metrics_listen = "{host}:{metrics_port}"
database = "sqlite:///{folder}/var/parcelveil.db"
keys = "{folder}/var/keys"
state = "{folder}/var/state"
journal = "{folder}/var/journal"
keep_delivered = "{carrier.keeps}"
log_level = "DEBUG"

[carriers.{carrier.name}]
kind = "{carrier.kind}"
url = "{platform}"
{profile}
allow_private = ["{host}"]

[apps.parcelveil]
platform = "shopify"
secrets = [{{ env = "SHOPIFY_SECRET" }}]

[shops.demo]
platform = "shopify"
app = "parcelveil"
domain = "{domain}"
policy = "bpost-shipping-platform"
account_type = "professional"
integration = {{ requested_on = 2026-11-02, reference = "made up" }}
carrier = "{carrier.name}"
notify = "{notify}"
pickup_attribute = "{pickup_attribute}"
hold = "0s"
sender = {{ {sender} }}
"""
"""What Parcelveil is told; all of it but two tables is the same with either carrier."""
