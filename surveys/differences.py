"""What changed between two definitions, element by element, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from surveys import sentences
from surveys.definition import dump
from surveys.kinds import KINDS
from surveys.parts import Definition
from surveys.subjects import Subject, subjects

Sort: TypeAlias = Literal["added", "removed", "changed", "moved"]
_LISTS = {"ending": "endings", "data": "data", "quota": "quotas", "block": "blocks",
          "randomizer": "randomizers"}  # fmt: skip
_ONE = {"ending": "Ending", "data": "Data field", "quota": "Quota", "block": "Block",
        "randomizer": "Random order"}  # fmt: skip
_LOGIC = {"show_if": "Shown if", "required_if": "Required if", "when": "Counts if", "value": "Its value",
          "default": "Its default"}  # fmt: skip
_NAMES = {"text": "Words", "help": "Help", "title": "Title", "is_required": "Required",
          "is_requested": "Asked for once more", "thank_you": "Thanks", "introduction": "Welcome",
          "privacy": "Privacy", "is_screen_out": "Screens out", "limit": "Responses wanted",
          "origin": "Taken as"}  # fmt: skip
_LONGEST = 200


class Detail(NamedTuple):
    """One field that changed: what it is, what it said, what it says."""

    name: str
    before: str
    after: str


class Change(NamedTuple):
    """An element that came, went, moved or changed; `at` is its address."""

    sort: Sort
    at: str
    what: str
    details: tuple[Detail, ...] = ()


def differences(before: Definition, after: Definition) -> tuple[Change, ...]:
    """Every change from one definition to the other, in the order of the later one."""
    return tuple(_Compared(before, after).changes())


class _Compared:
    """Two definitions as documents, with what their logic can ask about."""

    def __init__(self, before: Definition, after: Definition) -> None:
        self.old, self.new = dump(before), dump(after)
        self.known: tuple[Mapping[str, Subject], Mapping[str, Subject]] = (
            subjects(before), subjects(after),
        )  # fmt: skip

    def changes(self) -> Iterator[Change]:
        """Survey, pages, questions, then what is around them."""
        details = self.details(self.old, self.new, _APART)
        if details:
            yield Change("changed", "survey", "The survey", details)
        yield from self.pages()
        yield from self.questions()
        for sort, listed in _LISTS.items():
            yield from self.parts(sort, _by_key(self.old, listed), _by_key(self.new, listed))
        yield from self.translations()

    def pages(self) -> Iterator[Change]:
        """Pages without their questions."""
        old, new = _by_key(self.old, "pages"), _by_key(self.new, "pages")
        numbers = {key: n for n, key in enumerate(new, 1)} | {
            key: n for n, key in enumerate(old, 1) if key not in new
        }
        moved = _moved(list(old), list(new))
        for key in {**new, **old}:
            title = (new.get(key) or old[key]).get("title", "")
            what = f"Page {numbers[key]}" + (f", {title}" if title else "")
            if key not in old:
                yield Change("added", f"page.{key}", what)
            elif key not in new:
                yield Change("removed", f"page.{key}", what)
            else:
                details = self.details(old[key], new[key], {"key", "questions"})
                if details:
                    yield Change("changed", f"page.{key}", what, details)
                if key in moved:
                    yield Change("moved", f"page.{key}", what)

    def questions(self) -> Iterator[Change]:
        """Questions by their keys, wherever they stand."""
        old, new = _asked(self.old), _asked(self.new)
        moved = _moved(list(old), list(new))
        for key in {**new, **old}:
            page, question = new.get(key) or old[key]
            at, what = f"question.{key}", _shortly(question["text"]) or key
            if key not in old:
                kind = KINDS[question["kind"]].title
                yield Change("added", at, what, (Detail("Kind", "", kind),))
            elif key not in new:
                yield Change("removed", at, what)
            else:
                details = self.details(old[key][1], question, {"key"})
                if details:
                    yield Change("changed", at, what, details)
                if key in moved or old[key][0] != page:
                    yield Change("moved", at, what)

    def parts(self, sort: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
        """Endings, data fields and the like."""
        for key in {**new, **old}:
            part = new.get(key) or old[key]
            what = f"{_ONE[sort]} “{part.get('title') or part.get('name') or key}”"
            if key not in old:
                yield Change("added", f"{sort}.{key}", what)
            elif key not in new:
                yield Change("removed", f"{sort}.{key}", what)
            elif details := self.details(old[key], new[key], {"key"}):
                yield Change("changed", f"{sort}.{key}", what, details)
        both = [key for key in old if key in new], [key for key in new if key in old]
        if both[0] != both[1]:
            yield Change("moved", "survey", f"{_ONE[sort]}s are in another order")

    def translations(self) -> Iterator[Change]:
        """How many texts changed in each language."""
        old, new = self.old.get("translations", {}), self.new.get("translations", {})
        assert isinstance(old, dict)
        assert isinstance(new, dict)
        for language in sorted({*old, *new}):
            texts = old.get(language, {}), new.get(language, {})
            count = sum(
                texts[0].get(place) != texts[1].get(place) for place in {*texts[0], *texts[1]}
            )
            if count:
                words = f"{count} {'text' if count == 1 else 'texts'} in {language}"
                sort: Sort = "added" if not texts[0] else "removed" if not texts[1] else "changed"
                yield Change(sort, "survey", words)

    def details(
        self, old: Mapping[str, Any], new: Mapping[str, Any], without: set[str]
    ) -> tuple[Detail, ...]:
        """The fields in which two states of an element differ."""
        found: list[Detail] = []
        for name in {**old, **new}:
            before, after = old.get(name), new.get(name)
            if name in without or before == after:
                continue
            if name in ("choices", "rows", "parts"):
                found += self.lines(name, before or [], after or [])
            elif name == "settings":
                found += self.settings(before or {}, after or {})
            elif name == "kind":
                found.append(Detail("Kind", KINDS[str(before)].title, KINDS[str(after)].title))
            else:
                said = self.words(name, before, 0), self.words(name, after, 1)
                found.append(Detail(_NAMES.get(name) or _LOGIC.get(name) or _spoken(name), *said))
        return tuple(found)

    def lines(self, name: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Detail]:
        """Choices, rows or parts that came, went or changed."""
        if not all(isinstance(each, dict) for each in (*before, *after)):
            yield Detail(_spoken(name), ", ".join(before), ", ".join(after))
            return
        one = {"choices": "Choice", "rows": "Row", "parts": "Part"}[name]
        old, new = ({each["key"]: each for each in listed} for listed in (before, after))
        for key in {**new, **old}:
            words = [
                each.get("label") or each.get("text", "")
                for each in (old.get(key, {}), new.get(key, {}))
            ]
            if key not in old:
                yield Detail(f"{one} added", "", words[1])
            elif key not in new:
                yield Detail(f"{one} removed", words[0], "")
            elif words[0] != words[1]:
                yield Detail(f"{one} in other words", words[0], words[1])
            else:
                for detail in self.details(old[key], new[key], {"key", "label"}):
                    yield detail._replace(name=f"{one} “{words[1]}”: {detail.name}")
        if [key for key in old if key in new] != [key for key in new if key in old]:
            yield Detail(f"{_spoken(name)} in another order", "", "")

    def settings(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Detail]:
        """Settings of the kind."""
        for name in {**before, **after}:
            if before.get(name) != after.get(name):
                yield Detail(_spoken(name), _plain(before.get(name)), _plain(after.get(name)))

    def words(self, name: str, value: Any, which: int) -> str:
        """A value in words; logic as a sentence of its own definition."""
        if value is None:
            return ""
        if name == "origin":
            return "a question of the bank"
        if name in _LOGIC:
            return sentences.sentence(value, self.known[which])
        if name == "skips":
            return "; ".join(
                f"to {each['to']}"
                + (f" if {self.words('when', each['when'], which)}" if "when" in each else "")
                for each in value
            )
        if name == "checks":
            return "; ".join(self.words("show_if", each["valid_if"], which) for each in value)
        if name in ("choices_from", "rows_from"):
            return f"{value.get('which', 'chosen').replace('_', ' ')} in {value['question']}"
        return _plain(value)


_APART = {"pages", "translations", "unresolved", *_LISTS.values()}


def _by_key(document: Mapping[str, Any], listed: str) -> dict[str, Any]:
    return {part["key"]: part for part in document.get(listed, [])}


def _asked(document: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    return {
        question["key"]: (page["key"], question)
        for page in document["pages"]
        for question in page["questions"]
    }


def _moved(old: list[str], new: list[str]) -> set[str]:
    """The fewest keys that changed their place among those that stayed (all but a longest run in order)."""
    place = {key: number for number, key in enumerate(old)}
    stayed = [key for key in new if key in place]
    best: list[tuple[int, int]] = []  # for each: length of the run ending there, its predecessor
    for number, key in enumerate(stayed):
        before = [(best[i][0], i) for i in range(number) if place[stayed[i]] < place[key]]
        length, previous = max(before, default=(0, -1))
        best.append((length + 1, previous))
    at = max(range(len(best)), key=lambda i: best[i][0], default=-1)
    kept = set()
    while at >= 0:
        kept.add(stayed[at])
        at = best[at][1]
    return set(stayed) - kept


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else _shortly(str(value))


def _shortly(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
