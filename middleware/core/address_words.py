"""How house numbers and boxes are written in Belgium, the Netherlands, France, Luxembourg and Germany: words and forms,
nothing that knows a street.

Every pattern is meant for one line of at most ``LONGEST_LINE`` characters with single spaces, in NFC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST_LINE = 160
"""Characters; what is longer is no address line, and is not read."""

BOXES = frozenset(("BE", "LU"))
"""Where a letter box has a number of its own."""

NUMBER_FIRST = frozenset(("FR", "LU"))
"""Where a number before the street needs no other sign."""


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_END = r"(?![^\W_])"
"""Neither a letter nor a digit follows."""

_LETTER = rf"(?:[ ]?(?:bis|ter|quater|quinquies)|[ ]?[a-z]){_END}"
_DIGITS = r"[0-9]{1,5}(?![0-9])"
_MORE = rf"(?:{_DIGITS}(?:{_LETTER})?|[a-z]{_END})"
_ADDITION = (
    rf"(?:[ ]?[-–/]?[ ]?(?:hs|huis|bis|bg|zw|rd|rood|zwart|bov|ben|[ivx]{{1,5}}|[a-z](?:[ ]?[0-9]{{1,3}})?){_END}"
    rf"|[-–/]?[a-z]{{2}}{_END}|[ ]?[-–/][ ]?{_DIGITS}(?:[a-z]{_END})?)"
)
"""What the Dutch write after a number: a letter, a roman numeral, ``hs`` for the ground floor."""

_PLAIN = rf"{_DIGITS}(?:{_LETTER})?(?:[ ]?[-–+/][ ]?{_MORE}){{0,4}}"
_NUMBERS: Mapping[str, str] = {
    "BE": rf"{_DIGITS}(?:{_LETTER})?(?:[ ]?[-–+][ ]?{_MORE}){{0,4}}",  # what follows a slash is a box there
    "NL": rf"{_DIGITS}(?:{_ADDITION}){{0,2}}",
    "FR": _PLAIN,
    "LU": _PLAIN,
    "DE": _PLAIN,
}
_NR = (
    r"(?:(?:(?:huis|maison)[ ])?(?:(?:huisnr|hausnr|nr|no|num)\.?:?[ ]?(?=[0-9])|(?:n[°º]|№):?[ ]?"
    r"|(?:num[eé]ro|(?:haus|huis)?nummer):?[ ](?=[0-9]))|(?:huis|maison)[ ](?=[0-9]))"
)

_LEVEL = r"(?:verdieping|verdiep|verd|vloer|[eé]tage|[eé]t|stock|stw|og|hoog|hg)"
FLOOR = rf"[0-9]{{1,2}}[ ]?(?:de|e|ste|[eè]me|er|[eè]re|°|\.)?[ -]?{_LEVEL}{_END}"
PLACES = (
    r"app(?:artement|art|t)?|apt|apartment|ap(?!p)|flat|studio|kamer|chambre|[eé]tage|verdieping|verd|niveau|niv"
    r"|b[aâ]t(?:iment)?|bloc|blok|gebouw|esc(?:alier)?|whg|wohnung|aufgang|unit|lokaal|b\.?p|cs|postbus"
    r"|bo[iî]te postale"
)
"""What a place within a house, or a post office box, is called where a number or a letter follows."""

ALONE = (
    r"gelijkvloers|gelijkvl|glvl|rez[- ]de[- ]chauss[eé]e|rdc|hinterhaus|vorderhaus|seitenfl[uü]gel|erdgeschoss"
    r"|eg|dg|ug|rechterdeur|linkerdeur|achterhuis|c/o|t\.?a\.?v\.?|p/a"
)
"""The same, where nothing needs to follow."""

_WORDED = r"(?:brievenbus|bus|bo[iî]te|bte|bt|box)(?:[. :]{1,2}|(?=[0-9]))(?:(?:nr\.?|n[°º])[ ]?)?"
_MARK = rf"(?:{_WORDED}|(?<!/)(?<!/ )b[. ]{{0,2}}(?=[0-9])(?![1-9][0-9]{{3}}(?![0-9])))"
"""What stands before a box. ``B 3000`` is a postal code sooner than a box; in ``12/B3`` the letter is the box's."""

