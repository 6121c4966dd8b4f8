"""Tests of measuring, on this machine and on fake ones."""
