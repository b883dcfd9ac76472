"""Recordings of real orgs, shipped inside the cumulusci package: requests and what was answered."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.foreign import python_of


@dataclass(frozen=True)
class Recorded:
    """One call of a recording; `body` is the answer's JSON, None where it had none."""

    method: str
    path: str
    sent: str
    status: int
    body: Any


@lru_cache(maxsize=1)
def folder() -> Path:
    """Where the package lies; skips the test when it is not installed."""
    code = "import importlib.util as u; print(u.find_spec('cumulusci').origin)"
    python = python_of("cumulusci")
    said = subprocess.run([python, "-c", code], capture_output=True, check=True, text=True)
    return Path(said.stdout.strip()).parent


def describes() -> Path:
    """The folder of the recorded descriptions."""
    return folder() / "tests" / "shared_cassettes"


def one(name: str) -> Recorded:
    """A description or the like, recorded alone."""
    return _read(yaml.safe_load((describes() / f"{name}.yaml").read_text()))


@lru_cache(maxsize=1)
def all_calls() -> tuple[Recorded, ...]:
    """Every call to the data interface in all recordings, whose answer is JSON."""
    found = [each for path in sorted(folder().rglob("*cassettes/*.yaml")) for each in _calls(path)]
    assert len(found) > 50
    return tuple(found)


def _calls(path: Path) -> Iterator[Recorded]:
    for call in yaml.safe_load(path.read_text()).get("interactions", ()):
        if "request" in call and "/services/data/" in call["request"]["uri"]:
            read = _read(call)
            if read.body is not None:
                yield read


def _read(call: dict[str, Any]) -> Recorded:
    body = call["response"].get("body", {}).get("string") or ""
    try:
        said = json.loads(body)
    except (ValueError, TypeError):
        said = None
    path = call["request"]["uri"].partition(".salesforce.com")[2].replace("vxx.0", "v62.0")
    sent = call["request"].get("body") or ""
    return Recorded(
        call["request"]["method"], path, str(sent), call["response"]["status"]["code"], said
    )
