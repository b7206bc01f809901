"""bpost's Geolocator: its pick-up points and parcel lockers, all of a country or those around a postal code.

Asked with a country and a postal code at most, so nothing of anybody's order is ever in it (bpost's manual B.4.1, as
public clients carry it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from lxml import etree

from middleware.carriers.bpost_shm.located import KINDS, Located
from middleware.core.inflate import inflated
from middleware.errors import BodyError, TransientDeliveryError
from middleware.exchange import PointsTold, Request, Response
from schemas.order import Hidden

PATH: Final = "/Locator"
LANGUAGES: Final[Mapping[str, str]] = {"BE": "NL", "FR": "FR", "NL": "NL"}
"""The countries whose points it knows, and the language in which each is asked."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of an answer when it is taken apart: all points of a country have more than ten million."""

MOST_AROUND: Final = 100
_ALL_KINDS: Final = sum(map(int, KINDS))
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Locator(Hidden):
    """Asks and reads. ``partner`` is the account, ``key`` what opens the service."""

    partner: str
    key: str

    def every(self, country: str) -> Request:
        """All points of a country of ``LANGUAGES``."""
        asked = {"Function": "getallservicepoints", "Account": self.partner}
        return self._asking({**asked, "Country": country, "Language": LANGUAGES[country]})

    def around(self, country: str, postal_code: str, today: date) -> Request:
        """The points around a postal code, with all that is told of them. The service must be given a day on which they
        are open: the next one from Monday to Friday.
        """
        asked = {"Function": "search", "Partner": self.partner, "Zone": postal_code}
        asked |= {"Country": country, "Language": LANGUAGES[country], "Type": str(_ALL_KINDS), "Info": "1"}
        day = f"{_working(today):%d-%m-%Y}"
        return self._asking({**asked, "Limit": str(MOST_AROUND), "DD": day, "CheckDate": "1", "CheckOpen": "1"})

    def read(self, response: Response, country: str) -> PointsTold:
        """The points of an answer, as far as an order can name them and they lie in that country.

        Raises: TransientDeliveryError with a code: ``http-…``; ``locator-…`` with the status that the answer tells
        inside, ``locator-error`` where it tells none; ``unreadable-answer``, ``too-large``, ``content-encoding``.
        """
        found = Located(country)
        code = f"http-{response.status}" if response.status != 200 else _parsed(response, found) or found.failure
        if code is None:
            return PointsTold(points=tuple(found.points), unfit=found.unfit)
        failure = TransientDeliveryError()
        failure.code = code
        raise failure

    def _asking(self, asked: Mapping[str, str]) -> Request:
        headers = {"x-api-key": self.key, "Accept": "application/xml"}
        return Request(method="GET", path=f"{PATH}?{urlencode(asked)}", headers=headers, body=None, gzip=True)


def _working(today: date) -> date:
    days = (today + timedelta(days=ahead) for ahead in range(1, 4))
    return next(day for day in days if day.weekday() < _SATURDAY)


def _parsed(response: Response, into: Located) -> str | None:
    """The code of what is wrong with the form of an answer; None where it could be read."""
    gzipped = response.headers.get("content-encoding", "").strip().lower() == "gzip"
    target: Any = into  # the library's types ask for methods that it does without
    parser = etree.XMLParser(
        target=target, resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        for piece in inflated(response.body, MOST_BYTES) if gzipped else (response.body,):
            parser.feed(piece)
        parser.close()
    except BodyError as problem:
        return problem.code
    except (etree.XMLSyntaxError, ValueError):
        return "unreadable-answer"
    return None
