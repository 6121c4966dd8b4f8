"""The workshop's stack on current releases: Flask, Flask-RESTful, and Celery on SQLite."""

import subprocess

from flask import Flask, request
from flask_restful import Api, Resource
from measuring import iostat, queue

app = Flask(__name__)
api = Api(app)


class Uptime(Resource):
    """v1's uptime."""

    def get(self) -> dict[str, str]:
        """Ask the host."""
        return {"uptime": subprocess.check_output(["uptime"], text=True).strip()}


class Tasks(Resource):
    """v2's iostat."""

    def post(self) -> tuple[dict[str, object], int]:
        """Create a task."""
        task = iostat.delay(request.args.get("count", "1"), request.args.get("wait", "1"))
        links = [{"rel": "task", "href": f"/v2/task/{task.id}"}]
        return {"task_id": task.id, "links": links}, 201


class Task(Resource):
    """One of its tasks."""

    def get(self, task_id: str) -> dict[str, object]:
        """Look at it."""
        task = queue.AsyncResult(task_id)
        body: dict[str, object] = {"task_id": task_id, "state": task.state}
        return {**body, "result": {"iostat": task.result}} if task.ready() else body


api.add_resource(Uptime, "/v1/uptime/")
api.add_resource(Tasks, "/v2/iostat/")
api.add_resource(Task, "/v2/task/<task_id>")
