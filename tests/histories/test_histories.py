"""One live shipment per order, with the newest content: in random histories, against the platform's ledger."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.histories.events import History, histories
from tests.histories.play import Play
from tests.histories.world import World

HISTORIES = 250
"""As many as take some twenty seconds; ``python -m benchmarks.histories`` tries thousands."""


@settings(
    max_examples=HISTORIES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=histories)
def test_one_live_shipment_per_order_with_the_newest_content(world: World, history: History) -> None:
    Play(world, history).run()
