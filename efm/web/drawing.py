"""What templates ask of a question to draw it: its lines, its points, words of its limits, what is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from flask import Flask

from surveys import kinds
from surveys.kinds import files
from surveys.parts import Question, SettingValue
from surveys.values import JsonValue

# The words of one language, as `partial(translations.text, language)` gives them.
Words = Callable[..., str]

# More points than this are not shown side by side: a thumb needs 44 pixels for each.
MOST_POINTS = 11
# A table of more or longer columns would break its words; such options stand below one another.
MOST_COLUMNS = 7
LONGEST_HEAD = 40


class Line(NamedTuple):
    """One line of a composite question, such as a row or an entry, and what is asked in it.

    The text of each of its questions is the short one: the line is named by its label.
    """

    key: str
    label: str
    opposite: str
    atoms: tuple[Question, ...]


def lines_of(question: Question, t: Words) -> tuple[Line, ...]:
    """The lines of a composite question; one without a label where it only has fields."""
    by_line: dict[str, list[Question]] = {}
    atoms = kinds.atoms(question)
    keys = {atom.key for atom in atoms}
    for atom in atoms:
        if kinds.host(question, atom.key, keys):
            continue  # Words beside a choice stand with the choice.
        first, _, rest = _tail(question, atom).partition(".")
        by_line.setdefault(first, []).append(_short(question, atom, first, rest, t))
    known = {each.key: each for each in (question.rows or question.choices)}
    is_numbered = not question.rows and any(
        "." in _tail(question, atom[0]) for atom in by_line.values()
    )
    if not known and not is_numbered:
        fields = tuple(atom for asked in by_line.values() for atom in asked)
        return (Line(question.key, "", "", fields),)
    lines = []
    for first, asked in by_line.items():
        if is_numbered:
            name = "entry" if question.parts else "set"
            label, opposite = t(f"array.{name}", number=first, count=len(by_line)), ""
        else:
            label, opposite = known[first].label, known[first].opposite
        lines.append(Line(f"{question.key}.{first}", label, opposite, tuple(asked)))
    return tuple(lines)


def _tail(question: Question, atom: Question) -> str:
    return atom.key[len(question.key) + 1 :]


def _short(question: Question, atom: Question, first: str, rest: str, t: Words) -> Question:
    """The question of a line in its own words, without those of the line."""
    if question.parts:
        part = next(each for each in question.parts if each.key == rest)
        return replace(atom, text=part.text, is_required=atom.is_required or part.is_required)
    if rest:
        label = question.settings.get(f"{rest}_label")
        return replace(atom, text=str(label) if label else t(f"array.{rest}"))
    choices = question.rows or question.choices
    if choices:
        return replace(atom, text=next(each.label for each in choices if each.key == first))
    if question.settings.get("language"):
        return atom
    return replace(atom, text=t(f"particulars.{first}"))


def wrong_of(question: Question, errors: Mapping[str, str], t: Words) -> list[tuple[str, str]]:
    """The parts of a question that need another look: the key of each and its words."""
    if kinds.kind(question.kind).expand is None:
        labels = {each.key: each.label for each in question.choices}
        return [
            (atom.key, labels[_tail(question, atom).removesuffix(".text")])
            for atom in kinds.atoms(question)
            if atom is not question and atom.key in errors
        ]
    wrong = []
    for line in lines_of(question, t):
        for atom in line.atoms:
            if atom.key in errors:
                both = line.label and atom.text != line.label
                words = t("array.row_answer", row=line.label, column=atom.text)
                wrong.append((atom.key, words if both else atom.text))
            wrong += [
                (beside, choice.label)
                for choice in atom.choices
                if (beside := f"{atom.key}.{choice.key}.text") in errors
            ]
    return wrong


def seen_of(question: Question) -> str:
    """The keys a form has shown when it shows a question: its own, and those of atoms on conditions."""
    atoms = kinds.atoms(question)
    shown = [atom.key for atom in atoms if atom is not question and atom.show_if is not None]
    return " ".join([question.key, *shown])


def focus_of(question: Question, errors: Mapping[str, str]) -> str:
    """The key of the field to begin with: the first that needs another look, else the first."""
    keys = [atom.key for atom in kinds.atoms(question)]
    return next((key for key in keys if key in errors), keys[0] if keys else "")


def scale_of(question: Question, t: partial[str]) -> kinds.Scale | None:
    """The question's scale in the words of the language that `t` speaks."""
    return kinds.scale(question, str(t.args[0]))


