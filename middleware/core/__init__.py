"""The steps of the line, pure: no I/O, no clock, no Flask. The only impurity is the random source in ``seal``."""
