"""XML in and out. Read without entities, document types or the network."""

from __future__ import annotations

from lxml import etree

from simulator.bpost.validator import InvalidError

NO_DOCTYPE = (
    'DOCTYPE is disallowed when the feature "http://apache.org/xml/features/disallow-doctype-decl" set to true.'
)


def read(raw: bytes) -> etree._Element:
    """The root of a document. Raises: InvalidError (not well-formed, or with a document type)."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        told = str(error) or "Premature end of file."
        raise InvalidError(told) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidError(NO_DOCTYPE)
    return root
