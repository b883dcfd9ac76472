"""Examples of what is sent and what comes back; tests hold them to the schemas."""

from __future__ import annotations

from typing import Any

SURVEY_ID = "0190a0a0-3c6b-7b52-9c1e-6f0d6a1f1c01"
VERSION_ID = "0190a0a0-3c6b-7b52-9c1e-6f0d6a1f1c02"
RESPONSE_ID = "0190a0a0-52f0-7a11-8f6e-2f1f5f2f7d10"
CONTACT_ID = "0190a0a0-61aa-7c39-b1b0-0c9f6f3b9e21"
ACCOUNT_ID = "0190a0a0-61aa-7c39-b1b0-0c9f6f3b9e22"
INTERACTION_ID = "0190a0a0-61aa-7c39-b1b0-0c9f6f3b9e23"
MEASUREMENT_ID = "0190a0a0-61aa-7c39-b1b0-0c9f6f3b9e24"
DISTRIBUTION_ID = "0190a0a0-3c6b-7b52-9c1e-6f0d6a1f1c03"
MADE, CHANGED = "2026-03-01T08:00:00Z", "2026-03-02T16:20:05.120000Z"

_ANSWERS = {"nps": 9, "reason": "price", "comment": "Quick and friendly."}
_SENT_RESPONSE = {
    "survey_id": SURVEY_ID,
    "answers": _ANSWERS,
    "key": "order-10482",
    "contact_id": CONTACT_ID,
    "channel": "web",
    "touchpoint": "checkout",
    "submitted_at": "2026-03-02T17:20:00+01:00",
}
_SENT_CONTACT = {
    "name": "Ana Lima",
    "email": "Ana.Lima@example.com",
    "phone": "+44 20 7946 0000",
    "language": "en",
    "account_external_id": "acme",
    "attributes": {"tier": "gold"},
}
_SENT_ACCOUNT = {"name": "Acme Ltd", "domain": "acme.example", "attributes": {"seats": 120}}
_SENT_INTERACTION = {
    "contact_external_id": "crm-881",
    "kind": "order",
    "occurred_at": "2026-03-01T10:00:00+02:00",
    "channel": "web",
    "amount": "129.90",
    "currency": "EUR",
}
_SENT_MEASUREMENT = {
    "account_external_id": "acme",
    "metric": "revenue",
    "amount": "48000.00",
    "currency": "EUR",
    "measured_on": "2026-02-28",
}
_PROBLEM_ROW = {
    "pointer": "#/responses/1/answers/nps",
    "detail": "Please choose a number from 0 to 10.",
}
SENT: dict[str, Any] = {
    "ResponseBody": _SENT_RESPONSE,
    "ResponseBodyBatch": {
        "responses": [
            {"survey_id": SURVEY_ID, "key": "order-10482", "answers": _ANSWERS},
            {"survey_id": SURVEY_ID, "key": "order-10483", "answers": {"nps": 11}},
        ]
    },
    "ContactBody": _SENT_CONTACT,
    "ContactBatch": {"contacts": [{"external_id": "crm-881", **_SENT_CONTACT}]},
    "ContactSearch": {"email": "ana.lima@example.com"},
    "AccountBody": _SENT_ACCOUNT,
    "AccountBatch": {"accounts": [{"external_id": "acme", **_SENT_ACCOUNT}]},
    "InteractionBody": _SENT_INTERACTION,
    "InteractionBatch": {"interactions": [{"external_id": "order-10482", **_SENT_INTERACTION}]},
    "MeasurementBody": _SENT_MEASUREMENT,
    "MeasurementBatch": {"measurements": [{"external_id": "revenue-2026-02", **_SENT_MEASUREMENT}]},
}

