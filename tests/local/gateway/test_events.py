"""What the gateway tells the app of a request, as Lambda would."""

import http.client

import pytest
from chalice.cli.factory import CLIFactory
from chalice.local import LambdaContext, LocalGateway

import app
from local import stage
from local.gateway.events import Gateway


@pytest.mark.parametrize("timeout", [None, 1, 60])
def test_a_request_has_the_context_that_chalice_makes(timeout: int | None) -> None:
    config = CLIFactory(str(stage.PROJECT)).create_config_obj()
    config._config_from_disk = {"lambda_timeout": timeout, "lambda_memory_size": 512}
    ours, chalices = (
        _described(make(app.app, config)._generate_lambda_context())
        for make in (Gateway, LocalGateway)
    )
    assert ours == chalices


def _described(context: LambdaContext) -> tuple[str, int, int]:
    return context.function_name, context.memory_limit_in_mb, context._max_runtime


def test_every_request_has_an_id_of_its_own(connection: http.client.HTTPConnection) -> None:
    ids = set()
    for _ in range(3):
        connection.request("GET", "/v1/")
        answer = connection.getresponse()
        answer.read()
        ids.add(answer.headers["X-Request-Id"])
    assert len(ids) == 3
