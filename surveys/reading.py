"""Reads untrusted mappings part by part and collects every problem with its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from math import isfinite
from typing import TypeVar

from surveys import addresses
from surveys.errors import DefinitionError, Problem
from surveys.expressions import ExpressionError, compile_expression, normal, parse
from surveys.kinds import Setting, SettingValue
from surveys.parts import Logic
from surveys.strings import is_storable, shown, tidy

# Files that surveys show lie here, whatever they are.
MEDIA = re.compile(r"/pictures/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(r"[a-z0-9_]{1,40}")
_MAX_PROBLEMS = 100
# For so many mistakes the name that was meant is looked for.
_SEARCHED = 10
MAX_SETTING_TEXTS = 20
MAX_SETTING_TEXT = 300
MAX_SETTING_PROSE = 10_000

_LARGEST = 2**53

T = TypeVar("T")
Option = TypeVar("Option", bound=str)


class Reader:
    """One reading of one document. Each method returns something usable even where it complains,

    so that one mistake does not hide the next; ``finish`` raises what was collected.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def refuse(self, path: str, message: str) -> None:
        """Note a problem; beyond a hundred nobody reads on."""
        if len(self._problems) < _MAX_PROBLEMS:
            self._problems.append(Problem(path, message))

    def finish(self) -> None:
        """Raise DefinitionError if anything was refused."""
        if self._problems:
            raise DefinitionError(self._problems)

    def mapping(self, value: object, path: str, known: Collection[str]) -> Mapping[str, object]:
        """A mapping with none but the known keys."""
        if not isinstance(value, Mapping):
            self.refuse(path, f"Write a mapping of names to values here, not {shown(value)!r}.")
            return {}
        read: dict[str, object] = {}
        for key, part in value.items():
            if key in known:
                read[key] = part
            else:
                name = f"{path}.{shown(key)}" if path else shown(key)
                hint = self._meant(key, known)
                self.refuse(name, f"This name is not known here.{hint} Known: {', '.join(known)}.")
        return read

    def _meant(self, key: object, known: Collection[str]) -> str:
        """The name that was probably meant, as a question; the first mistakes are worth the search."""
        if not isinstance(key, str) or len(self._problems) >= _SEARCHED:
            return ""
        alike = [f"is_{key}"] if f"is_{key}" in known else get_close_matches(key[:60], known, 1)
        return f" Did you mean {alike[0]}?" if alike else ""

    def each(self, value: object, path: str, most: int, what: str) -> Iterator[tuple[str, object]]:
        """The parts of a list with their paths; a missing list is an empty one."""
        if value is None:
            return
        if not isinstance(value, list | tuple):
            self.refuse(path, f"Write a list of {what} here.")
            return
        if len(value) > most:
            self.refuse(path, f"There are {len(value)} {what}; at most {most} are possible.")
        for place, part in enumerate(value[:most]):
            yield f"{path}[{place}]", part

    def text(self, value: object, path: str, most: int, *, is_required: bool = False) -> str:
        """Tidied text of at most ``most`` characters."""
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.refuse(path, f"Write text here; put {shown(value)!r} in quotes if it is one.")
            return "?"
        if not is_storable(value):
            self.refuse(path, "It holds characters that cannot be stored. Type it again.")
            return "?"
        # Composing accents shortens a text; what is three times too long stays too long.
        text = value.strip()[: most * 3 + 1]
        is_far_too_long = len(text) > most * 3
        text = tidy(text)
        if is_far_too_long or len(text) > most:
            self.refuse(path, f"It is too long. Shorten it to {most} characters.")
        elif is_required and not text:
            self.refuse(path, "It is missing. Write it.")
        return text

    def key(self, value: object, path: str, taken: set[str]) -> str:
        """A stable id, not yet taken; it joins the taken ones."""
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            self.refuse(
                path, "Write a key of 1 to 40 small letters a to z, digits and underscores."
            )
            return ""
        if value in taken:
            self.refuse(path, f"The key {value!r} is used twice. Give each its own.")
        taken.add(value)
        return value

    def name(self, value: object, path: str, *, is_required: bool = False) -> str:
        """The key of another part, or nothing."""
        if value is None and not is_required:
            return ""
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            self.refuse(path, "Write the key of the part that is meant.")
            return ""
        return value

    def logic(self, value: object, path: str) -> Logic:
        """Logic as JSON or as its text, in the one form it is kept in; None where none is given."""
        if value is None:
            return None
        try:
            logic = parse(value) if isinstance(value, str) else normal(value)  # type: ignore[arg-type]
            compile_expression(logic)
        except ExpressionError as error:
            self.refuse(path, str(error))
            return None
        return logic

    def value(self, value: object, path: str) -> Logic:
        """A plain value, or logic as JSON that gives one; text stands for itself."""
        if isinstance(value, str):
            return self.text(value, path, 10_000)
        return self.logic(value, path)

    def number(self, value: object, path: str) -> float | None:
        """A number, or nothing."""
        if value is None:
            return None
        is_number = type(value) is int or (type(value) is float and isfinite(value))
        if not is_number or not isinstance(value, int | float) or abs(value) > _LARGEST:
            self.refuse(path, "Write a number.")
            return None
        return int(value) if value == int(value) else value

    def whole(self, value: object, path: str, *, least: int = 0) -> int | None:
        """A whole number of at least so many, or nothing."""
        if value is None:
            return None
        if type(value) is not int or not least <= value <= _LARGEST:
            self.refuse(path, f"Write a whole number of {least} or more.")
            return None
        return value

    def option(self, value: object, path: str, options: tuple[Option, ...]) -> Option:
        """One of the options; the first where nothing is said."""
        for option in options:
            if value == option:
                return option
        if value is not None:
            self.refuse(path, f"Write one of: {', '.join(options)}.")
        return options[0]

    def address(self, value: object, path: str) -> str:
        """A web address that values may be put into, or nothing."""
        text = self.text(value, path, 2000)
        problem = addresses.problem(text) if text else ""
        if problem:
            self.refuse(path, problem)
        return "" if problem else text

    def boolean(self, value: object, path: str, *, otherwise: bool) -> bool:
        """true or false, nothing that merely looks like it."""
        if value is None:
            return otherwise
        if not isinstance(value, bool):
            self.refuse(path, "Write true or false.")
            return otherwise
        return value

    def settings(
        self, value: object, path: str, declared: tuple[Setting, ...]
    ) -> dict[str, SettingValue]:
        """The declared settings: given ones checked, others by default, in declared order."""
        by_name = {setting.name: setting for setting in declared}
        given = self.mapping({} if value is None else value, path, by_name)
        read: dict[str, SettingValue] = {}
        for name, setting in by_name.items():
            part = given.get(name)
            checked = setting.default
            if part is not None:
                checked = self._setting(part, f"{path}.{name}", setting)
            if checked is not None and checked not in ("", ()):
                read[name] = checked
        return read

    def _setting(self, value: object, path: str, setting: Setting) -> SettingValue | None:
        readers: dict[str, Callable[[object, str, Setting], SettingValue | None]] = {
            "integer": self._number,
            "number": self._number,
            "boolean": lambda part, where, _: self.boolean(part, where, otherwise=False),
            "text": lambda part, where, _: self.text(part, where, MAX_SETTING_TEXT),
            "texts": self._texts,
            "prose": lambda part, where, _: self.text(part, where, MAX_SETTING_PROSE),
            "media": self._media,
            "date": self._date,
            "option": self._option,
        }
        return readers[setting.type](value, path, setting)

    def _number(self, value: object, path: str, setting: Setting) -> SettingValue | None:
        is_number = type(value) is int or (type(value) is float and isfinite(value))
        if not is_number or not isinstance(value, int | float):
            self.refuse(path, "Write a number.")
            return None
        if setting.type == "integer" and value != int(value):
            self.refuse(path, "Write a whole number.")
            return None
        if setting.minimum is not None and value < setting.minimum:
            self.refuse(path, f"Write {setting.minimum} or more.")
            return None
        if setting.maximum is not None and value > setting.maximum:
            self.refuse(path, f"Write {setting.maximum} or less.")
            return None
        # 5.0 and 5 are the same setting and must give the same bytes.
        return int(value) if value == int(value) else value

    def _texts(self, value: object, path: str, _: Setting) -> SettingValue | None:
        return tuple(
            self.text(part, where, MAX_SETTING_TEXT, is_required=True)
            for where, part in self.each(value, path, MAX_SETTING_TEXTS, "texts")
        )

    def _media(self, value: object, path: str, _: Setting) -> SettingValue | None:
        text = self.text(value, path, MAX_SETTING_TEXT)
        if text and not MEDIA.fullmatch(text):
            self.refuse(path, "Bring in a file, and it gets its address.")
            return None
        return text

    def _date(self, value: object, path: str, _: Setting) -> SettingValue | None:
        # YAML reads 2026-01-31 as a date by itself; JSON has text only.
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        try:
            if isinstance(value, str) and len(value) == 10:
                return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
        self.refuse(path, "Write a date as year-month-day, such as 2026-01-31.")
        return None

    def _option(self, value: object, path: str, setting: Setting) -> SettingValue | None:
        if isinstance(value, str) and value in setting.options:
            return value
        self.refuse(path, f"Write one of: {', '.join(setting.options)}.")
        return None
