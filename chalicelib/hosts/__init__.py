"""The registry of hosts: which machines there are, and how they are."""
