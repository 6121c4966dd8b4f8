"""Who is let in: programs of this machine that speak to DynamoDB, SQS or CloudFormation.

A browser runs on the same machine, and its pages come from anywhere. A page cannot set the
headers that are asked for here without asking first (a preflight), and its requests bear marks
that programs do not send.
"""

import re
from collections.abc import Iterable

from local.listening import is_own_name

_QUEUE = re.compile(r"/\d{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?")
_FORM = "application/x-www-form-urlencoded"

Refusal = tuple[int, str]

NOT_FOR_PAGES: Refusal = (403, "This is for programs, not for web pages.")
NOT_OUR_NAME: Refusal = (403, "This machine answers only to names of its own, such as localhost.")
NOTHING_HERE: Refusal = (404, "Only DynamoDB, SQS and CloudFormation are here, by POST.")


def refusal(
    method: str, path: str, given: Iterable[tuple[str, str]], headers: dict[str, str]
) -> Refusal | None:
    """Say what is wrong with a request that must not get any further.

    `given` has the headers as they came, each name in lower case; `headers` has the last of each
    name.
    """
    if "origin" in headers or any(name.startswith("sec-fetch-") for name in headers):
        return NOT_FOR_PAGES
    if not is_own_name(headers.get("host", "")):
        return NOT_OUR_NAME
    if [name for name, _ in given].count("host") != 1:
        return NOT_OUR_NAME
    if method != "POST" or service(path, headers) is None:
        return NOTHING_HERE
    return None


def service(path: str, headers: dict[str, str]) -> str | None:
    """Give moto's name of the service that a request is for, or None."""
    match headers.get("x-amz-target", "").partition("."):
        case "DynamoDB_20120810", _, _ if path == "/":
            return "dynamodb"
        case "AmazonSQS", _, _ if path == "/" or _QUEUE.fullmatch(path):
            return "sqs"
        case "", _, _ if path == "/" and _is_cloudformation(headers):
            return "cloudformation"
    return None


def _is_cloudformation(headers: dict[str, str]) -> bool:
    # A page can post a form without a preflight, but it cannot sign one.
    form = headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
    return form and "/cloudformation/aws4_request" in headers.get("authorization", "")
