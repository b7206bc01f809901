"""What happens to the data: the line from a shop's webhook to the parcel platform."""

from __future__ import annotations

__version__ = "0.1.0"
