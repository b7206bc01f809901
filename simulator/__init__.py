"""A parcel platform and shops to try everything against.

Imports nothing of ``schemas`` or ``middleware``: it validates, opens, verifies and renders with code of its own, so
that it is a second opinion. It is made for tests, demonstrations and laptops; it is no place for real people's data.
"""
