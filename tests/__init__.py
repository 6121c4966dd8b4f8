"""The tests. Each file is named after what it tests."""
