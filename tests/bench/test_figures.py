"""How the figures of stacks are compared."""

import pytest

from bench import figures


def test_stacks_are_compared_within_each_round() -> None:
    """The machine was ten times slower in the second and third round, for both stacks."""
    assert figures.ratio([1.0, 10.0, 11.0], [2.0, 20.0, 20.0]) == 0.5


def test_rounds_in_which_only_one_was_measured_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="shorter"):
        figures.ratio([1.0, 2.0], [1.0])
