"""What in an address line looks like a street, a house number or a box and is none: postal codes, years, two houses.

Every function answers for the whole: where one says yes, the reading is in doubt. Lines and parts are those of
``address_reading``; the patterns are meant for lines of at most ``address_words.LONGEST_LINE`` characters.
"""

from __future__ import annotations

import re
from itertools import pairwise

from middleware.core import address_words as words


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ENDS = r"(?=$|[ ,;])"
"""The word is over; an apostrophe would go on (``porte d'Enfer``)."""

_CODE = _form(r"(?<![^\W_])(?:b|be|d|de|f|fr|l|lu|nl)[ ]?[-–][ ]?(?:[1-9][0-9]{3}|[0-9]{5})(?![0-9])")
"""A postal code with its country before it."""

_GLUED_CODE = _form(r"(?<![^\W_])(?:[bl][ ]?[1-9][0-9]{3}|[df][ ]?[0-9]{5})(?![0-9])")
"""The same without a hyphen; ``D1234`` is a French road."""

_ELSEWHERE = _form(
    r"(?:t\.? ?/?o\.|t/o|tegenover|(?:en )?face (?:[àa]|au|aux|de|du|des)|vis-[àa]-vis|gegen[uü]ber)(?= )"
)
"""The number behind is that of the house on the other side."""

_AND = _form(
    rf"(?:(?:et|and|und|ou|oder|t/m|&|\+)(?= )|(?:en|[àa]|of|tot|au|bis|-|–)[ ](?:[0-9]|[a-z]{_ENDS}))",
)
"""How a second house number begins (``12 et 14``). ``En Nulle-Rue`` is a street."""

_NO_STREET = _form(
    rf"(?:{words.PLACES}|haus|bus|bte|bt|box|bo[iî]te|lot|kavel|porte|hall|entr[eé]e|cage|tour|villa|zone|ingang)"
    rf"[. ]{{1,2}}(?:[0-9]|[a-z]{_ENDS})|(?:{words.ALONE}|bus|bte|bo[iî]te){_ENDS}|{words.FLOOR}"
    rf"|(?:bis|quater|quinquies)(?= )|ter[ ]{words.WAY}{_ENDS}|(?!r |à la )[^\W\d_](?= )"
)
"""What begins no street: a place within the house, a box, a letter that belongs to the number."""

_LOOSE = _form(
    r"(?:brievenbus|bus|bo[iî]te|bte|bt|box|app|appt|apt|appartement|b[aâ]t|b[aâ]timent|[eé]tage|verdieping|verd"
    r"|nr|n[°º]|num[eé]ro|nummer)\.?"
)
"""Words that announce a number: at the end of a street they have lost it."""

_LETTERED = _form(r"[a-hj-uwyz]")
"""A letter at the end of a street. Kings have I, V and X."""

_BARE = _form(r"(?:rue|r|avenue|av|chauss[eé]e|ch[eé]e|chemin|route|rte|impasse|stra(?:ß|ss)e|str)\.?")
"""Not the name of a street, but the beginning of one: what follows may be its name (``Rue 48``)."""

_WAR = re.compile(r"[’']?(?:19)?(?:40[-–/][’']?(?:19)?45|14[-–/][’']?(?:19)?18)")
_VETERANS = _form(
    r"combattant|oud-?strijder|strijders|d[eé]port[eé]s|h[eé]ros|helden|prisonniers|r[eé]sistan|victimes|slachtoffers"
    r"|v[eé]t[eé]rans|guerre|oorlog|weerstand|gesneuvelden"
)
_SHORT_YEAR = re.compile(r"[’']?(?:14|18|30|40|44|45|53|62|68)(?![^\W_])")
"""Years that streets are named after, in short: ``Rue du 8 Mai 45``."""

_ONE_YEAR = re.compile(r"(?:1[0-9]{3}|20[0-9]{2})")

_ESTATE = _form(rf"(?:r[eé]sidence|cit[eé]|clos|domaine|galerie|passage|parc|lotissement|hameau){_ENDS}")
_HOUSE = _form(r"(?:huis|maison)")
_STREET = _form(
    rf"(?:[0-9][^ ]*[ ]|[^\W\d_]+[.°º]?[ ]?[0-9][^ ]*[ ])?(?:{words.WAY})\.?(?=[ ])"
    rf"|(?:.*[^\w])?(?!parkplatz|stellplatz)[^\W\d_][\w'’-]+(?:{'|'.join(words.ENDINGS)})\.?(?![^\W\d_])"
)
_ROOM = _form(
    r"(?:deur|t[uü]r|zimmer|raum|toren|tower|tour|ingang|eingang|entr[eé]e|code|digicode|interphone|bel|sonnette"
    r"|klingel|ligplaats|local|room|suite|parking|garage|loods|kantoor"
    r"|bureau|verdiep|dienst|winkel|bellen|naast|bij|bei|chez|r\+?)(?![^\W\d_])"
)
"""What a second line names within or before a house."""

