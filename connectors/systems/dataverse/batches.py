"""Batches: several operations in one call, each with an answer of its own, in their order.

Source: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
(OData 4.0 Protocol, 11.7).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from typing import Any

import httpx

from connectors.errors import Transient
from connectors.systems.dataverse.config import API

_STATUS = re.compile(rb"\s*HTTP/\d(?:\.\d)? (\d{3})\b[^\r\n]*").match


@dataclass(frozen=True, slots=True)
class Operation:
    """A change of one record: the path below the version, headers, and what to set."""

    path: str
    headers: Mapping[str, str]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an operation."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


def compose(operations: Sequence[Operation]) -> tuple[bytes, dict[str, str]]:
    """The body of a batch and its headers. Operations go on after one that is refused."""
    boundary = f"batch_{uuid.uuid4()}"
    parts = []
    for each in operations:
        lines = [
            f"--{boundary}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            f"PATCH /{API}{each.path} HTTP/1.1",
            "Content-Type: application/json; type=entry",
            *(f"{name}: {value}" for name, value in each.headers.items()),
            "",
            json.dumps(each.values),  # ASCII on one line, so it cannot end the part
            "",
        ]
        parts.append("\r\n".join(lines))
    body = "".join(parts) + f"--{boundary}--\r\n"
    headers = {
        "Content-Type": f'multipart/mixed; boundary="{boundary}"',
        "Prefer": "odata.continue-on-error",
    }
    return body.encode("ascii"), headers


def read(response: httpx.Response, count: int) -> list[Answer]:
    """The answers of a batch. Raises Transient unless there is one for each operation."""
    kind = response.headers.get("Content-Type", "")
    if not kind.lower().startswith("multipart/mixed"):
        raise Transient("Dataverse did not answer a batch as one; it is sent again.")
    whole = b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n" + response.content
    message = BytesParser(policy=policy.HTTP).parsebytes(whole)
    parts = message.get_payload() if message.is_multipart() else []
    found = [_answer(part.get_payload(decode=True)) for part in parts if not isinstance(part, str)]
    if len(found) != count:
        raise Transient("Dataverse did not answer for each record; they are written again.")
    return found


def _answer(content: Any) -> Answer:
    said = content if isinstance(content, bytes) else b""
    status = _STATUS(said)
    if status is None:
        raise Transient("Dataverse's answer to a batch is cut or damaged.")
    head, _, body = said[status.end() :].replace(b"\r\n", b"\n").partition(b"\n\n")
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Answer(int(status[1]), body.strip(), headers)
