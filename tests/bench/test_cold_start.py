"""The benchmark of cold starts: what it asks is answered."""

import pytest

from bench import cold_start


@pytest.mark.parametrize("case", ["bare", "v1 uptime", "bare with two clients", "v2 create"])
def test_each_case_is_answered(case: str) -> None:
    with cold_start.cloud() as url:
        taken = cold_start.seconds(case, cold_start.environ(url))
    assert set(taken) == {"import", "first request", "all"}
