"""The whole service on one laptop: a local cloud, a worker, and the API."""
