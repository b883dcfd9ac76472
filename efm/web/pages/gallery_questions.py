"""The survey the gallery draws: every kind of question there is, answers to it, and its longest form."""

from __future__ import annotations

from dataclasses import replace

from surveys.definition import Definition, load_yaml
from surveys.parts import Choice, Question
from surveys.values import JsonValue

ANSWERS: dict[str, JsonValue] = {
    "recommend": 9,
    "satisfied": 4,
    "portal": 3,
    "mood": 4,
    "agree": 4,
    "warmth": -2,
    "share": 70,
    "trust": 6,
    "drivers": ["help", "other"],
    "drivers.other.text": "The new portal",
    "stay": ["renew"],
    "reason": "The new portal saves us an hour a week.\nThe old one did not.",
    "product": "Fibre 500",
    "often": 3,
    "when": "2026-01-31",
    "shop": ["vienna"],
    "found": ["yes"],
    "at": "14:30",
    "mail": "anna@northwind",
    "page": "https://example.com",
    "look": ["calm"],
    "ad": ["bold"],
    "plan": ["0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a~plan.pdf"],
    "sign": "Ana Novak",
    "order": ["speed", "price"],
    "points.price": 60,
    "points.speed": 40,
    "matters.1.best": ["price"],
    "matters.1.worst": ["design"],
    "services.hotline": ["good"],
    "channels.news": ["mail", "app"],
    "owners.invoice": ["finance"],
    "marks.quality": 5,
    "character.a": 2,
    "words.first": "Calm",
    "hours.hotline": 2,
    "devices.router.age": 3,
    "devices.router.state": ["works"],
    "people.1.name": "Ana",
    "people.2.name": "Ben",
    "home.street": "1 High Street",
    "person.first_name": "Ana",
    "terms": ["agreed"],
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
      - {key: mood, kind: smileys, text: How did the call leave you?}
      - {key: agree, kind: likert, text: The invoice is easy to read.}
      - {key: warmth, kind: scale, text: Where do you feel we are on this line?, settings: {low: -5, high: 5, low_label: Cold, high_label: Warm}}
      - {key: thermometer, kind: scale, text: How warm are your feelings towards us?, settings: {low: 0, high: 100}}
      - {key: share, kind: slider, text: How much of your spending goes to us?, settings: {low_label: Nothing, high_label: Everything, step: 5}}
      - {key: trust, kind: slider, text: How far do you trust our advice?, settings: {maximum: 10, low_label: Not at all, high_label: Wholly}}
      - key: drivers
        kind: multiple_choice
        text: What influenced your score most?
        settings: {maximum: 2, has_select_all: true}
        choices:
          - {key: quality, label: Quality of the product or service}
          - {key: help, label: Help when I needed it}
          - {key: price, label: Value for money}
          - {key: other, label: Something else, takes_text: true, is_text_required: true}
          - {key: none, label: None of these, is_exclusive: true}
      - key: stay
        kind: single_choice
        text: When your contract is next due, what are you most likely to do?
        is_required: true
        choices: [{key: renew, label: Renew as it is}, {key: change, label: Change it, takes_text: true}, {key: leave, label: Leave}]
      - key: look
        kind: single_choice
        text: Which of these feels most like us?
        choices:
          - {key: calm, label: Calm, image: /static/favicon.svg}
          - {key: bold, label: Bold, image: /static/favicon.svg}
          - {key: plain, label: Neither}
      - {key: last, kind: statement, text: Almost done, help: "Four short questions about your visit.\\nThen we are through."}
      - {key: reason, kind: long_text, text: What is the main reason for your score?}
      - {key: product, kind: short_text, text: Which product do you use most?}
      - {key: often, kind: number, text: How often did you contact us?, help: In the past 30 days., settings: {unit: times}}
      - {key: when, kind: date, text: When did you last visit us?}
      - key: shop
        kind: dropdown
        text: Which of our shops did you visit?
        choices: [{key: hamburg, label: Hamburg}, {key: vienna, label: Vienna}, {key: elsewhere, label: Elsewhere, takes_text: true}]
      - {key: found, kind: yes_no, text: Did you find what you were looking for?}
      - {key: at, kind: time, text: "At about what time?"}
      - {key: moment, kind: date_time, text: "When did it happen?"}
      - {key: mail, kind: email, text: "Where may we write to you?", is_required: true}
      - {key: call, kind: phone, text: "Under which number may we call you?"}
      - {key: page, kind: url, text: "Where did you read about us?", help: The address of the page.}
      - key: order
        kind: ranking
        text: What should we work on first?
        settings: {minimum: 2}
        choices: [{key: price, label: Lower prices}, {key: speed, label: Quicker answers}, {key: design, label: A clearer portal}]
      - key: points
        kind: constant_sum
        text: How important is each of these to you?
        settings: {unit: points}
        choices: [{key: price, label: Price}, {key: speed, label: Speed}, {key: design, label: Design}]
      - key: matters
        kind: max_diff
        text: Which matters most to you, and which least?
        settings: {sets: 2, best_label: Most, worst_label: Least}
        choices: [{key: price, label: Price}, {key: speed, label: Speed of answers}, {key: design, label: Design of the portal}, {key: range, label: Range of products}, {key: people, label: The people}]
      - key: services
        kind: matrix_single
        text: How did you find our services?
        is_required: true
        rows: [{key: hotline, label: Hotline}, {key: visit, label: Visit of the technician}, {key: invoice, label: Invoice}]
        choices: [{key: poor, label: Poor}, {key: fair, label: Fair}, {key: good, label: Good}, {key: great, label: Excellent}, {key: unused, label: Not used}]
      - key: channels
        kind: matrix_multiple
        text: How would you like to hear from us?
        rows: [{key: news, label: News}, {key: faults, label: Faults in my area}]
        choices: [{key: mail, label: E-mail}, {key: app, label: App}, {key: letter, label: Letter}]
      - key: owners
        kind: matrix_dropdown
        text: Who looks after these at your company?
        settings: {is_unique: true}
        rows: [{key: invoice, label: Invoices}, {key: repair, label: Repairs}]
        choices: [{key: finance, label: Finance}, {key: office, label: Office}, {key: works, label: Works}]
      - key: marks
        kind: matrix_rating
        text: How do you rate each of these?
        settings: {low_label: Poor, high_label: Excellent, least_rows: 2}
        rows: [{key: quality, label: Quality of the line}, {key: price, label: Price for what you get}, {key: people, label: The people you met}]
      - key: character
        kind: semantic_differential
        text: How do we come across?
        rows: [{key: a, label: Slow, opposite: Quick}, {key: b, label: Hard to understand, opposite: Easy to understand}]
      - key: words
        kind: matrix_text
        text: Describe us in two words.
        rows: [{key: first, label: First word}, {key: second, label: Second word}]
      - key: hours
        kind: matrix_number
        text: How many hours did you spend on each?
        settings: {minimum: 0, maximum: 40}
        rows: [{key: hotline, label: On the hotline}, {key: portal, label: In the portal}]
      - key: devices
        kind: grid
        text: Tell us about your devices.
        rows: [{key: router, label: Router}, {key: phone, label: Telephone}]
        parts:
          - {key: age, kind: number, text: Age, settings: {unit: years}}
          - {key: maker, kind: short_text, text: Maker}
          - {key: state, kind: single_choice, text: State, choices: [{key: works, label: Works}, {key: broken, label: Broken}]}
          - {key: mark, kind: nps, text: Would you recommend it?}
      - key: people
        kind: entries
        text: Who else lives with you?
        settings: {maximum: 4}
        parts: [{key: name, kind: short_text, text: First name, is_required: true}, {key: age, kind: number, text: Age}]
      - {key: home, kind: address, text: Where should the router go?, is_required: true}
      - {key: person, kind: contact, text: How can we reach you?}
      - key: terms
        kind: consent
        text: "We keep your answers for two years, to get better at what we do.\\nYou can take this back at any time."
        is_required: true
      - key: ad
        kind: picture_choice
        text: Which advertisement did you see?
        choices: [{key: calm, label: The calm one, image: /static/favicon.svg}, {key: bold, label: The bold one, image: /static/favicon.svg}]
      - {key: plan, kind: file_upload, text: Show us a drawing of the room., settings: {max_files: 3, types: [pdf, png]}}
      - {key: sign, kind: signature, text: Sign with your name.}
      - {key: total, kind: calculated, text: Total, value: 1}
      - {key: origin, kind: hidden}
"""


def survey() -> Definition:
    """Every kind of question, most as people meet them."""
    return load_yaml(SURVEY)


def longest() -> Definition:
    """The same with labels of 300 characters and many rows: what a page must bear."""
    plain = survey()
    page = plain.pages[0]
    return replace(
        plain, pages=(replace(page, questions=tuple(_stretched(each) for each in page.questions)),)
    )


def _stretched(question: Question) -> Question:
    words = "Words that go on and on, Donaudampfschifffahrtsgesellschaft among them. "
    return replace(
        question,
        text=(question.text + " " + words * 5)[:300],
        rows=_many(question.rows, words),
        choices=tuple(
            replace(each, label=each.label if number % 2 else (words * 5)[:300])
            for number, each in enumerate(question.choices)
        ),
        parts=tuple(_stretched(each) for each in question.parts),
    )


def _many(rows: tuple[Choice, ...], words: str) -> tuple[Choice, ...]:
    """Twelve rows where there are any, every other one long."""
    return tuple(
        replace(
            rows[number % len(rows)],
            key=f"{rows[number % len(rows)].key}{number}",
            label=(words * 5)[:300] if number % 2 else rows[number % len(rows)].label,
        )
        for number in range(12 if rows else 0)
    )
