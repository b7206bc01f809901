"""Pick-up points as bpost's orders name them, as they are known at every use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from middleware.carriers.bpost_shm.mapping import Spot
from middleware.carriers.bpost_shm.spots import spot_of
from middleware.ports import Places


class Spots(Mapping[str, Spot]):
    """Those of ``places``. Whatever is looked for may raise UnknownKeyError, as long as none were fetched, or
    ConfigError for a file that cannot be read.
    """

    def __init__(self, places: Places) -> None:
        self._places = places

    def __getitem__(self, id_: str) -> Spot:
        point = self._places.points().get(id_)
        spot = None if point is None else spot_of(point)
        if spot is None:
            raise KeyError(id_)
        return spot

    def __iter__(self) -> Iterator[str]:
        return iter(self._places.points())

    def __len__(self) -> int:
        return len(self._places.points())
