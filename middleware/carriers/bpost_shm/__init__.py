"""bpost's Shipping Manager (SHM): orders, labels and their answers as XML, built and read without I/O.

Requests are written in the v5 namespaces; answers come in v3's, or with prefixes that nobody declared, so they are read
by local name. Nothing here was run against bpost: what is not verified is said where it matters.
"""
