"""``python -m simulator mock …`` and ``python -m simulator simulate …``."""

from __future__ import annotations

from simulator.cli import main

main()
