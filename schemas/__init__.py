"""What data may exist here, why, and for how long."""
