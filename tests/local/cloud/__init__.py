"""The local cloud: its doors, its journal, its server."""
