"""Where a problem is, as RFC 9457 tells programs: a JSON pointer into the body, or a parameter."""

from __future__ import annotations

from urllib.parse import quote

LONGEST = 80


def where(name: str) -> dict[str, str]:
    """What the name of a problem points at: `?limit` a parameter, the rest a place in the body.

    `answers.nps` is the pointer #/answers/nps (RFC 6901); a name with `#` is a pointer already.
    """
    if name.startswith("?"):
        return {"parameter": name[1:]}
    if name.startswith("#"):
        return {"pointer": name}
    return {"pointer": pointer(*name.split(".", 1)) if name else "#"}


def pointer(*names: str | int) -> str:
    """The pointer along these names and indexes, each short enough to be repeated."""
    return "#" + "".join(f"/{_escaped(str(name))}" for name in names)


def _escaped(name: str) -> str:
    return quote(name[:LONGEST].replace("~", "~0").replace("/", "~1"), safe="~", errors="replace")
