"""The pages' figures of the four real files, against figures reckoned from the raw files by others.

Each file goes in as people bring it in: uploaded, started, loaded by the job, into an organization
of its own. What the pages then show is compared with pandas and scipy over the raw file. Where the
real files are absent, generated ones of the same shape serve, and the report says so.
"""

from __future__ import annotations

import csv
import html
import io
import random
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from scipy import stats
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import aliased
from statsmodels.stats.proportion import confint_proportions_2indep
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
from werkzeug.test import TestResponse

from efm.config import Config
from efm.events.registry import JobContext
from efm.imports import jobs
from efm.imports.plan import plan
from efm.mail import make_mailer
from efm.models import Identity, Interaction, Measurement, Score
from efm.vault import Vault
from efm.web.flask import EfmFlask
from surveys.sentiment import pieces
from tests.conftest import SHARED
from tests.factories import House

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]

FILES = {
    "apparel": "feedback/apparel_reviews.csv",
    "attrition": "feedback/attrition.csv",
    "telco": "crm/telco_churn.csv",
    "cdnow": "crm/cdnow_orders.csv",
}


@dataclass
class Loaded:
    """One file that was brought in: its raw table, its organization, a browser signed in there."""

    path: Path
    raw: pd.DataFrame
    house: House
    client: FlaskClient


def generated(folder: Path) -> dict[str, Path]:
    """Files of the same shape as the real ones, from a fixed seed."""
    chance = random.Random(20261122)
    good = ["I love it, lovely fit and great colour.", "Perfect, very happy with this dress!"]
    bad = ["Terrible cloth, I hate the awful fit.", "Bad quality, very disappointed."]
    levels = ["Low", "Medium", "High", "Very_High"]
    tables: dict[str, list[dict[str, object]]] = {name: [] for name in FILES}
    for i in range(300):
        stars = chance.choices([1, 2, 3, 4, 5], [1, 1, 2, 4, 8])[0]
        words = chance.choice(good if stars > 3 else bad) if i % 11 else ""
        tables["apparel"].append(
            {"": i, "Title": "Well" if i % 3 else "", "Review Text": words, "Rating": stars,
             "Recommended IND": int(stars > 2), "Department Name": chance.choice(["Tops", "Dresses"])}
        )  # fmt: skip
    for i in range(1, 401):
        level = chance.randrange(4)
        tables["attrition"].append(
            {"rownames": i, "Attrition": "Yes" if chance.random() < 0.3 - level * 0.05 else "No",
             "Department": chance.choice(["Sales", "Research"]),
             "JobSatisfaction": levels[level], "MonthlyIncome": chance.randrange(2000, 9000),
             "YearsAtCompany": chance.randrange(20)}
        )  # fmt: skip
        charge = chance.randrange(2000, 11000) / 100
        tables["telco"].append(
            {"rownames": i, "churn": chance.choice(["Yes", "No"]), "tenure": i % 60,
             "contract": "One year", "monthly_charges": charge,
             "total_charges": "NA" if i % 60 == 0 else round(charge * (i % 60), 2)}
        )  # fmt: skip
        tables["cdnow"].append(
            {"masterid": chance.randrange(4, 90), "sampleid": i, "date": 19970101 + chance.randrange(28),
             "cds": 1, "sales": chance.randrange(500, 9000) / 100}
        )  # fmt: skip
    made = {}
    for name, rows in tables.items():
        made[name] = folder / Path(FILES[name]).name
        pd.DataFrame(rows).to_csv(made[name], index=False)
    return made


