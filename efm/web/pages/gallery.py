"""Every component in every state, in development only: for looking at, and for photographs in tests."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template, request

from efm.errors import NotFound
from efm.web import unit
from efm.web.permissions import PUBLIC, permission
from surveys import definition, translations

pages = Blueprint("gallery", __name__)

ERRORS = {"stay": "required", "often": "number", "mail": "email"}
VALUES = {
    "recommend": 9,
    "satisfied": 4,
    "portal": 3,
    "drivers": ["help", "price"],
    "shop": ["vienna"],
    "mail": "anna@northwind",
    "reason": "The new portal saves us an hour a week.",
}
SURVEY = """
title: Kinds of questions
language: en
pages:
  - key: all
    questions:
      - {key: recommend, kind: nps, text: How likely are you to recommend us to a friend or colleague?, is_required: true}
      - {key: satisfied, kind: csat, text: "Overall, how satisfied are you with us?", help: Think of the past six months.}
      - {key: easy, kind: ces, text: It was easy to get my problem solved.}
      - key: visit
        kind: csat
        text: How satisfied were you with the visit?
        settings: {labels: [Very dissatisfied, Dissatisfied, Neither, Satisfied, Very satisfied]}
      - {key: portal, kind: stars, text: How do you rate the portal?}
      - key: drivers
        kind: multiple_choice
        text: What influenced your score most?
        settings: {maximum: 2}
        choices:
          - {key: quality, label: Quality of the product or service}
          - {key: help, label: Help when I needed it}
          - {key: price, label: Value for money}
      - key: stay
        kind: single_choice
        text: When your contract is next due, what are you most likely to do?
        is_required: true
        choices: [{key: renew, label: Renew as it is}, {key: leave, label: Leave}]
      - {key: last, kind: statement, text: Almost done, help: Four short questions about your visit.}
      - {key: reason, kind: long_text, text: What is the main reason for your score?}
      - {key: product, kind: short_text, text: Which product do you use most?}
      - {key: often, kind: number, text: How often did you contact us?, help: In the past 30 days., settings: {unit: times}}
      - {key: when, kind: date, text: When did you last visit us?}
      - key: shop
        kind: dropdown
        text: Which of our shops did you visit?
        choices: [{key: hamburg, label: Hamburg}, {key: vienna, label: Vienna}, {key: zurich, label: Zürich}]
      - {key: found, kind: yes_no, text: Did you find what you were looking for?}
      - {key: at, kind: time, text: "At about what time?"}
      - {key: mail, kind: email, text: "Where may we write to you?", is_required: true}
      - {key: call, kind: phone, text: "Under which number may we call you?"}
      - {key: page, kind: url, text: "Where did you read about us?", help: The address of the page.}
"""


def _looks() -> dict[str, Any]:
    """The theme, direction and language asked for in the address."""
    if not unit.config().is_development:
        raise NotFound("There is nothing at this address.")
    given = request.args
    language = given.get("language", "en")
    return {
        "theme": given.get("theme", ""),
        "direction": "rtl" if given.get("direction") == "rtl" else "ltr",
        "language": language if language in translations.LANGUAGES else "en",
    }


@pages.get("/gallery")
@permission(PUBLIC)
def show() -> str:
    """The components of staff pages."""
    return render_template("gallery.html", **_looks())


@pages.get("/gallery/answer")
@permission(PUBLIC)
def answer() -> str:
    """The kinds of questions, some answered, some with an error."""
    looks = _looks()
    t = partial(translations.text, looks["language"])
    return render_template(
        "gallery_answer.html",
        questions=definition.load_yaml(SURVEY).questions,
        values=VALUES,
        errors={key: t(f"errors.{name}") for key, name in ERRORS.items()},
        t=t,
        organization=SimpleNamespace(name="Northwind Telecom"),
        **looks,
    )
