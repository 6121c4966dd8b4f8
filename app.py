"""hoststat on AWS Chalice: what there is, registered, and nothing else."""

import os

from chalice import Chalice, Rate
from chalice.app import CloudWatchEvent, SQSEvent

from chalicelib import bootstrap, invocation, log
from chalicelib.api import middleware as door
from chalicelib.api import root, v1, v2, v3
from chalicelib.settings import Settings

log.configure()

app = Chalice(app_name="hoststat", configure_logs=False)
app.register_middleware(door.guard(app.routes), "http")
for part in (root, v1, v2, v3):
    app.register_blueprint(part.api)


@app.on_sqs_message(
    queue=Settings.from_env(os.environ).name("tasks"), batch_size=1, maximum_concurrency=20
)
def run_iostat(event: SQSEvent) -> None:
    """Measure the window that a message names."""
    for record in event:
        bootstrap.worker().take(record.body, seconds=invocation.seconds_left(record.context))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep(event: CloudWatchEvent) -> None:
    """Send hints again for tasks that nobody works on."""
    bootstrap.sweeper().sweep(invocation.seconds_left(event.context))
