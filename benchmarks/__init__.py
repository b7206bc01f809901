"""What is measured, each by ``python -m benchmarks.NAME``: figures and ratios, made on the machine that it runs on."""
