"""The functions of ODK XPath as logic."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from surveys.formats.xpath.dates import DATES
from surveys.formats.xpath.parsing import Call, Node
from surveys.formats.xpath.repeats import REPEATED
from surveys.formats.xpath.texts import TEXTS
from surveys.formats.xpath.values import (
    NO_CHOICE,
    Translator,
    Typed,
    Untranslatable,
    all_of,
    answered,
    as_text,
    common_type,
    constant,
    key_of,
    opposite,
    settled,
    truth,
)
from surveys.parts import Logic

# What follows \w in a class can be no range: [\w-.] means three things.
_RANGE_AFTER_CLASS = re.compile(r"(\\[dwsDWS])-(?!\])")
_ONE_CLASS = re.compile(r"\^?(\[(?:[^\[\]\\]|\\.)+\]|\.)\{(\d{1,5})(?:,(\d{0,5}))?\}\$?")
Function: TypeAlias = Callable[[Translator, tuple[Node, ...]], Typed]


def call(translator: Translator, node: Call) -> Typed:
    """A function called; raises Untranslatable for one that is not known here."""
    known = FUNCTIONS.get(node.name.lower())
    if known is None:
        raise Untranslatable(f"The function {node.name[:40]}() is not known here.")
    function, least, most = known
    if not least <= len(node.arguments) <= most:
        raise Untranslatable(f"{node.name}() has {len(node.arguments)} arguments.")
    return function(translator, node.arguments)


def _if(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """Ifs within the else of ifs become one, as deep as the chain is long otherwise."""
    branches: list[tuple[Logic, Typed]] = []
    while True:
        branches.append((translator.truth(given[0]), translator.value(given[1])))
        last = given[2]
        if not (isinstance(last, Call) and last.name == "if" and len(last.arguments) == 3):
            break
        given = last.arguments
    otherwise = translator.value(last)
    values = [each for _, each in branches] + [otherwise]
    kept = [each for each in values if each.constant != ""]
    kind = common_type([each.type for each in kept]) if kept else "text"
    if all(each.type == "boolean" for each in kept) and len(kept) == len(values):
        return Typed(
            _branched([(when, each.logic) for when, each in branches], otherwise.logic), "boolean"
        )
    if kind == "choice" and all(each.names == kept[0].names for each in kept):
        found = _branched([(when, each.logic) for when, each in branches], otherwise.logic)
        return Typed(found, kind, (found,), names=kept[0].names, labels=kept[0].labels)
    if kind in ("choice", "choices", "boolean"):
        kind = "text"
    plain = [
        as_text(each) if each.type in ("choice", "choices", "boolean") else settled(each)
        for each in values
    ]
    found = _branched(
        [(when, each) for (when, _), each in zip(branches, plain, strict=False)], plain[-1]
    )
    is_there = all(each.constant not in (None, "") for each in values)
    return Typed(found, kind, () if is_there else (found,))


def _branched(branches: list[tuple[Logic, Logic]], otherwise: Logic) -> Logic:
    flat: list[Logic] = []
    for when, then in branches:
        flat += [when, then]
    return {"if": [*flat, otherwise]}


def _coalesce(translator: Translator, given: tuple[Node, ...]) -> Typed:
    values = [translator.value(each) for each in given]
    kept = [each for each in values if each.constant != ""]
    kind = common_type([each.type for each in kept]) if kept else "text"
    plain: list[Logic] = [
        as_text(each) if each.type in ("choice", "choices") else settled(each) for each in values
    ]
    if kind in ("choice", "choices"):
        kind = "text"
    branches: list[Logic] = []
    for each in plain[:-1]:
        branches += [{"is_answered": [each]}, each]
    found: Logic = {"if": [*branches, plain[-1]]} if branches else plain[0]
    is_there = values[-1].constant not in (None, "")
    return Typed(found, kind, () if is_there else (found,))


def _selected(translator: Translator, given: tuple[Node, ...]) -> Typed:
    where, what = translator.value(given[0]), translator.value(given[1])
    if where.type in ("choice", "choices"):
        sought: Logic
        if what.constant is not None:
            name = what.constant.strip() if isinstance(what.constant, str) else what.constant
            sought = key_of(where.names, name)
            if str(sought).startswith(NO_CHOICE):
                return Typed(False, "boolean")
        elif what.type == "choice" and all(
            what.names.get(name, key) == key for name, key in where.names.items()
        ):
            sought = what.logic
        elif all(name == key for name, key in where.names.items()):
            sought = as_text(what)
        else:
            raise Untranslatable("Which choice is sought is only known by its words.")
        if where.type == "choice":
            found: Logic = {"==": [where.logic, sought]}
        else:
            found = {"in": [sought, where.logic]}
        return Typed(all_of([*answered(what.needs), found]), "boolean")
    text: Logic = {"cat": [" ", as_text(where), " "]}
    sought = {"cat": [" ", as_text(what), " "]}
    if isinstance(what.constant, str):
        sought = f" {what.constant.strip()} "
    return Typed({"in": [sought, text]}, "boolean")


def _selected_at(translator: Translator, given: tuple[Node, ...]) -> Typed:
    where, place = translator.value(given[0]), translator.number(given[1])
    if not isinstance(place.constant, float) or place.constant < 0 or place.constant > 999:
        raise Untranslatable("Which of the chosen is meant is calculated.")
    number = int(place.constant)
    if where.type == "choice":
        return where if number == 0 else constant("")
    variable = (
        where.logic["var"] if isinstance(where.logic, dict) and "var" in where.logic else None
    )
    if where.type != "choices" or not isinstance(variable, str):
        raise Untranslatable("It is taken from a text and not from chosen choices.")
    logic: Logic = {"var": f"{variable}.{number}"}
    return Typed(
        logic, "choice", (logic,), names=where.names, labels=where.labels, is_variable=True
    )


def _count_selected(translator: Translator, given: tuple[Node, ...]) -> Typed:
    where = translator.value(given[0])
    if where.type == "choices":
        return Typed({"count": [where.logic]}, "number")
    if where.type == "choice":
        return Typed({"if": [{"is_answered": [where.logic]}, 1, 0]}, "number")
    raise Untranslatable("The words of a text are not counted here.")


def _choice_name(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """The words of a choice: jr:choice-name(${q}, '${q}')."""
    chosen = translator.value(given[0])
    if chosen.type != "choice":
        raise Untranslatable("The words of several choices are not known in logic.")
    branches: list[Logic] = []
    for key, label in chosen.labels.items():
        branches += [{"==": [chosen.logic, key]}, label]
    if not branches:
        raise Untranslatable("The words of the choices are not in the file.")
    found: Logic = {"if": [*branches, None]}
    return Typed(found, "text", (found,))


def _regex(translator: Translator, given: tuple[Node, ...]) -> Typed:
    text, pattern = translator.value(given[0]), translator.value(given[1])
    if not isinstance(pattern.constant, str):
        raise Untranslatable("The pattern is calculated.")
    logic = as_text(text)
    sought = _RANGE_AFTER_CLASS.sub(r"\1\\-", pattern.constant.strip())
    # Counting up to a thousand takes a thousand states; the length says the same.
    counted = _ONE_CLASS.fullmatch(sought)
    if counted is None or int(counted[3] or counted[2]) <= 100:
        return Typed({"matches": [logic, f"^(?:{sought})$"]}, "boolean")
    length: Logic = {"length": [logic]}
    bounds: list[Logic] = [
        {"matches": [logic, f"^{counted[1]}*$"]},
        {">=": [length, int(counted[2])]},
    ]
    if counted[3] != "":
        bounds.append({"<=": [length, int(counted[3] or counted[2])]})
    return Typed(all_of(bounds), "boolean")


def _once(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return translator.value(given[0])


def _whole(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """int(): what is behind the point is cut off, towards zero."""
    value = translator.number(given[0])
    if isinstance(value.constant, float):
        return constant(float(int(value.constant)))
    number = value.logic
    if isinstance(number, dict) and set(number) & {
        "count",
        "length",
        "year",
        "month",
        "day",
        "round",
    }:
        return value
    return value._replace(
        logic={"if": [{">=": [number, 0]}, {"floor": [number]}, {"ceil": [number]}]},
        is_safe=value.is_safe,
        is_variable=False,
    )


def _of_number(name: str) -> Function:
    def of_number(translator: Translator, given: tuple[Node, ...]) -> Typed:
        value = translator.number(given[0])
        return value._replace(logic={name: [value.logic]}, constant=None, is_variable=False)

    return of_number


def _round(translator: Translator, given: tuple[Node, ...]) -> Typed:
    value = translator.number(given[0])
    if len(given) == 1:
        return value._replace(logic={"round": [value.logic]}, constant=None, is_variable=False)
    places = translator.number(given[1])
    if not isinstance(places.constant, float):
        raise Untranslatable("To how many places it is rounded is calculated.")
    return value._replace(
        logic={"round": [value.logic, int(places.constant)]}, constant=None, is_variable=False
    )


def _power(translator: Translator, given: tuple[Node, ...]) -> Typed:
    base, power = translator.number(given[0]), translator.number(given[1])
    needs = (*base.needs, *(each for each in power.needs if each not in base.needs))
    return Typed({"power": [base.logic, power.logic]}, "number", needs)


def _log10(translator: Translator, given: tuple[Node, ...]) -> Typed:
    value = translator.number(given[0])
    return Typed({"/": [{"ln": [value.logic]}, 2.302585092994046]}, "number", value.needs, False)


def _number(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return translator.number(given[0])


def _boolean(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed(translator.truth(given[0]), "boolean")


def _not(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed(opposite(translator.truth(given[0])), "boolean")


def _boolean_from_text(translator: Translator, given: tuple[Node, ...]) -> Typed:
    value = translator.value(given[0])
    if value.type in ("boolean", "flag"):
        return Typed(truth(value), "boolean")
    return Typed({"in": [{"cat": [as_text(value)]}, ["true", "1"]]}, "boolean")


def _checklist(translator: Translator, given: tuple[Node, ...]) -> Typed:
    """checklist(at least, at most, conditions): -1 is no bound."""
    bounds = [translator.number(each).constant for each in given[:2]]
    conditions = [translator.truth(each) for each in given[2:]]
    if not all(isinstance(each, float) for each in bounds):
        raise Untranslatable("The bounds of a checklist are calculated.")
    total: Logic = {"sum": [{"if": [each, 1, 0]} for each in conditions]}
    least, most = (float(each) for each in bounds if isinstance(each, float))
    parts: list[Logic] = []
    if least >= 0:
        parts.append({">=": [total, int(least)]})
    if most >= 0:
        parts.append({"<=": [total, int(most)]})
    return Typed(all_of(parts), "boolean")


def _random(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return Typed({"-": [{"var": translator.scope.drawn()}, 0]}, "number")


def _always(value: bool) -> Function:
    return lambda translator, given: Typed(value, "boolean")


def _pi(translator: Translator, given: tuple[Node, ...]) -> Typed:
    return constant(3.141592653589793)


_REAL = {
    **{name: name for name in ("sqrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan")},
    "log": "ln",
}
FUNCTIONS: Mapping[str, tuple[Function, int, int]] = {
    "if": (_if, 3, 3),
    "coalesce": (_coalesce, 1, 20),
    "selected": (_selected, 2, 2),
    "selected-at": (_selected_at, 2, 2),
    "count-selected": (_count_selected, 1, 1),
    "jr:choice-name": (_choice_name, 2, 2),
    "regex": (_regex, 2, 2),
    "once": (_once, 1, 1),
    "int": (_whole, 1, 1),
    "abs": (_of_number("abs"), 1, 1),
    "floor": (_of_number("floor"), 1, 1),
    "ceiling": (_of_number("ceil"), 1, 1),
    "round": (_round, 1, 2),
    "pow": (_power, 2, 2),
    "log10": (_log10, 1, 1),
    **{name: (_of_number(ours), 1, 1) for name, ours in _REAL.items()},
    "pi": (_pi, 0, 0),
    "number": (_number, 1, 1),
    "boolean": (_boolean, 1, 1),
    "boolean-from-string": (_boolean_from_text, 1, 1),
    "not": (_not, 1, 1),
    "true": (_always(True), 0, 0),
    "false": (_always(False), 0, 0),
    "checklist": (_checklist, 3, 60),
    "random": (_random, 0, 0),
    **TEXTS,
    **DATES,
    **REPEATED,
}