_LATTER = rf"(?:[./-][0-9a-z]+){{0,3}}{_END}(?![ ]?{_LEVEL}{_END}(?![. ]{{0,2}}[0-9]))"
"""How a box goes on. ``3 étage`` is a floor, but in ``3 étage 4`` the floor is what follows."""

_VALUE = rf"(?!z/?n{_END})(?:[0-9][0-9a-z]*|[a-z]{{1,4}}[0-9]{{0,5}}(?![a-z])){_LATTER}"
_SHORT_VALUE = rf"(?:[0-9][0-9a-z]*|[a-z][0-9]{{0,5}}){_LATTER}"
"""A box before the street, or behind a floor: ``12 / rue`` and ``boîte aux lettres`` hold none."""

_SEP = r"[ ]?[,;/–-]?[ ]?"
_GAP = r"(?:[ ]?[,;/]{1,2}[ ]?|[ ](?:[–-][ ])?)"
_BOX = rf"(?:{_SEP}{_MARK}|[ ]?/[ ]?)(?P<box>{_VALUE})"
_BOXED = rf"{_GAP}(?P<boxed>(?:bus|bo[iî]te|bte|box)[. ]{{1,2}}[0-9a-z].*)"
"""Where letter boxes have no numbers of their own, such words stand for a place within the house."""

_ASIDE = r"[ ]?[,;][ ]?(?P<aside>[^0-9]{3,})|[ ](?P<bracketed>\([^0-9]+\))"
"""What follows a comma and holds no digit can be no part of a number."""

_INSIDE = rf"(?P<inside>(?:{FLOOR}|(?:{PLACES}|haus|{ALONE}){_END}).*)"
_BEHIND = rf"(?P<behind>(?:{FLOOR}|(?:{PLACES})[. ]{{0,2}}(?:[0-9]|[a-z]{_END})|(?:{ALONE})\.?(?=$|[ ,])).*)"


def _tail(country: str) -> re.Pattern[str]:
    box = _BOX if country in BOXES else _BOXED
    return _form(rf"(?:{_NR})?(?P<number>{_NUMBERS[country]})(?:{box})?(?:{_GAP}{_INSIDE}|{_ASIDE})?[.,]?")


def _rest(country: str) -> re.Pattern[str]:
    box = f"(?:{_SEP}{_MARK}(?P<box>{_VALUE}))?" if country in BOXES else ""
    return _form(rf"{box}(?:{_GAP}{_BEHIND}|{_ASIDE})?[.,]?")


TAILS: Mapping[str, re.Pattern[str]] = {country: _tail(country) for country in _NUMBERS}
"""From the house number to the end of the line, where the number follows the street."""

RESTS: Mapping[str, re.Pattern[str]] = {country: _rest(country) for country in _NUMBERS}
"""What may follow the street, where the number stands before it."""


def _head(country: str) -> re.Pattern[str]:
    box = rf"(?:(?:{_SEP}{_MARK}|[ ]?/[ ]?)(?P<box>{_SHORT_VALUE}))?" if country in BOXES else ""
    number = _NUMBERS[country] if country == "BE" else _PLAIN
    return _form(rf"(?:{_NR})?(?P<number>(?![0-9]+(?:e|de|er|ste|re){_END}){number}){box}(?P<comma>[ ]?,[ ]?|[ ])")


HEADS: Mapping[str, re.Pattern[str]] = {country: _head(country) for country in _NUMBERS}
"""The house number before the street, and the box where it stands there too. ``2e Avenue`` begins with none."""

SECOND_BOX = _form(rf"{_MARK}(?P<box>{_VALUE})(?:{_GAP}(?P<others>(?:(?![0-9])|(?={FLOOR})).+))?")
"""A second line that begins with a box."""

INSIDE_BOX = _form(
    rf"(?P<inside>.+?){_GAP}{_WORDED}(?P<box>{_SHORT_VALUE})(?:{_GAP}(?P<others>(?:(?![0-9])|(?={FLOOR})).+))?"
)
"""A place within a house with a box behind it (``étage 2 boîte 7``)."""

