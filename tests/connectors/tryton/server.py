"""A real Tryton server for a test: its databases, made once a machine and copied for each test.

    with tryton(tmp_path) as system:           # listening on system.url
        company.small_company(system)          # parties, sales, complaints, invoices... (20 s)
        Tryton(system.config(), Outside(Guard(["127.0.0.1"])))

    with tryton(tmp_path) as system:
        small = system.of("company")           # the same company, made once a month (0 s)

`system.key` is of an ordinary user who may read all streams and write complaints and notes;
`system.admin` is of the administrator, as whom `create`, `write`, `delete` and `act` work. The
database `bare` has the module party alone; `NOBODY` is the key of a user in no group.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from connectors.systems.tryton.wire import decoded, encoded, packed
from tests.connectors.tryton import company, founding
from tests.foreign import ROOT, free_port, python_of, running

ADMIN, KEY, NOBODY = founding.KEYS["admin"], founding.KEYS["efm"], founding.KEYS["nobody"]
_CONTEXT = {"active_test": False, "company": 1, "_skip_warnings": True}


@dataclass
class System:
    """A running server: where it is, and records edited as its administrator would."""

    url: str
    folder: Path
    database: str = "efm"
    key: str = KEY
    admin: str = ADMIN
    client: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False, timeout=60))
    _sessions: dict[str, str] = field(default_factory=dict)

    def config(self, **more: Any) -> dict[str, Any]:
        """Settings of a connection to it."""
        return {"address": self.url, "database": self.database, "key": self.key, **more}

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """One call of the REST interface. AssertionError with Tryton's words when it refuses."""
        said = self.client.request(
            method, f"{self.url}/{self.database}/rest/model/{path}", params=params,
            headers={"Authorization": f"Bearer {self.admin}",
                     "X-Tryton-Context": packed(_CONTEXT)},
            json=None if body is None else encoded(body),
        )  # fmt: skip
        assert said.status_code < 400, f"{method} {path}: {said.status_code} {said.text[:2000]}"
        return decoded(said.json()) if said.content else None

    def create(self, model: str, values: Mapping[str, Any]) -> int:
        """A new record; its id. Lines are `[("create", [...])]`, as Tryton writes them."""
        return int(self.call("POST", model, values)["id"])

    def write(self, model: str, number: int, values: Mapping[str, Any]) -> None:
        """Changes a record."""
        self.call("PUT", f"{model}/{number}", values)

    def delete(self, model: str, number: int) -> None:
        """Deletes a record."""
        self.call("DELETE", f"{model}/{number}")

    def act(self, model: str, number: int, action: str) -> None:
        """Presses a button of a record, such as `post` of an invoice."""
        self.call("POST", f"{model}/{number}/{action}", {})

    def find(self, model: str, domain: Sequence[Any] = (), *fields: str) -> list[dict[str, Any]]:
        """The records of a domain by ascending id, also those that are not active."""
        found = self.call(
            "GET", model, d=packed(list(domain)), o=packed([["id", "ASC"]]), f=list(fields)
        )
        return list(found)

    def one(self, model: str, *domain: Any) -> int:
        """The id of the first record of a domain."""
        return int(self.find(model, domain)[0]["id"])

    def pay(self, invoice: int, amount: Decimal, day: date) -> None:
        """Pays an invoice, in full or in part, as people do: by its wizard."""
        form = {
            "payee": self.find("account.invoice", [["id", "=", invoice]], "party")[0]["party"],
            "amount": amount, "currency": 1, "company": 1, "date": day, "invoice_account": None,
            "payment_method": self.one("account.invoice.payment.method"), "description": None,
        }  # fmt: skip
        self.run_wizard("account.invoice.pay", "account.invoice", invoice, form, "choice")

    def run_wizard(
        self, name: str, model: str, number: int, form: Mapping[str, Any], action: str
    ) -> None:
        """Runs a wizard over a record; where it asks what a part means, it is a part payment."""
        context = {**_CONTEXT, "active_model": model, "active_id": number, "active_ids": [number]}
        session, start, _ = self._rpc(f"wizard.{name}.create", context)
        said = self._rpc(f"wizard.{name}.execute", session, {start: form}, action, context)
        if said.get("view"):
            given = said["view"]["defaults"].items()
            asked = {**{n: v for n, v in given if "." not in n}, "type": "partial"}
            forms = {start: form, "ask": asked}
            self._rpc(f"wizard.{name}.execute", session, forms, "pay", context)
        self._rpc(f"wizard.{name}.delete", session, context)

    def create_many(self, model: str, values: Sequence[Mapping[str, Any]]) -> list[int]:
        """Many new records at once; their ids in order."""
        return list(self._rpc(f"model.{model}.create", list(values), _CONTEXT))

    def of(self, database: str) -> System:
        """Another database of the same server."""
        return replace(self, database=database)

    def sql(self, *statements: str) -> None:
        """Changes the database behind Tryton's back."""
        with closing(sqlite3.connect(self.folder / f"{self.database}.sqlite", timeout=30)) as base:
            for each in statements:
                base.execute(each)
            base.commit()

    def age(self, *models: str, seconds: int = 3600) -> None:
        """Makes what is there of these models older, as if it had been edited before."""
        for model in models:
            for column in ("create_date", "write_date"):
                self.sql(
                    f"UPDATE {model.replace('.', '_')} SET {column} = strftime("
                    f"'%Y-%m-%d %H:%M:%f', {column}, '-{seconds} seconds') || '000' "
                    f"WHERE {column} IS NOT NULL"
                )

    def _rpc(self, method: str, *params: Any) -> Any:
        """One call as Tryton's own clients make it, in a session of the administrator's."""
        if method != "common.db.login" and self.database not in self._sessions:
            login = {"password": founding.PASSWORD}
            number, token, *_ = self._rpc("common.db.login", "admin", login)
            mark = base64.b64encode(f"admin:{number}:{token}".encode()).decode()
            self._sessions[self.database] = f"Session {mark}"
        session = self._sessions.get(self.database)
        said = self.client.post(
            f"{self.url}/{self.database}/rpc/",
            json={"id": 1, "method": method, "params": encoded(list(params))},
            headers={"Authorization": session} if session else {},
        )
        assert said.status_code == 200, f"{method}: {said.status_code} {said.text[:2000]}"
        found = decoded(said.json())
        assert "error" not in found, found
        return found["result"]


