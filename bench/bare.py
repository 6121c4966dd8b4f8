"""The least that a Chalice app can be: what there is to compare a cold start with."""

from typing import Any

from chalice import Chalice

app = Chalice(app_name="bare")
clients: dict[str, Any] = {}


@app.route("/uptime")
def uptime() -> object:
    """Answer, and do nothing for it."""
    return {"uptime": ""}


@app.route("/clients", methods=["POST"])
def make_clients() -> object:
    """Make the two clients that creating a task needs, and ask them nothing."""
    import botocore.session

    session = botocore.session.get_session()
    for name in ("dynamodb", "sqs"):
        clients[name] = session.create_client(name)
    return {}
