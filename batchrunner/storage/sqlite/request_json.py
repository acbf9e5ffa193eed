"""A request as the ledger's tables keep it: JSON, canonical when it was written."""

import json

from batchrunner.catalog import shipped
from batchrunner.domain.request import Request


def request_text(request: Request) -> str:
    """What is written of a request."""
    return json.dumps(request.as_json(), ensure_ascii=False)


def read_request(text: str) -> Request:
    """A request on record, under today's canonicaliser.

    Raises:
        ValueError, KeyError, TypeError, RecursionError: it is none.
    """
    request = json.loads(text)
    return shipped().request_of(request["model"], request["fields"])
