"""Tasks: their use cases on fakes, and the proofs of the protocol."""
