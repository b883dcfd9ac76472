"""A LimeSurvey survey as values: groups, questions, rows and choices with their texts by language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from surveys.formats.errors import FormatError
from surveys.formats.limesurvey.tables import Row, Tables
from surveys.strings import shown

Texts: TypeAlias = dict[str, str]

_MOST = 1_000
INHERITED = frozenset({"I", "inherit", "-1"})


@dataclass(slots=True)
class Answer:
    """A choice of a list, or a column of a flexible array."""

    code: str
    scale: int
    order: int
    value: str
    texts: Texts


@dataclass(slots=True)
class Sub:
    """A subquestion: a row, a column of a two-way array, or an option of a multiple choice."""

    qid: str
    code: str
    scale: int
    order: int
    relevance: str
    texts: Texts


@dataclass(slots=True)
class Asked:
    """A question of the source with all that belongs to it."""

    qid: str
    gid: str
    type: str
    code: str
    theme: str
    order: int
    is_other: bool
    mandatory: str
    preg: str
    relevance: str
    texts: Texts
    help: Texts
    subs: list[Sub] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    local: dict[str, Texts] = field(default_factory=dict)
    defaults: dict[tuple[str, int], str] = field(default_factory=dict)
    conditions: list[Row] = field(default_factory=list)

    def attribute(self, name: str) -> str:
        """The trimmed value of an attribute, empty where it is not set."""
        return self.attributes.get(name, "").strip()

    def is_on(self, name: str) -> bool:
        """Whether an attribute that is a switch is on."""
        return self.attribute(name) in ("1", "Y")

    def rows(self, scale: int = 0) -> list[Sub]:
        """The subquestions of one scale: rows are 0, columns 1."""
        return [each for each in self.subs if each.scale == scale]

    def scale(self, number: int = 0) -> list[Answer]:
        """The choices of one scale."""
        return [each for each in self.answers if each.scale == number]


@dataclass(slots=True)
class Group:
    """A group of questions."""

    gid: str
    order: int
    random: str
    relevance: str
    texts: Texts
    descriptions: Texts
    questions: list[Asked] = field(default_factory=list)


@dataclass(slots=True)
class Source:
    """The whole survey."""

    version: int
    language: str
    languages: list[str]
    survey: Mapping[str, str]
    wording: dict[str, Row]
    groups: list[Group]
    tables: Tables

    def questions(self) -> Iterable[Asked]:
        """All questions in the order they are asked."""
        return (each for group in self.groups for each in group.questions)

    def setting(self, name: str) -> str:
        """A setting of the survey; empty where it is inherited from a template we do not have."""
        value = self.survey.get(name, "").strip()
        return "" if value in INHERITED else value


def read_source(tables: Tables) -> Source:
    """The survey in these tables; raises FormatError where there is no question in them."""
    survey = (tables.table("surveys") or [{}])[0]
    language = survey.get("language", "").strip()
    wording = {
        row.get("surveyls_language", "").strip(): row
        for row in tables.table("surveys_languagesettings")
    }
    languages = _languages(tables, language, survey, wording)
    language = language or languages[0]
    questions = _questions(tables, language)
    _check_sizes(questions)
    groups = _groups(tables, questions, language)
    if not any(group.questions for group in groups):
        raise FormatError("This LimeSurvey file holds no question.")
    return Source(tables.version, language, languages, survey, wording, groups, tables)


def _check_sizes(questions: Mapping[str, Asked]) -> None:
    if len(questions) > _MOST:
        raise FormatError(
            f"This survey has {len(questions)} questions; at most {_MOST} are possible."
        )
    for question in questions.values():
        if max(len(question.subs), len(question.answers)) > _MOST:
            raise FormatError(f"The question {shown(question.code)} has more than {_MOST} choices.")


def _languages(tables: Tables, language: str, survey: Row, wording: Mapping[str, Row]) -> list[str]:
    """Its own language first, then those it offers, then those it has texts in."""
    named = [language, *survey.get("additional_languages", "").split(), *tables.languages]
    if not language:
        named += [row.get("language", "").strip() for row in tables.table("questions")[:1]]
        named += [row.get("language", "").strip() for row in tables.table("question_l10ns")[:1]]
        named += list(wording)
    return list(dict.fromkeys(each for each in named if each)) or ["en"]


def number(text: str | None) -> int:
    """A whole number of the source; 0 where there is none."""
    digits = (text or "").strip()[:12]
    try:
        return int(float(digits)) if digits else 0
    except (ValueError, OverflowError):
        return 0


def _texts(
    tables: Tables, own: str, separate: str, key: str, columns: tuple[tuple[str, ...], ...]
) -> dict[str, list[Texts]]:
    """Texts by id and language, of the rows themselves or of the table that holds them apart."""
    found: dict[str, list[Texts]] = {}
    for name in (*own.split(), separate):
        for row in tables.table(name):
            texts = found.setdefault(row.get(key, ""), [{} for _ in columns])
            language = row.get("language", "").strip()
            for place, names in enumerate(columns):
                text = next((row[each] for each in names if row.get(each)), "")
                if text and (language or name == separate):
                    texts[place][language] = text
                elif text:
                    texts[place].setdefault("", text)
    return found


def _questions(tables: Tables, language: str) -> dict[str, Asked]:
    texts = _texts(
        tables, "questions subquestions", "question_l10ns", "qid", (("question",), ("help",))
    )
    made: dict[str, Asked] = {}
    subs: dict[str, Sub] = {}
    for row in (*tables.table("questions"), *tables.table("subquestions")):
        qid, parent = row.get("qid", "").strip(), row.get("parent_qid", "").strip()
        words = texts.get(row.get("qid", ""), [{}, {}])
        if parent in ("", "0"):
            if qid and qid not in made:
                made[qid] = _asked(row, qid, words)
        elif parent in made and qid not in subs:
            subs[qid] = Sub(
                qid, row.get("title", "").strip() or qid, number(row.get("scale_id")),
                number(row.get("question_order")), row.get("relevance", "").strip(), words[0],
            )  # fmt: skip
            made[parent].subs.append(subs[qid])
    _add_answers(tables, made)
    _add_attributes(tables, made)
    _add_defaults(tables, made, language)
    for row in tables.table("conditions"):
        if row.get("qid", "").strip() in made:
            made[row["qid"].strip()].conditions.append(row)
    for question in made.values():
        question.subs.sort(key=lambda each: (each.scale, each.order))
        question.answers.sort(key=lambda each: (each.scale, each.order))
    return made


def _asked(row: Row, qid: str, words: list[Texts]) -> Asked:
    return Asked(
        qid=qid,
        gid=row.get("gid", "").strip(),
        type=row.get("type", "").strip() or "?",
        code=row.get("title", "").strip(),
        theme=row.get("question_theme_name", "").strip(),
        order=number(row.get("question_order")),
        is_other=row.get("other", "").strip() == "Y",
        mandatory=row.get("mandatory", "").strip(),
        preg=row.get("preg", "").strip(),
        relevance=row.get("relevance", "").strip(),
        texts=words[0],
        help=words[1],
    )


def _add_answers(tables: Tables, made: Mapping[str, Asked]) -> None:
    apart: dict[str, Texts] = {}
    for row in tables.table("answer_l10ns"):
        apart.setdefault(row.get("aid", ""), {})[row.get("language", "").strip()] = row.get(
            "answer", ""
        )
    seen: dict[tuple[str, str, int], Answer] = {}
    for row in tables.table("answers"):
        question = made.get(row.get("qid", "").strip())
        code, scale = row.get("code", "").strip(), number(row.get("scale_id"))
        if question is None:
            continue
        known = seen.get((question.qid, code, scale))
        if known is None:
            known = Answer(
                code,
                scale,
                number(row.get("sortorder")),
                row.get("assessment_value", "").strip(),
                {},
            )
            seen[question.qid, code, scale] = known
            question.answers.append(known)
        known.texts.update(apart.get(row.get("aid", ""), {}))
        if row.get("answer"):
            known.texts[row.get("language", "").strip()] = row["answer"]


def _add_attributes(tables: Tables, made: Mapping[str, Asked]) -> None:
    for row in tables.table("question_attributes"):
        question = made.get(row.get("qid", "").strip())
        name, value = row.get("attribute", "").strip(), row.get("value", "")
        if question is None or not name or not value:
            continue
        language = row.get("language", "").strip()
        if language:
            question.local.setdefault(name, {})[language] = value
        question.attributes.setdefault(name, value)


def _add_defaults(tables: Tables, made: Mapping[str, Asked], language: str) -> None:
    apart: dict[str, Texts] = {}
    for row in tables.table("defaultvalue_l10ns"):
        apart.setdefault(row.get("dvid", ""), {})[row.get("language", "").strip()] = row.get(
            "defaultvalue", ""
        )
    for row in tables.table("defaultvalues"):
        question = made.get(row.get("qid", "").strip())
        if question is None:
            continue
        said = apart.get(row.get("dvid", ""), {})
        value = row.get("defaultvalue") or said.get(language) or next(iter(said.values()), "")
        if row.get("language", "").strip() not in ("", language) or not value:
            continue
        place = row.get("specialtype", "").strip() or row.get("sqid", "").strip()
        question.defaults[place if place != "0" else "", number(row.get("scale_id"))] = value


def _groups(tables: Tables, questions: Mapping[str, Asked], language: str) -> list[Group]:
    texts = _texts(tables, "groups", "group_l10ns", "gid", (("group_name",), ("description",)))
    groups: dict[str, Group] = {}
    for row in tables.table("groups"):
        gid = row.get("gid", "").strip()
        if gid in groups:
            continue
        words = texts.get(row.get("gid", ""), [{}, {}])
        groups[gid] = Group(
            gid, number(row.get("group_order")), row.get("randomization_group", "").strip(),
            row.get("grelevance", "").strip(), words[0], words[1],
        )  # fmt: skip
    for question in questions.values():
        # A file of one question has no groups; neither has a damaged one.
        group = groups.setdefault(question.gid, Group(question.gid, 10**6, "", "", {}, {}))
        group.questions.append(question)
    for group in groups.values():
        group.questions.sort(key=lambda each: each.order)
    return sorted(groups.values(), key=lambda each: each.order)
