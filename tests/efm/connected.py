"""What tests of connections do again and again: post, read words, fill the mapping form, set up, run."""

from __future__ import annotations

import io
import re
import uuid
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from efm.config import Config
from efm.models import SyncRun
from efm.sync.runner import Runner
from tests.factories import House

ORDERS = """order_id,customer_id,order_date,amount,kind
o1,c1,2026-01-05,10.50,order
o2,c1,2026-01-06,20.00,order
o3,c2,not a day,5.00,order
"""
IN_EUROS = {"m0.amount_minor.options": "currency = EUR"}


def post(client: FlaskClient, url: str, **form: Any) -> TestResponse:
    """Send a form as a browser does, files included."""
    data = {"csrf_token": client.csrf, **form}  # type: ignore[attr-defined]
    return client.post(url, data=data, content_type="multipart/form-data")


def file(text: str | bytes, name: str) -> tuple[io.BytesIO, str]:
    """A file to upload."""
    return io.BytesIO(text.encode() if isinstance(text, str) else text), name


def words(response: TestResponse) -> str:
    """The words of a page, without its markup."""
    text = re.sub(r"<[^>]+>", " ", response.text).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).replace("&#39;", "'")


class _Reader(HTMLParser):
    """Reads the controls of the form with the id `mapping`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.select = self.area = ""
        self.is_mapping = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.is_mapping = given.get("id") == "mapping"
        if not self.is_mapping:
            return
        name, kind = given.get("name") or "", given.get("type")
        if tag == "input" and name and (kind != "checkbox" or "checked" in given):
            self.found[name] = given.get("value") or ""
        elif tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area, self.found[name] = name, ""
        elif tag == "option" and self.select:
            value = given.get("value") or ""
            if "selected" in given or self.select not in self.found:
                self.found[self.select] = value

    def handle_endtag(self, tag: str) -> None:
        self.select = "" if tag == "select" else self.select
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area] += data


def fields_of(response: TestResponse) -> dict[str, str]:
    """What the mapping form would post as it stands."""
    reader = _Reader()
    reader.feed(response.text)
    return {
        k: v.removeprefix("\n") for k, v in reader.found.items() if k not in ("go", "csrf_token")
    }


def drafted(
    client: FlaskClient, name: str = "Orders", text: str = ORDERS, called: str = "orders.csv"
) -> tuple[str, str]:
    """A file connection whose stream is chosen: its address, and that of its mapping."""
    made = post(client, "/connections/new/files", name=name, files=file(text, called))
    assert made.status_code == 302, words(made)
    base = made.location.removesuffix("/check")
    chosen = post(client, f"{base}/streams", streams=called)
    assert chosen.status_code == 302, words(chosen)
    return base, chosen.location


def set_up(client: FlaskClient, name: str = "Orders", text: str = ORDERS) -> str:
    """A file connection up to the last step; its address."""
    base, mapping = drafted(client, name, text)
    form = fields_of(client.get(mapping)) | IN_EUROS
    saved = post(client, mapping, **form, go="save")
    assert saved.location == f"{base}/start", words(saved)
    return base


def started(client: FlaskClient, house: House, config: Config, text: str = ORDERS) -> str:
    """A file connection that was read once; its address."""
    base = set_up(client, text=text)
    begun = post(client, f"{base}/start")
    assert begun.location == base, words(begun)
    run_all(house, config)
    return base


def connection_id(base: str) -> uuid.UUID:
    """The id in a connection's address."""
    return uuid.UUID(base.rsplit("/", 1)[1])


def run_all(house: House, config: Config) -> None:
    """Do what a worker would: every queued run."""
    with house.unit() as session:
        ids = session.scalars(select(SyncRun.id).where(SyncRun.state == "queued")).all()
    for each in ids:
        Runner(house.engine, config, house.id, each).run()


def count(house: House, table: Any) -> int:
    """Rows of a table of this organization."""
    with house.unit() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
