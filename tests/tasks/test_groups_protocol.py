"""Groups and hosts, in any order of steps and with any call cut off."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.tasks.groups_watched import WatchedGroups
from tests.tasks.test_protocol import settings

pytestmark = pytest.mark.usefixtures("uncovered")


def test_groups_are_right_whatever_is_cut_off() -> None:
    run_state_machine_as_test(WatchedGroups, settings=settings(200))
