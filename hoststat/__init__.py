"""The command ``hoststat``: the uptime and iostat of remote hosts, in a terminal."""

__version__ = "0.2.0"
