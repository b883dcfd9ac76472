"""What zenpy is made to do with the simulated account; run in its own environment.

`judge.py ADDRESS EMAIL TOKEN OAUTH` reads a phase a line, with what it is about, and prints what it found as JSON. The
client insists on https, so its calls are led to the address on their way out.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Organization, Ticket, User
from zenpy.lib.exception import APIException


class Rewriting(requests.adapters.HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *arguments: Any, **more: Any) -> Any:
        at = urlsplit(request.url)
        assert at.netloc == "acme.zendesk.com", request.url
        asked = request.url
        request.url = self.url + at.path + (f"?{at.query}" if at.query else "")
        response = super().send(request, *arguments, **more)
        request.url = response.url = asked  # the client judges answers by their address
        return response


def client(**credential: str) -> Any:
    session = requests.Session()
    session.mount("https://", Rewriting(sys.argv[1]))
    return Zenpy(subdomain="acme", session=session, disable_cache=True, ratelimit_budget=1,
                 **credential)  # fmt: skip


def refusal(call: Any) -> list[Any]:
    try:
        call()
    except APIException as error:
        said = error.response.json()
        return [type(error).__name__, error.response.status_code, said.get("error")]
    except Exception as error:
        return [type(error).__name__]
    return []


def finished(zenpy: Any, job: Any) -> list[Any]:
    for _ in range(9):
        if job.status == "completed":
            break
        job = zenpy.job_status(id=job.id)
    return [(each.id, getattr(each, "status", None)) for each in job.results]


def fill(zenpy: Any) -> dict[str, Any]:
    """Makes, changes and deletes records in every way there is."""
    me = zenpy.users.me()
    said: dict[str, Any] = {"me": [me.email, me.role]}
    firm = zenpy.organizations.create(Organization(name="Contoso", domain_names=["contoso.com"]))
    ann = zenpy.users.create(User(name="Ann", email="ann@contoso.com", organization_id=firm.id))
    job = zenpy.users.create([User(name=f"u{n}", email=f"u{n}@contoso.com") for n in range(5)])
    said["made"] = finished(zenpy, job)
    people = sorted(key for key, _ in said["made"])
    ann.user_fields = {"last_nps": 9}
    said["fields"] = zenpy.users.update(ann).user_fields["last_nps"]
    some = [User(id=key, user_fields={"last_nps": 1}) for key in people[:2]]
    said["updated"] = finished(zenpy, zenpy.users.update(some))
    zenpy.users.delete(User(id=people[4]))
    made = zenpy.tickets.create(Ticket(
        subject="Broken", external_id="efm-1", requester_id=ann.id, type="incident",
        comment=Comment(body="It is broken", public=False),
    ))  # fmt: skip
    said["audit"] = [made.ticket.subject, made.audit.events[0]["body"]]
    several = [Ticket(subject=f"t{n}", requester_id=ann.id, description=f"d{n}") for n in range(4)]
    tickets = sorted(key for key, _ in finished(zenpy, zenpy.tickets.create(several)))
    made.ticket.comment = Comment(body="A note", public=False)
    zenpy.tickets.update(made.ticket)
    zenpy.tickets.delete(Ticket(id=tickets[3]))
    return {**said, "firm": firm.id, "ann": ann.id, "people": people, "ticket": made.ticket.id,
            "tickets": tickets}  # fmt: skip


def ask(zenpy: Any, key: str) -> dict[str, Any]:
    """Asks in every way that reading uses."""
    found = zenpy.tickets.incremental(start_time=0, per_page=2)
    tickets = [(each.id, each.status) for each in found]
    again = zenpy.tickets.incremental(cursor=found.after_cursor)
    users = zenpy.users.incremental(start_time=0, per_page=3)
    firms = zenpy.organizations.incremental(start_time=0)
    ratings = list(zenpy.satisfaction_ratings(score="received"))
    return {
        "tickets": tickets,
        "again": [each.id for each in again],
        "users": [(each.id, each.active) for each in users],
        "firms": [each.name for each in firms],
        "end_time": firms.end_time,
        "listed": [each.id for each in zenpy.users()],
        "some": [each.id for each in zenpy.users(ids=[each.id for each in zenpy.users()][:2])],
        "ratings": [(each.score, each.comment) for each in ratings],
        "comments": [(each.body, each.public) for each in zenpy.tickets.comments(int(key))],
        "audits": [dict(each.metadata.custom) for each in zenpy.tickets.audits(int(key))],
        "user_fields": [(each.key, each.type) for each in zenpy.user_fields()],
        "ticket_fields": [each.type for each in zenpy.ticket_fields()],
        "metrics": [each.metric_set["replies"] for each in zenpy.tickets.incremental(
            start_time=0, include=["metric_sets"]) if hasattr(each, "metric_set")],
    }  # fmt: skip


def refused(zenpy: Any) -> dict[str, Any]:
    """Asks for what is refused."""
    many = [User(id=n, name="x") for n in range(1, 102)]
    stranger = client(email=sys.argv[2], token="wrong")
    bearer = client(oauth_token=sys.argv[4])
    return {
        "missing": refusal(lambda: zenpy.users(id=999)),
        "many": refusal(lambda: zenpy.users.update(many)),
        "blank": refusal(lambda: zenpy.tickets.create(Ticket(subject="no words"))),
        "cursor": refusal(lambda: zenpy.tickets.incremental(cursor="nonsense")),
        "recent": refusal(lambda: zenpy.organizations.incremental(start_time=9_000_000_000)),
        "stranger": refusal(lambda: stranger.users.me()),
        "bearer": bearer.users.me().email,
        "denied": refusal(lambda: zenpy.satisfaction_ratings()),
        "limited": refusal(lambda: zenpy.users.incremental(start_time=0)),
    }


def main() -> None:
    zenpy = client(email=sys.argv[2], token=sys.argv[3])
    phases: dict[str, Any] = {"fill": fill, "ask": ask, "refused": refused}
    for line in sys.stdin:
        phase, *arguments = line.split()
        print(json.dumps(phases[phase](zenpy, *arguments)), flush=True)


if __name__ == "__main__":
    main()
