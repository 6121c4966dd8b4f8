"""Who works under a name, in any order of steps."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.hosts.names_protocol import Names
from tests.tasks.test_protocol import settings

pytestmark = pytest.mark.usefixtures("uncovered")


def test_one_machine_at_a_time_works_under_a_name() -> None:
    run_state_machine_as_test(Names, settings=settings(100))
