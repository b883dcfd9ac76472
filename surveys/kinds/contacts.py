"""Kinds that ask for several particulars at once, and for agreement: address, contact, consent."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from surveys import translations
from surveys.kinds.base import Asked, Kind, Setting, no_columns, no_readers
from surveys.kinds.choosing import CHOOSING
from surveys.parts import Question

# The fields of schema.org's PostalAddress and Person that a form asks for, in the order of writing.
ADDRESS = (
    ("street", "short_text", True),
    ("street_2", "short_text", False),
    ("postal_code", "short_text", True),
    ("city", "short_text", True),
    ("region", "short_text", False),
    ("country", "short_text", True),
)
CONTACT = (
    ("first_name", "short_text", True),
    ("last_name", "short_text", True),
    ("company", "short_text", False),
    ("email", "email", True),
    ("phone", "phone", False),
)
_LONGEST = MappingProxyType({"max_length": 200})


def _particulars(fields: tuple[tuple[str, str, bool], ...], question: Asked) -> tuple[Asked, ...]:
    """A question for each field; the usual ones of a required block are required."""
    left_out = question.settings.get("without")
    without = left_out if isinstance(left_out, tuple) else ()
    language = str(question.settings.get("language") or "en")
    return tuple(
        Question(
            key=f"{question.key}.{name}",
            kind=kind,
            text=translations.text(language, f"particulars.{name}"),
            is_required=question.is_required and is_usual,
            settings=_LONGEST if kind == "short_text" else MappingProxyType({}),
        )
        for name, kind, is_usual in fields
        if name not in without
    )


def _address(question: Asked) -> tuple[Asked, ...]:
    return _particulars(ADDRESS, question)


def _contact(question: Asked) -> tuple[Asked, ...]:
    return _particulars(CONTACT, question)


def _without(fields: tuple[tuple[str, str, bool], ...]) -> Setting:
    names = ", ".join(name for name, _, _ in fields)
    return Setting("without", "texts", "Leave out", f"Of {names}.")


_LANGUAGE = Setting("language", "text", "Language of the fields", "Empty: the survey's.")

CONTACTS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="address",
            title="Postal address",
            answer="none",
            template="array",
            readers=no_readers,
            columns=no_columns,
            settings=(_without(ADDRESS), _LANGUAGE),
            expand=_address,
        ),
        Kind(
            name="contact",
            title="Name, e-mail and telephone",
            answer="none",
            template="array",
            readers=no_readers,
            columns=no_columns,
            settings=(_without(CONTACT), _LANGUAGE),
            expand=_contact,
        ),
        replace(
            CHOOSING["single_choice"],
            name="consent",
            title="Consent",
            settings=(
                Setting("version", "text", "Version of the text", "Stored with the consent, such as 2026-11."),
            ),
            fixed_choices=(("agreed", "choice_agreed"),),
            least_choices=1,
            seconds=4.0,
        ),
    )
}  # fmt: skip
