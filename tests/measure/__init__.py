"""This machine, and fake ones."""
