from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine must not make a property fail
settings.load_profile("unhurried")
