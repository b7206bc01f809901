"""What is accepted as an image, and what is said of one that is not."""

from __future__ import annotations

from typing import Literal

from middleware.errors import RequestError

MOST_SIDE = 20_000
"""Pixels of one side of an image."""
MOST_PARTS = 65_536
"""Segments or chunks of one image: each costs a step, however short it is."""

Code = Literal["image-format", "image-kind", "image-size", "image-structure", "image-truncated"]
"""``image-format``: neither JPEG nor PNG. ``image-kind``: of a kind that is read nowhere (arithmetic, lossless or
hierarchical coding; a critical chunk that PNG does not have). ``image-size``: no pixels, too many, or in too many
pieces. ``image-structure``: something is where it may not be. ``image-truncated``: it ends too early.
"""


class ImageError(RequestError):
    """This image cannot be read, so what it says of people cannot be taken out of it."""

    code = "image-structure"
    status = 422

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code = code


def check_sides(width: int, height: int) -> None:
    """Both sides, in pixels. Raises: ImageError (``image-size``)."""
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise ImageError("image-size")
