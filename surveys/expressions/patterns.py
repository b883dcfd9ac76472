r"""Regular expressions in linear time: all ways through a pattern are walked at once, none twice.

No engine of that kind is among our requirements, so this one is small: literals, classes, ``.``,
``\d \w \s \b`` and their opposites, groups, ``|``, ``* + ? {n,m}`` (lazy or not), ``^ $``, and
``(?i)`` in front. Look-around, back references and possessive forms have no linear time or no
meaning here and are refused. Text is read up to 1,000 characters; longer text does not match.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, NoReturn

from surveys.expressions.errors import BadPattern
from surveys.expressions.limits import Meter

LONGEST_TEXT = 1_000
LONGEST_PATTERN = 1_000
_MOST_STATES = 2_000
_MOST_BUILT = 10_000
_MOST_REPEATS = 1_000
_DEEPEST = 30

_COUNT = re.compile(r"\{(\d{1,4})(?:(,)(\d{0,4}))?\}", re.ASCII)
_ESCAPED_CLASS = frozenset("dDwWsS")
_ESCAPED_LETTER = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_CODE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")
_NAME = re.compile(r"\?(?::|P?<[A-Za-z_]\w*>)", re.ASCII)
_FLAGS = re.compile(r"\(\?i\)")
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
# What a class lists: one character, or two with a hyphen between.
_LISTED = re.compile(r"(\\.|[^\\])(?:(-)(\\.|[^\\]))?", re.DOTALL)


class _State(NamedTuple):
    """One state: a character to accept, a place to be at, or only ways on."""

    accepts: Callable[[str], object] | None
    is_at: str
    ways: tuple[int, ...]


class Pattern:
    """A compiled regular expression."""

    __slots__ = ("_start", "_states")

    def __init__(self, states: list[_State], start: int) -> None:
        self._states = states
        self._start = start

    def is_found(self, text: str, meter: Meter) -> bool:
        """Whether the pattern matches anywhere in the text; each state is seen once a character."""
        if len(text) > LONGEST_TEXT:
            return False
        states, here = self._states, {self._start}
        for position in range(len(text) + 1):
            here.add(self._start)
            seen = self._reached(here, text, position)
            # State 0 is the end.
            if 0 in seen:
                return True
            meter.spend(1 + (len(seen) >> 3))
            if position == len(text):
                break
            character = text[position]
            here = set()
            for each in seen:
                accepts = states[each].accepts
                if accepts is not None and accepts(character):
                    here.update(states[each].ways)
        return False

    def _reached(self, begun: set[int], text: str, position: int) -> set[int]:
        states, seen, left = self._states, set(begun), list(begun)
        while left:
            state = states[left.pop()]
            if state.accepts is not None or (
                state.is_at and not _is_at(state.is_at, text, position)
            ):
                continue
            for way in state.ways:
                if way not in seen:
                    seen.add(way)
                    left.append(way)
        return seen


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Pattern:
    """Compile a regular expression; raises BadPattern with what to do."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadPattern(f"A pattern is longer than {LONGEST_PATTERN:,} characters; shorten it.")
    return _Reader(pattern).compile()


def _is_at(place: str, text: str, position: int) -> bool:
    if place == "^":
        return position == 0
    if place == "$":
        return position == len(text)
    before = position > 0 and _is_word(text[position - 1])
    after = position < len(text) and _is_word(text[position])
    return (before != after) is (place == "b")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


