"""Error answers as HubSpot words them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx


class Refusal(Exception):
    """An error answer: a document, or a web page."""

    def __init__(self, status: int, said: dict[str, Any] | str) -> None:
        super().__init__(str(said))
        self.status, self.said = status, said

    def response(self, number: int) -> httpx.Response:
        """The answer, with the number of the call by which HubSpot would find it again."""
        if isinstance(self.said, str):
            headers = {"Content-Type": "text/html;charset=iso-8859-1"}
            return httpx.Response(self.status, headers=headers, content=self.said.encode())
        return httpx.Response(self.status, json={**self.said, "correlationId": f"c-{number}"})


def problem(text: str, category: str = "VALIDATION_ERROR", **more: Any) -> dict[str, Any]:
    """The document of an error."""
    return {"status": "error", "message": text, "category": category, **more}


def missing_scopes(scopes: Sequence[str]) -> dict[str, Any]:
    """What a token hears that lacks a permission."""
    text = "One or more of the following scopes are required."
    return problem(
        "This app hasn't been granted all required scopes to make this call. Read more about "
        "required scopes here: https://developers.hubspot.com/scopes.",
        "MISSING_SCOPES",
        errors=[{"message": text, "context": {"requiredGranularScopes": list(scopes)}}],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def limited(policy: str) -> dict[str, Any]:
    """What a token hears that asks too often."""
    return {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
        "policyName": policy,
    }
