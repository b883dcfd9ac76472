"""The kinds of questions as a designer chooses among them: grouped, each with an icon and a sentence."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask

from surveys.kinds import KINDS


class Offer(NamedTuple):
    """One kind as it is offered."""

    name: str
    title: str
    icon: str
    words: str


class Group(NamedTuple):
    """Kinds that are alike, under one heading."""

    title: str
    offers: tuple[Offer, ...]


_SHELF: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Rating": (
        ("nps", "gauge", "0 to 10: would they recommend you? Gives the NPS."),
        ("csat", "smile", "Five points of satisfaction. Gives the CSAT."),
        ("ces", "activity", "Seven points: was it easy? Gives the CES."),
        ("stars", "star", "Three to ten stars."),
        ("smileys", "laugh", "Three to five faces, from sad to happy."),
        ("likert", "thumbs-up", "How far they agree with a sentence."),
        ("scale", "ruler", "Points from any number to any other."),
        ("slider", "sliders-horizontal", "A quantity between two ends."),
    ),
    "Choice": (
        ("single_choice", "circle-dot", "One of several choices."),
        ("multiple_choice", "square-check", "As many of the choices as fit."),
        ("dropdown", "chevrons-up-down", "One of a long list, such as countries."),
        ("yes_no", "toggle-left", "Yes or no, nothing between."),
        ("picture_choice", "image", "One or several pictures."),
        ("ranking", "list-ordered", "Choices put in order of preference."),
        ("constant_sum", "chart-pie", "A total shared out among the choices."),
        ("max_diff", "scale", "The best and the worst of small sets, again and again."),
    ),
    "Text": (
        ("short_text", "text-cursor-input", "A few words on one line."),
        ("long_text", "message-square-text", "A comment; its sentiment is scored."),
        ("number", "hash", "A number, with limits and a unit."),
        ("file_upload", "paperclip", "A file, of the types and sizes you allow."),
        ("signature", "signature", "A name written by hand."),
        ("date", "calendar", "A day."),
        ("time", "clock", "A time of day."),
    ),
    "Matrix": (
        ("matrix_single", "table-2", "One choice in each row."),
        ("matrix_multiple", "grid-3x3", "Several choices in each row."),
        ("matrix_rating", "rows-3", "A rating in each row."),
        ("matrix_dropdown", "table", "A list in each row, for narrow pages."),
        ("matrix_text", "table-properties", "A text in each row."),
        ("matrix_number", "table-properties", "A number in each row."),
        ("semantic_differential", "arrow-left-right", "Between two opposite words, row by row."),
        ("grid", "table", "Different questions in each row."),
        ("entries", "copy-plus", "The same questions for each entry, such as each child."),
    ),
    "Contact": (
        ("email", "mail", "An e-mail address, checked."),
        ("phone", "phone", "A telephone number, checked."),
        ("url", "link", "A web address, checked."),
        ("address", "map-pin", "Street, city and country."),
        ("contact", "contact", "Name, company, e-mail and telephone together."),
        ("consent", "shield-check", "Agreement to a text, stored with its version."),
    ),
    "Shown or calculated": (
        ("statement", "type", "Words between questions; nothing to answer."),
        ("calculated", "calculator", "A value from other answers; nobody is asked."),
        ("hidden", "eye-off", "A value that came with the link; nobody is asked."),
    ),
}  # fmt: skip
_MORE = "More"
_ICONS = {name: icon for kinds in _SHELF.values() for name, icon, _ in kinds}
_BY_TEMPLATE = {"scale": "gauge", "choices": "circle-dot", "number": "hash", "date": "calendar",
                "text": "text-cursor-input", "array": "table-2"}  # fmt: skip


def kind_icon(name: str) -> str:
    """The icon of a kind."""
    if name in _ICONS:
        return _ICONS[name]
    return _BY_TEMPLATE.get(KINDS[name].template, "clipboard-list") if name in KINDS else "info"


def kind_groups(*, parts_only: bool = False) -> tuple[Group, ...]:
    """All kinds there are in their groups; those without a place come last."""
    groups = [
        Group(title, tuple(_offer(*kind) for kind in kinds if _is_offered(kind[0], parts_only)))
        for title, kinds in _SHELF.items()
    ]
    rest = tuple(
        Offer(name, kind.title, kind_icon(name), "")
        for name, kind in KINDS.items()
        if name not in _ICONS and _is_offered(name, parts_only)
    )
    return tuple(group for group in (*groups, Group(_MORE, rest)) if group.offers)


def _is_offered(name: str, parts_only: bool) -> bool:
    kind = KINDS.get(name)
    if kind is None:
        return False
    return not parts_only or (kind.expand is None and kind.answer != "none" and kind.is_asked)


def _offer(name: str, icon: str, words: str) -> Offer:
    return Offer(name, KINDS[name].title, icon, words)


def install(app: Flask) -> None:
    """Give templates the icons and groups."""
    app.jinja_env.globals.update(kind_icon=kind_icon, kind_groups=kind_groups)
