"""``python -m tests.support.skewed SECONDS MODULE``: runs a module with its clock so far ahead."""

import runpy
import sys
import time


def main() -> None:
    """Move the clock of this process, and run the module."""
    ahead, right = float(sys.argv[1]), time.time
    time.time = lambda: right() + ahead
    runpy.run_module(sys.argv[2], run_name="__main__")


if __name__ == "__main__":
    main()
