"""Files and signatures that a SurveyJS survey asks for."""

from __future__ import annotations

from surveys.formats.surveyjs.desk import Document, said, whole
from surveys.formats.surveyjs.elements import Element
from surveys.formats.surveyjs.pieces import Piece
from surveys.kinds.files import MEGABYTE, TYPES
from surveys.parts import Logic

_LARGEST = 25
_MOST = 10
_MIMES = {
    "application/pdf": ("pdf",),
    "text/plain": ("txt",),
    "text/csv": ("csv",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/*": ("png", "jpg", "jpeg", "gif", "webp", "heic"),
    "audio/*": ("mp3", "m4a", "wav"),
    "video/*": ("mp4", "mov", "webm"),
}


class Upload(Element):
    """file: files of some types, up to a size."""

    is_atomic = False

    def kind(self) -> str:
        """A file."""
        return "file_upload"

    def settings(self) -> Document:
        """How many, how large, of which types."""
        raw, made = self.raw, Document()
        if raw.get("allowMultiple") is True:
            most = whole(raw.get("maxFiles"), 1000)
            made["max_files"] = min(max(most, 1), _MOST)
            if most > _MOST:
                self.approximate(f"At most {_MOST} files are taken.")
        size = whole(raw.get("maxSize"), 0)
        made["max_megabytes"] = min(max(-(-size // MEGABYTE), 1), _LARGEST) if size else _LARGEST
        if not size or size % MEGABYTE or size > _LARGEST * MEGABYTE:
            self.approximate(f"A file may have up to {made['max_megabytes']} MB.")
        wanted = [each.strip().lower() for each in said(raw.get("acceptedTypes")).split(",")]
        wanted = [each for each in wanted if each]
        types: list[str] = []
        for each in wanted:
            types += _MIMES.get(each, (each.removeprefix("."),))
        known = list(dict.fromkeys(each for each in types if each in TYPES))
        if known:
            made["types"] = known[:20]
        if not wanted or len(known) < len(set(types)):
            self.approximate("Only usual types of files are taken.")
        return made

    def piece(self, path: str) -> Piece:
        """What was handed over; only whether there is something can be asked."""
        return Piece("any", {"var": path})

    def answer_of(self, given: object) -> Logic:
        """No file is there beforehand."""
        return None


class Signature(Element):
    """signaturepad: a signature, written here and not drawn."""

    def prepare(self) -> None:
        """Say so."""
        self.approximate("The name is written instead of drawn.")

    def kind(self) -> str:
        """A signature."""
        return "signature"

    def settings(self) -> Document:
        """As long as a name may be."""
        return {"max_length": 200}

    def answer_of(self, given: object) -> Logic:
        """No signature is there beforehand."""
        return None
