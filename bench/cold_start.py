"""The time that a new process takes to its first answer, compared with a bare Chalice app."""

import contextlib
import hashlib
import json
import statistics
import subprocess
import sys
import time

from bench import answering

#: Rounds. In each round every case is measured once.
_ROUNDS = 15

_ASK = """
import json, sys, time
module, method, path = sys.argv[1:4]
from importlib import import_module
began = time.perf_counter()
app = import_module(module).app
imported = time.perf_counter()
class Context:
    aws_request_id = "1"
event = {
    "requestContext": {"httpMethod": method, "resourcePath": path, "path": path,
                       "identity": {"sourceIp": "127.0.0.1"}},
    "headers": {}, "multiValueQueryStringParameters": None, "pathParameters": {},
    "stageVariables": {}, "body": None, "isBase64Encoded": False,
}
status = app(event, Context())["statusCode"]
answered = time.perf_counter()
assert status in (200, 201), status
print(json.dumps({"import": imported - began, "first request": answered - imported}))
"""
_CASES = {
    "bare": ("bench.bare", "GET", "/uptime"),
    "v1 uptime": ("app", "GET", "/v1/uptime"),
    "bare with two clients": ("bench.bare", "POST", "/clients"),
    "v2 create": ("app", "POST", "/v2/iostat"),
}
_PARTS = ("import", "first request", "all")
_RATIOS = {"v1 uptime": "bare", "v2 create": "bare with two clients"}


def cloud() -> contextlib.AbstractContextManager[str]:
    """Run a cloud that accepts everything at once while the context lasts; give its URL.

    So the time of AWS itself is not measured.
    """
    return answering.serving(_accept)


def _accept(asked: bytes) -> dict[str, str | int]:
    message = json.loads(asked).get("MessageBody", "")
    digest = hashlib.md5(message.encode()).hexdigest()  # noqa: S324
    body: dict[str, str | int] = {"MessageId": "1", "MD5OfMessageBody": digest, "Count": 0}
    return body | {"QueueUrl": "http://127.0.0.1/1/queue"}


def environ(url: str) -> dict[str, str]:
    """Give the environment of a process that is started cold; `url` is its cloud."""
    return {
        # As in Lambda, where there is neither uptime nor iostat.
        "PATH": "",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def seconds(case: str, given: dict[str, str]) -> dict[str, float]:
    """Give the seconds of a cold start: all of it, and of that the import and the first request."""
    began = time.perf_counter()
    command = [sys.executable, "-c", _ASK, *_CASES[case]]
    said = subprocess.check_output(command, env=given, stderr=subprocess.DEVNULL)
    return {**json.loads(said), "all": time.perf_counter() - began}


def main() -> None:
    """Print a table, and a line of JSON."""
    taken: dict[str, list[dict[str, float]]] = {case: [] for case in _CASES}
    with cloud() as url:
        given = environ(url)
        for turn in range(_ROUNDS + 1):
            for case, times in taken.items():
                taken_now = seconds(case, given)
                # The first round warms the page cache.
                if turn:
                    times.append(taken_now)
            if sys.stderr.isatty():
                print(f"\rcold start: round {turn} of {_ROUNDS}", end="", file=sys.stderr)
    medians = {
        case: {part: statistics.median(it[part] for it in times) for part in _PARTS}
        for case, times in taken.items()
    }
    ratios = {
        case: round(medians[case]["all"] / medians[other]["all"], 2)
        for case, other in _RATIOS.items()
    }
    print(f"\n{'cold start, ms':<24}{'import':>10}{'first request':>16}{'all':>8}   beside")
    for case, parts in medians.items():
        figures = [round(parts[part] * 1000) for part in _PARTS]
        beside = f"{ratios[case]:.2f} x {_RATIOS[case]}" if case in ratios else ""
        print(f"{case:<24}{figures[0]:>10}{figures[1]:>16}{figures[2]:>8}   {beside}".rstrip())
    whole = {case: round(parts["all"] * 1000) for case, parts in medians.items()}
    print(json.dumps({"bench": "cold start", "ms": whole, "ratios": ratios}))


if __name__ == "__main__":
    main()
