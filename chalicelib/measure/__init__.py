"""This machine: uptime and iostat, by its commands or by /proc."""
