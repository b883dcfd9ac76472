"""The variables of a LimeSurvey survey by the names its expressions use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from surveys.expressions import ExpressionError
from surveys.expressions.limits import Limits, Meter
from surveys.expressions.patterns import compile_pattern
from surveys.formats.expressionscript.terms import Nature, Untranslatable, Variable
from surveys.formats.limesurvey.layout import OTHER, Layout, columns_of_numbers
from surveys.formats.limesurvey.ledger import harmless
from surveys.formats.limesurvey.source import Answer, Asked, Source, Sub
from surveys.formats.naming import Keys
from surveys.parts import Logic
from surveys.strings import tidy

_SGQA = re.compile(r"([0-9]+)X([0-9]+)X([0-9]+.*)", re.DOTALL)
_TAGS = re.compile(r"<[^<>]{0,500}>")
_CONTACT = {"FIRSTNAME": "first_name", "LASTNAME": "last_name", "EMAIL": "email"}
_SIMPLE: dict[str, Nature] = {
    "short_text": "text", "long_text": "text", "number": "number", "scale": "number",
    "stars": "number", "smileys": "number", "date": "date", "time": "text", "nps": "number",
    "calculated": "text",
}  # fmt: skip
# Conditions of this many parts are read from a helper value instead of being repeated.
_LARGE = 24


def plain_words(text: str) -> str:
    """A text without its markup, for comparing and showing."""
    return " ".join(tidy(_TAGS.sub(" ", text[:20_000])).split())


class Variables:
    """All that expressions may speak of; grows as questions are laid out and logic is read."""

    def __init__(self, source: Source, keys: Keys) -> None:
        self.source = source
        self.keys = keys
        self.data: dict[str, dict[str, object]] = {}
        self.layouts: dict[str, Layout] = {}
        self.current = ""
        self.cell: Variable | None = None
        self.helpers: dict[str, tuple[str, Logic]] = {}
        self._named: dict[str, Variable] = {}
        self._by_place: dict[str, Variable] = {}
        self._by_id: dict[str, Variable] = {}
        self._of: dict[str, list[tuple[str, Variable]]] = {}
        self._by_code: dict[str, str] = {}
        self._shown: dict[str, Logic] = {}
        self._draws = 0
        self._fields = Keys()

    @property
    def version(self) -> int:
        """The version of the database the survey was kept in."""
        return self.source.version

    def add(self, asked: Asked, layout: Layout) -> None:
        """Lay a question's variables out under all their names."""
        self.layouts[asked.qid] = layout
        self._by_code.setdefault(asked.code, asked.qid)
        facts = self._facts(asked)
        for name, suffix, variable in _variables(asked, layout, self.source.language):
            place = facts["sgqa"] + suffix
            own = facts | {"sgqa": place, "jsname": f"java{place}", "qcode": f"{asked.code}{name}"}
            own["rowdivid"] = place if suffix else ""
            variable = replace(variable, facts=own)
            self._named.setdefault(f"{asked.code}{name}", variable)
            self._by_place.setdefault(f"{asked.gid}X{asked.qid}{suffix}", variable)
            self._by_id.setdefault(f"{asked.qid}{suffix}", variable)
            self._of.setdefault(asked.qid, []).append((suffix, variable))

    def _facts(self, asked: Asked) -> dict[str, str]:
        """What LimeSurvey says of a question that never changes."""
        place = f"{self.source.survey.get('sid', '').strip()}X{asked.gid}X{asked.qid}"
        return {
            "qid": asked.qid, "gid": asked.gid, "type": asked.type, "sgqa": place,
            "mandatory": asked.mandatory, "relevance": asked.relevance, "readwrite": "Y",
            "grelevance": self._group(asked.gid)[1],
            "qseq": str(len(self.layouts) - 1), "gseq": str(self._group(asked.gid)[0]),
        }  # fmt: skip

    def _group(self, gid: str) -> tuple[int, str]:
        """The number of a group and when it is shown."""
        found = (
            (n, each.relevance) for n, each in enumerate(self.source.groups) if each.gid == gid
        )
        return next(found, (0, ""))

    def variable(self, name: str) -> Variable | None:
        """The variable of a name, an id as old surveys have it, a token or a setting."""
        if name == "this":
            several = self.several("self") if self.cell is None else None
            return several[0] if several and len(several) == 1 else self.cell
        found = self._named.get(name)
        if found is None and (match := _SGQA.fullmatch(name)):
            found = self._by_place.get(f"{match[2]}X{match[3]}") or self._by_id.get(match[3])
        if found is None and name.upper().startswith("TOKEN"):
            return Variable({"var": f"_data.{self._token(name[5:].lstrip(':'))}"}, "text")
        if found is None and name == "LANG":
            return Variable({"var": "_language"}, "text")
        return found

    def _token(self, attribute: str) -> str:
        """The data field of a participant's attribute."""
        upper = attribute.upper() or "TOKEN"
        key = ("token", upper)
        known = self._fields.known(key)
        if known is None:
            known = self._fields.key(key, upper, "token")
            source = "link" if upper == "TOKEN" else "contact"
            name = _CONTACT.get(upper, upper.lower())
            self.data[known] = {"key": known, "source": source, "name": harmless(name)[:200]}
        return known

    def field(self, code: str, **given: object) -> str:
        """A new data field; returns its key."""
        key = self._fields.key(("field", code), code, "field")
        self.data[key] = {"key": key, **given}
        return key

    def drawn(self, low: int, high: int) -> Logic:
        """A number drawn for each response."""
        self._draws += 1
        if self._draws > 50:
            raise Untranslatable("it draws more than 50 numbers at random")
        choices = [str(each) for each in range(low, high + 1)]
        key = self.field(f"random_{self._draws}", source="random", choices=choices)
        return {"var": f"_data.{key}"}

    def several(self, name: str) -> Sequence[Variable] | None:
        """The variables of this question, or of the one that ``that.`` names, as its filters say."""
        parts = name.split(".")
        if parts[0] == "this" and self.cell is not None:
            return [self.cell]
        if parts[0] in ("self", "this"):
            qid, filters = self.current, parts[1:]
        elif parts[0] == "that" and len(parts) > 1:
            qid, filters = self._by_code.get(parts[1], ""), parts[2:]
        else:
            return None
        if qid not in self._of:
            raise Untranslatable(f"there is no question {name} in this survey")
        found = self._of[qid]
        wanted = [each[3:] for each in filters if each.startswith("sq_")]
        unwanted = [each[5:] for each in filters if each.startswith("nosq_")]
        for each in filters:
            if each in ("comments", "nocomments"):
                found = [one for one in found if one[1].is_comment == (each == "comments")]
            elif not each.startswith(("sq_", "nosq_")):
                raise Untranslatable(f"{name} is filtered in a way not known here")
        if wanted:
            found = [one for one in found if _is_found("|".join(wanted), one[0])]
        if unwanted:
            found = [one for one in found if not _is_found("|".join(unwanted), one[0])]
        return [variable for _, variable in found]

    def of(self, qid: str) -> list[tuple[str, Variable]]:
        """The variables of a question with the suffixes of their ids."""
        return self._of.get(qid, [])

    def qid(self, code: str) -> str:
        """The id of the question with this code; a place such as 1X2X3 is understood."""
        match = _SGQA.fullmatch(code)
        return self._by_code.get(code) or (match[3] if match and match[3] in self.layouts else "")

    def show(self, qid: str, logic: Logic) -> None:
        """Note when a question is shown; None where it always is."""
        self._shown[qid] = logic

    def shown(self, owner: str) -> Logic:
        """Whether a question is shown: its condition, or the helper value that holds it."""
        logic = self._shown.get(owner)
        if logic is None or isinstance(logic, bool) or _size(logic) <= _LARGE:
            return logic
        if owner not in self.helpers:
            key = self.keys.key(("shown", owner), f"{self.layouts[owner].key[:33]}_shown")
            self.helpers[owner] = (key, logic)
        return {"==": [{"var": self.helpers[owner][0]}, 1]}


