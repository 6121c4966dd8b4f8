"""Measurements: what is counted, and times as ratios within one run."""
