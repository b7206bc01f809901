"""Who sends: verification of the raw bytes, and reading of the permitted fields."""
