"""Every rule taken out or turned round, one at a time: a test that names its requirement must turn red."""
