"""The real files of ../shared/data through the file connector; generated twins where absent."""

from __future__ import annotations

import csv
import random
import warnings
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas
import pytest

from connectors.canonical import Interaction, Measurement
from connectors.systems.files.connector import Files

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with the real files, or with generated ones of the same shape, said so."""
    if (SHARED / "crm" / "telco_churn.csv").exists():
        yield SHARED
        return
    folder = tmp_path_factory.mktemp("data")
    _generate(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn("../shared/data is absent: generated files stand in for it", stacklevel=1)
    yield folder


def _generate(folder: Path) -> None:
    chance = random.Random(1)
    (folder / "crm").mkdir()
    (folder / "feedback").mkdir()
    with (folder / "crm" / "cdnow_orders.csv").open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["masterid", "sampleid", "date", "cds", "sales"])
        for number in range(300):
            day = f"1997{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
            writer.writerow([number // 3, number // 30, day, 2, f"{chance.randrange(9999) / 100}"])
    with (folder / "crm" / "telco_churn.csv").open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["rownames", "churn", "tenure", "monthly_charges", "total_charges"])
        for number in range(1, 301):
            total = "" if number % 100 == 0 else f"{number * 3.5}"
            writer.writerow([number, chance.choice(["Yes", "No"]), number % 70, "29.85", total])
    with (folder / "feedback" / "apparel_reviews.csv").open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["", "Clothing ID", "Age", "Title", "Review Text", "Rating"])
        for number in range(100):
            writer.writerow([number, 767, 33, "", 'Lovely, "silky" and\nsoft', number % 5 + 1])


def _connector(folder: Path) -> Files:
    return Files({"folder": str(folder), "settle_seconds": 0, "currency": "USD"})


def _rows(connector: Files, name: str) -> list[dict[str, str]]:
    stream = connector.stream(name)
    pages = list(connector.read(stream, {}))
    assert not [each for page in pages for each in page.rejected]
    return [dict(record) for page in pages for record in page.records]


@pytest.mark.parametrize(
    "name", ["crm/cdnow_orders.csv", "crm/telco_churn.csv", "feedback/apparel_reviews.csv"]
)
def test_every_cell_is_as_pandas_reads_it(data: Path, name: str) -> None:
    folder, _, file = name.partition("/")
    found = _rows(_connector(data / folder), file)
    expected = pandas.read_csv(data / name, dtype=str, keep_default_na=False)
    assert len(found) == len(expected)
    for position, column in enumerate(expected.columns):
        ours = column if not column.startswith("Unnamed") else f"column_{position + 1}"
        assert [row[ours] for row in found] == list(expected[column]), column


def test_orders_are_dated_and_exact(data: Path) -> None:
    connector = _connector(data / "crm")
    stream = connector.stream("cdnow_orders.csv")
    assert stream.key == ("_row",)
    assert stream.default_mapping is not None
    assert stream.default_mapping.problems() == {}
    orders = [stream.default_mapping.apply(row) for row in _rows(connector, stream.name)]
    expected = pandas.read_csv(data / "crm" / "cdnow_orders.csv", dtype=str)
    cents = [int((Decimal(s) * 100).to_integral_exact()) for s in expected["sales"]]
    assert [o.amount_minor for o in orders if isinstance(o, Interaction)] == cents
    days = [o.occurred_at.strftime("%Y%m%d") for o in orders if isinstance(o, Interaction)]
    assert days == list(expected["date"])
    assert len({o.external_id for o in orders}) == len(expected)


def test_churn_is_accounts_with_undated_measurements(data: Path) -> None:
    connector = _connector(data / "crm")
    stream = connector.stream("telco_churn.csv")
    assert (stream.key, stream.entity) == (("rownames",), "account")
    rows = _rows(connector, stream.name)
    metrics = {}
    for mapping in stream.more_mappings:
        made = []
        for row in rows:
            if row[mapping.fields[-1].source] != "":
                made.append(mapping.apply(row))
        assert all(isinstance(m, Measurement) and m.measured_on is None for m in made)
        metrics[mapping.fields[2].options["value"]] = made
    assert {"churn", "monthly_charges", "total_charges", "tenure"} == set(metrics)
    expected = pandas.read_csv(data / "crm" / "telco_churn.csv")
    left = sum(m.value for m in metrics["churn"] if isinstance(m, Measurement) and m.value)
    assert left == int((expected["churn"] == "Yes").sum())
    total = sum(m.value for m in metrics["total_charges"] if isinstance(m, Measurement) and m.value)
    assert float(total) == pytest.approx(float(expected["total_charges"].sum()))
