"""HTTP on a laptop: uvicorn in front of Chalice's own local gateway."""
