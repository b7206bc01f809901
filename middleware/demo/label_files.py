"""The labels that bpost printed, as files that a person can look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from middleware.demo.carriers import ACCOUNT
from middleware.demo.stage import Stage
from middleware.demo.story import Chapter
from simulator import gather

FOLDER = "demo-labels"


def write(stage: Stage, told: Sequence[Chapter], folder: Path) -> None:
    """A PDF for each order that went, and of the first one a PNG too. What a run before left there is replaced. Raises:
    NoAnswerError, OSError.
    """
    folder.mkdir(exist_ok=True)
    for old in (*folder.glob("*.pdf"), *folder.glob("*.png")):
        old.unlink()
    for name, content in _labels(stage, told):
        (folder / name).write_bytes(content)


def _labels(stage: Stage, told: Sequence[Chapter]) -> Iterator[tuple[str, bytes]]:
    shipped = [(chapter.title, shipment) for chapter in told for shipment, _, _ in chapter.shipments[:1]]
    for title, shipment in shipped:
        yield f"{title}.pdf", shipment.label
    for title, shipment in shipped[:1]:
        yield f"{title}.png", gather.bpost_label(stage.platform, ACCOUNT, stage.token, shipment.barcode, "image")
