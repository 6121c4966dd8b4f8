"""HTTP: the routes of each version, what holds for every request, how answers look."""
