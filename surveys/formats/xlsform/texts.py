"""The languages of an XLSForm, and its texts in each of them at their places."""

from __future__ import annotations

import re
from collections.abc import Callable

from surveys.formats.cleaning import Cleaner
from surveys.formats.xlsform.book import Book, Row
from surveys.loading import MAX_TEXTS
from surveys.piping import pipe

_CODE = re.compile(r"\(\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?)\s*\)\s*\Z")
_BARE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,8})?\Z")
_REFERENCE = re.compile(r"\$\{\s*([^{}]*?)\s*\}")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_HEADING = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\((https?://[^\s()]{1,500})\)")
# Names of languages as form makers write them, in English and in themselves.
_NAMES = {
    "en": "english eng anglais ingles inglês", "fr": "french français francais fra",
    "es": "spanish español espanol castellano", "pt": "portuguese português portugues",
    "de": "german deutsch", "it": "italian italiano", "nl": "dutch nederlands",
    "da": "danish dansk", "sv": "swedish svenska", "no": "norwegian norsk", "fi": "finnish suomi",
    "pl": "polish polski", "cs": "czech čeština", "sk": "slovak", "hu": "hungarian magyar",
    "ro": "romanian română", "bg": "bulgarian", "el": "greek", "tr": "turkish türkçe",
    "ru": "russian русский", "uk": "ukrainian українська", "sr": "serbian", "hr": "croatian",
    "mk": "macedonian", "sq": "albanian", "ka": "georgian", "hy": "armenian", "az": "azerbaijani",
    "ar": "arabic العربية عربي عربية", "fa": "persian farsi فارسی dari دری", "ps": "pashto پښتو",
    "ur": "urdu اردو", "ku": "kurdish", "he": "hebrew עברית", "hi": "hindi हिन्दी हिंदी",
    "bn": "bengali bangla বাংলা", "ne": "nepali नेपाली", "ta": "tamil", "te": "telugu",
    "mr": "marathi", "gu": "gujarati", "pa": "punjabi", "si": "sinhala", "my": "burmese myanmar",
    "km": "khmer ភាសាខ្មែរ", "lo": "lao", "th": "thai ไทย", "vi": "vietnamese",
    "id": "indonesian bahasa", "ms": "malay", "tl": "tagalog filipino", "zh": "chinese 中文 mandarin",
    "ja": "japanese 日本語", "ko": "korean", "mn": "mongolian", "sw": "swahili kiswahili",
    "am": "amharic አማርኛ", "om": "oromo oromiffa", "so": "somali soomaali", "ti": "tigrinya",
    "ha": "hausa", "yo": "yoruba", "ig": "igbo", "rw": "kinyarwanda", "rn": "kirundi",
    "lg": "luganda ganda", "ny": "chichewa nyanja", "sn": "shona", "zu": "zulu", "xh": "xhosa",
    "af": "afrikaans", "mg": "malagasy", "wo": "wolof", "ln": "lingala", "bm": "bambara",
    "ht": "creole kreyòl kreyol haitian", "qu": "quechua",
}  # fmt: skip
_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split()}
_TRANSLATED = ("label", "hint", "guidance_hint")


def code_of(name: str, taken: set[str]) -> str:
    """The code of a language by the words in a column's name; one of our own where it is unknown."""
    found = _CODE.search(name)
    words = name.strip().lower()
    code = ""
    if found:
        code = found[1].lower().replace("_", "-")
    elif words in _BY_NAME:
        code = _BY_NAME[words]
    elif _BARE.match(words):
        code = words.replace("_", "-")
    else:
        first = re.split(r"[\s(,/-]+", words)[0]
        code = _BY_NAME.get(first, "")
    if not code or code in taken:
        # ISO 639 leaves qaa to qtz to whoever needs a code of their own.
        code = next(
            made
            for made in (
                f"q{a}{b}" for a in "abcdefghijklmnopqrst" for b in "abcdefghijklmnopqrstuvwxyz"
            )
            if made not in taken
        )
    taken.add(code)
    return code


class Texts:
    """Texts of rows in the form's own language, and those of the others kept by their places."""

    def __init__(self, book: Book, cleaner: Cleaner) -> None:
        self._cleaner = cleaner
        self._cleaned: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.default = ""
        self.translations: dict[str, dict[str, str]] = {}
        self._languages(book)

    def _languages(self, book: Book) -> None:
        settings = book.settings[0] if book.settings else {}
        wanted = settings.get(("default_language",), "").strip()
        names: list[str] = []
        rows = (*book.survey, *book.choices)
        for row in rows:
            for column in row:
                language = _language(column)
                if language is not None and language not in names:
                    names.append(language)
        has_plain = any((each,) in row for row in book.survey for each in ("label", "hint"))
        named = next((each for each in names if each.lower() == wanted.lower()), None)
        self.default = named if named is not None else wanted
        if not self.default and not has_plain and names:
            self.default = names[0]
        taken: set[str] = set()
        if not self.default or self.default.lower() == "default":
            # Nothing says which language it is: English, and a column of English goes with it.
            english = (each for each in names if code_of(each, set()) == "en")
            self.default = next(english, "English")
        self.language = code_of(self.default, taken)
        self.codes = {
            each: self.language if each in (self.default, "default") else code_of(each, taken)
            for each in names[:50]
        }
        self.codes[self.default] = self.language

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of the languages it speaks, its own first."""
        others = [code for code in self.codes.values() if code != self.language]
        return (self.language, *dict.fromkeys(others))

    def clean(self, text: str) -> str:
        """A text without markup."""
        if text not in self._cleaned:
            words = self._cleaner.text(text)
            if "](" in words:
                words = _LINK.sub(r"\1 (\2)", words)
            if "**" in words or "__" in words:
                words = _EMPHASIS.sub(r"\2", words)
            self._cleaned[text] = _HEADING.sub("", words) if "#" in words else words
        return self._cleaned[text]

    def each(self, row: Row, *column: str) -> dict[str, str]:
        """The texts of a column by language code."""
        found: dict[str, str] = {}
        for name, value in row.items():
            if name[: len(column)] != column or len(name) > len(column) + 1:
                continue
            code = self.language
            if len(name) > len(column):
                known = self.codes.get(name[-1])
                if known is None:
                    continue
                code = known
            text = self.clean(value)
            if text and (code not in found or len(name) > len(column)):
                found[code] = text
        return found

    def place(
        self,
        place: str,
        texts: dict[str, str],
        otherwise: str = "",
        longest: int = 2000,
        put: Callable[[str], str] = lambda text: text,
    ) -> str:
        """The text in the form's own language; the others are kept for the place.

        ``put`` fills in what is piped.
        """
        own = texts.get(self.language) or next(iter(texts.values()), "") or otherwise
        for code, text in texts.items():
            if code != self.language and text:
                kept = self.translations.setdefault(code, {})
                if len(kept) < MAX_TEXTS:
                    kept[place] = put(text)[:longest]
        return put(own)[:longest]

    @staticmethod
    def references(text: str) -> list[str]:
        """The names a text pipes."""
        return _REFERENCE.findall(text)

    @staticmethod
    def piped(text: str, path_of: Callable[[str], str | None]) -> str:
        """A text with ``${name}`` as our places; a name that leads nowhere stays as it is."""
        if "${" not in text:
            return text

        def put(found: re.Match[str]) -> str:
            path = path_of(found[1].rpartition("#")[2])
            return found[0] if path is None else pipe(path)

        return _REFERENCE.sub(put, text)


def _language(column: tuple[str, ...]) -> str | None:
    """The language a column is in, None where it has none."""
    if len(column) == 2 and column[0] in _TRANSLATED:
        return column[1]
    if len(column) == 3 and column[0] in ("media", "bind"):
        return column[2]
    return None
