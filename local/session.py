"""How a laptop's processes ask its local cloud: by botocore, without what only a network needs.

botocore makes the request and raises the errors, as it does when deployed. On a laptop there is no
signature to compute, one endpoint to choose, and an answer that is what the cloud has just written
out of moto's own data. What botocore does there for all of AWS takes more of a processor than the
call. What it writes for an operation differs from call to call in the body alone, which is the
JSON of the parameters, so it writes the first request of each operation alone.
"""

import contextlib
import functools
import json
import re
import threading
from typing import Any, NamedTuple

import botocore
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from local.line import Answer, Line

#: The parameters are checked where the tests ask moto in their own process, and when deployed.
_UNSIGNED = Config(signature_version=botocore.UNSIGNED, parameter_validation=False)
#: Types of values that botocore gives as they stand in the JSON of an answer. Bytes ("blob") are
#: no such type; each body is searched for them.
_AS_THEY_STAND = {"string", "integer", "long", "double", "boolean", "blob"}
#: DynamoDB's value of any type, which may contain others of its kind.
_ANY_VALUE = "AttributeValue"
#: The members that are bytes, and those without a value, which botocore leaves out.
_NOT_AS_IT_STANDS = re.compile(rb'"(BS?|Binary(List)?Values?)"\s*:|:\s*null')


class Session(botocore.session.Session):  # type: ignore[misc]
    """A session of botocore whose clients reach the local cloud, unsigned."""

    def __init__(self) -> None:
        super().__init__()
        self.register_component("data_loader", _Models())
        self.register("creating-client-class", _let_take_the_short_way)
        self._lines: list[Line] = []

    def create_client(self, service: str, *, config: Config) -> Any:
        """Make a client with the timeouts of `config`."""
        client = super().create_client(service, config=config.merge(_UNSIGNED))
        line = Line(config.connect_timeout, config.read_timeout)
        client.way = way = _ShortWay(line)
        client.meta.events.register_last("before-call", way.call)
        client.meta.events.register("before-send", way.send)
        self._lines.append(line)
        return client

    def close(self) -> None:
        """Close the connections of all clients that are not in use."""
        for line in self._lines:
            line.close()


class _Models(Loader):  # type: ignore[misc]
    """botocore's models of services, without the rules that choose an endpoint for each call."""

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        if type_name == "endpoint-rule-set-1":
            # botocore then keeps to the one endpoint that AWS_ENDPOINT_URL names.
            raise UnknownServiceError(service_name=service_name, known_service_names="none")
        return super().load_service_model(service_name, type_name, api_version)


class _Client:
    """A client of botocore whose calls that succeed do without most of botocore.

    It tells botocore's listeners the same as botocore does; one of them, `_ShortWay.call`, makes
    the call.
    """

    way: "_ShortWay"
    meta: Any

    def _make_api_call(self, operation: str, parameters: dict[str, Any]) -> Any:
        try:
            request = self.way.request(operation, parameters)
            if request is not None:
                about = {"model": request.model, "context": {}, "request_signer": None}
                name = f"{self.meta.service_model.service_id.hyphenize()}.{operation}"
                events = self.meta.events
                _, made = events.emit_until_response(
                    f"before-call.{name}", params=request.parts(), **about
                )
                if made is not None:
                    http, parsed = made
                    events.emit(f"after-call.{name}", http_response=http, parsed=parsed, **about)
                    return parsed
            return super()._make_api_call(operation, parameters)  # type: ignore[misc]
        finally:
            self.way.forget()


def _let_take_the_short_way(base_classes: list[type], **_: Any) -> None:
    base_classes.insert(0, _Client)


class _Request(NamedTuple):
    """A request to the cloud: all but its body is the same for each call of an operation."""

    model: OperationModel
    url: str
    headers: dict[str, str | bytes]
    body: bytes = b""

    def parts(self) -> dict[str, Any]:
        """Give what botocore's events have of a request."""
        return {"url": self.url, "headers": dict(self.headers), "body": self.body}


