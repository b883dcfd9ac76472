"""The overview through its door: figures, filters, words for few and none, live part, charts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from efm import charts, clock
from efm.feedback.collect import Incoming, submit_batch
from efm.insight import rollup
from tests.efm.collected import QUESTIONS, Published
from tests.factories import House

# Rocks (2016) and R's NPS 1.1: answers from 0 to 10 with NPS 45, adjusted Wald [30.1, 57.3].
EXAMPLE = [2, 1, 1, 1, 1, 3, 3, 9, 22, 22, 35]
# The example it is compared with: NPS 11; p of the difference .0012.
EARLIER = [4, 2, 2, 2, 2, 6, 6, 16, 25, 15, 20]


def scale(counts: Iterable[int], first: int = 0) -> list[int]:
    return [value for value, n in enumerate(counts, first) for _ in range(n)]


def send(
    survey: Published, answers: Iterable[dict[str, Any]], *, days_ago: float = 0, **more: Any
) -> None:
    now = clock.now()
    at = now - timedelta(days=days_ago)
    incoming = [Incoming(survey.survey_id, each, submitted_at=at, **more) for each in answers]
    with survey.house.unit() as session:
        for start in range(0, len(incoming), 500):
            outcomes = submit_batch(session, incoming[start : start + 500], now, seconds=None)
            assert {outcome.state for outcome in outcomes} == {"created"}


def nps(values: Iterable[int]) -> list[dict[str, Any]]:
    return [{"recommend": value} for value in values]


def words(markup: str) -> str:
    """The words of a page as they are read, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def tile(page: str, name: str) -> str:
    """The words of one tile."""
    found = re.search(rf'<article class="tile" aria-label="{name}">(.*?)</article>', page, re.S)
    assert found, f"There is no tile {name}."
    return words(found[1])


@pytest.fixture
def survey(house: House) -> Published:
    return Published.make(house)


def look(house: House, address: str = "/overview", role: str = "analyst") -> str:
    response = house.login(role).get(address)
    assert response.status_code == 200, response.text
    return response.text


def test_before_the_first_survey_there_is_one_thing_to_do(house: House) -> None:
    page = look(house, role="designer")
    assert "No published survey yet" in page
    assert page.count("button-primary") == 1
    assert "Ask a CX designer" in look(house, role="analyst")


def test_a_survey_without_answers_says_so(survey: Published) -> None:
    page = look(survey.house)
    assert "No answers in this view" in tile(page, "NPS")
    assert "n = 0" in tile(page, "NPS")
    assert "data-chart" not in page
    assert "Nobody wrote a comment" in page


def test_metrics_nobody_asks_for_are_not_shown(house: House) -> None:
    survey = Published.make(house, ["satisfaction"])
    send(survey, [{"satisfaction": 5}])
    page = look(house)
    assert 'aria-label="CSAT"' in page
    assert 'aria-label="NPS"' not in page


def test_few_answers_are_told_and_not_shown(survey: Published) -> None:
    send(survey, nps([10, 10, 9, 9]))
    page = look(survey.house)
    assert "Too few answers to show a figure: 4 of at least 5" in tile(page, "NPS")
    assert "100" not in tile(page, "NPS").replace("−100 to 100", "")
    assert "chart-trend-nps" not in page
    send(survey, nps([10]))
    assert tile(look(survey.house), "NPS").startswith("NPS 100 ")


def test_figures_are_the_published_ones(survey: Published) -> None:
    send(survey, nps(scale(EXAMPLE)))
    send(survey, nps(scale(EARLIER)), days_ago=100)
    found = tile(look(survey.house), "NPS")
    assert found.startswith("NPS 45 30 to 57 −100 100 up 34 points from the 90 days before")
    assert "(likely real)" in found
    assert "n = 100 · last answer" in found


def test_csat_is_the_top_two_of_five_with_wilsons_interval(survey: Published) -> None:
    # 81 of 263 is [.255289, .366210] (Newcombe 1998).
    rows = [{"recommend": 9, "satisfaction": 4 + i % 2} for i in range(81)]
    rows += [{"recommend": 9, "satisfaction": 1 + i % 3} for i in range(182)]
    send(survey, rows)
    found = tile(look(survey.house), "CSAT")
    assert found.startswith("CSAT 31 % 26 to 37 %")
    assert "Share of satisfied answers (4 and 5 of 5)" in found


def test_ces_is_a_mean_and_the_share_that_found_it_easy(house: House) -> None:
    effort = {"key": "effort", "kind": "ces", "text": "It was easy."}
    survey = Published.make(house, pages=[{"key": "p", "questions": [effort]}])
    send(survey, [{"effort": value} for value in (7, 7, 6, 5, 4, 3, 2, 6, 5, 5)])
    found = tile(look(house), "CES")
    assert found.startswith("CES 5.0 3.8 to 6.2")  # t(9) = 2.262, s = 1.63.
    assert "70 % (40 to 89 %) found it easy, 5 to 7" in found


