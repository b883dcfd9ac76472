"""What is put into addresses and filters: ids and names, each checked here, and nothing else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII).fullmatch
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OURS = uuid.UUID("6d6a4f0e-5a0b-5f43-9d1c-0f6f7c1e2b90")


def name(text: str) -> str:
    """The name of a table, set or column as it is. Raises ValueError for anything else."""
    if not _NAME(text):
        raise ValueError("that is no name of a table or column")
    return text


def guid(value: Any) -> str:
    """An id in lower case, empty for anything that is none."""
    text = value.lower() if isinstance(value, str) and value.isascii() else ""
    return text if _GUID.fullmatch(text) else ""


def guid_in(text: Any) -> str:
    """The first id within a text such as `accounts(…)`, empty without one."""
    found = _GUID.search(text.lower()) if isinstance(text, str) and text.isascii() else None
    return found[0] if found else ""


def record(set_name: str, key: str) -> str:
    """The path of one record. Raises ValueError when the key is no id."""
    found = guid(key)
    if not found:
        raise ValueError("It is not said which record to change, or its id is none.")
    return f"{name(set_name)}({found})"


def among(column: str, ids: Sequence[str]) -> str:
    """A filter for the rows in whose column one of these ids stands (query function In)."""
    listed = ",".join(f'"{each}"' for each in ids if guid(each) == each)
    return f"Microsoft.Dynamics.CRM.In(PropertyName='{name(column)}',PropertyValues=[{listed}])"


def ours(table: str, key: str) -> str:
    """The id of the record of ours that a key of ours stands for: always the same one."""
    return str(uuid.uuid5(_OURS, f"{table}|{key}"))