class _Reader:
    """Reads a pattern from its end to its start, so to say: each part is built onto what follows it.

    Parts are kept as functions from the state that follows to the state they begin with; a
    repetition calls its part as often as it is counted.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.flags = 0
        self.built = 0
        self.states = [_State(None, "", ())]

    def compile(self) -> Pattern:
        if flags := _FLAGS.match(self.pattern):
            self.flags, self.at = re.IGNORECASE, flags.end()
        whole = self.choice(0)
        if self.at < len(self.pattern):
            self.refuse("has a closing bracket too many; write \\) for the letter")
        return Pattern(self.states, whole(0))

    def choice(self, depth: int) -> Callable[[int], int]:
        """One or several ways, divided by |."""
        if depth > _DEEPEST:
            self.refuse(f"nests deeper than {_DEEPEST} groups")
        ways = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            ways.append(self.sequence(depth))
        if len(ways) == 1:
            return ways[0]
        return lambda after: self.add(None, "", tuple(way(after) for way in ways))

    def sequence(self, depth: int) -> Callable[[int], int]:
        parts: list[Callable[[int], int]] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.part(depth)))
        return lambda after: self.chained(parts, after)

    def repeated(self, part: Callable[[int], int]) -> Callable[[int], int]:
        """A part with the count behind it, if there is one."""
        counted = _COUNT.match(self.pattern, self.at)
        sign = self.peek()
        if counted:
            self.at = counted.end()
            least = int(counted[1])
            most: int | None = least
            if counted[2]:
                most = int(counted[3]) if counted[3] else None
        elif sign and sign in "*+?":
            self.at += 1
            least, most = int(sign == "+"), 1 if sign == "?" else None
        else:
            return part
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            self.refuse(f"has a count that is not from low to high, up to {_MOST_REPEATS}")
        if self.peek() == "?":
            self.at += 1
        if (again := self.peek()) and (again in "*+?" or _COUNT.match(self.pattern, self.at)):
            self.refuse("repeats a repetition; put a group around it")
        return lambda after: self.repeat(part, least, most, after)

    def repeat(self, part: Callable[[int], int], least: int, most: int | None, after: int) -> int:
        if most is None:
            fork = self.add(None, "", ())
            begin = part(fork)
            self.states[fork] = _State(None, "", (begin, after))
            after = fork
        else:
            end = after
            for _ in range(most - least):
                after = self.add(None, "", (part(after), end))
        return self.chained([part] * least, after)

    def part(self, depth: int) -> Callable[[int], int]:
        """One character, class, place or group."""
        character = self.peek()
        if character == "(":
            return self.group(depth)
        if character == "[":
            found = _CLASS.match(self.pattern, self.at)
            if not found:
                self.refuse("has a class without ]; write \\[ for the letter")
            self.at = found.end()
            return self.accept(_plain_class(found[0]))
        if character == "\\":
            return self.escaped()
        if character in "*+?" or _COUNT.match(self.pattern, self.at):
            self.refuse("repeats nothing; write a \\ before the sign")
        self.at += 1
        if character in "^$":
            return lambda after: self.add(None, character, (after,))
        return self.accept("." if character == "." else re.escape(character))

    def group(self, depth: int) -> Callable[[int], int]:
        self.at += 1
        if self.peek() == "?":
            named = _NAME.match(self.pattern, self.at)
            if not named:
                self.refuse("looks around or sets flags inside; only (?: and names are known")
            self.at = named.end()
        inside = self.choice(depth + 1)
        if self.peek() != ")":
            self.refuse("has a group without ); write \\( for the letter")
        self.at += 1
        return inside

    def escaped(self) -> Callable[[int], int]:
        if code := _CODE.match(self.pattern, self.at):
            self.at = code.end()
            return self.accept(code[0])
        letter = self.pattern[self.at + 1 : self.at + 2]
        self.at += 2
        if letter in _ESCAPED_CLASS:
            return self.accept(f"\\{letter}")
        if letter and letter in "bBAZz":
            place = {"A": "^", "Z": "$", "z": "$"}.get(letter, letter)
            return lambda after: self.add(None, place, (after,))
        if letter in _ESCAPED_LETTER:
            return self.accept(re.escape(_ESCAPED_LETTER[letter]))
        if not letter or letter.isalnum():
            self.refuse("refers back or has an escape that is not known")
        return self.accept(re.escape(letter))

    def chained(self, parts: list[Callable[[int], int]], after: int) -> int:
        """Parts in a row; empty ones make no states, so building them is counted as well."""
        self.built += len(parts)
        if self.built > _MOST_BUILT:
            self.refuse("counts within counts too far")
        for part in reversed(parts):
            after = part(after)
        return after

    def accept(self, one: str) -> Callable[[int], int]:
        """A state for one character; the standard library knows what is in a class."""
        accepts = _one_character(one, self.flags)
        if accepts is None:
            self.refuse("has a class that cannot be read")
        return lambda after: self.add(accepts, "", (after,))

    def add(
        self, accepts: Callable[[str], object] | None, is_at: str, ways: tuple[int, ...]
    ) -> int:
        if len(self.states) >= _MOST_STATES:
            self.refuse(f"counts to more than {_MOST_STATES:,} states")
        self.states.append(_State(accepts, is_at, ways))
        return len(self.states) - 1

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def refuse(self, why: str) -> NoReturn:
        raise BadPattern(f"The pattern {why} (character {self.at + 1}).")


def _plain_class(text: str) -> str:
    """The class with its plain signs escaped: ``[`` or ``--`` may mean sets of classes one day."""
    begin = 2 if text.startswith("[^") else 1
    return (
        text[:begin]
        + _LISTED.sub(
            lambda one: _plain_sign(one[1]) + (one[2] or "") + _plain_sign(one[3] or ""),
            text[begin:-1],
        )
        + "]"
    )


def _plain_sign(sign: str) -> str:
    return f"\\{sign}" if sign and sign in "[]-&~|^" else sign


@lru_cache(maxsize=2_048)
def _one_character(one: str, flags: int) -> Callable[[str], object] | None:
    try:
        return re.compile(one, flags).fullmatch
    except (re.error, OverflowError):
        return None
