"""Pictures, videos and captions that surveys show: checked when they come, given out piece by piece."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from efm.clock import new_id
from efm.db.direct import Direct
from efm.errors import Invalid, NotFound
from efm.feedback import files
from efm.models import File
from surveys import captions
from surveys.kinds.files import MEGABYTE, file_name

MOST_VIDEO_BYTES = 50 * MEGABYTE
# No more of a file is in memory at once than this, however large it is.
PIECE_BYTES = MEGABYTE
_HEAD_BYTES = 64
# Brands of the same container that are no videos: pictures and sounds.
_OTHER_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"M4A ", b"M4B ")
_PIECE = """
SELECT media_type, length(content), substring(content FROM %(start)s + 1 FOR %(length)s)
FROM efm_open_picture(%(id)s)
"""


class Piece(NamedTuple):
    """Some bytes of a file that surveys show, with its type and whole size."""

    media_type: str
    size: int
    content: bytes


def piece(reader: Direct, file_id: uuid.UUID, start: int = 0, length: int = PIECE_BYTES) -> Piece:
    """A piece of a file from a place on; empty behind its end. Raises NotFound."""
    found = reader.fetch(_PIECE, {"id": file_id, "start": start, "length": length})
    if not found:
        raise NotFound("There is no such picture.")
    media_type, size, content = found[0]
    return Piece(media_type, size, bytes(content))


def rest(reader: Direct, file_id: uuid.UUID, first: Piece) -> Iterator[bytes]:
    """A file from its first piece on, read as it is sent."""
    yield first.content
    sent = len(first.content)
    while sent < first.size:
        content = piece(reader, file_id, sent).content
        if not content:
            return
        yield content
        sent += len(content)


def add_video(session: Session, name: str, content: bytes, now: datetime) -> uuid.UUID:
    """Keep a video to show in surveys; raises Invalid for what is none or too large."""
    head = content[:_HEAD_BYTES]
    media_type = "video/mp4" if _is_mp4(head) else "video/webm" if _is_webm(head) else ""
    if not media_type:
        raise Invalid("Choose a video: an MP4 (H.264) or a WebM file.")
    if len(content) > MOST_VIDEO_BYTES:
        raise Invalid("Choose a video of at most 50 MB; phones are slow with larger ones.")
    return _keep(session, name, media_type, content, now)


def add_captions(session: Session, name: str, content: bytes, now: datetime) -> uuid.UUID:
    """Keep the captions of a video, cleaned; raises Invalid for what are none."""
    try:
        text = captions.cleaned(content)
    except captions.CaptionsError as error:
        raise Invalid(str(error)) from error
    return _keep(session, name, "text/vtt", text.encode(), now)


Add = Callable[[Session, str, bytes, datetime], uuid.UUID]


class Part(NamedTuple):
    """A file that a statement may show: how it is kept, how much of it is read, what browsers offer."""

    add: Add
    most_bytes: int
    accept: str


# By the name of its setting.
PARTS: dict[str, Part] = {
    "image": Part(files.add_picture, files.MOST_PICTURE_BYTES, "image/*"),
    "video": Part(add_video, MOST_VIDEO_BYTES, "video/mp4,video/webm"),
    "poster": Part(files.add_picture, files.MOST_PICTURE_BYTES, "image/*"),
    "captions": Part(add_captions, captions.MOST_BYTES, ".vtt,.srt,text/vtt"),
}


class Brought(NamedTuple):
    """A file as it arrived for a part of a statement, such as its video."""

    part: str
    name: str
    content: bytes


def settings_of(
    session: Session, brought: Sequence[Brought], without: Collection[str], now: datetime
) -> dict[str, str | None]:
    """The settings of a statement that shows what was brought; raises Invalid, by part.

    A video that goes takes along what belongs to it.
    """
    settings: dict[str, str | None] = {name: None for name in without if name in PARTS}
    if "video" in settings:
        settings |= dict.fromkeys(("poster", "captions", "video_text"))
    if "image" in settings:
        settings["image_text"] = None
    for each in brought:
        settings[each.part] = _address_of(session, each, f"media.{each.part}", now)
    if not settings:
        raise Invalid("Choose a file.", problems={"media.video": "Choose a file to bring in."})
    return settings


def addresses_of(
    session: Session, brought: Mapping[str, Brought], without: Collection[str], now: datetime
) -> dict[str, str | None]:
    """The addresses of files another language has of its own, by their places; raises Invalid, by field.

    What is brought stands under its field, ``file.`` and the place.
    """
    found: dict[str, str | None] = dict.fromkeys(without)
    for field, each in brought.items():
        found[field.removeprefix("file.")] = _address_of(session, each, field, now)
    return found


def _address_of(session: Session, brought: Brought, field: str, now: datetime) -> str:
    try:
        kept = PARTS[brought.part].add(session, brought.name, brought.content, now)
    except Invalid as error:
        raise Invalid(error.message, problems={field: error.message}) from error
    return f"/pictures/{kept}"


def _keep(session: Session, name: str, media_type: str, content: bytes, now: datetime) -> uuid.UUID:
    row = File(
        id=new_id(),
        purpose="picture",
        name=file_name(name),
        media_type=media_type,
        size=len(content),
        content=content,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def _is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] not in _OTHER_BRANDS


def _is_webm(head: bytes) -> bool:
    return head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head