def test_a_change_that_could_be_chance_is_called_so(survey: Published) -> None:
    send(survey, nps([10] * 6 + [5] * 4))
    send(survey, nps([10] * 5 + [5] * 5), days_ago=95)
    found = tile(look(survey.house), "NPS")
    assert "up 20 points from the 90 days before (could be chance)" in found
    assert "tile-good" not in look(survey.house)


def test_equal_answers_have_no_interval_and_that_is_said(house: House) -> None:
    effort = {"key": "effort", "kind": "ces", "text": "It was easy."}
    survey = Published.make(house, pages=[{"key": "p", "questions": [effort]}])
    send(survey, [{"effort": 6}] * 6)
    assert "no interval: all answers are equal" in tile(look(house), "CES")


@pytest.mark.parametrize(
    ("address", "n"),
    [
        ("?period=today", 5),
        ("?period=7d", 6),
        ("?period=30d", 13),
        ("?period=12m", 21),
        ("?period=all", 30),
        ("?period=30d&touchpoint=Shop", 7),
        ("?period=30d&channel=email", 6),
        ("?from={week}&to={week}", 6),
    ],
)
def test_filters_are_in_the_address(survey: Published, address: str, n: int) -> None:
    send(survey, nps([9] * 5))
    send(survey, nps([9]), days_ago=6)
    send(survey, nps([9] * 7), days_ago=20, touchpoint="Shop")
    send(survey, nps([9] * 8), days_ago=300)
    send(survey, nps([9] * 9), days_ago=800)
    if "channel" in address or "from" in address:
        send(survey, nps([9] * 5), days_ago=6, channel="email")
        send(survey, nps([9]), days_ago=5, channel="email")
    week = (clock.now() - timedelta(days=6)).date().isoformat()
    found = tile(look(survey.house, "/overview" + address.format(week=week)), "NPS")
    assert f"n = {n} " in found


def test_a_survey_is_chosen_and_its_chip_takes_it_away(house: House) -> None:
    one, two = Published.make(house), Published.make(house, title="A second survey")
    send(one, nps([9] * 6))
    send(two, nps([3] * 7))
    assert "n = 13 " in tile(look(house), "NPS")
    page = look(house, f"/overview?survey={two.survey_id}")
    assert tile(page, "NPS").startswith("NPS −100 ")
    assert "A second survey, " in words(page)
    chip = re.search(r'<a class="chip" href="([^"]+)">', page)
    assert chip
    assert chip[1] == "/overview"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("?period=fortnight", "That period is not known"),
        ("?period=custom&from=2026-02-30", "The period needs two days"),
        ("?from=2026-03-02&to=2026-03-01", "The period ends before it begins"),
        ("?from=2999-01-01", "The period begins in the future"),
        ("?from=0001-01-01", "The period begins before 1970"),
        ("?survey=none", "That survey is not there"),
        ("?survey=00000000-0000-7000-8000-000000000000", "That survey is not there"),
        ("?touchpoint=" + "x" * 201, "That touchpoint is not one there can be"),
        ("?channel=a%00b", "That channel is not one there can be"),
        ("?period=all&by=day", "too long to be shown by day"),
        ("?by=hour", "A trend goes by day, week or month"),
    ],
)
def test_what_cannot_be_followed_is_said_and_left_out(
    survey: Published, address: str, said: str
) -> None:
    send(survey, nps([9] * 6))
    page = look(survey.house, "/overview" + address)
    assert said in page
    assert "n = 6 " in tile(page, "NPS")


def test_days_are_those_of_the_organization(house: House) -> None:
    with house.unit() as session:
        session.execute(text("UPDATE organizations SET time_zone = 'Pacific/Kiritimati'"))
    survey = Published.make(house)
    send(survey, nps([9] * 5))
    today = (clock.now() + timedelta(hours=14)).date()
    page = look(house, f"/overview?from={today.isoformat()}&to={today.isoformat()}")
    assert "n = 5 " in tile(page, "NPS")
    assert "Days are those of Pacific/Kiritimati" in page


def test_strangers_see_nothing_of_it(survey: Published, stranger: House) -> None:
    send(survey, nps([9] * 9), touchpoint="Secret counter", channel="pigeon")
    other = Published.make(stranger)
    for address in ("/overview", f"/overview?survey={survey.survey_id}", "/overview/figures"):
        page = look(stranger, address)
        assert "No answers in this view" in tile(page, "NPS")
        assert "Secret counter" not in page
        assert "pigeon" not in page
    client = stranger.login("analyst")
    assert client.get("/overview/charts/trend-nps.json").status_code == 404
    assert client.get("/overview/charts/trend-nps.csv").status_code == 404
    assert other.survey_id != survey.survey_id


