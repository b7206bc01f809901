"""``python -m middleware`` is ``parcelveil``."""

from __future__ import annotations

from middleware.cli import main

if __name__ == "__main__":
    main()
