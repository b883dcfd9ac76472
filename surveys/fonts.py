"""Typefaces that come with the product: where their files lie, how large they are, how a page asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

# Each file holds the letters of these; a browser fetches one only when the page has such a letter,
# and what neither holds is drawn in the next typeface of the stack.
RANGES: Mapping[str, str] = MappingProxyType(
    {
        "latin": "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+0304, U+0308, "
        "U+0329, U+2000-206F, U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215, U+FEFF, U+FFFD",
        "latin-ext": "U+0100-02BA, U+02BD-02C5, U+02C7-02CC, U+02CE-02D7, U+02DD-02FF, U+0304, U+0308, "
        "U+0329, U+1D00-1DBF, U+1E00-1E9F, U+1EF2-1EFF, U+2020, U+20A0-20AB, U+20AD-20C0, U+2113, "
        "U+2C60-2C7F, U+A720-A7FF",
    }
)  # fmt: skip
# Beside the stylesheets of themes, so that it holds wherever the service is mounted.
FOLDER = "../static/vendor/fonts/"


class Bundled(NamedTuple):
    """A typeface of ours: what it is called, its version, its weights, the bytes of its two files."""

    title: str
    version: str
    weights: str
    bytes_latin: int
    bytes_more: int
    is_serif: bool = False

    @property
    def kilobytes(self) -> int:
        """What a page in western European languages fetches once more for it."""
        return round(self.bytes_latin / 1000)

    @property
    def kilobytes_more(self) -> int:
        """What letters of further Latin alphabets add, such as those of Polish or Turkish."""
        return round(self.bytes_more / 1000)


BUNDLED: Mapping[str, Bundled] = MappingProxyType(
    {
        "inter": Bundled("Inter", "5.3.0", "100 900", 48_256, 85_068),
        "source-sans-3": Bundled("Source Sans 3", "5.3.0", "200 900", 28_740, 60_088),
        "atkinson-hyperlegible-next": Bundled(
            "Atkinson Hyperlegible Next", "5.3.0", "200 800", 33_996, 19_092
        ),
        "nunito": Bundled("Nunito", "5.3.0", "200 1000", 39_128, 35_588),
        "source-serif-4": Bundled(
            "Source Serif 4", "5.3.1", "200 900", 50_936, 42_212, is_serif=True
        ),
        "lora": Bundled("Lora", "5.3.0", "400 700", 37_788, 20_088, is_serif=True),
    }
)


def file_of(name: str, letters: str) -> str:
    """The name of a typeface's file; with its version, so that it may be kept for ever."""
    return f"{name}-{BUNDLED[name].version}-{letters}.woff2"


def faces(name: str) -> str:
    """The rules by which a page fetches a typeface; until it is there the next of the stack is shown."""
    font = BUNDLED[name]
    return "".join(
        f'@font-face {{ font-family: "{font.title}"; font-style: normal; font-weight: {font.weights}; '
        f'font-display: swap; src: url("{FOLDER}{file_of(name, letters)}") format("woff2"); '
        f"unicode-range: {held}; }}\n"
        for letters, held in RANGES.items()
    )