MARKED = _form(r"(?<![^\W_])(?:brievenbus|bus|bo[iî]te|bte|box)(?![^\W\d_])")
"""A word that announces a box."""

INSIDE = _form(_INSIDE)
"""A place within a house."""

WAY = (
    r"(?:all[eé]e|avenue|av|boulevard|bd|bld|chauss[eé]e|ch[eé]e|chemin|clos|cit[eé]|cours|dr[eè]ve|esplanade"
    r"|faubourg|galerie|grand[-' ]rue|impasse|mont[eé]e|passage|place|placette|pl|quai|r[eé]sidence|rond-point|route"
    r"|rte|ruelle|rue|r|sentier|square|sq|tienne|venelle|vieille rue|voie)"
)
WAYS = _form(rf"{WAY}\.?{_END}")
"""What a French street is called: a number stands before it in Belgium too."""

_MONTH = (
    r"(?:januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"
    r"|janvier|f[eé]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre"
    r"|januar|februar|märz|august|dezember)"
)
_SUFFIX = r"(?:[- ]?(?:laan|straat|plein|weg|lei|park|dreef|ring|pad|hof|platz|straße|strasse))?"
DATED = _form(rf"[ ]?{_MONTH}{_SUFFIX}{_END}")
"""What follows a number that is a day."""

MONTHS = _form(_MONTH)

YEARS = _form(r"(?:1[0-9]{3}|20[0-9]{2})(?:[-–/][’']?[0-9]{2,4})?")
"""What a square or a street is named after (``Laan 1940-1945``)."""

ENDINGS = ("straat", "laan", "weg", "plein", "dreef", "lei", "str", "straße", "strasse", "gasse", "allee", "platz")
"""What a name ends in to which a number may be glued (``Kerkstraat12``)."""

ORDINAL = _form(rf"[0-9]+(?:e|de|ste|er|[eè]re|[eè]me|re|è){_END}")
COMPOUND = _form(rf"[0-9]+[-’'][^\W\d_]*(?:{'|'.join(ENDINGS)})")
"""``2e Dreef`` and ``1213-laan`` name a street."""

NAMING = _form(
    r"(?:de|der|des|du|la|le|les|aux|den|het|die|met|op|et|en|n|rn|rd|d|cd|e|r|route|nationale|d[eé]partementale)\.?"
)
"""Words after which a number belongs to the name (``Rue des 3 Fontaines``, ``route départementale 20``)."""

NO_HOUSE = _form(
    r"(?:km|kilom[eè]t(?:er|re)|kmpaal|kilometerpaal|paal|pk|bk|borne|hm|zone|zoning|lot|kavel|perceel|za|zi"
    r"|box|bus|bo[iî]te|bte|bt|b|app|appt|apt|ap|appartement|b[aâ]t|b[aâ]timent|blok|bloc|gebouw|haus|[eé]tage"
    r"|verdieping|verd|unit|hall?|poort|porte|kaai|dok|chambre|kamer|studio|b\.?p|cs|postbus|postfach|packstation"
    r"|t[eé]l|gsm|nr|n[°º])\.?"
)
"""Words after which a number is no house number."""

GENERIC = _form(r"plein|laan|park|place|square|platz|straat|weg|kade|avenue")
"""With a year behind it, it may be a name."""

PO_BOX = _form(
    r"\W*(?:(?:post(?:bus|fach|lagernd|filiale)|packstation|pakjesautomaat|poste restante|bo[iî]te postale)(?![^\W\d_])"
    r"|(?:b\.? ?p\.?|cs|tsa|sp|bpo)(?= ?[0-9])|p\.? ?o\.? ?box|secteur postal|feldpost)"
)
"""How a line begins that names no house: boxes of a post office, parcel lockers, field post."""

NUMBERLESS = _form(
    r"(?:^|[ ,])(?:z\.?/?n\.?r?|s\.?/?n\.?|sans num[eé]ro|zonder (?:huis)?nummer|ohne (?:haus)?nummer|o\.? ?nr\.?)"
    rf"{_END}"
)
"""Said outright: the house has no number."""

SQUARE = re.compile(r"[A-Z][ ]?[0-9]{1,2}")
"""The squares of Mannheim have no names."""
