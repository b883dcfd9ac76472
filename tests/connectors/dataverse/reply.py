"""Answers of the simulated environment."""

from __future__ import annotations

from typing import Any


class Reply(Exception):
    """An answer, also one that is given in place of the usual one."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def refusal(status: int, code: str, message: str, **headers: str) -> Reply:
    """An error as the Web API words it."""
    return Reply(status, {"error": {"code": code, "message": message}}, **headers)


def limited(seconds: int = 60) -> Reply:
    """Service protection: too many requests."""
    text = "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
    return refusal(429, "0x80072322", text, Retry_After=str(seconds))


def lacking(privilege: str) -> Reply:
    """A privilege the application user does not have."""
    text = (
        f"Principal user (Id=0a0b, type=8, roleCount=1) is missing {privilege} privilege "
        "(Id=0c0d) on OTC=2 for entity 'contact'."
    )
    return refusal(403, "0x80040220", text)
