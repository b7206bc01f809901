"""Bearer tokens (RFC 6750 §2.1): what an ``Authorization`` header must hold, wherever one is asked for."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def opens(header: str, tokens: Sequence[bytes]) -> bool:
    """Whether the header carries one of ``tokens``; an empty one opens nothing.

    The scheme's name in any case, spaces, the token to the header's end. Compared by digest in constant time, with
    every token, whatever the scheme is.
    """
    scheme, _, rest = header.partition(" ")
    claimed = rest.lstrip(" ").encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(claimed).digest()
    right = False
    for token in tokens:
        right |= hmac.compare_digest(hashlib.sha256(token).digest(), digest)
    return right and claimed != b"" and scheme.lower() == "bearer"
