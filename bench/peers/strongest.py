"""The strongest thing that one would pick today: Flask behind gunicorn, and Celery on Redis."""

import measuring
from flask import Flask, request

app = Flask(__name__)
app.get("/v1/uptime/")(measuring.uptime)
app.get("/v2/task/<task_id>")(measuring.show)


@app.post("/v2/iostat/")
def create() -> tuple[dict[str, object], int]:
    """Create a task."""
    return measuring.create(request.args.get("count", "1"), request.args.get("wait", "1")), 201
