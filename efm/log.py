"""Structured logs: JSON in production, readable in a terminal; secrets and personal data scrubbed."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAMES = re.compile(
    r"(?i)passw|secret|api_?key|token|authorization|cookie|credential|private_key|totp|session_id"
)
PERSONAL_NAMES = re.compile(r"(?i)^(email|e_mail|phone|recipient|name|address|comment|text|body)$")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24}")
LINK = re.compile(r"(/(?:s|r|p|join|new-password)/)[A-Za-z0-9_-]{10,}")
BEARER = re.compile(r"(?i)(bearer\s+|efm_live_)[A-Za-z0-9_.\-]{8,}")
URL_PASSWORD = re.compile(r"(?i)([a-z0-9+]+://[^\s/:@]*):[^\s/]+@")
PHONE = re.compile(r"(?<![\w.-])\+\d[\d ()-]{7,18}\d(?![\w-])")


def scrub_text(value: str) -> str:
    """A text without e-mail addresses, phone numbers, link tokens and keys."""
    value = LINK.sub(r"\1[token]", value)
    value = BEARER.sub(r"\1[key]", value)
    value = URL_PASSWORD.sub(r"\1:[secret]@", value)
    return PHONE.sub("[phone]", EMAIL.sub("[e-mail]", value))


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last processor before a line is written: nothing secret or personal passes it."""
    for key, value in list(event.items()):
        event[key] = _kept(key, value)
    return event


def _kept(name: str, value: Any) -> Any:
    """What stays of a value under its name."""
    if SECRET_NAMES.search(name):
        return "[secret]"
    if PERSONAL_NAMES.match(name):
        return "[personal]"
    return _scrubbed(value)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, dict):
        return {key: _kept(str(key), each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(each) for each in value]
    return value


def configure(log_format: str = "text", level: str = "info") -> None:
    """Set up structlog and the standard library's logging to write one stream on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Any] = [structlog.processors.format_exc_info, scrub]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    out = sys.stderr
    structlog.configure(
        processors=[*shared, *last, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Who replaced standard error may have closed it since; a log line must not fail for that.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr if out.closed else out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *last,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING if level != "debug" else logging.INFO)


def get(name: str) -> Any:
    """A logger; events are static names, values are fields, things are named by id."""
    return structlog.get_logger(part=name)