class _Came(threading.local):
    """What came of a call of this thread that botocore has to deal with."""

    def __init__(self) -> None:
        self.answer: Answer | BotoCoreError | None = None
        #: What botocore's listeners have noted about the call.
        self.context: dict[str, Any] = {}


class _ShortWay:
    """Answers the calls of a client that succeed; botocore deals with all the others."""

    def __init__(self, line: Line) -> None:
        self._line = line
        #: The first request of each operation, as botocore wrote it, without the body.
        self._written: dict[str, _Request] = {}
        self._came = _Came()

    def request(self, operation: str, parameters: dict[str, Any]) -> _Request | None:
        """Write a request. Give None if it is for botocore to write."""
        like = self._written.get(operation)
        if like is None:
            return None
        body = _body(parameters)
        return None if body is None else like._replace(body=body)

    def call(
        self, model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> tuple[Answer, dict[str, Any]] | None:
        """Make a call. Give None if it is for botocore, with its tries and its errors."""
        if self._came.answer is not None:
            # It was made already, and botocore writes it in order to deal with what came. What the
            # listeners have noted about it was noted before it was made.
            context.update(self._came.context)
            return None
        url, headers, body = params["url"], params["headers"], params["body"]
        # botocore puts a token of its own into a request that may be sent twice but done once.
        if model.name not in self._written and not model.idempotent_members:
            self._written[model.name] = _Request(model, url, dict(headers))
        self._came.context = context
        try:
            answer = self._line.post(url, headers, body)
        except BotoCoreError as failed:
            self._came.answer = failed
            return None
        if answer.status_code == 200 and _as_it_stands(model, answer.body):
            with contextlib.suppress(ValueError):
                return answer, _parsed(answer)
        self._came.answer = answer
        return None

    def forget(self) -> None:
        """Forget what came of a call, at its end."""
        self._came.answer, self._came.context = None, {}

    def send(self, request: Any, **_: Any) -> AWSResponse:
        """Give botocore what came of its call; send a request of its own if it tries again."""
        came, self._came.answer = self._came.answer, None
        if isinstance(came, Exception):
            raise came
        if came is None:
            body = request.body or b""
            sent = body.encode() if isinstance(body, str) else bytes(body)
            came = self._line.post(request.url, request.headers, sent)
        return came.for_botocore(request.url)


def _body(parameters: dict[str, Any]) -> bytes | None:
    """Write parameters that fit their operation as botocore does. Give None for bytes and times."""
    with contextlib.suppress(TypeError):
        return json.dumps(parameters).encode()
    return None


def _parsed(answer: Answer) -> dict[str, Any]:
    """Read an answer as botocore does."""
    metadata = {
        "RequestId": answer.headers.get("x-amzn-requestid", ""),
        "HTTPStatusCode": answer.status_code,
        "HTTPHeaders": answer.headers,
        "RetryAttempts": 0,
    }
    return {**json.loads(answer.body or b"{}"), "ResponseMetadata": metadata}


def _as_it_stands(model: OperationModel, body: bytes) -> bool:
    """Tell whether botocore would give an answer as it stands in JSON."""
    return _is_plain(model) and not _NOT_AS_IT_STANDS.search(body)


@functools.cache
def _is_plain(model: OperationModel) -> bool:
    return _has_plain(model.output_shape)


def _has_plain(shape: Shape | None) -> bool:
    """Tell whether all in an answer of this shape stands in JSON as botocore gives it."""
    if shape is None or shape.name == _ANY_VALUE:
        return True
    if isinstance(shape, StructureShape):
        return all(map(_has_plain, shape.members.values()))
    if isinstance(shape, ListShape):
        return _has_plain(shape.member)
    if isinstance(shape, MapShape):
        return _has_plain(shape.value)
    return shape.type_name in _AS_THEY_STAND
