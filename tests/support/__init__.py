"""What the tests share: fakes, requests, processes, faults, and a search for secrets."""
