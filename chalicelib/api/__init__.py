"""HTTP: the routes of each version, what applies to every request, how answers look."""
