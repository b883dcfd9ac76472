"""The codebook of a survey as lines of a table: what each column is called, holds and means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveys.codebook import NO_ANSWER_WORDS, NOT_ASKED_WORDS, Variable
from surveys.variable_names import all_legal

HEADER = (
    "variable", "sav_name", "dta_name", "question_key", "question_text", "kind", "label", "type",
    "measure", "values", "missing_sav", "missing_dta", "versions",
)  # fmt: skip

TYPES = {
    "text": "text",
    "key": "choice key; its number in SPSS and Stata",
    "flag": "1 chosen, 0 not chosen",
    "whole": "whole number",
    "number": "number",
    "day": "date",
    "moment": "date and time, UTC",
}


def lines(variables: Sequence[Variable]) -> Iterator[list[str]]:
    """One line a variable, under HEADER."""
    names = [variable.name for variable in variables]
    for variable, sav, dta in zip(
        variables, all_legal(names, "sav"), all_legal(names, "dta"), strict=True
    ):
        missing = variable.missing
        yield [
            variable.name,
            sav,
            dta,
            variable.key,
            variable.text,
            variable.kind,
            variable.label,
            TYPES[variable.type],
            variable.measure,
            _values(variable),
            _missing(*missing) if missing else "",
            _missing(".a", ".b") if missing else "",
            ", ".join(map(str, variable.versions)) or "all",
        ]


def _missing(no_answer: object, not_asked: object) -> str:
    """The codes behind their words, since a cell that begins with a minus could be a formula."""
    return f"{NO_ANSWER_WORDS} = {no_answer} | {NOT_ASKED_WORDS} = {not_asked}"


def _values(variable: Variable) -> str:
    """The values with their words; a choice with its number before its key."""
    return " | ".join(
        f"{each.code} = {each.label}"
        if each.value == each.code
        else f"{each.code} = {each.value} = {each.label}"
        for each in variable.values
    )
