"""The texts of a survey: what is piped into them, and which have no words in a language."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from surveys import piping
from surveys.localizing import localized, texts, untranslated
from surveys.looping import unrolled
from surveys.parts import Definition, Question
from surveys.proof.findings import Finding, error, few, note, warning
from surveys.proof.places import BEGINNING, FIRST, LAST, THE_END, Site
from surveys.proof.privacy import is_personal
from surveys.proof.ways import Ways


class Spot(NamedTuple):
    """Where a text stands, and when it is read."""

    path: str
    site: Site
    question: str = ""


def wording(ways: Ways, definition: Definition) -> Iterator[Finding]:
    """Findings on the texts; ``definition`` is the survey as it is written."""
    spots = Spots(ways.definition)
    said = texts(ways.definition)
    for place, text in said.items():
        yield from _piped(ways, spots.of(place), text)
    for i, ending in enumerate(definition.endings):
        spot = Spot(f"endings[{i}].redirect", Site(THE_END, LAST))
        yield from _piped(ways, spot, ending.redirect)
    for language, words in definition.translations.items():
        known = texts(definition)
        spoken = texts(unrolled(localized(definition, language)))
        changed = {place: text for place, text in spoken.items() if said.get(place) != text}
        for place, text in (words if known == said else changed).items():
            spot = spots.of(place)
            yield from _piped(ways, spot._replace(path=f"translations.{language}.{place}"), text)
        gone = [place for place in words if place not in known]
        if gone:
            yield note(
                "translated_for_nothing", f"translations.{language}",
                f"{len(gone)} translated texts have no text of the survey any more: {few(gone)}.",
            )  # fmt: skip
        open_places = untranslated(definition, language)
        if open_places and language != definition.language:
            yield warning(
                "untranslated", f"translations.{language}",
                f"{len(open_places)} of {len(known)} texts have no words in {language} and are shown in "
                f"{definition.language}: {few(open_places)}.",
            )  # fmt: skip


class Spots:
    """Finds the path and the moment of a text by its place, such as ``nps.choices.a``."""

    def __init__(self, definition: Definition) -> None:
        self.pages = {page.key: index for index, page in enumerate(definition.pages)}
        self.endings = {each.key: index for index, each in enumerate(definition.endings)}
        self.questions: dict[str, tuple[int, int, Question]] = {
            question.key: (i, j, question)
            for i, page in enumerate(definition.pages)
            for j, question in enumerate(page.questions)
        }

    def of(self, place: str) -> Spot:
        """The spot of a place; one that is not known is read at the end."""
        head, _, rest = place.partition(".")
        if not rest:
            at_end = place == "thank_you"
            return Spot(place, Site(THE_END, LAST) if at_end else Site(BEGINNING, FIRST))
        key, name = _known(rest, self.endings)
        if head == "endings" and key:
            return Spot(f"endings[{self.endings[key]}].{name}", Site(THE_END, LAST))
        key, name = _known(rest, self.pages)
        if head == "pages" and key:
            index = self.pages[key]
            return Spot(f"pages[{index}].{name}", Site(index, FIRST))
        key, name = _known(place, self.questions)
        if key:
            page, number, question = self.questions[key]
            path = f"pages[{page}].questions[{number}].{_inside(question, name)}"
            return Spot(path, Site(page, float(number)), key)
        return Spot(place, Site(THE_END, LAST))


def _known(place: str, keys: Collection[str]) -> tuple[str, str]:
    """The key a place begins with, and what follows it; keys of questions in loops have a dot."""
    parts = place.split(".")
    for count in (1, 2):
        key = ".".join(parts[:count])
        if key in keys:
            return key, ".".join(parts[count:])
    return "", place


def _inside(question: Question, rest: str) -> str:
    """``choices.a`` as ``choices[0].label``."""
    name, _, key = rest.partition(".")
    choices = question.choices if name == "choices" else question.rows if name == "rows" else ()
    key, _, more = key.partition(".")
    for k, each in enumerate(choices):
        if each.key == key:
            return f"{name}[{k}].{more or 'label'}"
    return rest


def _piped(ways: Ways, spot: Spot, text: str) -> Iterator[Finding]:
    for path in dict.fromkeys(piping.paths(text)):
        pipe = "{{" + path + "}}"
        if path.startswith("_data."):
            yield from _data(ways, spot, path, pipe)
            continue
        named = f"{path.removeprefix('_text.')}.text" if path.startswith("_text.") else path
        atom = ways.places.atoms.get(named)
        if atom is None:
            yield error(
                "unknown_pipe", spot.path,
                f"{pipe} names no question, so nothing is shown there. Correct the name.", spot.question,
            )  # fmt: skip
            continue
        if atom.page == spot.site.page:
            yield warning(
                "same_page_pipe", spot.path,
                f"{pipe} is asked on the same page, so it is not answered when the page opens. Ask it "
                "on a page before.", spot.question,
            )  # fmt: skip
        elif ways.places.page_before(atom.page, spot.site.page) is False:
            yield error(
                "later_pipe", spot.path,
                f"{pipe} is asked later, so nothing is shown there. Ask it on a page before.",
                spot.question,
            )  # fmt: skip
        elif ways.places.page_before(atom.page, spot.site.page) is None:
            yield warning(
                "random_reference", spot.path,
                f"{pipe} is asked later for some people, as both stand in a random order.", spot.question,
            )  # fmt: skip
        if is_personal(atom.question.kind, path):
            yield _sensitive(spot, pipe)


def _data(ways: Ways, spot: Spot, path: str, pipe: str) -> Iterator[Finding]:
    field = ways.variables.fields.get(path.removeprefix("_data."))
    if field is None:
        yield error(
            "unknown_pipe", spot.path,
            f"{pipe} names no data field, so nothing is shown there. Declare it under data.", spot.question,
        )  # fmt: skip
    elif is_personal("", f"{field.key} {field.name}"):
        yield _sensitive(spot, pipe)


def _sensitive(spot: Spot, pipe: str) -> Finding:
    if spot.path.endswith(".redirect"):
        return warning(
            "sensitive_pipe", spot.path,
            f"{pipe} gives a personal datum away in an address, which servers on the way write down. "
            "Send a number of yours instead.",
        )  # fmt: skip
    return warning(
        "sensitive_pipe", spot.path,
        f"{pipe} shows a personal datum to whoever has the link. Leave it out if it need not be read.",
        spot.question,
    )  # fmt: skip
