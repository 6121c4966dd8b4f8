"""hoststat on AWS Chalice: registers the routes and the Lambda functions, nothing else."""

import os
from typing import Any

from chalice import Chalice, Rate
from chalice.app import CloudWatchEvent, SQSEvent

from chalicelib import log
from chalicelib.api import middleware, page, root, v1, v2, v3, v3_groups, v3_hosts
from chalicelib.bootstrap import parts
from chalicelib.settings import Settings

log.configure()

app = Chalice(app_name="hoststat", configure_logs=False)
# All that we take and give is text. Chalice would look through its list for each answer.
app.api.binary_types = []
app.register_middleware(middleware.guard(app.routes), "http")
for part in (root, page, v1, v2, v3, v3_hosts, v3_groups):
    app.register_blueprint(part.api)


_queue_name = Settings.from_env(os.environ).name


@app.on_sqs_message(queue=_queue_name("tasks"), batch_size=1, maximum_concurrency=15)
def run_iostat(event: SQSEvent) -> None:
    """Measure the window of a user's task, which a message names."""
    _take(event)


@app.on_sqs_message(queue=_queue_name("open-tasks"), batch_size=1, maximum_concurrency=5)
def run_open_iostat(event: SQSEvent) -> None:
    """Measure the window of a task that anybody may have made: v2 has no login."""
    _take(event)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep(event: CloudWatchEvent) -> None:
    """Send new hints for tasks that nobody works on, and end those that failed too often."""
    parts.sweeper.sweep(_seconds_left(event.context))


def _take(event: SQSEvent) -> None:
    for record in event:
        parts.worker.take(record.body, seconds=_seconds_left(record.context))


def _seconds_left(context: Any) -> float:
    """Give the seconds that an invocation has left, by its Lambda context."""
    return float(context.get_remaining_time_in_millis()) / 1000
