"""Who may do what: permissions by role, declared on every route, denied by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "account.self"

PERMISSIONS: dict[str, str] = {
    "overview.view": "See the overview and its numbers",
    "surveys.view": "See surveys and their versions",
    "surveys.edit": "Create and edit surveys",
    "surveys.publish": "Publish and close surveys",
    "distributions.view": "See how surveys are sent",
    "distributions.edit": "Create links and personal links",
    "responses.view": "Read responses and comments",
    "responses.export": "Download responses",
    "responses.import": "Bring past responses in from files",
    "responses.write": "Send responses in through the API",
    "customers.view": "See customers and their history",
    "customers.merge": "Decide which customers are one, and separate them again",
    "customers.write": "Send contacts, accounts and interactions in through the API",
    "insight.view": "See linkage and analysis",
    "measures.view": "See which measurements are derived, and how",
    "measures.edit": "Set what is derived and how",
    "cases.view": "See cases",
    "cases.work": "Take, answer and close cases",
    "connections.view": "See connections and their runs",
    "connections.edit": "Set up connections and run them",
    "data.import": "Import data files",
    "organization.edit": "Change the organization's settings",
    "members.manage": "Invite people and change roles",
    "tokens.manage": "Create and revoke API tokens",
    "audit.view": "Read the audit log",
}

ROLE_LABELS = {
    "owner": "Owner",
    "designer": "CX designer",
    "analyst": "Analyst",
    "agent": "Agent",
    "crm_admin": "CRM admin",
}

# What each role is for, where somebody chooses one.
ROLE_WORDS = {
    "owner": "Everything, with people, keys and settings",
    "designer": "Makes surveys, sends them and reads the answers",
    "analyst": "Reads everything about feedback and downloads it",
    "agent": "Works on cases and sees the customers behind them",
    "crm_admin": "Connects other systems and imports data",
}

_READ = {"overview.view", "responses.view", "customers.view", "cases.view"}
ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    "owner": frozenset(PERMISSIONS),
    "designer": frozenset(
        _READ
        | {"surveys.view", "surveys.edit", "surveys.publish", "distributions.view"}
        | {"distributions.edit", "responses.export", "responses.import", "insight.view"}
        | {"measures.view", "measures.edit"}
    ),
    "analyst": frozenset(
        _READ
        | {"surveys.view", "distributions.view", "responses.export", "insight.view"}
        | {"measures.view", "measures.edit"}
    ),
    "agent": frozenset(_READ | {"cases.work"}),
    "crm_admin": frozenset(
        {"overview.view", "customers.view", "customers.merge", "connections.view"}
        | {"connections.edit", "data.import", "measures.view", "measures.edit"}
    ),
}


def roles_within(permissions: frozenset[str]) -> frozenset[str]:
    """The roles that hold nothing beyond these permissions: those one may give."""
    return frozenset(role for role, held in ROLE_PERMISSIONS.items() if held <= permissions)


API_SCOPES = (
    "surveys.view",
    "responses.view",
    "responses.write",
    "customers.view",
    "customers.write",
)


class PermissionUndeclared(TypeError):
    """A route was about to be registered without saying who may use it."""


def permission(name: str) -> Callable[[View], View]:
    """Declare what a route needs: `public`, `account.self`, or one of PERMISSIONS."""
    if name not in PERMISSIONS and name not in (PUBLIC, SIGNED_IN):
        raise PermissionUndeclared(f"{name!r} is not a known permission")

    def declare(view: View) -> View:
        view.required_permission = name  # type: ignore[attr-defined]
        return view

    return declare


def permission_of(view: Any) -> str | None:
    """The permission a view declares, if any."""
    return getattr(view, "required_permission", None)
