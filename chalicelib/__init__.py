"""hoststat: a host's uptime and iostat on HTTP."""
