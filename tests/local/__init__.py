"""Tests of the processes of a laptop, started as a person starts them."""