def test_comments_are_shown_to_those_who_may_read_them(survey: Published) -> None:
    comment = {"comment": "I love <b>the</b> new portal. Great work, thank you!"}
    send(survey, [{"recommend": 9, **comment}] * 6, touchpoint="Portal")
    page = look(survey.house)
    assert "I love &lt;b&gt;the&lt;/b&gt; new portal" in page
    assert "100 % of comments read positive, 0 % negative" in page
    assert "/responses/" in page
    page = look(survey.house, role="crm_admin")
    assert "new portal" not in page
    assert "Your role does not include reading responses" in page
    assert "100 % of comments read positive" in page


def test_comments_that_are_not_scored_are_counted_and_named(survey: Published) -> None:
    said = "Der Techniker kam nicht, und niemand hat mir gesagt, wann er kommen würde."
    send(survey, [{"recommend": 9, "comment": said}] * 2)
    send(survey, [{"recommend": 9, "comment": "I love it, great work!"}] * 5)
    survey.execute(
        "UPDATE scores SET state = 'pending', value = NULL, band = NULL WHERE ctid IN (SELECT ctid"
        " FROM scores WHERE metric = 'sentiment' AND state = 'scored' LIMIT 1)"
    )
    send(survey, [{"recommend": 9, "comment": "I hate it, the worst ever!"}])
    page = words(look(survey.house))
    assert "n = 5 scored comments" in page
    assert "1 still being scored" in page
    assert "2 not scored: another language" in page
    assert "80 % of comments read positive, 20 % negative" in page


def test_the_live_part_is_sent_again_only_when_something_changed(survey: Published) -> None:
    client = survey.house.login("analyst")
    send(survey, nps([9] * 5))
    page = client.get("/overview")
    tag = re.search(r'data-etag="([^"]+)"', page.text)
    assert tag
    known = {"If-None-Match": unescape(tag[1])}
    same = client.get("/overview/figures", headers=known)
    assert (same.status_code, same.data) == (304, b"")
    send(survey, nps([2]))
    changed = client.get("/overview/figures", headers=known)
    assert changed.status_code == 200
    assert "n = 6 " in tile(changed.text, "NPS")
    assert changed.headers["ETag"] != known["If-None-Match"]


def test_every_way_a_figure_can_change_changes_the_live_part(survey: Published) -> None:
    client = survey.house.login("analyst")
    comment = {"recommend": 9, "comment": "I love it, great work!"}
    send(survey, [comment] * 5, days_ago=3)
    seen = [client.get("/overview/figures").headers["ETag"]]

    def changed(by: str) -> None:
        tag = client.get("/overview/figures", headers={"If-None-Match": seen[-1]}).headers["ETag"]
        assert tag not in seen, by
        seen.append(tag)

    with survey.house.unit() as session:
        while rollup.roll_some(session, survey.survey_id, clock.now()):
            pass
    changed("a roll-up")
    send(survey, nps([1]), days_ago=3)
    changed("a late answer")
    send(survey, nps([1]), days_ago=3)
    changed("another late answer on the same day")
    with survey.house.unit() as session:
        while rollup.roll_some(session, survey.survey_id, clock.now()):
            pass
    changed("late answers rolled up: nothing is as before the first one")
    assert "n = 7 " in tile(client.get("/overview").text, "NPS")
    survey.execute(
        "UPDATE scores SET state = 'pending', value = NULL, band = NULL WHERE metric = 'sentiment'"
    )
    changed("comments waiting")
    survey.execute("DELETE FROM responses WHERE id IN (SELECT id FROM responses LIMIT 1)")
    survey.execute("UPDATE surveys SET name = 'Renamed'")
    changed("a new name")
    survey.invite()
    changed("an invitation")
    survey.execute("UPDATE responses SET state = 'partial', submitted_at = NULL")
    changed("responses taken back")


def test_the_page_is_not_kept_by_others(survey: Published) -> None:
    send(survey, nps([9] * 5))
    client = survey.house.login("analyst")
    for address in ("figures", "charts/trend-nps.json"):
        kept = client.get(f"/overview/{address}").headers["Cache-Control"]
        assert kept == "private, no-cache"