def _kept(name: str, mark: bytes, make: Callable[[Path], None]) -> Path:
    """The folder of that name and content under .foreign, made once a machine."""
    place = ROOT / ".foreign" / "tryton-data"
    place.mkdir(parents=True, exist_ok=True)
    found = place / f"{name}-{hashlib.sha256(mark).hexdigest()[:16]}"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may come here at once
        if not found.exists():
            making = found.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            make(making)
            making.rename(found)
    return found


def founded() -> Path:
    """The folder with the databases that hold no customers (a minute and a half at first)."""
    made_of = (ROOT / "tests/foreign/tryton.txt").read_bytes(), Path(founding.__file__).read_bytes()
    year = str(datetime.now(UTC).year).encode()  # the company has fiscal years around it

    def make(folder: Path) -> None:
        command = [str(python_of("tryton")), founding.__file__, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    python_of("tryton")
    return _kept("founded", b"\0".join((*made_of, year)), make)


def databases() -> Mapping[str, Path]:
    """The databases to copy, each by its name."""
    base = founded()

    def make(folder: Path) -> None:
        (run := folder / "run").mkdir()
        found = {name: base / f"{name}.sqlite" for name in ("efm", "bare")}
        with _serving({**found, "company": found["efm"]}, run) as system:
            company.small_company(system.of("company"))
        with closing(sqlite3.connect(run / "company.sqlite")) as made:  # with its write-ahead log
            made.execute("VACUUM INTO ?", (str(folder / "company.sqlite"),))
        shutil.rmtree(run)

    # The small company has dates before today, so it is made anew from time to time.
    month = f"{base.name} {datetime.now(UTC):%Y-%m}".encode()
    seeded = _kept("company", Path(company.__file__).read_bytes() + month, make)
    return {
        "efm": base / "efm.sqlite", "bare": base / "bare.sqlite",
        "company": seeded / "company.sqlite",
    }  # fmt: skip


@contextmanager
def tryton(folder: Path, *names: str) -> Iterator[System]:
    """A server over fresh copies of these databases (all of them) in `folder`, while the block runs."""
    with _serving(
        {n: each for n, each in databases().items() if n in names or not names}, folder
    ) as found:
        yield found.of(names[0]) if names else found


@contextmanager
def _serving(sources: Mapping[str, Path], folder: Path) -> Iterator[System]:
    for name, source in sources.items():
        shutil.copyfile(source, folder / f"{name}.sqlite")
    port = free_port()
    configured = founding.configured(folder, f"127.0.0.1:{port}")
    program = python_of("tryton").with_name("trytond")
    command = [program, "-c", configured, "-d", *sources]
    environ = {"PYTHONDONTWRITEBYTECODE": "1", "TRYTOND_CONFIG": os.fspath(configured)}
    with running(command, port, folder / "trytond.log", environ=environ):
        system = System(f"http://127.0.0.1:{port}", folder)
        with system.client:
            yield system
