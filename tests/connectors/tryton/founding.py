"""Founds the databases the tests copy: run by the interpreter of .foreign/tryton in a folder.

    python founding.py FOLDER

makes FOLDER/efm.sqlite (a company with accounts, a product, users and their keys; no customers)
and FOLDER/bare.sqlite (the module party alone). Passwords and keys here open nothing but these.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

PASSWORD = "tryton-test-password"
KEYS = {"admin": "admin" * 12, "efm": "integration" * 6, "nobody": "stranger" * 8}
MODULES = (
    "sale_opportunity", "account_invoice", "sale", "sale_complaint", "sale_subscription",
    "account_dunning",
)  # fmt: skip
GROUPS = ("Accounting", "Dunning", "Sales", "Sale Opportunity")


def configured(folder: Path, listen: str = "127.0.0.1:0") -> Path:
    """The configuration of a server whose databases are in the folder."""
    found = folder / "trytond.conf"
    found.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = {listen}\n")
    return found


def made(folder: Path, name: str, modules: tuple[str, ...]) -> None:
    """An empty database with these modules."""
    (folder / f"{name}.sqlite").touch()
    (folder / "password").write_text(PASSWORD)
    admin = [str(Path(sys.executable).with_name("trytond-admin")), "-c", str(configured(folder))]
    environ = {**os.environ, "TRYTONPASSFILE": str(folder / "password")}
    calls = (
        ["--all", "--email", "admin@example.com", "-l", "en"],
        ["-u", *modules, "--activate-dependencies"],
    )
    for more in calls:
        subprocess.run([*admin, "-d", name, *more], check=True, env=environ)


def keys(names: tuple[str, ...], groups: tuple[str, ...], company: bool = False) -> None:
    """Users with their REST keys; those that are not admin are in the groups."""
    from proteus import Model

    users, applications = Model.get("res.user"), Model.get("res.user.application")
    for name in names:
        user = next(iter(users.find([("login", "=", name)])), None) or users(login=name, name=name)
        if name == "efm":
            user.name = "EFM integration"
            user.groups.extend(Model.get("res.group").find([("name", "in", groups)]))
        if company and name != "admin":
            user.companies.extend(Model.get("company.company").find([]))
            user.company = user.companies[0]
        user.save()
        applications(user=user, application="rest", key=KEYS[name]).save()


def accounts() -> None:
    """A company with a chart of accounts, fiscal years, and a way to be paid."""
    from proteus import Model
    from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
    from trytond.modules.account_invoice.tests.tools import (
        create_payment_term,
        set_fiscalyear_invoice_sequences,
    )
    from trytond.modules.company.tests.tools import create_company, get_company
    from trytond.modules.currency.tests.tools import get_currency

    create_company(currency=get_currency("EUR"))
    create_chart()
    company = get_company()
    company.party.name = "Example Ltd"
    company.party.save()
    today = datetime.datetime.now(datetime.UTC).date()
    for year in (today.year - 1, today.year, today.year + 1):
        span = (datetime.date(year, 1, 1), datetime.date(year, 12, 31))
        fiscal = create_fiscalyear(company, span)
        fiscal.start_date, fiscal.end_date = span
        set_fiscalyear_invoice_sequences(fiscal).click("create_period")
    create_payment_term().save()
    method = Model.get("account.invoice.payment.method")(name="Bank")
    (method.journal,) = Model.get("account.journal").find([("code", "=", "CASH")])
    method.credit_account = method.debit_account = get_accounts()["cash"]
    method.save()


def goods() -> None:
    """A product, a subscription service, types of complaint, a dunning procedure, an employee."""
    from proteus import Model
    from trytond.modules.account.tests.tools import get_accounts
    from trytond.modules.company.tests.tools import get_company

    category = Model.get("product.category")(name="Services", accounting=True)
    category.account_expense = get_accounts()["expense"]
    category.account_revenue = get_accounts()["revenue"]
    category.save()
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    template = Model.get("product.template")(name="Support plan", default_uom=unit)
    template.type, template.list_price, template.salable = "service", Decimal("49.90"), True
    template.account_category, template.code = category, "PLAN"
    template.save()
    monthly = Model.get("sale.subscription.recurrence.rule.set")(name="Monthly")
    monthly.rules[0].freq, monthly.rules[0].interval = "monthly", 1
    monthly.save()
    service = Model.get("sale.subscription.service")(product=template.products[0])
    service.consumption_recurrence = monthly
    service.save()
    for name, model in (("Delivery", "sale.sale"), ("Billing", "account.invoice")):
        kind = Model.get("sale.complaint.type")(name=name)
        (kind.origin,) = Model.get("ir.model").find([("name", "=", model)])
        kind.save()
    procedure = Model.get("account.dunning.procedure")(name="Reminders")
    for number, days in enumerate((5, 20), start=1):
        level = procedure.levels.new()
        level.sequence, level.overdue = number, datetime.timedelta(days)
    procedure.save()
    person = Model.get("party.party")(name="Ada Seller")
    person.save()
    Model.get("company.employee")(party=person, company=get_company()).save()


def found(folder: Path, name: str) -> None:
    """One database, opened in this process (Tryton keeps one configuration a process)."""
    from proteus import config

    config.set_trytond(f"sqlite:///{name}", config_file=str(configured(folder)))
    if name == "efm":
        accounts()
        goods()
        keys(("admin", "efm", "nobody"), GROUPS, company=True)
    else:
        keys(("admin", "efm", "nobody"), ())


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    if len(sys.argv) > 2:
        found(where, sys.argv[2])
    else:
        for base, wanted in (("efm", MODULES), ("bare", ("party",))):
            made(where, base, wanted)
            subprocess.run([sys.executable, __file__, str(where), base], check=True)
