"""The smallest Chalice app. The cold start of hoststat is compared with its cold start."""

from typing import Any

from chalice import Chalice

app = Chalice(app_name="bare")
clients: dict[str, Any] = {}


@app.route("/uptime")
def uptime() -> object:
    """Answer without measuring anything."""
    return {"uptime": ""}


@app.route("/clients", methods=["POST"])
def make_clients() -> object:
    """Make the two clients that a create needs, and send no request with them."""
    import botocore.session

    session = botocore.session.get_session()
    for name in ("dynamodb", "sqs"):
        clients[name] = session.create_client(name)
    return {}
