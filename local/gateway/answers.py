"""Answers as a server sends them: those of the app, and those that the gateway gives itself."""

import base64
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.api import middleware, problems

#: Seconds after which to come again where the service has too much to do, or ends.
_RETRY_SECONDS = 1

Headers = list[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """The status, the headers and the body of an answer."""

    status: int
    headers: Headers
    body: bytes

    def closing(self) -> "Answer":
        """Give the same answer, after which the connection is closed."""
        return self._replace(headers=[*self.headers, (b"Connection", b"close")])


def of_app(response: Mapping[str, Any]) -> Answer:
    """Give the answer for what a Lambda function gives to API Gateway."""
    text = response["body"] or ""
    body = base64.b64decode(text) if response.get("isBase64Encoded") else text.encode()
    several = response["multiValueHeaders"].items()
    pairs = [
        *response["headers"].items(),
        *((name, value) for name, values in several for value in values),
    ]
    headers = [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in pairs]
    if response["statusCode"] != 204:
        headers.append((b"Content-Length", str(len(body)).encode()))
    return Answer(response["statusCode"], headers, body)


def problem(status: int, detail: str, request: Mapping[str, str] | None = None) -> Answer:
    """Give an error that the gateway found itself, in the shape of all errors.

    `request` are the headers of the request, by their names in lower case, if they are known.
    """
    headers = middleware.headers(middleware.request_id_of(request or {}, str(uuid.uuid4())))
    if status == 503:
        headers["Retry-After"] = str(_RETRY_SECONDS)
    return of_app(problems.problem(status, detail, headers).to_dict())
