"""The kinds of record there are in Zendesk, with the fields every account has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CURSOR, TIME, LIST = "cursor", "time", "list"
"""How changes are read: an export with a cursor, an export by time, a list by time of making."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `name` is its path and its list, `word` its name in events of webhooks.

    `custom` is where its records hold the fields people made, and the path that describes them.
    """

    name: str
    label: str
    entity: str
    way: str
    fields: Mapping[str, str]
    word: str = ""
    custom: tuple[str, str] = ("", "")
    params: Mapping[str, str] = field(default_factory=dict)
    deletes: str = "tombstones"


def _typed(**names: str) -> dict[str, str]:
    return {name: kind for kind, text in names.items() for name in text.split()}


_KINDS = (
    Kind(
        "users", "Users", "contact", CURSOR,
        _typed(
            integer="id organization_id locale_id role_type custom_role_id default_group_id",
            text="url name email time_zone iana_time_zone phone locale role external_id alias "
            "signature details notes ticket_restriction",
            boolean="active verified shared shared_agent shared_phone_number suspended moderator "
            "two_factor_auth_enabled only_private_comments restricted_agent report_csv chat_only",
            datetime="created_at updated_at last_login_at",
            json="tags photo abilities",
        ),
        "user", ("user_fields", "user_fields"),
    ),
    Kind(
        "organizations", "Organizations", "account", TIME,
        _typed(
            integer="id group_id",
            text="url name external_id details notes",
            boolean="shared_tickets shared_comments",
            datetime="created_at updated_at deleted_at",
            json="domain_names tags",
        ),
        "organization", ("organization_fields", "organization_fields"),
    ),
    Kind(
        "tickets", "Tickets", "interaction", CURSOR,
        _typed(
            integer="id requester_id submitter_id assignee_id organization_id group_id "
            "forum_topic_id problem_id custom_status_id ticket_form_id brand_id",
            text="url external_id type subject raw_subject description priority status recipient",
            boolean="has_incidents is_public allow_channelback allow_attachments "
            "from_messaging_channel",
            datetime="created_at updated_at due_at",
            json="via collaborator_ids follower_ids email_cc_ids tags satisfaction_rating "
            "sharing_agreement_ids followup_ids metric_set",
        ),
        "ticket", ("custom_fields", "ticket_fields"), {"include": "metric_sets"},
    ),
    Kind(
        "satisfaction_ratings", "Satisfaction ratings", "interaction", LIST,
        _typed(
            integer="id assignee_id group_id requester_id ticket_id reason_id reason_code",
            text="url score comment reason",
            datetime="created_at updated_at",
        ),
        params={"score": "received"}, deletes="none",
    ),
)  # fmt: skip

KINDS: Mapping[str, Kind] = MappingProxyType({each.name: each for each in _KINDS})
