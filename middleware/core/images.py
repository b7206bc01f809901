"""An image without what it says beside its picture (MS-CAT-6): where, when, by whom and with what it was taken."""

from __future__ import annotations

from middleware.core import image_beside, image_jpeg, image_png
from middleware.core.image_beside import Kind
from middleware.core.image_bounds import ImageError

__all__ = ["ImageError", "Kind", "stripped", "taken_out"]


def stripped(data: bytes) -> bytes:
    """The same picture, JPEG or PNG, in a file made anew from an allow-list: what is not known to be needed goes.

    EXIF (with its place, time, device and thumbnail), IPTC, XMP, comments, texts, resolution, further pictures and
    whatever hangs behind the end are gone. The compressed pixels are the very same bytes. Two things of the metadata
    change how a picture looks, and these alone are read, and written anew in a form of ours that has room for nothing
    else: the turn (EXIF's orientation, of an image that is not upright), and the colours. XMP's orientation is not
    read, as no viewer reads it. What is in the picture itself, a face or a name plate, and what somebody hid in it, is
    still there: pixels are never decoded. Time and memory are linear in the length of ``data``, of a PNG also in
    that of its pixels, of which there are at most ``image_png.MOST_INFLATED`` bytes. What comes out goes in and out
    again without a change.

    Raises: ImageError, which says why with one of its codes and nothing of the image.
    """
    if data.startswith(image_jpeg.SIGNATURE):
        return image_jpeg.remade(data)
    if data.startswith(image_png.SIGNATURE):
        return image_png.remade(data)
    raise ImageError("image-format")


def taken_out(data: bytes, clean: bytes) -> frozenset[Kind]:
    """What went when ``data`` was stripped to ``clean``, by kind alone: nothing of it is read."""
    found = image_beside.jpeg if data.startswith(image_jpeg.SIGNATURE) else image_beside.png
    left = frozenset(found(clean))
    return frozenset(kind for kind, piece in found(data) if (kind, piece) not in left)