def _is_found(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(pattern).is_found(text, Meter(Limits()))
    except ExpressionError:
        raise Untranslatable("it picks rows by a pattern that cannot be run") from None


def _size(logic: Logic) -> int:
    """How many parts logic has."""
    if isinstance(logic, dict):
        return 1 + sum(_size(each) for each in logic.values())
    if isinstance(logic, list):
        return sum(_size(each) for each in logic)
    return 1


def _variables(asked: Asked, layout: Layout, language: str) -> Iterator[tuple[str, str, Variable]]:
    """Each variable with what follows the question's code in its name, and its id in old names."""
    key, owner = layout.key, asked.qid
    text = said(asked.texts, language)
    if layout.kind == "raw":
        yield "", "", Variable(None, "text", owner, words=text, is_readable=False)
        return
    if layout.kind == "file_upload":
        yield "", "", Variable(None, "text", owner, words=text, is_readable=False)
        count: Logic = {"if": [{"var": key}, {"length": [{"var": key}]}, 0]}
        yield "_filecount", "_filecount", Variable(count, "number", owner, words=text)
        return
    if asked.type in ("M", "P"):
        yield from _marks(asked, layout, language)
        return
    if asked.type in ("L", "!", "O", "G", "Y"):
        yield "", "", _chosen({"var": key}, asked, layout.choices, asked.scale(0), text, language)
        if asked.is_other:
            words: Logic = {"var": f"_text.{key}.{layout.choices.get(OTHER, 'other')}"}
            yield "_other", "other", Variable(words, "text", owner, "other", words=text)
        if layout.comment:
            comment = Variable({"var": layout.comment}, "text", owner, "comment", is_comment=True)
            yield "_comment", "comment", comment
            yield "comment", "comment", comment
        return
    if asked.type == "R":
        for place in range(len(asked.scale(0))):
            logic: Logic = {"var": f"{key}.{place}"}
            chosen = _chosen(logic, asked, layout.choices, asked.scale(0), text, language)
            yield f"_{place + 1}", str(place + 1), chosen
        return
    if layout.rows:
        yield from _cells(asked, layout, language)
        return
    if asked.type == "I":
        yield "", "", Variable({"var": "_language"}, "text", owner)
        return
    nature = _SIMPLE.get(layout.kind, "text")
    if asked.type == "*":
        nature = "text"
    yield "", "", Variable({"var": key}, nature, owner, words=text)


def said(texts: dict[str, str], language: str) -> str:
    """The words in the survey's language, without markup."""
    return plain_words(texts.get(language) or texts.get("") or next(iter(texts.values()), ""))


def _chosen(
    logic: Logic,
    asked: Asked,
    codes: dict[str, str],
    answers: list[Answer],
    text: str,
    language: str,
) -> Variable:
    labels = {each.code: said(each.texts, language) for each in answers}
    values = {each.code: each.value for each in answers if each.value}
    return Variable(logic, "choice", asked.qid, "", codes, labels, values, words=text)


def _marks(asked: Asked, layout: Layout, language: str) -> Iterator[tuple[str, str, Variable]]:
    """One variable for each option of a multiple choice, and for the words beside it."""
    for sub in asked.rows():
        chosen = layout.choices.get(sub.code)
        if chosen is None:
            continue
        logic: Logic = {"in": [chosen, {"var": layout.key}]}
        words = said(sub.texts, language)
        yield f"_{sub.code}", sub.code, Variable(logic, "mark", asked.qid, sub.code, words=words)
        if asked.type == "P":
            beside: Logic = {"var": f"_text.{layout.key}.{chosen}"}
            name = f"{sub.code}comment"
            yield f"_{name}", name, Variable(beside, "text", asked.qid, name, is_comment=True)
    if asked.is_other:
        other: Logic = {"var": f"_text.{layout.key}.{layout.choices[OTHER]}"}
        yield "_other", "other", Variable(other, "text", asked.qid, "other")


def _cells(asked: Asked, layout: Layout, language: str) -> Iterator[tuple[str, str, Variable]]:
    """One variable for each cell of an array."""
    answers, codes = asked.scale(0), layout.choices
    if asked.type == "C":
        codes = {"Y": layout.choices["Y"], "U": layout.choices["U"], "N": layout.choices["N"]}
    for sub in asked.rows():
        row = layout.rows.get(sub.code)
        if row is None:
            continue
        path, words = f"{layout.key}.{row}", said(sub.texts, language)
        if asked.type in ("F", "H", "C", "E"):
            made = _chosen({"var": path}, asked, codes, answers, words, language)
            yield f"_{sub.code}", sub.code, made
        elif asked.type == "1":
            for number, own in ((0, layout.choices), (1, layout.second)):
                cell: Logic = {"var": f"{path}.scale_{number}"}
                made = _chosen(cell, asked, own, asked.scale(number), words, language)
                yield f"_{sub.code}_{number}", f"{sub.code}#{number}", made
        elif asked.type in (":", ";"):
            yield from _two_way(asked, layout, sub, path, words)
        else:
            nature: Nature = "text" if layout.kind == "matrix_text" else "number"
            variable = Variable({"var": path}, nature, asked.qid, sub.code, words=words)
            yield f"_{sub.code}", sub.code, variable


def _two_way(
    asked: Asked, layout: Layout, sub: Sub, path: str, words: str
) -> Iterator[tuple[str, str, Variable]]:
    for column in asked.rows(1):
        key = layout.columns.get(column.code)
        if key is None:
            continue
        name = f"{sub.code}_{column.code}"
        logic: Logic = {"var": f"{path}.{key}"}
        nature: Nature = "text"
        if layout.kind == "matrix_multiple":
            logic, nature = {"in": [key, {"var": path}]}, "mark"
        elif columns_of_numbers(asked) is None and (
            asked.type == ":" or asked.is_on("numbers_only")
        ):
            nature = "number"
        mark = "1" if nature == "mark" else "Y"
        yield f"_{name}", name, Variable(logic, nature, asked.qid, name, mark=mark, words=words)
