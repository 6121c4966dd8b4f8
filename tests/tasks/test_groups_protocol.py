"""Groups and hosts, in any order of steps and with any call cut off."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.tasks.groups_watched import WatchedGroups
from tests.tasks.test_protocol import settings

# Coverage would take as long again; other tests run the same lines.
pytestmark = pytest.mark.no_cover


def test_groups_are_right_whatever_is_cut_off() -> None:
    run_state_machine_as_test(WatchedGroups, settings=settings(200))
