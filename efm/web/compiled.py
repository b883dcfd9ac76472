"""Templates compiled once a process, those of answer pages before the first person asks for one."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from flask import Flask
    from jinja2.bccache import Bucket

ANSWER_PAGES = ("answer/", "components/questions", "layouts/answer")

_compiled: dict[tuple[str, str], CodeType] = {}


class _InMemory(BytecodeCache):
    """What was compiled in this process, for every application in it."""

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = _compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            _compiled[bucket.key, bucket.checksum] = bucket.code


def install(app: Flask) -> None:
    """Let the application's templates be compiled once."""
    app.jinja_env.bytecode_cache = _InMemory()


def prepare_answer_pages(app: Flask) -> None:
    """Compile what answer pages are drawn from.

    It takes half a second of processor time, which would otherwise be spent at once by each thread
    that answers one of the first people after a start, in seconds for all of them.
    """
    for name in app.jinja_env.list_templates(
        filter_func=lambda name: name.startswith(ANSWER_PAGES)
    ):
        app.jinja_env.get_template(name)
