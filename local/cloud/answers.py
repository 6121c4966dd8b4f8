"""What the straight door answers, and when it does not."""

import uuid
import zlib
from collections.abc import Mapping

import msgspec

#: Status, headers and body.
Answer = tuple[int, dict[str, str], bytes]

_encode = msgspec.json.Encoder().encode


class Unusual(Exception):
    """A request that only moto's own code may answer. Nothing was changed."""


class Unmet(Unusual):
    """The same: the condition of a write does not hold."""


def written(result: Mapping[str, object]) -> Answer:
    """Write the answer of an action that succeeded, as moto's own door does."""
    return complete(200, {"Content-Type": "application/x-amz-json-1.0"}, _encode(result))


def complete(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Add the headers that every answer of moto has."""
    of_all = {
        "server": "amazon.com",
        "x-amzn-requestid": uuid.uuid4().hex,
        "x-amz-crc32": str(zlib.crc32(body)),
    }
    return status, {**headers, **of_all}, body
