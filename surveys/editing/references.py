"""What refers to an element: logic, texts that pipe it, skips, carried choices; and how they let go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import quote

from surveys import piping
from surveys.carrying import source_choices
from surveys.definition import load
from surveys.editing.places import Document, EditRefused, label_of, pages, questions
from surveys.expressions import compile_expression

OnReferences: TypeAlias = Literal["ask", "keep", "remove"]
_TEXTS = ("title", "introduction", "thank_you", "privacy", "description", "text", "help", "label",
          "opposite", "message")  # fmt: skip
_PIPE = re.compile(r"(\\\{\{)|\{\{\s*([a-z0-9_][a-z0-9_.]{0,160})\s*(?:\|([^{}\n]{0,200}))?\}\}")
_BOUND = ("to", "choices_from", "rows_from", "ending", "loop", "items")
_LISTED = ("questions", "parts", "choices", "rows", "checks")


class Reference(NamedTuple):
    """Something that refers: the element it belongs to, and how in words.

    ``is_bound`` says that it cannot stay when what it refers to goes.
    """

    at: str
    words: str
    is_bound: bool = False


class InUse(EditRefused):
    """Something others refer to was to be removed, and nothing was said about those."""

    def __init__(self, references: tuple[Reference, ...]) -> None:
        self.references = references
        super().__init__("Others refer to what you are about to remove.")


class Spot(NamedTuple):
    """One place of logic or text: the element, what it is, and the mapping that holds it."""

    at: str
    words: str
    holder: Document
    name: str


class Meaning(NamedTuple):
    """What is meant: whether a variable is of it, and the choice where only a choice goes."""

    is_of: Callable[[str], bool]
    choice: str = ""

    def path(self, path: str) -> bool:
        """Whether a variable names it."""
        return self.is_of(path) and (not self.choice or self.choice in path.split("."))

    def logic(self, logic: Any) -> bool:
        """Whether logic asks about it."""
        paths = [path for path in compile_expression(logic).paths if self.is_of(path)]
        if not paths or not self.choice:
            return bool(paths)
        return any(map(self.path, paths)) or self.choice in _constants(logic)


_NOTHING = Meaning(lambda _: False)
Use: TypeAlias = tuple[Spot, Meaning]


def references(document: Document, address: str, choice: str = "") -> tuple[Reference, ...]:
    """What refers to a question, a choice of it, a page with its questions, an ending, a data field."""
    own = _inside(document, address, choice)
    found = []
    for spot, _ in _uses(document, address, choice):
        if spot.at not in own:
            words = f"{label_of(document, spot.at)}: {spot.words}"
            found.append(Reference(spot.at, words, spot.name in _BOUND))
    return tuple(dict.fromkeys(found))


def let_go(document: Document, address: str, on_references: OnReferences, choice: str = "") -> None:
    """Before something goes: raise InUse, or take away what refers to it, or only what cannot stay."""
    found = references(document, address, choice)
    if found and on_references == "ask":
        raise InUse(found)
    own = _inside(document, address, choice)
    uses = [use for use in _uses(document, address, choice) if use[0].at not in own]
    # Written out first, while the document can still be read as a definition.
    for spot, _ in uses:
        if spot.name in ("choices_from", "rows_from"):
            write_out(document, spot)
    for spot, meant in uses:
        if spot.name in ("choices_from", "rows_from"):
            continue
        if spot.name == "to":
            spot.holder["gone"] = True
        elif spot.name in ("ending", "loop"):
            spot.holder.pop(spot.name, None)
        elif spot.name == "items":
            _forget(spot.holder, choice)
        elif on_references == "remove":
            take_away(spot, meant)
    sweep(document)


def without_translations(document: Document, *starts: str) -> None:
    """Drop the translated texts of what is gone; a start without a dot at its end is a whole place."""
    for texts in document.get("translations", {}).values():
        for place in list(texts):
            if any(
                place.startswith(each) if each.endswith(".") else place == each for each in starts
            ):
                del texts[place]


def logic_spots(document: Document) -> Iterator[Spot]:
    """Every place of logic there is."""
    for sort, listed, name, words in (
        ("block", "blocks", "show_if", "when it is shown"),
        ("data", "data", "value", "its value"),
        ("ending", "endings", "show_if", "when it is taken"),
        ("quota", "quotas", "when", "who counts"),
    ):
        for part in document.get(listed, []):
            if name in part:
                yield Spot(f"{sort}.{part['key']}", words, part, name)
    for page in pages(document):
        at = f"page.{page['key']}"
        if "show_if" in page:
            yield Spot(at, "when it is shown", page, "show_if")
        for skip in page.get("skips", []):
            if "when" in skip:
                yield Spot(at, "where it goes on", skip, "when")
        for question in page["questions"]:
            yield from _in_question(question, f"question.{question['key']}")


def _in_question(question: Document, at: str) -> Iterator[Spot]:
    for name, words in (
        ("show_if", "when it is shown"),
        ("required_if", "when it is required"),
        ("value", "its value"),
        ("default", "its default"),
    ):
        if name in question:
            yield Spot(at, words, question, name)
    for check in question.get("checks", []):
        yield Spot(at, "a check of the answer", check, "valid_if")
    for which, one in (("choices", "choice"), ("rows", "row")):
        for line in question.get(which, []):
            if "show_if" in line:
                yield Spot(at, f"when the {one} “{line['label']}” is offered", line, "show_if")
    for part in question.get("parts", []):
        yield from _in_question(part, f"{at}.{part['key']}")


def _uses(document: Document, address: str, choice: str) -> list[Use]:
    """Every spot that refers, with what tells whether a variable of its logic is meant."""
    sort, _, key = address.partition(".")
    if sort == "page":
        page = next((each for each in pages(document) if each["key"] == key), None)
        inside = [each["key"] for each in page["questions"]] if page else []
        found = [use for each in inside for use in _uses(document, f"question.{each}", "")]
        return [*_goals(document, key), *found]
    if sort == "ending":
        quotas = [
            (Spot(f"quota.{each['key']}", "how it ends", each, "ending"), _NOTHING)
            for each in document.get("quotas", [])
            if each.get("ending") == key
        ]
        return [*_goals(document, key), *quotas]
    if sort == "data":
        return list(_read(document, Meaning(lambda path: path == f"_data.{key}")))
    if sort != "question":
        return []
    carried = [] if choice or "." in key else list(_carried(document, key))
    read = _read(document, Meaning(_answers_of(key), choice))
    return [*read, *carried, *_asked_about(document, key, choice)]


def _answers_of(key: str) -> Callable[[str], bool]:
    """Whether a variable is the answer to this question, or to this part in any line."""
    head, _, part = key.partition(".")

    def meant(path: str) -> bool:
        for start in ("_text.", "_sentiment."):
            path = path.removeprefix(start)
        steps = path.split(".")
        return steps[0] == head and (not part or part in steps[1:])

    return meant


def _read(document: Document, meant: Meaning) -> Iterator[Use]:
    """Logic that reads what is meant, and texts that pipe it."""
    for spot in logic_spots(document):
        if meant.logic(spot.holder[spot.name]):
            yield spot, meant
    for spot in text_spots(document):
        if any(map(meant.path, piping.paths(spot.holder[spot.name]))):
            yield spot, meant


def _constants(logic: object) -> Iterator[str]:
    if isinstance(logic, str):
        yield logic
    elif isinstance(logic, list):
        for each in logic:
            yield from _constants(each)
    elif isinstance(logic, dict):
        for name, each in logic.items():
            if name != "var":
                yield from _constants(each)


def _goals(document: Document, key: str) -> list[Use]:
    return [
        (Spot(f"page.{page['key']}", "where it goes on", skip, "to"), _NOTHING)
        for page in pages(document)
        for skip in page.get("skips", [])
        if skip["to"] == key
    ]


def _carried(document: Document, key: str) -> Iterator[Use]:
    for question in questions(document):
        for name, words in (("choices_from", "its choices"), ("rows_from", "its rows")):
            if question.get(name, {}).get("question") == key:
                yield (
                    Spot(f"question.{question['key']}", f"takes {words} over", question, name),
                    _NOTHING,
                )


def _asked_about(document: Document, key: str, choice: str) -> Iterator[Use]:
    """Pages and blocks that are asked about the choices of a question, or say more of this one."""
    if "." in key:
        return
    for sort, listed in (("page", pages(document)), ("block", document.get("blocks", []))):
        for part in listed:
            loop = part.get("loop", {})
            if loop.get("over") != key:
                continue
            at = f"{sort}.{part['key']}"
            if not choice:
                yield Spot(at, "what it is asked about", part, "loop"), _NOTHING
            elif any(each["key"] == choice for each in loop.get("items", [])):
                yield Spot(at, "more about the choice", loop, "items"), _NOTHING


def _forget(loop: Document, choice: str) -> None:
    loop["items"] = [each for each in loop["items"] if each["key"] != choice]
    if not loop["items"]:
        del loop["items"]


def text_spots(document: Document) -> Iterator[Spot]:
    """Every text that pipes something."""
    yield from _texts(document, "survey")
    for page in pages(document):
        yield from _texts(page, f"page.{page['key']}")
        for question in page["questions"]:
            yield from _texts(question, f"question.{question['key']}")
    for ending in document.get("endings", []):
        yield from _texts(ending, f"ending.{ending['key']}")
        if "{{" in ending.get("redirect", ""):
            yield Spot(f"ending.{ending['key']}", "where it leads on to", ending, "redirect")
    for language, texts in document.get("translations", {}).items():
        for place, text in texts.items():
            if "{{" in text:
                yield Spot("survey", f"the words in {language}", texts, place)


def _texts(part: Document, at: str) -> Iterator[Spot]:
    for name in _TEXTS:
        if "{{" in part.get(name, ""):
            yield Spot(at, "its words", part, name)
    for name, value in part.get("settings", {}).items():
        if isinstance(value, str) and "{{" in value:
            yield Spot(at, "its words", part["settings"], name)
    if "pages" in part or at.startswith("page."):
        return
    for listed in _LISTED:
        for each in part.get(listed, []):
            yield from _texts(each, at)


def _inside(document: Document, address: str, choice: str) -> set[str]:
    """The addresses that go together with this one."""
    if choice:
        return set()
    sort, _, key = address.partition(".")
    inside = {address}
    for page in pages(document):
        if sort == "page" and page["key"] == key:
            inside |= {f"question.{each['key']}" for each in page["questions"]}
            for question in page["questions"]:
                inside |= {
                    f"question.{question['key']}.{p['key']}" for p in question.get("parts", [])
                }
    return inside


def take_away(spot: Spot, meant: Meaning) -> None:
    """Drop what is meant from a place of logic or text; logic of which nothing is left goes."""
    held = spot.holder[spot.name]
    if isinstance(held, str) and "{{" in held:
        # In an address it is written as what would have been put in.
        write = partial(quote, safe="") if spot.name == "redirect" else str
        spot.holder[spot.name] = _PIPE.sub(lambda found: _fallback(found, meant, write), held)
        return
    left = _without(held, meant)
    if left is None:
        spot.holder["gone"] = True
    else:
        spot.holder[spot.name] = left
    if spot.name not in ("when", "valid_if") and left is None:
        del spot.holder["gone"], spot.holder[spot.name]


def _fallback(found: re.Match[str], meant: Meaning, write: Callable[[str], str]) -> str:
    if found[2] is not None and meant.path(found[2]):
        return write((found[3] or "").strip())
    return found[0]


def _without(logic: Any, meant: Meaning) -> Any:
    """The logic without what reads what is meant; None where nothing is left of it."""
    for joiner in ("and", "or"):
        if isinstance(logic, dict) and set(logic) == {joiner}:
            kept = [part for each in logic[joiner] if (part := _without(each, meant)) is not None]
            return {joiner: kept} if len(kept) > 1 else (kept[0] if kept else None)
    return None if meant.logic(logic) else logic


def write_out(document: Document, spot: Spot) -> None:
    """Carried lines become the question's own where it has too few, so that it stays complete."""
    which = spot.name.removesuffix("_from")
    source_key = spot.holder[spot.name]["question"]
    source = next(each for each in load(document).questions if each.key == source_key)
    del spot.holder[spot.name]
    own = spot.holder.setdefault(which, [])
    taken = {each["key"] for each in own}
    if len(own) < 2:
        own[:0] = [
            {"key": each.key, "label": each.label}
            for each in source_choices(source)
            if each.key not in taken
        ]


def sweep(document: Document) -> None:
    """Skips, checks and quotas that lost what they are about go whole."""
    for page in pages(document):
        if "skips" in page:
            page["skips"] = [each for each in page["skips"] if not each.get("gone")]
        for question in page["questions"]:
            for part in (question, *question.get("parts", [])):
                if "checks" in part:
                    part["checks"] = [each for each in part["checks"] if not each.get("gone")]
    if "quotas" in document:
        document["quotas"] = [each for each in document["quotas"] if not each.get("gone")]
