"""Files that surveys show: read from forms, and sent as browsers ask for them, whole or in stretches."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Response, request
from werkzeug.http import is_resource_modified

from efm.db.direct import Direct
from efm.feedback import media

ENDINGS = {"video/mp4": "mp4", "video/webm": "webm"}


def brought(fields: Mapping[str, str]) -> dict[str, media.Brought]:
    """The files of the form by their fields, each read a little further than it may be long.

    ``fields`` say which part of a statement each field brings in.
    """
    found = {}
    for field, part in fields.items():
        file = request.files.get(field)
        if file is not None and file.filename:
            content = file.read(media.PARTS[part].most_bytes + 1)
            found[field] = media.Brought(part, file.filename, content)
    return found


def sent(reader: Direct, file_id: uuid.UUID) -> Response:
    """The file, or of a stretch that was asked for as much as is sent at once; raises NotFound."""
    wanted = request.range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return _whole(reader, file_id)
    size = media.piece(reader, file_id, length=0).size
    stretch = wanted.range_for_length(size)
    if stretch is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, stop = stretch
    found = media.piece(reader, file_id, start, min(stop - start, media.PIECE_BYTES))
    response = Response(found.content, 206)
    last = start + len(found.content) - 1
    response.headers["Content-Range"] = f"bytes {start}-{last}/{size}"
    return _told(response, found.media_type, file_id)


def _whole(reader: Direct, file_id: uuid.UUID) -> Response:
    first = media.piece(reader, file_id)
    if not is_resource_modified(request.environ, etag=f'"{file_id}"'):
        return _told(Response(status=304), first.media_type, file_id)
    response = Response(media.rest(reader, file_id, first))
    response.content_length = first.size
    return _told(response, first.media_type, file_id)


def _told(response: Response, media_type: str, file_id: uuid.UUID) -> Response:
    """What is said of a file: it never changes under its address."""
    response.mimetype = media_type
    response.set_etag(str(file_id))
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if media_type in ENDINGS:
        response.headers["Content-Disposition"] = f'inline; filename="video.{ENDINGS[media_type]}"'
    return response
