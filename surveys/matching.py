"""Which column of a file is which question: guessed from names, texts, words and what the cells say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from surveys.moments import DayOrder, order_of
from surveys.tabular import Decimals, Habits, Unreadable, decimals_of, reader
from surveys.targets import Target, Words, choice_words, plain, point_words

NOTHING = ""
SUBMITTED, STARTED = "@submitted_at", "@started_at"
LANGUAGE, CHANNEL, TOUCHPOINT = "@language", "@channel", "@touchpoint"
EMAIL, EXTERNAL_ID, KEY, ATTRIBUTE = "@email", "@external_id", "@key", "@attribute"

# What a column says of the response itself, in words.
RESPONSE: Mapping[str, str] = {
    SUBMITTED: "When it was answered",
    STARTED: "When it was begun",
    LANGUAGE: "Language",
    CHANNEL: "Channel",
    TOUCHPOINT: "Touchpoint",
    EMAIL: "E-mail of the contact",
    EXTERNAL_ID: "External id of the contact",
    KEY: "The response's own key",
    ATTRIBUTE: "An attribute, under the column's name",
}
# As survey tools and people call these columns; compared without case and signs.
_USUAL: Mapping[str, Sequence[str]] = {
    SUBMITTED: (
        "submitted at", "submitted", "submit date", "submitdate", "date submitted", "end date",
        "enddate", "recorded date", "recordeddate", "completed at", "completed", "answered at",
        "response date", "timestamp", "date", "created at", "datum", "zeitstempel", "fecha",
    ),
    STARTED: ("started at", "started", "start date", "startdate", "date started", "start time"),
    LANGUAGE: ("language", "user language", "userlanguage", "start language", "startlanguage", "lang"),
    CHANNEL: ("channel", "distribution channel", "distributionchannel", "source"),
    TOUCHPOINT: ("touchpoint", "touch point"),
    EMAIL: (
        "email", "e mail", "email address", "e mail address", "recipient email", "recipientemail",
        "contact email", "customer email",
    ),
    EXTERNAL_ID: (
        "external id", "external reference", "externalreference", "external data reference",
        "externaldatareference", "contact id", "customer id", "customer number",
    ),
    KEY: ("response id", "responseid", "respondent id", "respondentid", "submission id", "id", "key"),
}  # fmt: skip
_ALIKE = 0.6
# A label of fewer letters, such as A or Yes, is no reason to take a column for its choice.
_TELLING = 4


def guess(
    columns: Sequence[str],
    samples: Mapping[str, Sequence[Any]],
    targets: Mapping[str, Target],
    own: Mapping[str, str],
    data: Collection[str] = (),
) -> dict[str, str]:
    """The target of each column, NOTHING where none is likely.

    ``own`` gives the target of each column an export of ours has, ``data`` the names of values that
    come with a link. A file of ours is recognised by its first two columns.
    """
    made = dict.fromkeys(columns, NOTHING)
    left = list(columns)
    if {"response_id", "submitted_at"} <= set(columns):
        for column in columns:
            if column in own:
                made[column] = own[column]
                left.remove(column)
    taken = set(made.values()) - {NOTHING}
    for find in _finders(targets, data):
        for column in tuple(left):
            found = find(column, samples.get(column, ()))
            if found is not None and (found == ATTRIBUTE or _is_free(found, taken, targets)):
                made[column] = found
                taken.add(found)
                left.remove(column)
    return made


def _finders(targets: Mapping[str, Target], data: Collection[str]) -> Iterator[Any]:
    """Ways of finding a column's target, the surest first."""
    names = Words([(name, name) for name in targets])
    said = [(text, name) for name, each in targets.items() for text in _texts(each)]
    # What is written beside a choice is called like the choice, which comes first.
    texts = Words(
        [pair for pair in said if not _is_beside(pair[1])],
        [pair for pair in said if _is_beside(pair[1])],
    )
    usual = Words([(word, name) for name, words in _USUAL.items() for word in words])
    given = Words([(name, ATTRIBUTE) for name in data])
    labels = Words(
        [(t, name) for name, each in targets.items() for t in _ends(each) if len(t) >= _TELLING]
    )

    def readable(words: Words[str]) -> Any:
        def find(column: str, cells: Sequence[Any]) -> str | None:
            found = words.find(column)
            return found if found is not None and reads(targets[found], cells) else None

        return find

    yield lambda column, _: names.find(column)
    yield readable(texts)
    yield lambda column, _: given.find(column)
    yield lambda column, cells: _of_response(usual.find(column), cells)
    yield readable(labels)
    yield lambda column, cells: _alike(column, cells, targets)
    yield lambda _, cells: _by_cells(cells, targets)


