"""Small LimeSurvey files made for tests: both dialects, any type, with whatever a test adds."""

from __future__ import annotations

from surveys.formats.limesurvey.xml import Record

Tables = dict[str, list[Record]]


def question(
    qid: int,
    type_: str,
    title: str,
    text: str = "Text",
    *,
    gid: int = 1,
    order: int = 0,
    **more: str,
) -> Record:
    """A question row in the newer dialect; its text goes along under a name of its own."""
    row: dict[str, str | int | None] = {
        "qid": qid, "parent_qid": 0, "gid": gid, "type": type_, "title": title, "other": "N",
        "mandatory": "N", "question_order": order or qid, "scale_id": 0, "relevance": "1", "_text": text,
    }  # fmt: skip
    return row | more


def tables(
    questions: list[Record],
    subs: dict[int, list[str]] | None = None,
    answers: dict[int, list[str]] | None = None,
    attributes: dict[int, dict[str, str]] | None = None,
    columns: dict[int, list[str]] | None = None,
    **more: list[Record],
) -> Tables:
    """The tables of a survey with these questions, in English."""
    made: Tables = {
        "surveys": [{"sid": 7, "language": "en", "format": "G", "anonymized": "Y"}],
        "surveys_languagesettings": [{"surveyls_language": "en", "surveyls_title": "Made"}],
        "groups": [{"gid": 1, "group_order": 1}],
        "group_l10ns": [{"gid": 1, "group_name": "Group", "language": "en"}],
        "questions": [{k: v for k, v in each.items() if k != "_text"} for each in questions],
        "question_l10ns": [
            {"qid": each["qid"], "question": each["_text"], "language": "en"} for each in questions
        ],
        "subquestions": [],
        "answers": [],
        "answer_l10ns": [],
        "question_attributes": [
            {"qid": qid, "attribute": name, "value": value}
            for qid, each in (attributes or {}).items()
            for name, value in each.items()
        ],
    }
    for scale, parts in ((0, subs or {}), (1, columns or {})):
        for qid, codes in parts.items():
            for place, code in enumerate(codes):
                sub = qid * 1_000 + scale * 500 + place
                made["subquestions"].append({
                    "qid": sub, "parent_qid": qid, "gid": 1, "type": "T", "title": code,
                    "question_order": place, "scale_id": scale, "relevance": "1",
                })  # fmt: skip
                made["question_l10ns"].append(
                    {"qid": sub, "question": f"Label {code}", "language": "en"}
                )
    for qid, codes in (answers or {}).items():
        for place, code in enumerate(codes):
            aid = qid * 1_000 + place
            made["answers"].append(
                {"aid": aid, "qid": qid, "code": code, "sortorder": place, "scale_id": 0}
            )
            made["answer_l10ns"].append({"aid": aid, "answer": f"Answer {code}", "language": "en"})
    return made | more
