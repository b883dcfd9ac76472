"""What every group of API addresses shares: strict arguments, keys, limits, lists, replies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar
from urllib.parse import urlencode

import flask_smorest
from flask import Blueprint, Response, current_app, g, make_response, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from efm.errors import EfmError, Invalid, TooMany
from efm.events import repeats
from efm.web import auth, jsonguard, unit
from efm.web.api import body
from efm.web.api.limits import Limiter, Standing
from efm.web.pointers import pointer

MOST_PROBLEMS = 50
View = TypeVar("View", bound=Callable[..., Any])


class Decorator(Protocol):
    """What gives a view back as it was, to the eyes of its readers."""

    def __call__(self, view: View, /) -> View:
        """The view, with more to it."""


# Where the bare entrance leaves the count it has already made of a request.
STANDING = "efm.api_standing"


class BadKey(EfmError):
    """The Idempotency-Key cannot be used."""

    status = 400
    title = "The Idempotency-Key cannot be used"


def flattened(messages: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, str]]:
    """marshmallow's nested messages as pointer and sentence."""
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            yield from flattened(below, path if name == "_schema" else (*path, name))
    else:
        yield pointer(*path), " ".join(map(str, messages))


def invalid(error: ValidationError, words: str = "The body has problems.") -> Invalid:
    """Our refusal for marshmallow's, each problem with its place."""
    problems = dict(list(flattened(error.messages))[:MOST_PROBLEMS])
    return Invalid(words, problems=problems)


class _Parser(FlaskParser):
    """Reads arguments through our JSON guard and refuses in our words."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012

    def load_json(self, req: Any, schema: Schema) -> Any:
        """The JSON of a single record."""
        return body.document(jsonguard.SINGLE_BYTES)

    def handle_error(self, error: ValidationError, req: Any, schema: Schema, **_: Any) -> NoReturn:
        """Refuse with each problem's place."""
        messages: Any = error.messages
        if "query" in messages:
            problems = {f"?{k}": v for k, v in flattened(messages["query"])}
            problems = {k.replace("?#/", "?", 1): v for k, v in problems.items()}
            raise Invalid("The address has parameters that do not fit.", problems=problems)
        raise invalid(ValidationError(messages.get("json", messages))) from error


if TYPE_CHECKING:

    class _Blueprint(Blueprint):
        """What of flask-smorest's blueprint is used here, with its types."""

        def __init__(
            self, name: str, import_name: str, *, url_prefix: str, description: str
        ) -> None: ...
        def arguments(self, schema: type[Schema], *, location: str = "json") -> Decorator: ...
        def response(
            self, status: int, schema: type[Schema], *, description: str | None = None
        ) -> Decorator: ...
        def alt_response(
            self, status: int, *, schema: type[Schema], description: str
        ) -> Decorator: ...
        def doc(self, *, summary: str) -> Decorator: ...

else:
    _Blueprint = flask_smorest.Blueprint


class Room(_Blueprint):
    """A group of addresses of the API, counted against the token's limit."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(
            f"api_{name}", __name__, url_prefix=f"/api/v1/{name}", description=description
        )
        self.before_request(_count)
        self.after_request(_tell)

    def takes(self, schema: type[Schema]) -> Decorator:
        """Document a body that the view reads itself."""

        def declare(view: Any) -> Any:
            apidoc = view.__dict__.setdefault("_apidoc", {})
            parameter = {"in": "json", "required": True, "schema": schema}
            arguments = apidoc.setdefault("arguments", {})
            arguments.setdefault("parameters", []).append(parameter)
            return view

        return declare


def _count() -> None:
    """Count the request; raises TooMany when the token's minute is spent."""
    limiter: Limiter = current_app.extensions["efm.api_limiter"]
    if STANDING in request.environ:
        standing = request.environ[STANDING]
    else:
        standing = limiter.take(auth.principal().id, unit.now())
    g.api_standing = standing
    if standing is not None and standing.is_over:
        raise TooMany(
            f"This token may make {standing.limit} requests a minute. Send responses and records "
            "in batches, or wait.",
            retry_after_seconds=standing.seconds,
        )


def _tell(response: Response) -> Response:
    """Say where the token stands."""
    response.headers.update(standing_headers(g.get("api_standing")))
    return response


def standing_headers(standing: Standing | None) -> list[tuple[str, str]]:
    """Where a token stands, as its callers read it."""
    if standing is None:
        return []
    return [
        ("RateLimit-Policy", f'"token";q={standing.limit};w=60'),
        ("RateLimit", f'"token";r={standing.remaining};t={standing.seconds}'),
    ]


def once(most: int = jsonguard.SINGLE_BYTES) -> Decorator:
    """Give a repeated request with the same Idempotency-Key the first one's answer, byte by byte."""

    def declare(view: Any) -> Any:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Response:
            asked = _repeatable(most)
            if asked is None:
                return make_response(view(*args, **kwargs))
            session, now = unit.session(), unit.now()
            first = repeats.first_answer(session, asked, now)
            if first is not None:
                response = Response(first.body, first.status, mimetype="application/json")
                response.headers["Idempotency-Replayed"] = "true"
                return response
            response = make_response(view(*args, **kwargs))
            if response.status_code < 400:
                answer = repeats.Answer(response.status_code, response.get_data(as_text=True))
                repeats.keep(session, asked, answer, now)
            return response

        wrapper.is_repeatable = True  # type: ignore[attr-defined]
        return wrapper

    return declare


def _repeatable(most: int) -> repeats.Repeatable | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise BadKey("Send 1 to 200 printable ASCII characters, such as a UUID.")
    who = auth.principal()
    route = request.url_rule.rule if request.url_rule else request.path
    digest = hashlib.sha256(body.raw(most)).digest()
    return repeats.Repeatable(f"{who.kind}:{who.id}", route, key, digest)


def listed(rows: Sequence[Any], cursor: str | None) -> Response:
    """A page of a list, with where it goes on in the body and in the Link header."""
    following = None
    headers = {}
    if cursor is not None:
        pairs = [(k, v) for k, v in request.args.items(multi=True) if k != "cursor"]
        following = f"{request.path}?{urlencode([*pairs, ('cursor', cursor)])}"
        headers["Link"] = f'<{following}>; rel="next"'
    return body.reply({"data": rows, "next": following, "next_cursor": cursor}, 200, headers)