def _of_response(name: str | None, cells: Sequence[Any]) -> str | None:
    """What a column says of the response; a key that is missing or comes twice is none."""
    if name == KEY and (len(set(map(str, cells))) < len(cells) or None in cells or "" in cells):
        return None
    return name


def _is_beside(name: str) -> bool:
    return name.endswith(".text")


def _texts(target: Target) -> Iterator[str]:
    """The question in words of every language, with the choice where it is one."""
    for wording in target.wordings:
        if not target.choice:
            yield wording.text
            continue
        for choice in wording.choices:
            if choice.key == target.choice:
                yield f"{wording.text} {choice.label}"
                yield f"{wording.key} {choice.label}"


def _ends(target: Target) -> Iterator[str]:
    """The words of a choice or of a row alone."""
    for wording in target.wordings:
        if target.choice:
            yield from (each.label for each in wording.choices if each.key == target.choice)
        elif "." in target.key:
            yield wording.text.rpartition(": ")[2]


def _is_free(name: str, taken: Collection[str], targets: Mapping[str, Target]) -> bool:
    """Whether nothing became it yet, nor the whole of which it is a part, nor a part of it."""
    if name in taken:
        return False
    target = targets.get(name)
    if target is None or target.shape not in ("several", "ranked", "chosen", "place"):
        return True
    if target.choice:
        return target.key not in taken
    return not any(targets[each].key == name for each in taken if each in targets)


def reads(target: Target, cells: Iterable[Any], habits: Habits | None = None) -> bool:
    """Whether most of these cells can be read as the target."""
    read, good, bad = reader(target, habits or Habits()), 0, 0
    for cell in cells:
        try:
            good += read(cell) is not None
        except Unreadable:
            bad += 1
    return bad <= good


def _alike(column: str, cells: Sequence[Any], targets: Mapping[str, Target]) -> str | None:
    """The one target that shares most of its words with the column's name."""
    words = set(plain(column).split())
    if len(words) < 2:
        return None
    best: list[tuple[float, str]] = []
    for name, target in targets.items():
        scores = [
            len(words & said) / len(words | said)
            for said in (set(plain(text).split()) for text in _texts(target))
            if said
        ]
        if scores and max(scores) >= _ALIKE:
            best.append((max(scores), name))
    best.sort(reverse=True)
    if not best or (len(best) > 1 and best[0][0] == best[1][0]):
        return None
    return best[0][1] if reads(targets[best[0][1]], cells) else None


def _by_cells(cells: Sequence[Any], targets: Mapping[str, Target]) -> str | None:
    """The one question whose choices, or words of its scale, are all that the cells say."""
    said = {str(cell).strip() for cell in cells if str(cell or "").strip()}
    if len(said) < 2 or all(each.replace(".", "").isdecimal() for each in said):
        return None
    fitting = []
    for name, target in targets.items():
        if target.shape not in ("one", "point"):
            continue
        words: Words[Any] = choice_words(target) if target.shape == "one" else point_words(target)
        if all(words.find(each) is not None for each in said):
            fitting.append(name)
    return fitting[0] if len(fitting) == 1 else None


def habits(
    mapping: Mapping[str, str], samples: Mapping[str, Sequence[Any]], targets: Mapping[str, Target]
) -> tuple[DayOrder | None, Decimals | None]:
    """How the mapped columns write days and decimals; None where they do not say."""
    days: list[Any] = []
    numbers: list[str] = []
    for column, name in mapping.items():
        shape = targets[name].shape if name in targets else ""
        if name in (SUBMITTED, STARTED) or shape == "day":
            days += samples.get(column, ())
        elif shape == "number":
            numbers += [each for each in samples.get(column, ()) if isinstance(each, str)]
    return order_of(days), decimals_of(numbers)


def problems(mapping: Mapping[str, str], targets: Mapping[str, Target]) -> dict[str, str]:
    """What is wrong with a mapping, by column."""
    found: dict[str, str] = {}
    first: dict[str, str] = {}
    for column, name in mapping.items():
        base, _, rest = name.partition(":")
        if name == NOTHING or (base == ATTRIBUTE and (rest or base == name)):
            continue
        if name not in targets and name not in RESPONSE:
            found[column] = f"There is no “{name[:80]}” in this survey."
        elif name in first:
            found[column] = f"“{first[name]}” becomes the same already; choose one of the two."
        else:
            first[name] = column
    for name, column in first.items():
        target = targets.get(name)
        if target is not None and target.choice and target.key in first:
            found[column] = f"“{first[target.key]}” holds all choices in one cell already."
    if not any(name in targets for name in first):
        found.setdefault("_", "Choose at least one column that is a question.")
    return found
