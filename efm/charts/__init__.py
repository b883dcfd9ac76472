"""Charts: Vega-Lite declared once through Altair, kept as files, filled with rows when asked for.

Altair takes most of a second and 40 MB to load, so it writes the files ahead (`python -m
efm.charts.declared`) and neither the web nor a worker loads it; a test holds the files to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import orjson

MEDIA_TYPE = "application/vnd.vegalite.v6+json"


@cache
def _declared(name: str) -> bytes:
    return (resources.files("efm.charts") / "specs" / f"{name}.json").read_bytes()


def names() -> list[str]:
    """The charts there are."""
    folder = resources.files("efm.charts") / "specs"
    return sorted(
        f.name.removesuffix(".json") for f in folder.iterdir() if f.name.endswith(".json")
    )


def fill(
    name: str,
    rows: Sequence[Mapping[str, object]],
    parameters: Mapping[str, object] | None = None,
    height: int | None = None,
) -> dict[str, Any]:
    """The Vega-Lite of a declared chart with its rows inside and its parameters set.

    `height` in pixels is for charts that grow with their rows; it is the declared one otherwise.

    Raises FileNotFoundError for a chart that is not declared, KeyError for a parameter that is not.
    """
    spec: dict[str, Any] = orjson.loads(_declared(name))
    spec["data"] = {"values": list(rows)}
    declared = {each["name"]: each for each in spec.get("params", [])}
    for key, value in (parameters or {}).items():
        declared[key]["value"] = value
    if height is not None:
        spec["height"] = height
    return spec
