"""Finds what the features declare: their job modules, imported where they exist."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from efm.config import Config
from efm.events.registry import Registry
from efm.vault import Vault

MODULES = (
    "efm.jobs.mail",
    "efm.jobs.chores",
    "efm.jobs.identity",
    "efm.feedback.jobs",
    "efm.sync.jobs",
    "efm.imports.jobs",
    "efm.insight.jobs",
    "efm.measures.jobs",
    "efm.scenarios.jobs",
    "efm.writing.jobs",
)


def load_registry(config: Config) -> Registry:
    """The jobs and handlers of every part of the house that is present."""
    registry = Registry(config, Vault(config.secret_key))
    for name in MODULES:
        if find_spec(name) is not None:
            import_module(name).register(registry)
    return registry
