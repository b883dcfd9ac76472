"""Answer pages as HTML: a page of questions, the kind pages; a clean first page is drawn only once."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, has_request_context, render_template
from werkzeug.urls import iri_to_uri

from efm.feedback.answered import Shown
from efm.feedback.course import DATA
from efm.feedback.links import FormKeys, Link
from efm.web.answer_words import told
from surveys import kinds, theme, translations
from surveys.definition import Definition, Ending, minutes
from surveys.values import Answer

KEPT = 200
# Stands in a page drawn once for the key that differs each time; no text can contain it.
KEY_PLACE = "\x02key\x03"
MARKS = {"answered": "already_answered", "thank_you": "thank_you"}

Words = Callable[..., str]


class AnswerPages:
    """Draws the pages of one process; `answer_url` is the address links begin with."""

    def __init__(
        self, app: Flask, keys: FormKeys, answer_url: str, redirect_hosts: Sequence[str] = ()
    ) -> None:
        self._redirect_hosts = frozenset(redirect_hosts)
        self._app = app
        self._keys = keys
        self._answer_url = answer_url
        self._first: OrderedDict[tuple[uuid.UUID, uuid.UUID, str], tuple[str, str]] = OrderedDict()
        self._drawing = Lock()

    def page(self, link: Link, token: str, shown: Shown, *, notice: str | None = None) -> str:
        """A page of questions; `notice` names the words of something to know before sending again."""
        if shown.key is None:
            key = self._keys.make(token, shown.version_id)
        else:
            key = self._keys.made_for(token, shown.key)
        is_clean = shown.cleaned is None and shown.answers is None and notice is None
        if not is_clean or shown.key is not None:
            return self._draw(link, token, shown, key, notice)
        before, after = self._drawn_once(link, token, shown)
        return before + key + after

    def message(
        self,
        kind: str,
        language: str = "en",
        *,
        organization_name: str = "",
        definition: Definition | None = None,
        ending: Ending | None = None,
        request_id: str | None = None,
    ) -> str:
        """A kind page: thank_you, answered, closed, expired, unknown, busy."""
        if definition is not None:
            language = definition.language
        words: Words = partial(translations.text, language)
        said = [words(f"{kind}.words")]
        if kind == "thank_you":
            own = definition.thank_you if definition is not None else ""
            said = [_without(words("thank_you.title"), own) or said[0], words("thank_you.receipt")]
        title = words(f"{kind}.title")
        if ending is not None:
            title = ending.title or title
            said = [ending.text] if ending.text else said
        return self._render(
            "answer/message.html",
            kind=MARKS.get(kind, kind),
            title=title,
            message=said,
            redirect=self.allowed(ending),
            t_next=words("next"),
            organization=brand_of(organization_name, definition),
            brand_url=style_of(definition),
            language=language if definition is not None else translations.base(language),
            direction=direction(language),
            request_id=request_id,
        )

    def allowed(self, ending: Ending | None) -> str | None:
        """Where an ending leads on to, when that host is one of those that are allowed.

        It is looked at as it is sent, with its values put in and every letter fit for a header.
        """
        if ending is None or not ending.redirect:
            return None
        address = iri_to_uri(ending.redirect)
        host = (urlsplit(address).hostname or "").lower()
        return address if host in self._redirect_hosts else None

    def _drawn_once(self, link: Link, token: str, shown: Shown) -> tuple[str, str]:
        """The two halves of a first page, around its key."""
        language = shown.compiled.definition.language
        name = (
            link.organization_id,
            shown.version_id,
            f"{link.kind} {language} {link.organization_name}",
        )
        halves = self._first.get(name)
        if halves is not None:
            return halves
        with self._drawing:  # One thread draws it, whatever the number of people that wait for it.
            halves = self._first.get(name)
            if halves is None:
                page = self._draw(link, token, shown, KEY_PLACE, None)
                before, _, after = page.partition(KEY_PLACE)
                halves = self._first[name] = (before, after)
                while len(self._first) > KEPT:
                    self._first.popitem(last=False)
        return halves

    def _draw(self, link: Link, token: str, shown: Shown, key: str, notice: str | None) -> str:
        definition = shown.compiled.definition
        words: Words = partial(translations.text, definition.language)
        is_private = link.kind == "response"
        return self._render(
            "answer/page.html",
            definition=definition,
            page=shown.asked.page,
            page_index=shown.asked.number,
            page_count=shown.asked.total,
            is_last=shown.asked.is_last,
            has_inner_logic=shown.asked.has_inner_logic,
            dormant=shown.asked.dormant,
            whole=shown.asked.whole,
            logic=told(shown.asked, words, is_begun=link.response_id is not None),
            left=shown.left,
            minutes=minutes(definition),
            privacy=_privacy(definition, words, is_known=link.kind == "invitation"),
            errors=dict(shown.cleaned.errors) if shown.cleaned is not None else {},
            values=values_of(shown),
            hidden_fields=_hidden(shown, key),
            languages=_languages(shown),
            organization=brand_of(link.organization_name, definition),
            brand_url=style_of(definition),
            language=definition.language,
            direction=definition.direction,
            t=words,
            is_resumed=shown.is_resumed,
            notice=None if notice is None else words(notice),
            resume_url=f"{self._answer_url}/s/{token}" if is_private else None,
        )

    def _render(self, template: str, **context: Any) -> str:
        if has_request_context():
            return render_template(template, **context)
        # Addresses on the page have no host, but Flask refuses to make one for a host it was not told.
        hosts = self._app.config["TRUSTED_HOSTS"] or ["localhost"]
        with self._app.test_request_context("/s/", base_url=f"http://{hosts[0]}"):
            return render_template(template, **context)


def brand_of(name: str, definition: Definition | None) -> dict[str, str]:
    """Who asks: a name, and a logo where the survey has one."""
    logo = definition.theme.get("logo", "") if definition is not None else ""
    return {"name": name, "logo_url": logo}


def style_of(definition: Definition | None) -> str | None:
    """The stylesheet of the survey's theme, None where it has none."""
    if definition is None or not definition.theme:
        return None
    return f"/themes/{theme.name_of(definition.theme)}.css"


