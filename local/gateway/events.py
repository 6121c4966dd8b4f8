"""API Gateway's part: Chalice's local gateway makes an event of a request and asks the app."""

import base64
import functools
import uuid
from typing import Any

from chalice import Chalice, local
from chalice.config import Config

from chalicelib import errors
from chalicelib.api import problems
from local.gateway import answers
from local.gateway.answers import Answer
from local.gateway.requests import Request
from local.gateway.routes import Routes


class Gateway(local.LocalGateway):
    """Asks the app, with events that differ less from those of API Gateway."""

    def __init__(self, app: Chalice, config: Config) -> None:
        super().__init__(app, config)
        self.event_converter = local.LambdaEventConverter(Routes(app.routes), app.api.binary_types)
        # Chalice looks for each of these, for each request, in all places that may have it.
        self._context = functools.partial(
            local.LambdaContext,
            function_name=config.function_name,
            memory_size=config.lambda_memory_size,
            max_runtime_ms=1000 * (config.lambda_timeout or self.MAX_LAMBDA_EXECUTION_TIME),
        )

    def answer(self, request: Request) -> Answer:
        """Ask the app, on a thread that has a current request of its own."""
        try:
            given = self.handle_request(
                method=request.method,
                path=request.target,
                headers=request.headers,
                body=request.body,
            )
        except (local.LocalGatewayException, UnicodeEncodeError):
            # No route has this path. Chalice would answer 403 and quote the credentials, or fail
            # to encode them.
            return answers.problem(404, str(errors.NoSuchPath()), request.headers)
        except Exception:
            given = problems.unforeseen(str(uuid.uuid4())).to_dict()
        return answers.of_app(given)

    def _has_user_defined_options_method(self, lambda_event: dict[str, Any]) -> bool:
        # Without CORS there is nothing to say to OPTIONS: the app refuses it like any other.
        return True

    def _generate_lambda_context(self) -> local.LambdaContext:
        return self._context()

    def _generate_lambda_event(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> dict[str, Any]:
        event: dict[str, Any] = super()._generate_lambda_event(method, path, headers, None)
        if body:
            try:
                event["body"], event["isBase64Encoded"] = body.decode(), False
            except UnicodeDecodeError:
                event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
        return event
