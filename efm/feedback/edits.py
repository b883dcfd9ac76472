"""What the builder's forms ask for, as operations on a document.

A form says what to ``do`` first, such as setting the fields of a question, and what to do ``then``: the
words of the button that sent it, such as ``up question.nps``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias, cast

from efm.feedback import edits_fields, edits_logic
from efm.feedback.building import Operation
from surveys import editing
from surveys.editing import Document, Edited, EditRefused
from surveys.editing.choices import Which
from surveys.editing.references import OnReferences

Form: TypeAlias = Mapping[str, Sequence[str]]
Then: TypeAlias = Callable[[Document, list[str], Form], Edited]


class Wish(NamedTuple):
    """What a form wants done, and the element whose content it replaces, if it replaces any."""

    touched: str | None
    operation: Operation


def first(form: Form, name: str, otherwise: str = "") -> str:
    """The one value of a field."""
    values = form.get(name, ())
    return values[0].strip() if values else otherwise


def wish(form: Form) -> Wish:
    """What the form asks for."""
    do, then = first(form, "do"), first(form, "then").split()
    address = first(form, "at")
    sets = _SETS.get(do)

    def operation(document: Document) -> Edited:
        edited = Edited(document, "", address)
        if sets is not None:
            edited = editing.set_fields(document, address, sets(document, address, form))
            edited = edits_fields.with_new_lines(edited, form)
        elif do in _ACTS:
            edited = _ACTS[do](document, [], form)
        elif not then:
            raise EditRefused("Choose what to do.")
        if not then:
            return edited
        act = _ACTS.get(then[0])
        if act is None:
            raise EditRefused("Choose what to do.")
        after = act(edited.document, then[1:], form)
        return after._replace(what=after.what or edited.what)

    is_removal = do == "remove" or then[:1] == ["remove"]
    goes = (then[1] if then[1:] else address) if is_removal else None
    return Wish(address if sets is not None else goes, operation)


def _add_question(document: Document, words: list[str], form: Form) -> Edited:
    kind, within = first(form, "kind"), first(form, "within")
    if within:
        return editing.add_to_question(document, within, kind)
    return editing.add_question(
        document,
        kind,
        first(form, "page"),
        after=first(form, "after"),
        text=first(form, "text")[:2000],
    )


def _shift(step: int) -> Then:
    def shift(document: Document, words: list[str], form: Form) -> Edited:
        address = words[0] if words else first(form, "at")
        sort, _, key = address.partition(".")
        if sort == "question":
            return editing.shift_question(document, key, step)
        if sort == "page":
            keys = [page["key"] for page in document["pages"]]
            if key not in keys:
                raise EditRefused("This page is gone. Somebody removed it in the meantime.")
            return editing.move_page(document, key, keys.index(key) + step)
        return editing.move_part(document, address, step)

    return shift


def _drop(document: Document, words: list[str], form: Form) -> Edited:
    """A question that was dragged to a place on a page, or a page among the pages."""
    sort, _, key = first(form, "dragged").partition(".")
    place = first(form, "place")
    number = int(place) if place.isdecimal() and len(place) < 6 else 0
    if sort == "page":
        return editing.move_page(document, key, min(number, len(document["pages"]) - 1))
    return editing.move_question(document, key, first(form, "page"), number)


def _remove(document: Document, words: list[str], form: Form) -> Edited:
    address = words[0] if words else first(form, "at")
    sort, _, key = address.partition(".")
    about = cast(OnReferences, _one_of(first(form, "references"), ("ask", "keep", "remove")))
    if sort == "question":
        return editing.remove_question(document, key, about)
    if sort == "page":
        return editing.remove_page(document, key, about)
    return editing.remove_part(document, address, about)


def _remove_choice(document: Document, words: list[str], form: Form) -> Edited:
    which, key = _line(words or [first(form, "which"), first(form, "choice")])
    about = cast(OnReferences, _one_of(first(form, "references"), ("ask", "keep", "remove")))
    return editing.remove_choice(document, _question(form), _which(which), key, about)


def _shift_choice(step: int) -> Then:
    def shift(document: Document, words: list[str], form: Form) -> Edited:
        which, key = _line(words)
        return editing.move_choice(document, _question(form), _which(which), key, step)

    return shift


def _line(words: list[str]) -> tuple[str, str]:
    if len(words) != 2:
        raise EditRefused("Choose a choice or a row.")
    return words[0], words[1]


def _sort_choices(document: Document, words: list[str], form: Form) -> Edited:
    which = _which(first(form, "which"))
    return editing.set_order(document, _question(form), which, first(form, "keys").split())


def _copy(document: Document, words: list[str], form: Form) -> Edited:
    return editing.duplicate_question(document, _key(words, form))


def _add_page(document: Document, words: list[str], form: Form) -> Edited:
    after = words[0] if words else first(form, "after")
    return editing.add_page(document, after=after.removeprefix("page."))


def _add_part(document: Document, words: list[str], form: Form) -> Edited:
    sort = words[0] if words else first(form, "sort")
    return editing.add_part(document, sort, first(form, "words")[:200])


def _change_kind(document: Document, words: list[str], form: Form) -> Edited:
    return editing.change_kind(document, _question(form), first(form, "kind"))


def _settle(document: Document, words: list[str], form: Form) -> Edited:
    number = words[0] if words else ""
    return editing.settle(document, int(number) if number.isdecimal() and len(number) < 6 else -1)


def _question(form: Form) -> str:
    return first(form, "at").removeprefix("question.")


def _key(words: list[str], form: Form) -> str:
    return (words[0] if words else first(form, "at")).removeprefix("question.")


def _which(name: str) -> Which:
    return "rows" if name == "rows" else "choices"


def _one_of(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


_SETS = {
    "set_survey": edits_fields.of_survey,
    "set_page": edits_fields.of_page,
    "set_question": edits_fields.of_question,
    "set_block": edits_fields.of_block,
    "set_ending": edits_fields.of_ending,
    "set_data": edits_fields.of_data,
    "set_quota": edits_fields.of_quota,
    "set_randomizer": edits_fields.of_randomizer,
    "set_logic": edits_logic.of_any,
}
_ACTS: Mapping[str, Then] = {
    "add_question": _add_question,
    "add_page": _add_page,
    "add_page_after": _add_page,
    "add_part": _add_part,
    "change_kind": _change_kind,
    "copy": _copy,
    "up": _shift(-1),
    "down": _shift(1),
    "drop": _drop,
    "remove": _remove,
    "remove_choice": _remove_choice,
    "choice_up": _shift_choice(-1),
    "choice_down": _shift_choice(1),
    "sort_choices": _sort_choices,
    "settle": _settle,
}


def fields_of(document: Document, form: Form) -> dict[str, object] | None:
    """The fields that a form sets; None for one that sets none."""
    sets = _SETS.get(first(form, "do"))
    return None if sets is None else sets(document, first(form, "at"), form)