def test_each_chart_has_its_drawing_its_table_and_its_file(survey: Published) -> None:
    send(survey, nps(scale(EXAMPLE)), touchpoint="Shop")
    send(survey, nps([0] * 30), touchpoint="=Hotline()", days_ago=8)
    client = survey.house.login("analyst")
    page = client.get("/overview").text
    names = re.findall(r'data-chart="/overview/charts/([a-z-]+)\.json', page)
    assert names == ["trend-nps", "scale-nps", "touchpoints-nps", "answers"]
    assert page.count('<details class="twin"') == len(names)
    for name in names:
        drawn = client.get(f"/overview/charts/{name}.json")
        assert drawn.mimetype == charts.MEDIA_TYPE
        assert drawn.json["data"]["values"]
        known = {"If-None-Match": drawn.headers["ETag"]}
        assert client.get(f"/overview/charts/{name}.json", headers=known).status_code == 304
    table = client.get("/overview/charts/touchpoints-nps.csv")
    assert table.headers["Content-Disposition"].startswith("attachment; ")
    rows = [line.split(",") for line in table.text.lstrip("\ufeff").splitlines()]
    assert rows[0] == ["touchpoint", "NPS", "low", "high", "n"]
    assert (rows[1][0], float(rows[1][1]), rows[1][4]) == ("Shop", 45.0, "100")
    assert (rows[2][0], float(rows[2][1]), rows[2][4]) == ("'=Hotline()", -100.0, "30")
    assert "Highest: Shop; lowest: =Hotline()" in words(page)


def test_touchpoints_that_could_differ_by_chance_are_said_not_to(survey: Published) -> None:
    send(survey, nps([9, 9, 9, 3, 3]), touchpoint="Shop")
    send(survey, nps([9, 9, 3, 3, 3]), touchpoint="Hotline")
    send(survey, nps([9]), touchpoint="Fair")
    page = words(look(survey.house))
    assert "No touchpoint clearly differs from another" in page
    assert "1 touchpoint with fewer than 5 answers: Fair." in page


def test_steps_are_taken_long_enough_for_figures(survey: Published) -> None:
    for days_ago in range(0, 28, 2):
        send(survey, nps([9, 3]), days_ago=days_ago)
    page = look(survey.house, "/overview?period=30d")
    assert "NPS by week, from Monday" in page
    page = words(look(survey.house, "/overview?period=30d&by=day"))
    assert "No day has the 5 answers a point of the trend needs" in page


def test_of_several_questions_of_a_metric_the_first_one_counts(house: House) -> None:
    second = {"key": "again", "kind": "csat", "text": "How satisfied are you with the price?"}
    survey = Published.make(house, pages=[{"key": "p", "questions": [QUESTIONS[1], second]}])
    send(survey, [{"satisfaction": 5, "again": 1}] * 6)
    page = look(house)
    assert tile(page, "CSAT").startswith("CSAT 100 %")
    assert "n = 6 " in tile(page, "CSAT")
    assert "its figure counts the first one asked" in page
    page = look(house, f"/overview?survey={survey.survey_id}")
    assert "chart-questions-csat" in page
    assert "How satisfied are you with the price?" in page


def test_rates_of_links(survey: Published) -> None:
    client = survey.house.app.test_client()
    for _ in range(3):
        path, _ = survey.invite()
    form = client.get(path).text
    hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert client.post(path, data={**hidden, "recommend": "9"}).status_code in (302, 303)
    assert "Too few people asked to show a rate: 3 of at least 5" in tile(
        look(survey.house), "Response rate"
    )
    for _ in range(2):
        survey.invite()
    found = tile(look(survey.house), "Response rate")
    assert found.startswith("Response rate 20 % 4 to 62 %")
    assert "1 of 5" in found


def test_an_agent_and_a_crm_admin_may_look(survey: Published) -> None:
    for role in ("owner", "designer", "analyst", "agent", "crm_admin"):
        assert survey.house.login(role).get("/overview").status_code == 200
    assert survey.house.app.test_client().get("/overview").status_code in (302, 303, 401)


def test_the_answer_of_now_is_there_at_once(survey: Published) -> None:
    send(survey, nps([9] * 5))
    look(survey.house)
    send(survey, nps([9]))
    assert "n = 6 " in tile(look(survey.house), "NPS")


def test_responses_begun_and_not_finished_lower_the_completion_rate(survey: Published) -> None:
    send(survey, nps([9] * 10))
    survey.execute("UPDATE responses SET distribution_id = :id", id=survey.link_id)
    survey.execute(
        "UPDATE responses SET state = 'partial', submitted_at = NULL"
        " WHERE id IN (SELECT id FROM responses LIMIT 4)"
    )
    found = tile(look(survey.house), "Completion rate")
    assert found.startswith("Completion rate 60 % 31 to 83 %")
    assert "6 of 10" in found
