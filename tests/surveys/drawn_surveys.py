"""Hypothesis strategies: random valid definitions, answers that fit them, and hostile values."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from surveys import kinds
from surveys.definition import Definition, Question, load
from surveys.kinds.ordering import sets_of
from surveys.strings import tidy
from tests.drawing import many

# Drawing a whole survey is slow and each one holds many questions, so few of them say much.
few = settings(max_examples=many(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])

keys = st.text("abcxyz019_", min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
    lambda text: tidy(text) != "" and len(tidy(text)) <= 60
)


@st.composite
def settings_of(draw: st.DrawFn, kind: str, choices: int) -> dict[str, object]:
    """Settings a kind accepts, some left out."""
    given: dict[str, object] = {}
    points = len(kinds.points(Question("q", kind, "?")))
    if kind == "stars":
        given["points"] = points = draw(st.integers(3, 10))
        given["is_csat"] = points == 5 and draw(st.booleans())
    if points:
        given["low_label"] = draw(texts)
    if points and kind != "nps" and draw(st.booleans()):
        given["labels"] = draw(st.lists(texts, min_size=points, max_size=points))
    if kind == "ces":
        given["direction"] = draw(st.sampled_from(["high_is_easy", "low_is_easy"]))
    if kind == "multiple_choice":
        given["minimum"] = draw(st.integers(0, choices))
        given["maximum"] = draw(st.integers(max(1, given["minimum"]), choices))
    if kind in ("short_text", "long_text"):
        given["max_length"] = draw(st.integers(1, 1000))
    if kind == "number":
        low, high = sorted(draw(st.tuples(*[st.integers(-(10**12), 10**12)] * 2)))
        given |= {"minimum": low, "maximum": high, "decimals": draw(st.integers(0, 6))}
    if kind == "date":
        first, last = sorted(draw(st.tuples(st.dates(), st.dates())))
        given |= {"minimum": first.isoformat(), "maximum": last.isoformat()}
    return {name: given[name] for name in given if draw(st.booleans()) or name in _TOGETHER}


# Leaving one of these out could contradict another that stays.
_TOGETHER = frozenset({"points", "is_csat", "labels", "minimum", "maximum"})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, object]:
    """A valid definition as a plain mapping."""
    names = iter(draw(st.lists(keys, min_size=12, max_size=12, unique=True)))
    pages = []
    for number in range(draw(st.integers(1, 4))):
        questions = []
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(kinds.names()))
            question: dict[str, object] = {"key": next(names), "kind": kind, "text": draw(texts)}
            offered = draw(st.lists(keys, min_size=3, max_size=6, unique=True))
            if kinds.kind(kind).has_choices and not kinds.kind(kind).fixed_choices:
                question["choices"] = [{"key": key, "label": draw(texts)} for key in offered]
            declared = kinds.kind(kind)
            if declared.has_rows:
                question["rows"] = [{"key": key, "label": draw(texts)} for key in offered[:3]]
            if declared.has_parts:
                question["parts"] = [{"key": "n", "kind": "short_text", "text": draw(texts)}]
            if declared.answer != "none" or declared.expand is not None:
                question["is_required"] = draw(st.booleans())
            question["settings"] = draw(settings_of(kind, len(offered)))
            questions.append(question)
        pages.append({"key": f"p{number}", "title": draw(texts), "questions": questions})
    return {
        "title": draw(texts),
        "language": draw(st.sampled_from(["en", "de", "ar", "ja", "pt-BR", "fi"])),
        "introduction": draw(st.just("") | texts),
        "anonymous": draw(st.booleans()),
        "pages": pages,
    }


definitions = documents().map(load)


SUCH = {
    "email": ["a@b.co", "Ana.O'Neil+x@mail.example.com", "jürgen@bücher.example"],
    "phone": ["+44 20 7946 0000", "112 33", "(030) 123-45 67"],
    "url": ["https://example.com", "http://a.example/x?y=1#z"],
    "time": ["00:00", "23:59"],
    "date_time": ["2026-01-31T14:30"],
}


@st.composite
def value_for(draw: st.DrawFn, question: Question) -> object:
    """A JSON value the question accepts; of a composite one the answers of its parts by key."""
    kind = kinds.kind(question.kind)
    chosen = question.settings
    if points := kind.points(question):
        return draw(st.sampled_from(points))
    if question.kind == "file_upload":
        return [f"{'0a' * 16}~photo.jpg"]
    if question.kind == "ranking":
        return draw(st.permutations([choice.key for choice in question.choices]))
    if kind.takes_many:
        low = max(1, int(chosen.get("minimum", 0)))
        high = int(chosen.get("maximum", len(question.choices)))
        offered = [choice.key for choice in question.choices]
        return draw(st.lists(st.sampled_from(offered), min_size=low, max_size=high, unique=True))
    if kind.has_choices:
        return draw(st.sampled_from([choice.key for choice in question.choices]))
    if question.kind in ("calculated", "hidden"):
        return draw(texts)
    if question.kind in SUCH:
        return draw(st.sampled_from(SUCH[question.kind]))
    if kind.answer == "text":
        limit = int(chosen.get("max_length", 200))
        return draw(texts.filter(lambda text: len(text) <= limit) | st.just("x"))
    if kind.answer == "date":
        first = date.fromisoformat(chosen.get("minimum", "0001-01-01"))
        last = date.fromisoformat(chosen.get("maximum", "9999-12-31"))
        return draw(st.dates(first, last)).isoformat()
    low = int(chosen.get("minimum", -(10**12)))
    high = int(chosen.get("maximum", 10**12))
    whole = draw(st.integers(low, high))
    decimals = int(chosen.get("decimals", 0))
    return whole if not decimals or whole == high else whole + round(draw(st.floats(0, 0.9)), 1)


@st.composite
def responses(draw: st.DrawFn) -> tuple[Definition, dict[str, object]]:
    """A definition and a complete response to it."""
    definition = draw(definitions)
    values: dict[str, object] = {}
    for question in definition.questions:
        if question.kind == "constant_sum":
            values |= {f"{question.key}.{each.key}": 0 for each in question.choices[1:]}
            values[f"{question.key}.{question.choices[0].key}"] = question.settings["total"]
        elif question.kind == "max_diff":
            for number, shown in enumerate(sets_of(question), 1):
                values[f"{question.key}.{number}.best"] = shown[0].key
                values[f"{question.key}.{number}.worst"] = shown[1].key
        else:
            asked = [
                each for each in kinds.atoms(question) if kinds.kind(each.kind).answer != "none"
            ]
            values |= {each.key: draw(value_for(each)) for each in asked}
    return definition, values


_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**4000, -(10**4000), 2**63, True, "9", "\0", "\ud800", "nan", "１", b"9"])
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.dates()
)
hostile = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_scalars, inner, max_size=4),
    max_leaves=8,
)
