"""The strongest thing that one would pick today: Flask behind gunicorn, and Celery on Redis."""

import subprocess

from flask import Flask, request
from measuring import iostat, queue

app = Flask(__name__)


@app.get("/v1/uptime/")
def uptime() -> dict[str, str]:
    """The host's uptime."""
    return {"uptime": subprocess.check_output(["uptime"], text=True).strip()}


@app.post("/v2/iostat/")
def create() -> tuple[dict[str, object], int]:
    """Create a task."""
    task = iostat.delay(request.args.get("count", "1"), request.args.get("wait", "1"))
    links = [{"rel": "task", "href": f"/v2/task/{task.id}"}]
    return {"task_id": task.id, "links": links}, 201


@app.get("/v2/task/<task_id>")
def show(task_id: str) -> dict[str, object]:
    """Look at a task."""
    task = queue.AsyncResult(task_id)
    body: dict[str, object] = {"task_id": task_id, "state": task.state}
    return {**body, "result": {"iostat": task.result}} if task.ready() else body
