"""What an answer page tells its script: the page's logic, and the words the script may have to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from surveys.asking import AskedPage
from surveys.page_logic import codes

Words = Callable[..., str]

ALWAYS = ("errors_title", "errors_title_page", "script.kept_here", "script.offline", "script.arrived", "script.sending")  # fmt: skip
# Words that only some kinds of questions or answers need.
BY_KIND: Mapping[str, tuple[str, ...]] = {
    "multiple_choice": ("array.choose_all",),
    "constant_sum": ("array.total",),
    "entries": ("script.add", "script.remove", "script.removed"),
    "ranking": ("script.up", "script.down", "script.ranked"),
    "number": ("script.no_answer_yet", "array.no_answer"),
    "point": ("script.no_answer_yet", "array.no_answer"),
    "text": ("script.characters_left",),
}


def told(asked: AskedPage, words: Words, *, is_begun: bool) -> Mapping[str, Any] | None:
    """The page's logic with the words that go with it, blanks still open; None without logic.

    ``is_begun`` says that what is typed may be saved before it is sent.
    """
    if asked.logic is None:
        return None
    wanted = list(ALWAYS)
    if asked.has_inner_logic:
        wanted += ["script.asked_now", "script.asked_no_more"]
    if is_begun:
        wanted.append("script.saved")
    for each in asked.page.questions:
        wanted += BY_KIND.get(each.kind, ())
    questions: Any = asked.logic["questions"]
    for read in sorted({atom["reads"] for each in questions for atom in each["atoms"]}):
        wanted += BY_KIND.get(read, ())
    wanted += sorted(f"errors.{code}" for code in codes(asked.logic))
    said = {name: words(name) for name in dict.fromkeys(wanted)}
    return {**asked.logic, "words": said, "is_begun": is_begun}
