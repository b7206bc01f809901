"""The outside face over HTTP. ``flask`` lives here and nowhere else."""
