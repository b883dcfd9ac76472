"""Refusals, named by what the person or the program may do next; the web turns each into one status.

EfmError
├── NotFound        404  it is not there, or not for you: the answer is the same
├── Forbidden       403  you are known, and your role may not
├── SignInNeeded    401  nobody is signed in
├── Invalid         422  what was sent does not fit; `problems` says where and why
├── Conflict        409  somebody else was first, or the state does not allow it
├── Gone            410  it was there and has ended
├── TooMany         429  come back after `retry_after_seconds`
└── Unready         503  the service cannot answer now
"""

from __future__ import annotations

from collections.abc import Mapping


class EfmError(Exception):
    """The root: a message a person can act on."""

    status = 500
    title = "The request could not be completed"

    def __init__(self, message: str = "", *, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(message or self.title)
        self.message = message or self.title
        self.problems: dict[str, str] = dict(problems or {})


class NotFound(EfmError):
    status = 404
    title = "Not found"


class Forbidden(EfmError):
    status = 403
    title = "Your role does not allow this"


class SignInNeeded(EfmError):
    status = 401
    title = "Sign in to continue"


class Invalid(EfmError):
    status = 422
    title = "Some values need another look"


class Conflict(EfmError):
    status = 409
    title = "This was changed in the meantime"


class Gone(EfmError):
    status = 410
    title = "This has ended"


class TooMany(EfmError):
    status = 429
    title = "Too many attempts"

    def __init__(self, message: str = "", *, retry_after_seconds: int = 60) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unready(EfmError):
    status = 503
    title = "The service is not ready"