_VERSION = {
    "id": VERSION_ID,
    "number": 3,
    "published_at": MADE,
    "checksum": "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
}
_DEFINITION = {
    "title": "How did it go?",
    "language": "en",
    "anonymous": True,
    "pages": [
        {
            "key": "p1",
            "questions": [
                {
                    "key": "nps",
                    "kind": "nps",
                    "text": "How likely are you to recommend us?",
                    "is_required": True,
                }
            ],
        }
    ],
}
_SURVEY = {
    "id": SURVEY_ID,
    "name": "After checkout",
    "state": "open",
    "current_version": _VERSION,
    "created_at": MADE,
    "updated_at": CHANGED,
}
_RESPONSE = {
    "id": RESPONSE_ID,
    "survey_id": SURVEY_ID,
    "version_id": VERSION_ID,
    "distribution_id": DISTRIBUTION_ID,
    "contact_id": CONTACT_ID,
    "channel": "web",
    "touchpoint": "checkout",
    "language": "en",
    "attributes": {},
    "started_at": "2026-03-02T16:20:00Z",
    "submitted_at": "2026-03-02T16:20:00Z",
    "answers": _ANSWERS,
    "scores": [
        {
            "metric": "nps", "question": "nps", "state": "scored", "value": 9.0,
            "band": "promoter", "language": None, "reason": None,
        },
        {
            "metric": "sentiment", "question": "comment", "state": "scored", "value": 0.4939,
            "band": "positive", "language": "en", "reason": None,
        },
    ],
}  # fmt: skip
_CONTACT = {
    "id": CONTACT_ID,
    "external_ids": [{"source": "API", "external_id": "crm-881"}],
    "account_id": ACCOUNT_ID,
    "name": "Ana Lima",
    "email": "ana.lima@example.com",
    "phone": "+442079460000",
    "language": "en",
    "attributes": {"tier": "gold"},
    "created_at": MADE,
    "updated_at": CHANGED,
}
_ACCOUNT = {
    "id": ACCOUNT_ID,
    "external_ids": [{"source": "API", "external_id": "acme"}],
    "name": "Acme Ltd",
    "domain": "acme.example",
    "attributes": {"seats": 120},
    "created_at": MADE,
    "updated_at": CHANGED,
}
_INTERACTION: dict[str, Any] = {
    "id": INTERACTION_ID,
    "source": "API",
    "external_id": "order-10482",
    "contact_id": CONTACT_ID,
    "account_id": ACCOUNT_ID,
    "kind": "order",
    "channel": "web",
    "touchpoint": None,
    "subject": "",
    "outcome": None,
    "occurred_at": "2026-03-01T08:00:00Z",
    "duration_seconds": None,
    "amount": "129.90",
    "amount_minor": 12990,
    "currency": "EUR",
    "attributes": {},
    "created_at": CHANGED,
}
_MEASUREMENT: dict[str, Any] = {
    "id": MEASUREMENT_ID,
    "source": "API",
    "external_id": "revenue-2026-02",
    "contact_id": None,
    "account_id": ACCOUNT_ID,
    "metric": "revenue",
    "value": None,
    "amount": "48000.00",
    "amount_minor": 4800000,
    "currency": "EUR",
    "measured_on": "2026-02-28",
    "attributes": {},
    "created_at": CHANGED,
}


def _page(row: Any, path: str) -> dict[str, Any]:
    cursor = "cmVzcG9uc2Vzfn4wMTkwYTBhMA"
    return {"data": [row], "next": f"/api/v1/{path}?limit=1&cursor={cursor}", "next_cursor": cursor}


GIVEN: dict[str, Any] = {
    "SurveySummaryPage": _page(_SURVEY, "surveys"),
    "Survey": {**_SURVEY, "definition": _DEFINITION},
    "ListedVersionPage": _page({**_VERSION, "is_current": True}, f"surveys/{SURVEY_ID}/versions"),
    "Version": {**_VERSION, "is_current": True, "definition": _DEFINITION},
    "ResponsePage": _page(_RESPONSE, "responses"),
    "Response": _RESPONSE,
    "Taken": {"id": RESPONSE_ID},
    "TakenBatch": {
        "created": 1,
        "duplicate": 0,
        "refused": 1,
        "results": [
            {"index": 0, "outcome": "created", "id": RESPONSE_ID, "errors": []},
            {"index": 1, "outcome": "refused", "id": None, "errors": [_PROBLEM_ROW]},
        ],
    },
    "StoredBatch": {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
        "results": [
            {"index": 0, "outcome": "stored", "external_id": "crm-881", "id": CONTACT_ID,
             "errors": []},
        ],
    },
    "ContactPage": _page(_CONTACT, "contacts"),
    "Contact": _CONTACT,
    "FoundContacts": {"data": [_CONTACT]},
    "AccountPage": _page(_ACCOUNT, "accounts"),
    "Account": _ACCOUNT,
    "InteractionPage": _page(_INTERACTION, "interactions"),
    "Interaction": _INTERACTION,
    "MeasurementPage": _page(_MEASUREMENT, "measurements"),
    "Measurement": _MEASUREMENT,
}  # fmt: skip
PROBLEM: dict[str, Any] = {
    "type": "about:blank",
    "title": "Some values need another look",
    "status": 422,
    "detail": "The response has problems.",
    "instance": "/api/v1/responses",
    "request_id": "0190a0a052f07a118f6e2f1f5f2f7d10",
    "errors": [{"pointer": "#/answers/nps", "detail": "Please choose a number from 0 to 10."}],
}
IN_PATH = {
    "survey_id": SURVEY_ID,
    "version_id": VERSION_ID,
    "response_id": RESPONSE_ID,
    "external_id": "crm-881",
}
OF_RECORD = {
    "contacts": CONTACT_ID,
    "accounts": ACCOUNT_ID,
    "interactions": INTERACTION_ID,
    "measurements": MEASUREMENT_ID,
}
