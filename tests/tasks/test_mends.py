"""Mends of old faults: when one is taken out, a state machine of the protocol finds the fault."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.tasks import host_mends, mends
from tests.tasks.mend import Mend
from tests.tasks.test_protocol import settings

pytestmark = pytest.mark.usefixtures("uncovered")

#: Far more than it takes to find any of them.
EXAMPLES = 1000

TABLES = mends.TABLES | host_mends.TABLES
ALL = {f"{about}: {name}": mend for about, table in TABLES.items() for name, mend in table.items()}


@pytest.mark.parametrize("mend", ALL.values(), ids=ALL)
def test_without_a_mend_its_fault_is_found(mend: Mend, monkeypatch: pytest.MonkeyPatch) -> None:
    mend.take_out(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(mend.machine, settings=settings(EXAMPLES))