def stops_of(question: Question) -> tuple[str, ...]:
    """The stops of a slider where they are few enough to be shown side by side, else nothing."""
    low, high, step = (_limit(question, name) for name in ("minimum", "maximum", "step"))
    if low is None or high is None or not step or not 0 < (high - low) / step < MOST_POINTS:
        return ()
    return tuple(_figure(low + step * place) for place in range(int((high - low) / step) + 1))


def range_of(question: Question, t: Words) -> str:
    """Words for what a number may be, where both ends are given."""
    low, high, step = (_limit(question, name) for name in ("minimum", "maximum", "step"))
    points = kinds.points(question)
    if points:
        low, high = Decimal(points[0]), Decimal(points[-1])
    if low is None or high is None:
        return ""
    ends = [question.settings.get("low_label"), question.settings.get("high_label")]
    figures = {"low": _figure(low), "high": _figure(high)}
    said = [t("array.range", **figures)]
    if all(ends):
        said = [t("scale_hint", **figures, low_words=ends[0], high_words=ends[1])]
    elif any(ends):
        end = figures["low" if ends[0] else "high"]
        said.append(t("array.row_answer", row=end, column=ends[0] or ends[1]))
    if step and step != 1:
        said.append(t("array.step", step=_figure(step)))
    return " · ".join(said)


def _limit(question: Question, name: str) -> Decimal | None:
    """A limit as a person wrote it; the kind's own where the question has none."""
    declared = kinds.kind(question.kind)
    known = {setting.name: setting.default for setting in declared.settings}
    value: SettingValue | None = question.settings.get(name, known.get(name))
    return Decimal(repr(value)) if isinstance(value, int | float) else None


def _figure(value: Decimal) -> str:
    return f"{value.normalize():f}"


def has_minus(question: Question) -> bool:
    """Whether a number may be negative: the keypads of some telephones have no minus."""
    points = kinds.points(question)
    low = Decimal(points[0]) if points else _limit(question, "minimum")
    return low is not None and low < 0


def rank_hint(question: Question, t: Words) -> str:
    """Words for how many choices want a place."""
    count = len(question.choices)
    most = min(int(_limit(question, "maximum") or count), count)
    least = int(_limit(question, "minimum") or most)
    if least == count:
        return t("array.rank_all")
    if least == most:
        return t("array.rank_some", count=most)
    return t("array.rank_between", minimum=least, maximum=most)


def places_of(value: JsonValue | None) -> dict[str, str]:
    """The place of each ranked choice, from what was typed or from the keys in their order."""
    listed = several(value)
    places = {key: str(place) for place, key in enumerate(listed, 1)}
    if any("=" in each for each in listed):
        places = {key: place for key, _, place in (each.partition("=") for each in listed)}
    return places


def is_table(question: Question) -> bool:
    """Whether the columns of a matrix fit side by side on a wide page."""
    labels = [choice.label for choice in question.choices]
    return len(labels) <= MOST_COLUMNS and max(map(len, labels), default=0) <= LONGEST_HEAD


def several(value: JsonValue | None) -> list[str]:
    """What stands in a field that takes several answers."""
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return [] if value is None or value == "" else [single(value)]


def single(value: JsonValue | None) -> str:
    """What stands in a field that takes one answer; empty where it has none."""
    if isinstance(value, list | tuple):
        return str(value[0]) if value else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def is_picture(address: str) -> bool:
    """Whether a picture is one of ours: from this site, or written into the page."""
    is_here = address.startswith("/") and not address.startswith(("//", "/\\"))
    return is_here or address.startswith("data:image/")


def install(app: Flask) -> None:
    """Give the templates of questions what they ask for."""
    app.jinja_env.globals.update(
        atoms_of=kinds.atoms,
        focus_of=focus_of,
        has_minus=has_minus,
        file_types=files.types_of,
        files_in=lambda value: [
            (each, files.name_of(each)) for each in several(value) if "~" in each
        ],
        is_picture=is_picture,
        is_table=is_table,
        lines_of=lines_of,
        places_of=places_of,
        range_of=range_of,
        rank_hint=rank_hint,
        scale_of=scale_of,
        seen_of=seen_of,
        several=several,
        single=single,
        stops_of=stops_of,
        wrong_of=wrong_of,
    )
