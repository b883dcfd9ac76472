"""What a response looks like when it is sent in, for the documentation; `ingest` is what reads it."""

from __future__ import annotations

from efm.web.api.fields import Strict, Value, identifier, moment
from efm.web.api.ingest import READERS
from efm.web.api.schemas import batch_of


def _text(name: str, shortest: int, longest: int, help: str, **json: str) -> Value:
    limits = {"type": "string", "minLength": shortest, "maxLength": longest}
    return Value(READERS[name], limits | json, help)


class ResponseBody(Strict):
    """One response to an open survey."""

    survey_id = identifier("The survey it answers.", required=True)
    answers = Value(
        READERS["answers"],
        {"type": "object", "examples": [{"nps": 9, "reason": "Quick and friendly."}]},
        "By question key: numbers as numbers, choices by key, days as 2026-01-31.",
        required=True,
    )
    key = _text(
        "key", 1, 160,
        "Your own id of this response. Sent again with the same key, the first one is answered.",
    )  # fmt: skip
    contact_id = identifier("Who answered: the id of a contact.")
    submitted_at = moment("When it was sent; now if left out.")
    started_at = moment("When it was begun.")
    channel = _text("channel", 0, 40, "Such as web, email, phone, kiosk.")
    touchpoint = _text("touchpoint", 0, 80, "Where in the journey, such as checkout.")
    language = _text(
        "language", 2, 40, "Of the comments, such as en; the survey's if left out.",
        pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
    )  # fmt: skip
    attributes = Value(
        READERS["attributes"], {"type": "object"}, "Anything else worth keeping, up to 4 kB."
    )


ResponseBatch = batch_of(ResponseBody, "responses")
