"""The calls of AWS that each operation makes, and the units of DynamoDB that they use."""

import json
import math
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import moto

from bench import events, operations
from bench.operations import BEAT, LOOK, Case
from chalicelib.bootstrap import parts
from chalicelib.settings import Settings
from local import cloud, stage

#: No timer may fire, because only one thread may use moto in a process.
_NEVER = {f"{name}_SECONDS": "10000" for name in ("CANCEL", "HEARTBEAT", "SWEEP")}
_NOWHERE = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull}
_ONE_THREAD = {"LEASE_SECONDS": "90000", "FAN_OUT_THREADS": "1"}
_ENVIRON = {**_NOWHERE, **_NEVER, **_ONE_THREAD, "STAGE": stage.LOCAL}


class Row(NamedTuple):
    """The calls and the units of an operation."""

    dynamodb: int
    sqs: int
    allowed: int | None
    read: float
    write: int
    which: str

    def __str__(self) -> str:
        over = self.dynamodb + self.sqs > (self.allowed or math.inf)
        allowed = f"{self.allowed or ''}{' !' if over else ''}"
        figures = f"{self.dynamodb:>9}{self.sqs:>5}{allowed:>9}{self.read:>7g}{self.write:>7}"
        return f"{figures}   {self.which}"


def count(heard: list[events.Call], case: Case) -> Row:
    """Do an operation, and count the calls that are heard meanwhile."""
    heard.clear()
    case.act()
    services = Counter(call.service for call in heard)
    times = Counter(call.operation for call in heard)
    return Row(
        dynamodb=services["dynamodb"],
        sqs=services["sqs"],
        allowed=case.allowed,
        read=sum(call.read for call in heard),
        write=sum(call.write for call in heard),
        which=", ".join(f"{number} {it}" for it, number in times.items()),
    )


def counted() -> dict[str, Row]:
    """Do all operations in a new cloud, and give what each took."""
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[key]
    os.environ.update(_ENVIRON)
    with tempfile.TemporaryDirectory() as folder, moto.mock_aws(), events.quiet():
        cloud.make_resources()
        parts.reset()
        heard = events.listen(parts.session)
        return {
            case.name: count(heard, case)
            for case in operations.cases(operations.Hurried(Path(folder)))
        }


def hour(row: Row, seconds: float) -> Row:
    """Give the calls and units of an hour, for an operation that is done every `seconds`."""
    times = round(3600 / seconds)
    calls, read, write = row.dynamodb * times, row.read * times, row.write * times
    which = f"each {seconds:g} s"
    return row._replace(dynamodb=calls, allowed=None, read=read, write=write, which=which)


def main() -> None:
    """Print a table, and a line of JSON."""
    rows, usual = counted(), Settings()
    hours = {
        f"{LOOK}, for an hour": hour(rows[LOOK], usual.cancel_seconds),
        f"{BEAT}, for an hour": hour(rows[BEAT], usual.heartbeat_seconds),
    }
    print(
        f"{'AWS calls':<31}{'DynamoDB':>9}{'SQS':>5}{'allowed':>9}{'read':>7}{'write':>7}   which"
    )
    for name, row in {**rows, **hours}.items():
        print(f"{name:<31}{row}")
    print("Looks and heartbeats come on top of windows: one look is for up to 100 windows, and a")
    print("heartbeat is left out where a report has extended the lease.")
    figures = {name: row._asdict() for name, row in {**rows, **hours}.items()}
    print(json.dumps({"bench": "AWS calls", "operations": figures}))


if __name__ == "__main__":
    main()
