"""Captions of a video: WebVTT (or SubRip) read, its cues kept as plain words, everything else left behind."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

MOST_BYTES = 512 * 1024
MOST_CUES = 5000
_TIMING = re.compile(
    r"((?:\d{1,3}:)?\d{2}:\d{2}[.,]\d{3})[ \t]+-->[ \t]+((?:\d{1,3}:)?\d{2}:\d{2}[.,]\d{3})(.*)"
)
_SETTING = re.compile(
    r"(?:vertical:(?:rl|lr)|(?:line|position|size):-?\d{1,3}(?:\.\d+)?%?|align:(?:start|center|end|left|right))"
)
_TAG = re.compile(r"</?([a-z]{1,4})(?:[.\s][^<>]*)?>|<[^<>]*>", re.IGNORECASE)
_KEPT = ("b", "i", "u")
_BLOCK = re.compile(r"\n{2,}")
_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")  # fmt: skip


class CaptionsError(ValueError):
    """These are no captions; the message says what to do."""


class _Cue(NamedTuple):
    start: float
    end: float
    settings: str
    words: str


def cleaned(content: bytes) -> str:
    """The captions as WebVTT with nothing in them but times and words; raises CaptionsError."""
    if len(content) > MOST_BYTES:
        raise CaptionsError("Choose captions of at most 500 kB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CaptionsError("Save the captions as UTF-8, and choose them again.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    cues = [
        cue for block in _BLOCK.split(text)[: MOST_CUES * 2] if (cue := _cue(block.strip("\n")))
    ]
    if not cues:
        raise CaptionsError(
            "There are no captions in it. Choose a WebVTT file: lines such as "
            "00:01.000 --> 00:04.000 with the words below them."
        )
    said = "\n\n".join(
        f"{_time(cue.start)} --> {_time(cue.end)}{cue.settings}\n{cue.words}"
        for cue in sorted(cues[:MOST_CUES], key=lambda cue: cue.start)
    )
    return f"WEBVTT\n\n{said}\n"


def _cue(block: str) -> _Cue | None:
    """One cue; nothing for the head of the file, notes, styles and what has no words."""
    lines = block.split("\n")
    if _ASIDE.match(lines[0]):
        return None
    at = next((n for n, line in enumerate(lines[:3]) if "-->" in line), None)
    if at is None:
        return None
    found = _TIMING.fullmatch(lines[at].strip())
    if found is None:
        raise CaptionsError(f"Correct the time of this caption: {lines[at].strip()[:60]}")
    start, end = _seconds(found[1]), _seconds(found[2])
    if end <= start:
        raise CaptionsError(f"This caption ends before it begins: {lines[at].strip()[:60]}")
    words = "\n".join(_plain(line) for line in lines[at + 1 :][:8] if line.strip())
    settings = "".join(f" {each[0]}" for each in _SETTING.finditer(found[3]))
    return _Cue(start, end, settings, words) if words else None


def _plain(line: str) -> str:
    """Words with bold, italics and underlines; any other markup goes."""
    parts: list[str] = []
    begun = 0
    for found in _TAG.finditer(line):
        parts.append(_escaped(line[begun : found.start()]))
        name = (found[1] or "").lower()
        if name in _KEPT:
            parts.append(f"</{name}>" if found[0].startswith("</") else f"<{name}>")
        begun = found.end()
    return "".join([*parts, _escaped(line[begun:])]).replace("-->", "--&gt;").strip()[:500]


def _escaped(words: str) -> str:
    return html.escape(html.unescape(words), quote=False)


def _seconds(time: str) -> float:
    hours, minutes, seconds = ["0", *time.replace(",", ".").split(":")][-3:]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _time(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
