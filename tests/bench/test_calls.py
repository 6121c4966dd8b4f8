"""The calls of AWS that each operation makes: no more than the design allows."""

import json
import subprocess
import sys

from local import stage
from tests.support import processes as services


def test_no_operation_makes_more_calls_of_aws_than_it_may() -> None:
    counted = subprocess.run(
        [sys.executable, "-m", "bench.calls"],
        cwd=stage.PROJECT,
        capture_output=True,
        check=True,
        timeout=services.DEADLINE,
    )
    operations = json.loads(counted.stdout.splitlines()[-1])["operations"]
    asked = {name: it["dynamodb"] + it["sqs"] for name, it in operations.items() if it["allowed"]}
    assert len(asked) == 28
    assert [name for name in asked if asked[name] > operations[name]["allowed"]] == []
