"""ExpressionScript translated to our logic, as LimeSurvey would evaluate it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from surveys.expressions import ExpressionError, compile_expression
from surveys.formats.expressionscript.comparing import BLANK_IS_NO_NUMBER, equal, related
from surveys.formats.expressionscript.parsing import Call, Literal, Name, Node, Operation, parse
from surveys.formats.expressionscript.terms import (
    Term,
    Untranslatable,
    Variable,
    chain,
    coded,
    constant,
    is_numeric,
    joined,
    negated,
    numeric,
    truth,
)
from surveys.parts import Logic

Function: TypeAlias = "Callable[[Script, Call], Term]"

# Attributes of a variable that are what they are, whatever is answered.
FACTS = frozenset(
    {
        "qid", "gid", "question", "type", "mandatory", "sgqa", "relevance", "grelevance", "gseq",
        "qseq", "jsname", "rowdivid", "qcode", "readwrite",
    }
)  # fmt: skip
_SUFFIXES = FACTS | {
    "naok", "code", "value", "valuenaok", "shown", "codevalue", "displayvalue", "relevancestatus",
}  # fmt: skip


class Names(Protocol):
    """What a script may speak of."""

    @property
    def version(self) -> int:
        """The version of the database the survey was kept in."""

    @property
    def current(self) -> str:
        """The id of the question whose own answers are judged; it is shown, or nobody asks."""

    def variable(self, name: str) -> Variable | None:
        """The variable of this name without suffixes."""

    def several(self, name: str) -> Sequence[Variable] | None:
        """The variables that ``self``, ``this`` or ``that.code`` with its filters stands for."""

    def shown(self, owner: str) -> Logic:
        """Whether a question is shown; None where it always is."""

    def drawn(self, low: int, high: int) -> Logic:
        """A number drawn at random for each response."""


class Script:
    """One translation of one expression."""

    def __init__(self, names: Names, functions: Mapping[str, Function]) -> None:
        self.names = names
        self.functions = functions
        self.version = names.version
        self.used: dict[str, Variable] = {}

    def condition(self, text: str) -> Logic:
        """Whether it is true; a question it reads that is not shown makes it false.

        Raises BadScript and Untranslatable.
        """
        node = parse(text)
        logic = truth(self.term(node))
        guards = [
            self.names.shown(owner)
            for owner in self._owners()
            if not self._fails_without(node, owner)
        ]
        return checked(joined("and", [*(each for each in guards if each is not None), logic]))

    def value(self, text: str) -> Logic:
        """What it comes to; raises BadScript and Untranslatable."""
        return checked(coded(self.term(parse(text))))

    def _owners(self) -> list[str]:
        owners = dict.fromkeys(each.owner for each in self.used.values())
        return [each for each in owners if each and each != self.names.current]

    def term(self, node: Node) -> Term:
        """The term of a part."""
        if isinstance(node, Literal):
            return constant(node.value, is_quoted=node.is_text)
        if isinstance(node, Name):
            return self._named(node.text)
        if isinstance(node, Call):
            return self._called(node)
        return self._operated(node)

    def terms(self, nodes: Sequence[Node]) -> list[Term]:
        """The terms of arguments, names of several variables taken apart."""
        found: list[Term] = []
        for node in nodes:
            several = self._several(node.text) if isinstance(node, Name) else None
            if several is not None:
                found += several
            else:
                found.append(self.term(node))
        if len(found) > 400:
            raise Untranslatable("it takes more than 400 variables at once")
        return found

    def _several(self, name: str) -> list[Term] | None:
        base, suffix = _divided(name)
        found = self.names.several(base)
        if found is None:
            return None
        return [self._attribute(each, suffix, f"{base}:{n}") for n, each in enumerate(found)]

    def _named(self, name: str) -> Term:
        base, suffix = _divided(name)
        variable = self.names.variable(base)
        if variable is None:
            several = self._several(name)
            if several is not None and len(several) == 1:
                return several[0]
            if several is not None:
                raise Untranslatable(f"{name} stands for several variables outside of a list")
            raise Untranslatable(f"there is no variable {name} in this survey")
        return self._attribute(variable, suffix, base)

    def _attribute(self, variable: Variable, suffix: str, name: str) -> Term:
        """The term of a variable with its suffix; what is used without NAOK is noted."""
        if suffix in FACTS and (suffix in variable.facts or suffix == "question"):
            return constant(variable.facts.get(suffix, variable.words), is_quoted=True)
        if not variable.is_readable:
            raise Untranslatable(f"{name} takes no answer here")
        if suffix in ("", "code", "value", "shown"):
            self.used.setdefault(name, variable)
        if suffix in ("", "code", "naok", "codevalue"):
            return Term(variable.logic, variable.nature, variable)
        if suffix in ("value", "valuenaok"):
            if variable.nature != "choice" or not variable.values:
                return Term(variable.logic, variable.nature, variable)
            return Term(chain(variable, variable.values), "number")
        if suffix in ("shown", "displayvalue"):
            return self._shown(variable)
        if suffix == "relevancestatus":
            shown = self.names.shown(variable.owner) if variable.owner else None
            return Term(True if shown is None else shown, "truth")
        raise Untranslatable(f"it asks for .{suffix}, which only LimeSurvey knows")

    def _shown(self, variable: Variable) -> Term:
        if variable.nature == "mark":
            words: Logic = variable.words
            return Term({"if": [variable.logic, words, None]}, "text")
        if variable.nature == "choice" and variable.labels:
            return Term(chain(variable, variable.labels), "text")
        return Term(variable.logic, variable.nature, variable)

    def _operated(self, node: Operation) -> Term:
        sign = node.sign
        given = [self.term(each) for each in node.given]
        if sign in ("&&", "||"):
            word = "and" if sign == "&&" else "or"
            return Term(joined(word, [truth(each) for each in given]), "truth")
        if sign == "!1":
            return Term(negated(truth(given[0])), "truth")
        if sign == "==":
            return Term(equal(*given), "truth")
        if sign == "!=":
            return Term(negated(equal(*given)), "truth")
        if sign in ("<", "<=", ">", ">="):
            return Term(related(sign, given[0], given[1], self.version), "truth")
        if sign in ("-1", "+1"):
            return self._signed(sign[0], given[0])
        if sign == "+":
            return self._added(given)
        return self._calculated(sign, given)

    def _signed(self, sign: str, term: Term) -> Term:
        if term.constant is not None and is_numeric(term.constant):
            text = term.constant.lstrip("+")
            if sign == "-":
                text = text[1:] if text.startswith("-") else f"-{text}"
            return constant(text, is_quoted=False)
        return Term({sign: [numeric(term)]}, "number")

    def _added(self, given: list[Term]) -> Term:
        """Numbers are added; as soon as one is none, texts are put together."""
        if all(_is_number(each) for each in given):
            return Term({"sum": [numeric(each) for each in given]}, "number", is_nullable=False)
        if any(each.constant is not None and not is_numeric(each.constant) for each in given):
            return Term({"cat": [coded(each) for each in given]}, "text", is_nullable=False)
        numbers = [numeric(each) for each in given]
        if len(given) > 6:
            raise Untranslatable("it adds more than six values that may be numbers or texts")
        are_numbers = joined("and", [{"is_answered": [each]} for each in numbers])
        texts: list[Logic] = [coded(each) for each in given]
        return Term({"if": [are_numbers, {"+": numbers}, {"cat": texts}]}, "text")

    def _calculated(self, sign: str, given: list[Term]) -> Term:
        numbers = [numeric(each) for each in given]
        made: Logic = {sign: numbers}
        blanks: list[Logic] = [
            {"is_answered": [number]}
            for number, term in zip(numbers, given, strict=True)
            if term.is_nullable and term.nature != "truth"
        ]
        if blanks and self.version >= BLANK_IS_NO_NUMBER:
            made = {"if": [joined("and", blanks), made, None]}
        return Term(made, "number")

    def _called(self, node: Call) -> Term:
        function = self.functions.get(node.name.lower())
        if function is None:
            raise Untranslatable(f"the function {node.name} is not known here")
        return function(self, node)

    def _fails_without(self, node: Node, owner: str) -> bool:
        """Whether an expression is false by itself when this question has no answer."""
        if isinstance(node, Operation):
            if node.sign == "&&":
                return any(self._fails_without(each, owner) for each in node.given)
            if node.sign == "||":
                return all(self._fails_without(each, owner) for each in node.given)
            if node.sign == "!1" and isinstance(node.given[0], Call):
                inside = node.given[0]
                return inside.name.lower() == "is_empty" and self._is_of(inside.given[0], owner)
            if node.sign in ("==", ">", ">=", "!="):
                return self._is_false_of_blank(node, owner)
        return isinstance(node, Name) and self._is_of(node, owner)

    def _is_false_of_blank(self, node: Operation, owner: str) -> bool:
        read, other = node.given
        if not self._is_of(read, owner) or not isinstance(other, Literal):
            return False
        if node.sign == "!=":
            return other.value == ""
        if not is_numeric(other.value):
            return node.sign == "==" and other.value != ""
        return node.sign == "==" or float(other.value) > 0

    def _is_of(self, node: Node, owner: str) -> bool:
        if not isinstance(node, Name):
            return False
        base, suffix = _divided(node.text)
        variable = self.names.variable(base)
        return variable is not None and variable.owner == owner and suffix in ("", "code", "naok")


def _is_number(term: Term) -> bool:
    if term.constant is not None:
        return is_numeric(term.constant)
    return term.nature in ("number", "truth")


def _divided(name: str) -> tuple[str, str]:
    """A name and its suffix in small letters; filters of ``self`` and ``that`` stay in the name."""
    if name.startswith("INSERTANS:"):
        name = name.removeprefix("INSERTANS:")
        return (name, "shown") if "." not in name else _divided(name)
    base, dot, last = name.rpartition(".")
    if dot and last.lower() in _SUFFIXES:
        return base, last.lower()
    return name, ""


def checked(logic: Logic) -> Logic:
    """Logic that is within the bounds of our own; raises Untranslatable."""
    try:
        compile_expression(logic)
    except ExpressionError as error:
        raise Untranslatable(f"it is larger than our logic may be ({error.message})") from None
    return logic


def literal(script: Script, node: Node) -> str:
    """The text of an argument that must be a constant."""
    term = script.term(node)
    if term.constant is None:
        raise Untranslatable(
            "a function is given something calculated where a plain text must stand"
        )
    return term.constant


def arity(call: Call, least: int, most: int | None = None) -> None:
    """Raise Untranslatable where a call has too few or too many arguments."""
    if not least <= len(call.given) <= (least if most is None else most):
        raise Untranslatable(f"the function {call.name} has too few or too many arguments")
