"""Benchmarks: ours against a baseline, alternating in one run, told as ratios."""