_FAR = 200
"""Houses: no range of house numbers is longer."""


def elsewhere(line: str) -> bool:
    """Whether a line names another house than the one meant, or holds a postal code with its country."""
    return bool(_CODE.search(line) or _ELSEWHERE.match(line))


def no_street_begins(text: str) -> bool:
    """Whether what follows a house number is not the street, but more of the number."""
    return bool(_NO_STREET.match(text) or _AND.match(text))


def cut_short(names: list[str]) -> bool:
    """Whether the words of a street that stands behind its number end in one that announces something, in a letter
    that may be the box, or hold four digits that are no year for certain.
    """
    before, last = ("", *names)[-2:]
    if _LOOSE.fullmatch(last) and not words.NAMING.fullmatch(before):
        return True
    if len(names) > 2 and _LETTERED.fullmatch(last) and not words.WAYS.fullmatch(before):
        return True
    return holds_code(names, glued=False)


def holds_code(names: list[str], *, glued: bool) -> bool:
    """Whether the words of a street hold four digits that no word before them makes a year (``Laan 1944``); with
    ``glued`` one that ends like a street does it too (``Bedenkersplein 1944``).
    """
    return any(
        _ONE_YEAR.fullmatch(word)
        and not (_dated(article, before) or _generic(before) or words.NAMING.fullmatch(before))
        and not (_ONE_YEAR.fullmatch(before) or (glued and before.lower().endswith(words.ENDINGS)))
        for article, before, word in zip(("", "", *names), ("", *names), names, strict=False)
    )


def is_announced(names: list[str]) -> bool:
    """Whether a word of a street, but the first, announces a box."""
    return any(
        words.MARKED.fullmatch(word.rstrip(".:")) and not words.NAMING.fullmatch(before)
        for before, word in pairwise(names)
    )


def ends_in_code(street: str) -> bool:
    """Whether a postal code with its country before it stands in a street."""
    return bool(_GLUED_CODE.search(street))


def is_loose(inside: str) -> bool:
    """Whether nothing follows the word that announces a place."""
    return bool(_LOOSE.fullmatch(inside))


def is_name(street: str, number: str) -> bool:
    """Whether the number may be the rest of the street's name."""
    named = _generic(street) or _VETERANS.search(street)
    return bool(_BARE.fullmatch(street) or (named and _WAR.fullmatch(number)))


def is_code(number: str) -> bool:
    """Whether what looks like a range ends in a postal code (``12-1000``)."""
    first, *others = (int(digits) for digits in re.findall("[0-9]+", number))
    return any(other > 999 and other > first + _FAR for other in others)


def is_year(names: list[str], line: str, start: int) -> bool:
    """Whether the number with which a line ends, behind these words, may be the year of a date."""
    match = _SHORT_YEAR.match(line, start)
    article, before = ("", "", *names)[-2:]
    return match is not None and not line[match.end() :].strip(" .,") and _dated(article, before)


def explains(article: str, before: str, word: str) -> bool:
    """Whether a word of a street is a year in short, by the words before it."""
    if _WAR.fullmatch(word):
        return _generic(before) or bool(_VETERANS.search(before))
    return bool(_SHORT_YEAR.fullmatch(word)) and _dated(article, before)


def house(line: str, start: int) -> bool:
    """Whether the word ``huis`` or ``maison`` stands here."""
    return bool(_HOUSE.match(line, start))


def is_houseless(article: str, last: str) -> bool:
    """Whether ``huis`` or ``maison`` before a number may be the name of the street, or not."""
    named = words.NAMING.fullmatch(article) or article.lower() in ("'t", "’t")
    return bool(article and _HOUSE.fullmatch(last)) and not named


def goes_on(street: str, inside: str) -> bool:
    """Whether what was taken for a place within the house is another number or the street itself."""
    other_street = words.WAYS.match(inside) and not _ESTATE.match(inside)
    return bool(_AND.match(inside) or (other_street and (_ESTATE.match(street) or not is_street(street))))


def is_street(line: str) -> bool:
    """Whether a line is plainly a street's, by its first word or by how a word ends."""
    return bool(_STREET.match(line)) and not _ESTATE.match(line)


def is_second_number(line: str) -> bool:
    """Whether a second line begins with one more house number (``et 14``)."""
    return bool(_AND.match(line))


def is_room(line: str) -> bool:
    """Whether a line names a place within or before a house."""
    return bool(words.INSIDE.match(line) or _ROOM.match(line))


def _generic(word: str) -> bool:
    return bool(words.WAYS.fullmatch(word) or words.GENERIC.fullmatch(word))


def _dated(day: str, month: str) -> bool:
    return day[:1].isdigit() and bool(words.MONTHS.fullmatch(month))
