"""Connections through the browser: set up, read, watched, mended, deleted; by role, and by nobody else."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from efm.config import Config
from efm.models import (
    Interaction,
    SyncRun,
)
from efm.sync.runner import Runner
from tests.factories import House

ORDERS = """order_id,customer_id,order_date,amount,kind
o1,c1,2026-01-05,10.50,order
o2,c1,2026-01-06,20.00,order
o3,c2,not a day,5.00,order
"""


def post(client: FlaskClient, url: str, **form: Any) -> TestResponse:
    data = {"csrf_token": client.csrf, **form}  # type: ignore[attr-defined]
    return client.post(url, data=data, content_type="multipart/form-data")


def file(text: str | bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(text.encode() if isinstance(text, str) else text), name


def words(response: TestResponse) -> str:
    """The words of a page, without its markup."""
    text = re.sub(r"<[^>]+>", " ", response.text).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text).replace("&#39;", "'")


def fields_of(response: TestResponse) -> dict[str, str]:
    """What the mapping form would post as it stands: its controls by name."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
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

    reader = Reader()
    reader.feed(response.text)
    return {
        k: v.removeprefix("\n") for k, v in reader.found.items() if k not in ("go", "csrf_token")
    }


def set_up(client: FlaskClient, name: str = "Orders", text: str = ORDERS) -> str:
    """A file connection up to the last step; its address."""
    made = post(client, "/connections/new/files", name=name, files=file(text, "orders.csv"))
    assert made.status_code == 302, words(made)
    base = made.location.removesuffix("/check")
    chosen = post(client, f"{base}/streams", streams="orders.csv")
    assert chosen.status_code == 302, words(chosen)
    form = fields_of(client.get(chosen.location)) | {"m0.amount_minor.options": "currency = EUR"}
    saved = post(client, chosen.location, **form, go="save")
    assert saved.location == f"{base}/start", words(saved)
    return base


def connection_id(base: str) -> uuid.UUID:
    return uuid.UUID(base.rsplit("/", 1)[1])


def run_all(house: House, config: Config) -> None:
    with house.unit() as session:
        ids = session.scalars(select(SyncRun.id).where(SyncRun.state == "queued")).all()
    for each in ids:
        Runner(house.engine, config, house.id, each).run()


def count(house: House, table: Any) -> int:
    with house.unit() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_crm_admin_sets_up_files_reads_them_and_sees_what_came(
    house: House, config: Config
) -> None:
    client = house.login("crm_admin")
    assert "No connections yet" in words(client.get("/connections"))
    assert "Connect Files" in words(client.get("/connections/new"))
    assert "Name of this connection" in words(client.get("/connections/new/files"))
    made = post(client, "/connections/new/files", name="Orders", files=file(ORDERS, "orders.csv"))
    assert made.status_code == 302
    base = made.location.removesuffix("/check")
    check = words(client.get(made.location))
    assert "It works" in check
    assert "Uploaded files: 1 file that can be read" in check
    assert "May read." in check
    streams = words(client.get(f"{base}/streams"))
    assert "orders.csv" in streams
    assert "each record becomes an interaction" in streams
    chosen = post(client, f"{base}/streams", streams="orders.csv")
    editor = client.get(chosen.location)
    assert "is not a day" not in words(editor)
    assert "10.50" in editor.text
    saved = post(client, chosen.location, **fields_of(editor), go="save")
    assert saved.status_code == 422
    assert "Amount has no currency" in words(saved)
    form = fields_of(saved) | {"m0.amount_minor.options": "currency = EUR"}
    saved = post(client, chosen.location, **form, go="save")
    assert saved.location == f"{base}/start"
    told = words(client.get(saved.location))
    assert "3 records are read." in told
    assert "1 cannot be used as they are" in told
    begun = post(client, f"{base}/start", every="6", unit="hours")
    assert begun.location == base
    page = words(client.get(base))
    assert "waiting for a worker" in page
    run_all(house, config)
    page = words(client.get(base))
    assert "Succeeded" in page
    assert "every 6 hours" in page
    assert count(house, Interaction) == 2
    rejected = words(client.get(f"{base}/rejected"))
    assert "o3" in rejected
    assert "not a day" in rejected
    assert "Working" in words(client.get("/connections"))
