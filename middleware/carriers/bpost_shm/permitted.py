"""What an account may use of what a shop chose, by bpost's product configuration: asked before a shop is live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from middleware.carriers.bpost_shm import answers, products
from middleware.carriers.bpost_shm.products import Way
from middleware.exchange import Response
from middleware.model_shop import Fitness

CHECK: Final = "bpost"
_ACCOUNT, _PRODUCTS, _LINES = "/account", "/products", "/lines"


def finding(chosen: Mapping[str, str], lines: Mapping[str, str], response: Response) -> Fitness:
    """What the answer to ``BpostShm.question`` tells of a shop that chose these products, by way and by shipping line.
    What it did not choose may be closed to it, as long as one way is open.
    """
    if response.status in (401, 403):
        told = "bpost does not take its account and passphrase: it is the webservice passphrase, not the portal's"
        return Fitness(check=CHECK, ok=False, message=told, pointer=_ACCOUNT)
    known = answers.products(response.body) if response.status == 200 else None
    if known is None:
        told = f"bpost does not tell what the account may use ({answers.refusal(response.status, response.body)})"
        return Fitness(check=CHECK, ok=False, message=f"{told}: try again", pointer=_ACCOUNT)
    closed = [way for way in Way if not _open(chosen.get(way) or products.first(way), known)]
    refused = [way for way in closed if way in chosen]
    if refused:
        told = f"the account may not use what products says of {', '.join(refused)}: choose another, or ask bpost"
        return Fitness(check=CHECK, ok=False, message=told, pointer=f"{_PRODUCTS}/{refused[0]}")
    if wanting := [name for name, line in lines.items() if not all(_open(text, known) for text in line.split())]:
        told = f"the account may not use all that lines says of {', '.join(wanting)}: choose another, or ask bpost"
        return Fitness(check=CHECK, ok=False, message=told, pointer=_LINES)
    if len(closed) == len(Way) and not lines:
        told = "the account may use none of the products that go anywhere: ask bpost"
        return Fitness(check=CHECK, ok=False, message=told, pointer=_PRODUCTS)
    told = f"the account may use what goes {', '.join(way for way in Way if way not in closed)}"
    return Fitness(check=CHECK, ok=True, message=f"{told}; not {', '.join(closed)}" if closed else told)


def _open(text: str, known: frozenset[str]) -> bool:
    choice = products.read(text)
    return choice is not None and choice.product in known
