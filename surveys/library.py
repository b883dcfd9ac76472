"""The survey templates that ship with the product."""

from __future__ import annotations

from functools import cache
from importlib import resources

from surveys.definition import Definition, load_yaml
from surveys.errors import UnknownName
from surveys.strings import shown


@cache
def names() -> tuple[str, ...]:
    """The names of all templates, sorted."""
    folder = resources.files("surveys") / "templates"
    files = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[: -len(".yaml")] for name in files if name.endswith(".yaml")))


@cache
def template(name: str) -> Definition:
    """A template by name: a complete definition with name, purpose, category and minutes.

    Raises UnknownName.
    """
    if name not in names():
        raise UnknownName(f"There is no template {shown(name)!r}.")
    resource = resources.files("surveys") / "templates" / f"{name}.yaml"
    return load_yaml(resource.read_text(encoding="utf-8"))
