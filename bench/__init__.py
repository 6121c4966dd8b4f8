"""Benchmarks: counts of calls, and times as ratios within one run of the benchmark."""
