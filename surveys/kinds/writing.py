"""Kinds answered in the person's own words: short_text and long_text; and statement, not answered."""

from __future__ import annotations

from surveys.kinds.base import (
    Asked,
    Kind,
    Readers,
    Setting,
    no_columns,
    no_readers,
    simple_column,
    text_readers,
    whole,
)
from surveys.strings import tidy
from surveys.values import Answer, Refusal

_LONGEST = {"short_text": 200, "long_text": 5000}
_PLACEHOLDER = Setting("placeholder", "text", "Hint inside the box", "Shown until typing starts.")

# Composing accents can shorten a text, so up to this many times the limit is worth composing.
_SLACK = 3


def _max_length(kind: str, most: int) -> Setting:
    return Setting(
        "max_length", "integer", "Longest answer", "In characters.", _LONGEST[kind], 1, most
    )


def _readers(question: Asked) -> Readers:
    limit = whole(question.settings.get("max_length"), _LONGEST.get(question.kind, 200))
    key, kind = question.key, question.kind
    is_one_line = kind != "long_text"

    def read(text: str) -> Answer | None:
        if len(text) > limit * _SLACK:
            text = text.strip()
            if len(text) > limit * _SLACK:
                raise Refusal("too_long", maximum=limit, length=len(text))
        text = tidy(text)
        if is_one_line and not text.isprintable():
            text = " ".join(text.split())
        if not text:
            return None
        if len(text) > limit:
            raise Refusal("too_long", maximum=limit, length=len(text))
        return Answer(key, kind, None, text)

    return text_readers(read)


# What a statement may show below its words.
_SHOWN = (
    Setting("image", "media", "Picture"),
    Setting(
        "image_text", "text", "The picture in words", "Read out to people who do not see it.", of="image"
    ),
    Setting("video", "media", "Video"),
    Setting("poster", "media", "Picture before the video plays", of="video"),
    Setting("captions", "media", "Captions", of="video"),
    Setting(
        "video_text", "prose", "The video in words",
        "All that is said and shown, for people who cannot watch or hear it.", of="video",
    ),
)  # fmt: skip

_columns = simple_column(lambda answer: answer.text)

WRITING: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="short_text",
            title="Short text",
            answer="text",
            template="text",
            readers=_readers,
            columns=_columns,
            settings=(_max_length("short_text", 1000), _PLACEHOLDER),
            seconds=12.0,
        ),
        Kind(
            name="long_text",
            title="Comment",
            answer="text",
            template="text",
            readers=_readers,
            columns=_columns,
            settings=(_max_length("long_text", 20000), _PLACEHOLDER),
            seconds=25.0,
        ),
        Kind(
            name="statement",
            title="Statement",
            answer="none",
            template="statement",
            readers=no_readers,
            columns=no_columns,
            settings=_SHOWN,
            seconds=1.0,
        ),
    )
}
