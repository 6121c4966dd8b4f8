"""The command ``hoststat``: the uptime and iostat of remote hosts, in a terminal."""

__version__ = "0.1.0"
