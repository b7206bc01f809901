"""Who receives: a pure check and mapping of the order, and a conversation without I/O."""
