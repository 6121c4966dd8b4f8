"""The gateway of a laptop: HTTP on the wire, its bounds, and its process."""
