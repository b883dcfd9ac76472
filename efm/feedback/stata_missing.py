"""Stata's .a and .b in a written file: the codes of missing values become what Stata calls missing.

A data frame of numbers cannot hold Stata's letters without becoming one of Python objects, which a
million responses would not fit; so the codes are written as numbers and changed in their places.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

# The doubles of ".a" and ".b" (Stata, "File formats .dta", 5.3: missing values).
_LETTERS = (0x7FE0010000000000, 0x7FE0020000000000)
_DOUBLE, _LONGEST_TEXT, _LONG_TEXT = 65526, 2045, 32768
_WIDTHS = {_DOUBLE: 8, 65527: 4, 65528: 4, 65529: 2, 65530: 1, _LONG_TEXT: 8}
# Rows looked at together.
_STRIDE = 10_000


def mark(path: Path, rows: int, codes: Mapping[str, tuple[int, int]]) -> None:
    """Turn the codes of each named variable into .a and .b."""
    import numpy

    if not rows or not codes:
        return
    with path.open("rb") as file:
        beginning = file.read(1000)
        at = beginning.index(b"<map>") + len(b"<map>")
        places = struct.unpack("<14Q", beginning[at : at + 14 * 8])
        types = _section(file, places[2], b"<variable_types>")
        names = _section(file, places[3], b"<varnames>")
    widths = [_width(kind) for (kind,) in struct.iter_unpack("<H", types)]
    size, offsets, at = len(names) // len(widths), {}, 0
    for number, width in enumerate(widths):
        name = names[number * size : (number + 1) * size].split(b"\0")[0].decode("utf-8")
        offsets[name] = at
        at += width
    chosen = numpy.dtype(
        {
            "names": list(codes),
            "formats": ["<u8"] * len(codes),
            "offsets": [offsets[name] for name in codes],
            "itemsize": at,
        }
    )
    beginning_of_rows = places[9] + len(b"<data>")
    table = numpy.memmap(path, dtype=chosen, mode="r+", offset=beginning_of_rows, shape=(rows,))
    for first in range(0, rows, _STRIDE):
        part = table[first : first + _STRIDE]
        for name, pair in codes.items():
            column = part[name]
            for code, letter in zip(pair, _LETTERS, strict=True):
                column[column == _bits(code)] = letter
    table.flush()


def _section(file: object, place: int, tag: bytes) -> bytes:
    """What stands between a tag and its end."""
    file.seek(place + len(tag))  # type: ignore[attr-defined]
    found = b""
    end = b"</" + tag[1:]
    while end not in found:
        piece = file.read(65_536)  # type: ignore[attr-defined]
        if not piece:
            raise ValueError(f"{tag!r} has no end")
        found += piece
    return found[: found.index(end)]


def _width(kind: int) -> int:
    return kind if kind <= _LONGEST_TEXT else _WIDTHS[kind]


def _bits(code: int) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", float(code)))[0])
