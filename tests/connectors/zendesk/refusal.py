"""Error answers as Zendesk gives them."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status: int, error: Any, **headers: str) -> None:
        super().__init__(str(error))
        self.status, self.error, self.headers = status, error, headers


NOT_FOUND = {"error": "RecordNotFound", "description": "Not found"}
NO_ENDPOINT = {"error": "InvalidEndpoint", "description": "Not found"}
STRANGER = {"error": "Couldn't authenticate you"}
FORBIDDEN = {
    "error": {
        "title": "Forbidden",
        "message": "You do not have access to this page. Please contact the account owner of this "
        "help desk for further help.",
    }
}
NO_DESK = {
    "error": {"title": "No help desk at acme.zendesk.com", "message": "There is no help desk here."}
}
TOO_RECENT = {
    "error": "StartTimeTooRecent",
    "description": "Too recent start_time. Use a start_time older than 60 seconds",
}
LIMITED = {
    "error": "APIRateLimitExceeded",
    "description": "Number of allowed incremental ticket export API requests per minute exceeded",
}
TOO_MANY_JOBS = {
    "error": "TooManyJobs",
    "description": "The maximum number of jobs are currently queued or running.",
}
BAD_CURSOR = {"error": "InvalidValue", "description": "Invalid cursor"}
BAD_PAGE = {
    "errors": [
        {
            "code": "InvalidPaginationParameter", "title": "Invalid cursor",
            "detail": "page[after] is not valid",
        }
    ]
}  # fmt: skip


def too_many(name: str) -> dict[str, Any]:
    """More records than one call takes."""
    text = f"Maximum 100 {name} may be changed per call"
    return {"error": "TooManyValues", "description": text}


def invalid(field: str, text: str) -> dict[str, Any]:
    """A record that is not valid."""
    return {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": {field: [{"description": text}]},
    }
