"""Operations on a survey's document while it is being built: each gives a new document, or refuses."""

from surveys.editing.around import add_part, move_part, remove_part, settle
from surveys.editing.choices import add_choices, move_choice, remove_choice
from surveys.editing.keeping import marked, put_in, taken_out
from surveys.editing.kinds import change_kind, new_question
from surveys.editing.pages import add_page, move_page, remove_page
from surveys.editing.places import (
    LISTS,
    Document,
    Edited,
    EditRefused,
    element,
    finished,
    label_of,
)
from surveys.editing.questions import (
    add_question,
    add_to_question,
    duplicate_question,
    move_question,
    remove_question,
    shift_question,
)
from surveys.editing.references import InUse, Reference, references
from surveys.editing.setting import set_fields, set_order, with_fields

__all__ = [
    "LISTS",
    "Document",
    "EditRefused",
    "Edited",
    "InUse",
    "Reference",
    "add_choices",
    "add_page",
    "add_part",
    "add_question",
    "add_to_question",
    "change_kind",
    "duplicate_question",
    "element",
    "finished",
    "label_of",
    "marked",
    "move_choice",
    "move_page",
    "move_part",
    "move_question",
    "new_question",
    "put_in",
    "references",
    "remove_choice",
    "remove_page",
    "remove_part",
    "remove_question",
    "set_fields",
    "set_order",
    "settle",
    "shift_question",
    "taken_out",
    "with_fields",
]
