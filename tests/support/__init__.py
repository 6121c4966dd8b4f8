"""What the tests share: fakes, asking the app, processes, faults, and an ear for secrets."""