def _privacy(definition: Definition, words: Words, *, is_known: bool) -> str:
    """The survey's own sentence where it fits the link; else the one that is true of this link.

    A text written for named answers is wrong on a link open to all, and the other way round.
    """
    if definition.privacy and is_known != definition.anonymous:
        return definition.privacy
    return words("privacy.identified" if is_known else "privacy.anonymous")


def _without(title: str, said: str) -> str:
    """The text without the title it begins with: nobody is thanked twice in a row."""
    if said[: len(title) + 1].casefold() in (f"{title}.".casefold(), f"{title}!".casefold()):
        return said[len(title) + 1 :].strip()
    return said


def direction(language: str) -> str:
    """The direction a language is written in."""
    return Definition("", language, ()).direction


def values_of(shown: Shown) -> Mapping[str, Any]:
    """What stands in the fields: what was typed when it was refused, else what was saved."""
    if shown.cleaned is None:
        saved = {key: saved_value(answer) for key, answer in (shown.answers or {}).items()}
        return {**shown.asked.defaults, **saved}
    many = {
        atom.key
        for question in shown.asked.page.questions
        for atom in kinds.atoms(question)
        if kinds.kind(atom.kind).takes_many
    }
    return {key: _typed(raw, is_many=key in many) for key, raw in shown.cleaned.raw.items()}


def _typed(raw: object, *, is_many: bool) -> object:
    """The strings of a field as the page shows them again."""
    strings = [str(each) for each in raw] if isinstance(raw, (list, tuple)) else []
    if is_many:
        return strings
    return strings[0] if strings else None


def _hidden(shown: Shown, key: str) -> dict[str, str]:
    """What the form carries on beside the answers."""
    carried = {"_key": key}
    if shown.compiled.definition.language != shown.compiled.original_language:
        carried["_language"] = shown.compiled.definition.language
    return carried | {f"{DATA}{name}": value for name, value in shown.data.items()}


def _languages(shown: Shown) -> list[dict[str, Any]]:
    """The languages this survey is to be had in, where there are several."""
    definition = shown.compiled.definition
    offered = shown.compiled.languages
    names = translations.language_names()
    return [
        {
            "code": code,
            "name": names.get(code) or names.get(code.partition("-")[0]) or code,
            "is_current": code == definition.language,
            "url": "?" + urlencode({"language": code, **shown.data}),
        }
        for code in offered
    ]


def saved_value(answer: Answer) -> object:
    """A saved answer as a field's value."""
    if answer.number is not None:
        return int(answer.number) if float(answer.number).is_integer() else answer.number
    if answer.text is not None:
        return answer.text
    if answer.on is not None:
        return answer.on.isoformat()
    return list(answer.choices or ())
