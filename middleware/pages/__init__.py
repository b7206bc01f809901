"""Pages of PDF documents in one: read in a process of its own, which is held to so much time and memory."""