@pytest.fixture(scope="module")
def paths(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The real files, or generated ones of the same shape, said in the report."""
    real = {name: SHARED / path for name, path in FILES.items()}
    if all(path.is_file() for path in real.values()):
        return real
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\nNo real data in {SHARED}: generated files of the same shape serve.")
    return generated(tmp_path_factory.mktemp("shaped"))


def bring_in(path: Path, app: EfmFlask, engine: Engine, config: Config) -> Loaded:
    """Upload, start, let the job work; everything in the same way as people do it."""
    house = House.found(app, engine)
    client = house.login()
    token = {"csrf_token": client.csrf}  # type: ignore[attr-defined]
    given = token | {"files": (io.BytesIO(path.read_bytes()), path.name)}
    made = client.post("/import", data=given, content_type="multipart/form-data")
    assert made.status_code == 302, made.text
    form = token | {"target": "here", "name": path.stem, "currency": "USD"}
    assert client.post(f"{made.location}/start", data=form).status_code == 302
    mailer = make_mailer(config.mail_url)
    context = JobContext(engine, config, Vault(config.secret_key), mailer, organization_id=house.id)
    jobs.bring_in(context, import_id=made.location.rsplit("/", 1)[1])
    assert "Brought in" in words(client.get(made.location))
    return Loaded(path, pd.read_csv(path), house, client)


def _fixture(name: str):  # type: ignore[no-untyped-def]
    @pytest.fixture(scope="module", name=name)
    def load(paths: dict[str, Path], app: EfmFlask, engine: Engine, config: Config) -> Loaded:
        return bring_in(paths[name], app, engine, config)

    return load


apparel, attrition = _fixture("apparel"), _fixture("attrition")
telco, cdnow = _fixture("telco"), _fixture("cdnow")


def words(page: TestResponse) -> str:
    """The words of a page, without its markup."""
    assert page.status_code == 200, page.text[:500]
    text = re.sub(r"<svg.*?</svg>", " ", page.text, flags=re.S)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def signed(difference: float) -> str:
    """A difference as a page writes it: with a sign, and minus as people write it."""
    return f"{difference:+,.1f}".replace("-", "\N{MINUS SIGN}")


def rows_of(page: TestResponse, caption: str) -> list[list[str]]:
    """The body cells of the table with this caption, as words."""
    assert page.status_code == 200, page.text[:500]
    for table in re.findall(r"<table.*?</table>", page.text, re.S):
        if caption in table:
            body = table.split("<tbody>", 1)[1]
            return [
                [_plain(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
                for row in re.findall(r"<tr.*?</tr>", body, re.S)
            ]
    raise AssertionError(f"no table “{caption}”")


def _plain(markup: str) -> str:
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", markup, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(text).replace("\u00a0", " ")).strip()


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's interval, by scipy."""
    found = stats.binomtest(successes, n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def percent(low: float, high: float) -> str:
    """An interval of a share as the overview writes it."""
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def csv_of(page: TestResponse) -> list[dict[str, str]]:
    """The rows of a downloaded table."""
    assert page.status_code == 200, page.text[:500]
    return list(csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff"))))


def test_stars_are_csat_with_its_interval(apparel: Loaded) -> None:
    stars = apparel.raw["Rating"]
    k, n = int((stars >= 4).sum()), int(stars.notna().sum())
    low, high = wilson(k, n)
    page = words(apparel.client.get("/overview"))
    assert f"CSAT {100 * k / n:.0f} % {percent(low, high)}" in page
    assert f"n = {n:,}" in page
    counts = csv_of(apparel.client.get("/overview/charts/scale-csat.csv"))
    assert {row["answer"]: int(row["answers"]) for row in counts} == {
        str(value): int((stars == value).sum()) for value in range(1, 6)
    }


def test_csat_of_each_department_has_its_own_interval(apparel: Loaded) -> None:
    groups = apparel.raw.groupby("Department Name")["Rating"]
    shown = {
        row["touchpoint"]: row
        for row in csv_of(apparel.client.get("/overview/charts/touchpoints-csat.csv"))
    }
    compared = 0
    for department, stars in groups:
        k, n = int((stars >= 4).sum()), len(stars)
        if n < 5:  # Too few for a figure, so none is shown.
            continue
        row, compared = shown[str(department)], compared + 1
        figures = [float(row[name]) for name in ("CSAT", "low", "high")]
        assert figures == pytest.approx([k / n, *wilson(k, n)], abs=1e-6)
        assert int(row["n"]) == n
        page = words(apparel.client.get("/overview", query_string={"touchpoint": department}))
        assert f"CSAT {100 * k / n:.0f} % {percent(*wilson(k, n))}" in page
    assert compared >= 2


def said_in(raw: pd.DataFrame) -> pd.Series[str]:
    """What each customer wrote: the title goes before the comment, as a sentence of its own."""
    title = raw["Title"].fillna("").str.strip()
    text = raw["Review Text"].fillna("").astype(str)
    end = np.where(title.str[-1:].isin([".", "!", "?", "…"]) | (title == ""), "", ".")
    both = np.where((title != "") & (text != ""), title + end + " " + text, title + text)
    return pd.Series(both, index=raw.index)


def test_sentiment_goes_with_the_stars(apparel: Loaded) -> None:
    """By vaderSentiment itself, sentence by sentence; the page's shares, and each star's mean."""
    analyzer = SentimentIntensityAnalyzer()

    def compound(text: str) -> float:
        # A piece that is no word and no emoticon, such as “5.” or “. .”, says nothing.
        found = [(p, analyzer.polarity_scores(p)["compound"]) for p in pieces(text)]
        return float(np.mean([v for p, v in found if v or re.search("[A-Za-z]", p)]))

    said = said_in(apparel.raw)
    values = said[said != ""].map(compound).round(4)
    labels = np.select([values >= 0.05, values <= -0.05], ["positive", "negative"], "neutral")
    counts = Counter(labels)
    page = words(apparel.client.get("/overview"))
    assert f"n = {len(values):,} scored comments" in page
    for label in ("positive", "neutral", "negative"):
        interval = percent(*wilson(counts[label], len(values)))
        share = f"{100 * counts[label] / len(values):.0f} %"
        assert f"{label.capitalize()} {share} ({counts[label]:,})" in page
        assert f"{label} {interval.removesuffix(' %')}" in page
    with apparel.house.unit(read_only=True) as session:
        star, mood = aliased(Score), aliased(Score)
        pairs = session.execute(
            select(star.value, mood.value)
            .join(mood, mood.response_id == star.response_id)
            .where(star.metric == "csat", mood.metric == "sentiment", mood.state == "scored")
        ).all()
    ours = pd.DataFrame([(int(s), float(m)) for s, m in pairs], columns=["stars", "mood"])
    theirs = pd.DataFrame({"stars": apparel.raw["Rating"][values.index], "mood": values})
    ours_mean, theirs_mean = (each.groupby("stars")["mood"].mean() for each in (ours, theirs))
    assert ours_mean.to_dict() == pytest.approx(theirs_mean.to_dict(), abs=1e-4)
    assert stats.spearmanr(ours["stars"], ours["mood"]).statistic > 0.2


MISSING = ("", "NA")
LEVELS = ("Very_High", "High", "Medium", "Low")


def groups_of(raw: pd.DataFrame, column: str) -> list[pd.Series[float]]:
    """The column by job satisfaction, best first."""
    return [raw.loc[raw["JobSatisfaction"] == level, column] for level in LEVELS]


def linkage(attrition: Loaded, outcome: str) -> TestResponse:
    query = {"said": "mean.job_satisfaction", "done": f"{outcome}.undated"}
    return attrition.client.get("/insight/linkage", query_string=query)


def test_leaving_by_job_satisfaction(attrition: Loaded) -> None:
    page = linkage(attrition, "churn")
    left = [(group == "Yes").astype(int) for group in groups_of(attrition.raw, "Attrition")]
    for row, group in zip(rows_of(page, "Outcome by group"), left, strict=True):
        k, n = int(group.sum()), len(group)
        low, high = wilson(k, n)
        assert row[1:4] == [
            f"{n:,}", f"{100 * k / n:.1f} %", f"{100 * low:.1f} % to {100 * high:.1f} %",
        ]  # fmt: skip
    best, worst = left[0], left[-1]
    low, high = confint_proportions_2indep(
        best.sum(), len(best), worst.sum(), len(worst), method="newcomb", compare="diff"
    )
    said = words(page)
    assert f"{signed(100 * (best.mean() - worst.mean()))} points" in said
    assert f"{signed(100 * low)} points to {signed(100 * high)} points (Newcombe" in said
    assert f"Customers compared {len(attrition.raw):,}" in said
    assert "Cross-sectional" in said


def test_income_by_job_satisfaction(attrition: Loaded) -> None:
    page = linkage(attrition, "income")
    incomes = groups_of(attrition.raw, "MonthlyIncome")
    for row, group in zip(rows_of(page, "Outcome by group"), incomes, strict=True):
        mean, error = group.mean(), group.sem()
        low, high = stats.t.interval(0.95, len(group) - 1, mean, error)
        assert row[1:4] == [f"{len(group):,}", f"{mean:,.1f}", f"{low:,.1f} to {high:,.1f}"]
    found = stats.ttest_ind(incomes[0], incomes[-1], equal_var=False)
    low, high = found.confidence_interval(0.95)
    said = words(page)
    assert signed(incomes[0].mean() - incomes[-1].mean()) in said
    assert f"{signed(low)} to {signed(high)} (Welch" in said
    p = "p < 0.001" if found.pvalue < 0.001 else f"p = {found.pvalue:.3f}"
    assert p in said


def test_accounts_charges_and_churn(telco: Loaded) -> None:
    raw = pd.read_csv(telco.path, dtype=str, keep_default_na=False)
    said = words(telco.client.get("/customers/accounts"))
    assert f"{len(raw):,} accounts" in said
    expected = {
        "churn": raw["churn"].map({"Yes": Decimal(1), "No": Decimal(0)}),
        "monthly_charges": raw["monthly_charges"].map(Decimal),
        "total_charges": raw.loc[~raw["total_charges"].isin(MISSING), "total_charges"].map(Decimal),
        "tenure": raw["tenure"].map(Decimal),
    }
    with telco.house.unit(read_only=True) as session:
        rows = session.execute(
            select(Measurement.metric, func.count(), func.sum(Measurement.value)).group_by(
                Measurement.metric
            )
        ).all()
    assert {metric: (n, total) for metric, n, total in rows} == {
        metric: (len(values), sum(values)) for metric, values in expected.items()
    }


def customers(loaded: Loaded, entity: str) -> dict[str, str]:
    """External id to the address of the customer's page."""
    with loaded.house.unit(read_only=True) as session:
        found = session.scalars(select(Identity).where(Identity.entity == entity)).all()
    prefix = "/customers/accounts" if entity == "account" else "/customers"
    return {each.external_id: f"{prefix}/{each.account_id or each.contact_id}" for each in found}


def test_an_accounts_page_shows_what_its_row_says(telco: Loaded) -> None:
    raw = pd.read_csv(telco.path, dtype=str, keep_default_na=False)
    pages = customers(telco, "account")
    assert len(pages) == len(raw)
    without = raw[raw["total_charges"].isin(MISSING)].head(3)
    for _, row in pd.concat([raw.iloc[:: max(1, len(raw) // 15)], without]).iterrows():
        said = words(telco.client.get(pages[row["rownames"]]))
        assert f"Churn {int(row['churn'] == 'Yes')}" in said
        assert f"Monthly charges {float(row['monthly_charges']):g}" in said
        assert row["contract"] in said
        if row["total_charges"] in MISSING:
            assert "Total charges" not in said
        else:
            assert f"Total charges {float(row['total_charges']):g}" in said


def test_a_customers_page_shows_their_orders(cdnow: Loaded) -> None:
    raw = pd.read_csv(cdnow.path, dtype={"masterid": str, "sales": str})
    raw["sales"] = raw["sales"].map(Decimal)
    grouped = raw.groupby("masterid")
    totals = grouped["sales"].sum()
    pages = customers(cdnow, "contact")
    assert set(pages) == set(totals.index)
    chosen = [*totals.index[:: max(1, len(totals) // 20)], totals.astype(float).idxmax(),
              grouped.size().idxmax()]  # fmt: skip
    for customer in chosen:
        orders = raw[raw["masterid"] == customer]
        last = pd.to_datetime(str(orders["date"].max()), format="%Y%m%d")
        n = len(orders)
        said = words(cdnow.client.get(pages[customer]))
        money = f"Order ${totals[customer]:,.2f} in {n:,} {'entry' if n == 1 else 'entries'}"
        assert money in said
        assert f"last on {last.day} {last:%b} {last.year}" in said
    with cdnow.house.unit(read_only=True) as session:
        n, minor = session.execute(select(func.count(), func.sum(Interaction.amount_minor))).one()
    assert (n, Decimal(minor) / 100) == (len(raw), raw["sales"].sum())


def test_generated_files_have_the_shape_that_is_recognised(
    tmp_path: Path, app: EfmFlask, engine: Engine, config: Config
) -> None:
    """A stranger's clone has no real files: theirs must be recognised as the real ones are."""
    said = {}
    for name, path in generated(tmp_path).items():
        said[name] = " ".join(plan(path).describe())
    assert "Each row is a response: Rating" in said["apparel"]
    assert "Measured for each: churn, tenure, income." in said["attrition"]
    assert "monthly charges, total charges, churn, tenure" in said["telco"]
    assert "Each row is an interaction" in said["cdnow"]
