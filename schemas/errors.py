"""The one error of this package."""

from __future__ import annotations


class SchemaFault(Exception):
    """A pack or a schema that must not be used.

    Its text is one line that names the file (or the pack), the place in it and the remedy. It holds names from packs
    and schemas, never a value from a payload.
    """
