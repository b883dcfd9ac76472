"""The body of an API request: typed, bounded, read once, and what is sent back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, g, request

from efm.web import jsonguard


def raw(most: int) -> bytes:
    """The bytes of the body. Raises WrongType, TooLarge."""
    found: bytes | None = g.get("api_body")
    if found is None:
        jsonguard.check_size(request.content_length or 0, most)
        # A body of unknown length is cut at this; one byte more than allowed tells it was.
        request.max_content_length = most + 1
        found = request.get_data(cache=False)
        jsonguard.check_size(len(found), most)
        jsonguard.check_type(
            request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", "")
        )
        g.api_body = found
    return found


def document(most: int) -> Any:
    """The JSON of the body. Raises WrongType, TooLarge, Unreadable."""
    return jsonguard.read(raw(most))


def reply(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer: times in UTC with a Z, ids as text."""
    return Response(
        written(content), status=status, mimetype="application/json", headers=dict(headers or {})
    )


def written(content: Any) -> bytes:
    """Content as it is sent.

    PostgreSQL keeps 7e47 as a whole number, which only the slower writer can write.
    """
    try:
        return orjson.dumps(content, option=orjson.OPT_UTC_Z)
    except TypeError:
        text = json.dumps(content, default=_plain, ensure_ascii=False, separators=(",", ":"))
        return text.encode()


def _plain(value: Any) -> Any:
    """A time or an id as the quick writer writes it."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))
