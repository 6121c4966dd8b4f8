"""Tasks: what a task is, and the use cases of callers and of workers."""
