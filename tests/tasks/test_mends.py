"""Mends of old faults: when one is taken out, a state machine of the protocol finds the fault."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.tasks import mends
from tests.tasks.mends import Mend
from tests.tasks.test_protocol import settings

#: Far more than it takes to find any of them.
EXAMPLES = 300


@pytest.mark.parametrize("mend", mends.ALL.values(), ids=mends.ALL)
def test_without_a_mend_its_fault_is_found(mend: Mend, monkeypatch: pytest.MonkeyPatch) -> None:
    mend.take_out(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(mend.machine, settings=settings(EXAMPLES))
