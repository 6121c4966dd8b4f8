"""The workshop's stack on current releases: Flask, Flask-RESTful, and Celery on SQLite."""

import measuring
from flask import Flask, request
from flask_restful import Api, Resource

app = Flask(__name__)
api = Api(app)


class Uptime(Resource):
    """v1's uptime."""

    def get(self) -> dict[str, str]:
        """Ask the host."""
        return measuring.uptime()


class Tasks(Resource):
    """v2's iostat."""

    def post(self) -> tuple[dict[str, object], int]:
        """Create a task."""
        return measuring.create(request.args.get("count", "1"), request.args.get("wait", "1")), 201


class Task(Resource):
    """One of its tasks."""

    def get(self, task_id: str) -> dict[str, object]:
        """Look at it."""
        return measuring.show(task_id)


api.add_resource(Uptime, "/v1/uptime/")
api.add_resource(Tasks, "/v2/iostat/")
api.add_resource(Task, "/v2/task/<task_id>")
