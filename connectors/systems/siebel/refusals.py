"""What Siebel's error answers mean, by what to do about them.

Faults of its business layer come as `500 {"ERROR": "... (SBL-EAI-04383)"}`, the outer code last.
Source: Siebel REST API Guide, “About Standard HTTP Status Codes and Error Messages”.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from connectors.errors import ConfigError, ConnectorError, Transient

_CODE = re.compile(r"SBL-([A-Z]{3})-(\d{5})")
_NOTHING = re.compile(
    r"no data|no (such )?record|no (matching )?row|not find any|no matching", re.I
)
_SIGN_IN = frozenset(
    ("SBL-DBC-00105", "SBL-DAT-00565", "SBL-SEC-10001", "SBL-SEC-10007", "SBL-SEC-10018", "SBL-SEC-10023")
)  # fmt: skip
_DENIED = frozenset(("SBL-DAT-00553", "SBL-DAT-00309", "SBL-DAT-00554"))
_PASSING_FAMILIES = frozenset(
    ("SVR", "SMI", "NET", "JCA", "SCM", "SSM", "SRB", "ISS", "OSD", "SFR")
)
_PASSING = frozenset(
    (
        "SBL-DAT-00523",  # the record was changed by another user meanwhile
        "SBL-DAT-00407", "SBL-DBC-00104", "SBL-DBC-00107", "SBL-DBC-00111",
        "SBL-GEN-00255", "SBL-GEN-05009", "SBL-EAI-05015",
    )
)  # fmt: skip


class Refused(ConfigError):
    """Siebel's business layer refuses a request: a field it does not know, a rule it breaks."""


class Absent(ConfigError):
    """The component (or the record) asked for is not there, or not exposed."""


def said_by(body: Any) -> str:
    """The sentence of an error body; empty when it is none of Siebel's."""
    if not isinstance(body, Mapping):
        return ""
    for name in ("ERROR", "Error", "error", "message"):
        found = body.get(name)
        if isinstance(found, str) and found.strip():
            return " ".join(found.split())[:600]
    return ""


def codes_of(text: str) -> list[str]:
    """The codes in a sentence, from the inner to the outer."""
    return [f"SBL-{family}-{number}" for family, number in _CODE.findall(text)]


def body_of(response: httpx.Response) -> Any:
    """The JSON of an answer; None for anything else."""
    try:
        return json.loads(response.content) if response.content else None
    except (ValueError, RecursionError):
        return None


def is_nothing(response: httpx.Response) -> bool:
    """Whether the answer says that no record was found, which is no failure."""
    if response.status_code == 204:
        return True
    return response.status_code == 404 and bool(_NOTHING.search(said_by(body_of(response))))


def classify(response: httpx.Response) -> ConnectorError | None:
    """The door's `classify`; None leaves the answer to its usual rules."""
    status = response.status_code
    if status < 400 or status == 429 or response.headers.get("Retry-After"):
        return None
    text = said_by(body_of(response))
    if status == 401:
        said = "Siebel refuses the sign-in; check the user name and the password."
        return ConfigError(said, {"password": [said]})
    if status == 403:
        return ConfigError(f"Siebel does not let this user do that; give it access.{_it(text)}")
    if status == 404 and text:
        return Absent(f"Siebel has nothing there for this user.{_it(text)}")
    if status == 404:
        said = "There is no Siebel interface at this address; check how it ends (/siebel/v1.0)."
        return ConfigError(said, {"address": [said]})
    if status in (405, 406, 415):
        return Refused(f"Siebel does not take this kind of request ({status}).{_it(text)}")
    return named(text) if text else None


def named(text: str) -> ConnectorError | None:
    """The error a sentence of the business layer stands for; None when it carries no code."""
    codes = codes_of(text)
    if not codes:
        return None
    if _SIGN_IN.intersection(codes):
        said = "Siebel cannot sign this user in; check the user name and the password."
        return ConfigError(said, {"password": [said]})
    if _DENIED.intersection(codes):
        return Refused(f"Siebel does not let this user do that; give it access.{_it(text)}")
    if _PASSING.intersection(codes) or _PASSING_FAMILIES.intersection(c[4:7] for c in codes):
        return Transient(f"Siebel is not well at the moment ({codes[-1]}).")
    return Refused(f"Siebel refuses the request.{_it(text)}")


def _it(text: str) -> str:
    return f" It says: {text}" if text else ""
