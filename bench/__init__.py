"""Measurements: ratios within one run, beside what one would use instead."""
