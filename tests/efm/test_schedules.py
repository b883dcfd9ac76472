"""When streams are read by themselves: cron on walls, forms, own schedules, missed turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text, update

from efm import clock
from efm.config import Config
from efm.errors import Invalid
from efm.events.registry import JobContext
from efm.jobs import chores
from efm.mail import make_mailer
from efm.models import AuditEntry, Connection, StreamSetting, SyncRun, User
from efm.sync import crontab, schedules
from efm.sync.schedules import Schedule
from efm.vault import Vault
from tests.efm.connected import connection_id, post, run_all, set_up, started, words
from tests.factories import House

BERLIN = "Europe/Berlin"


@pytest.fixture
def context(config: Config, engine: Engine) -> JobContext:
    return JobContext(engine, config, Vault(config.secret_key), make_mailer(config.mail_url))


def times(expression: str, after: str, n: int, zone: str = BERLIN) -> list[str]:
    """The next moments after a wall time, as walls with their offset."""
    place = ZoneInfo(zone)
    at, found = datetime.fromisoformat(after).replace(tzinfo=place), []
    for _ in range(n):
        at = crontab.next_after(expression, place, at)
        found.append(f"{at.astimezone(place):%d %H:%M %z}")
    return found


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        # In March 02:00 to 03:00 is missing in Berlin: what is due then comes an hour later, once.
        ("30 2 * * *", "2026-03-28T12:00", ["29 03:30 +0200", "30 02:30 +0200"]),
        ("0,30 2 * * *", "2026-03-29T00:00", ["29 03:00 +0200", "29 03:30 +0200", "30 02:00 +0200"]),
        ("30 2,3 * * *", "2026-03-29T00:00", ["29 03:30 +0200", "30 02:30 +0200"]),
        # In October the hour comes twice: what is due in it happens the first time only.
        ("30 2 * * *", "2026-10-24T12:00", ["25 02:30 +0200", "26 02:30 +0100"]),
        ("0 3 * * *", "2026-10-24T12:00", ["25 03:00 +0100", "26 03:00 +0100"]),
        # A rhythm goes on through both.
        ("0 * * * *", "2026-03-29T00:30", ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"]),
        (
            "*/30 * * * *", "2026-10-25T01:45",
            ["25 02:00 +0200", "25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100", "25 03:00 +0100"],
        ),
        # Standard cron: Sunday is 0 and 7, and a day that either names is taken.
        ("0 6 * * 0", "2026-11-23T00:00", ["29 06:00 +0100"]),
        ("0 6 * * 7", "2026-11-23T00:00", ["29 06:00 +0100"]),
        ("0 0 13 * 5", "2026-11-08T00:00", ["13 00:00 +0100", "20 00:00 +0100"]),
        ("0 0 29 2 *", "2026-11-23T00:00", ["29 00:00 +0100"]),
        ("15 4 1 * *", "2026-11-23T00:00", ["01 04:15 +0100"]),
    ],
)  # fmt: skip
def test_the_next_moments(expression: str, after: str, expected: list[str]) -> None:
    assert times(expression, after, len(expected)) == expected


def test_a_clock_that_is_put_forward_by_half_an_hour() -> None:
    found = times("15 2 * * *", "2026-10-03T12:00", 2, "Australia/Lord_Howe")
    assert found == ["04 02:45 +1100", "05 02:15 +1100"]


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Pacific/Auckland", "Asia/Kolkata"])
def test_each_day_of_a_year_has_its_time_once(zone: str) -> None:
    place, at = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC)
    days = []
    for _ in range(365):
        later = crontab.next_after("30 2 * * *", place, at)
        assert later > at
        at = later
        days.append(at.astimezone(place).date())
    assert len(set(days)) == 365
    assert (days[-1] - days[0]).days == 364


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("30 6 * * *", "at 06:30 every day"),
        ("30 6 * * 1-5", "at 06:30 on Monday to Friday"),
        ("0 6 * * sat,sun", "at 06:00 on Saturday and Sunday"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0 * * * *", "every hour, on the hour"),
        ("7,37 * * * *", "7 and 37 minutes past every hour"),
        ("0,30 8-17 * * mon-fri", "every 30 minutes in the hours 8 to 17 on Monday to Friday"),
        ("0 8-18 * * *", "on the hour at 8 to 18 o'clock every day"),
        ("10 9-17 * * *", "10 minutes past the hours 9 to 17 every day"),
        ("5 4 1,15 jan-mar *", "at 04:05 on day 1 and 15 of the month in January to March"),
        ("0 0 13 * 5", "at 00:00 on day 13 of the month and also on Friday"),
        ("0 */6 * * *", "at 00:00, 06:00, 12:00 and 18:00 every day"),
    ],
)
def test_an_expression_is_said_in_words(expression: str, said: str) -> None:
    assert crontab.words(crontab.read(expression)) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "Five parts"), ("0 6 * *", "Five parts"), ("@daily", "Five parts"),
        ("0 6 * * * *", "Five parts"), ("99 * * * *", "does not exist"),
        ("0 0 30 2 *", "does not exist"), ("0 0 * * x", "no part"), ("0 6 L * *", "no part"),
        ("0 6 * * fri#2", "no part"), ("h 6 * * *", "no part"), ("é * * * *", "no part"),
        ("*/3 * * * *", "at least 5 minutes"), ("* * * * *", "at least 5 minutes"),
        ("58,1 * * * *", "at least 5 minutes"), ("0 6 * * 1\0", ""), ("-- * * * *", "does not exist"),
        ("0 6 * * " + "1," * 80 + "1", "Five parts"), ("0 0 1-31/0 * *", "does not exist"),
        ("<b> 6 * * *", "no part"), ("0 " + "9" * 60 + " * * *", "does not exist"),
    ],
)  # fmt: skip
def test_an_expression_that_makes_no_sense_is_refused_in_words(given: str, said: str) -> None:
    if not said:
        assert crontab.read(given) == "0 6 * * 1"
        return
    with pytest.raises(ValueError, match=said):
        crontab.read(given)


@pytest.mark.parametrize(
    ("form", "schedule", "said"),
    [
        ({"kind": "never"}, Schedule(), "only when you ask"),
        ({"every": "90", "unit": "minutes"}, Schedule(90), "every 90 minutes"),
        ({"kind": "every", "every": "2", "unit": "days"}, Schedule(2880), "every 2 days"),
        (
            {"kind": "daily", "at": "6.30", "zone": BERLIN},
            Schedule(None, "30 6 * * *", BERLIN), "at 06:30 every day (Europe/Berlin time)",
        ),
        (
            {"kind": "weekdays", "at": "23:05", "zone": "UTC"},
            Schedule(None, "5 23 * * 1-5", "UTC"), "at 23:05 on Monday to Friday (UTC time)",
        ),
        (
            {"kind": "cron", "cron": " 0  */6 * * * ", "zone": "UTC"},
            Schedule(None, "0 */6 * * *", "UTC"),
            "at 00:00, 06:00, 12:00 and 18:00 every day (UTC time)",
        ),
    ],
)  # fmt: skip
def test_a_form_is_a_schedule_and_a_schedule_a_form(
    form: dict[str, str], schedule: Schedule, said: str
) -> None:
    zones = (BERLIN, "UTC")
    assert schedules.read(form, zones) == schedule
    assert schedule.words() == said
    assert schedules.read(schedule.form(), zones) == schedule, "what is shown is what is kept"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "daily", "at": "24:00", "zone": "UTC"}, "at"),
        ({"kind": "daily", "at": "", "zone": "UTC"}, "at"),
        ({"kind": "weekdays", "at": "6", "zone": "UTC"}, "at"),
        ({"kind": "daily", "at": "06:30", "zone": "Mars/Base"}, "zone"),
        ({"kind": "cron", "cron": "x", "zone": "UTC"}, "cron"),
        ({"kind": "every", "every": "", "unit": "hours"}, "every"),
        ({"kind": "every", "every": "4", "unit": "minutes"}, "every"),
        ({"kind": "every", "every": "5", "unit": "weeks"}, "every"),
        ({"kind": "hourly"}, "kind"),
    ],
)
def test_the_problem_is_beside_its_field(form: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        schedules.read(form, ("UTC",))
    assert list(caught.value.problems) == [field]


def test_late_is_three_turns_after_it_was_read() -> None:
    read = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)  # a Friday
    hourly, weekdays = Schedule(60), Schedule(None, "0 6 * * 1-5", "UTC")
    assert not hourly.is_late(read, read + timedelta(hours=3))
    assert hourly.is_late(read, read + timedelta(hours=3, seconds=1))
    assert not weekdays.is_late(read, read + timedelta(days=5)), "the weekend is no turn"
    assert weekdays.is_late(read, read + timedelta(days=5, seconds=1))
    assert not Schedule().is_late(read, read + timedelta(days=999))


def settings_of(house: House) -> dict[str, StreamSetting]:
    with house.unit() as session:
        return {each.stream: each for each in session.scalars(select(StreamSetting))}


def next_run(house: House, stream: str = "orders.csv") -> datetime:
    """When the stream is read next by itself."""
    at = settings_of(house)[stream].next_run_at
    assert at is not None
    return at


def two_streams(client: FlaskClient, house: House, config: Config) -> str:
    """A connection whose one stream was read, and a second one like it; its address."""
    base = started(client, house, config)
    with house.unit() as session:
        one = session.scalars(select(StreamSetting)).one()
        session.add(
            StreamSetting(
                connection_id=one.connection_id, stream="more.csv", mapping=dict(one.mapping),
                is_enabled=True, is_paused=False, has_own_schedule=False,
            )
        )  # fmt: skip
    return base


def test_a_stream_has_its_own_schedule_until_it_follows_again(house: House, config: Config) -> None:
    client = house.login()
    base = two_streams(client, house, config)
    post(client, f"{base}/schedule", kind="every", every="6", unit="hours")
    assert {each.every_minutes for each in settings_of(house).values()} == {360}
    own = post(
        client,
        f"{base}/stream/schedule",
        stream="more.csv",
        kind="weekdays",
        at="06:30",
        zone="UTC",
    )
    assert own.location == f"{base}/stream?stream=more.csv"
    assert "is read at 06:30 on Monday to Friday (UTC time)" in words(client.get(own.location))
    post(client, f"{base}/schedule", kind="every", every="2", unit="hours")
    found = settings_of(house)
    assert (found["orders.csv"].every_minutes, found["more.csv"].cron) == (120, "30 6 * * 1-5")
    assert next_run(house, "more.csv").hour == 6
    assert "different schedules" in words(client.get("/connections"))
    post(client, f"{base}/stream/schedule", stream="more.csv", kind="connection")
    found = settings_of(house)
    assert (found["more.csv"].every_minutes, found["more.csv"].cron) == (120, None)
    with house.unit() as session:
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"connection.scheduled", "stream.scheduled"} <= actions


def test_cron_is_in_the_zone_of_who_enters_it_and_shown_in_that_of_who_looks(
    house: House, config: Config
) -> None:
    client = house.login()
    base = started(client, house, config)
    with house.unit() as session:
        session.execute(update(User).values(time_zone="Asia/Tokyo"))
    page = client.get(f"{base}/stream?stream=orders.csv").text
    assert '<option value="Asia/Tokyo" selected>' in page
    post(client, f"{base}/schedule", kind="daily", at="09:00", zone="Asia/Tokyo")
    setting = settings_of(house)["orders.csv"]
    assert (setting.zone, next_run(house).hour, next_run(house).minute) == (
        "Asia/Tokyo", 0, 0,
    )  # fmt: skip
    assert words(client.get(base)).count("09:00") >= 3, "the next three moments in Tokyo"
    with house.unit() as session:
        session.execute(update(User).values(time_zone="UTC"))
    looked = client.get(base)
    assert "at 09:00 every day (Asia/Tokyo time)" in words(looked)
    assert words(looked).count("00:00") >= 3, "the same moments in UTC"
    assert '<option value="Asia/Tokyo" selected>' in looked.text, "it stays where it was entered"


@pytest.mark.parametrize("where", ["schedule", "stream/schedule", "start"])
def test_a_refused_schedule_keeps_what_was_typed(house: House, config: Config, where: str) -> None:
    client = house.login()
    base = started(client, house, config)
    given = {"kind": "cron", "cron": "0 25 * * *", "at": "07:07", "zone": "UTC"}
    refused = post(client, f"{base}/{where}", stream="orders.csv", **given)
    assert refused.status_code == 422
    assert "names a time that does not exist" in words(refused)
    assert 'value="0 25 * * *"' in refused.text
    assert 'value="07:07"' in refused.text
    assert 'href="#field-cron"' in refused.text
    assert settings_of(house)["orders.csv"].cron is None


@pytest.mark.parametrize("where", ["schedule", "stream/schedule", "start"])
def test_one_may_look_what_an_expression_means_before_it_is_kept(
    house: House, config: Config, where: str
) -> None:
    client = house.login()
    base = started(client, house, config)
    given = {"kind": "cron", "cron": "0 6 * * 1-5", "zone": "UTC", "go": "look"}
    page = post(client, f"{base}/{where}", stream="orders.csv", **given)
    assert page.status_code == 200
    assert "at 06:00 on Monday to Friday (UTC time)" in words(page)
    assert words(page).count("06:00") >= 4
    assert settings_of(house)["orders.csv"].cron is None
    with house.unit() as session:
        assert len(session.scalars(select(SyncRun)).all()) == 1, "nothing was begun"


def due(house: House, ago: timedelta) -> None:
    with house.unit() as session:
        session.execute(update(StreamSetting).values(next_run_at=clock.now() - ago))
        now = clock.now()
        session.execute(update(SyncRun).values(state="succeeded", started_at=now, finished_at=now))


def queued(house: House) -> list[str]:
    with house.unit() as session:
        return list(session.scalars(select(SyncRun.stream).where(SyncRun.state == "queued")))


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "every", "every": "5", "unit": "minutes"},
        {"kind": "cron", "cron": "*/10 * * * *", "zone": "UTC"},
    ],
)
def test_turns_missed_while_nobody_looked_are_one_run(
    house: House, config: Config, context: JobContext, form: dict[str, str]
) -> None:
    client = house.login()
    base = started(client, house, config)
    post(client, f"{base}/schedule", **form)
    due(house, timedelta(days=3))
    assert chores.start_due_syncs(context) >= 1
    assert queued(house) == ["orders.csv"]
    assert next_run(house) > clock.now()
    due_again = [row.connection_id for row in _due(house)]
    assert connection_id(base) not in due_again
    run_all(house, config)
    chores.start_due_syncs(context)
    assert queued(house) == []


def _due(house: House) -> list[Any]:
    with house.unit() as session:
        given = {"now": clock.now()}
        return list(session.execute(text("SELECT * FROM efm_due_streams(:now)"), given))


def test_a_paused_stream_is_not_read_and_goes_on_when_resumed(
    house: House, config: Config, context: JobContext
) -> None:
    client = house.login()
    base = two_streams(client, house, config)
    post(client, f"{base}/schedule", kind="every", every="1", unit="hours")
    page = post(client, f"{base}/stream/pause", stream="more.csv")
    assert "“more.csv” is paused" in words(client.get(page.location))
    assert post(client, f"{base}/stream/pause", stream="more.csv").status_code == 409
    due(house, timedelta(minutes=1))
    chores.start_due_syncs(context)
    assert queued(house) == ["orders.csv"]
    refused = post(client, f"{base}/runs", stream="more.csv")
    assert refused.status_code == 409
    assert "is paused; resume it first" in words(refused)
    post(client, f"{base}/runs")
    assert queued(house) == ["orders.csv"], "what is read as a whole leaves out what is paused"
    assert post(client, f"{base}/stream/resume", stream="more.csv").status_code == 302
    assert post(client, f"{base}/stream/resume", stream="more.csv").status_code == 409
    chores.start_due_syncs(context)
    assert sorted(queued(house)) == ["more.csv", "orders.csv"]


def test_set_times_are_waited_for_after_a_pause(house: House, config: Config) -> None:
    client = house.login()
    base = started(client, house, config)
    far = (clock.now() - timedelta(hours=2)).astimezone(UTC).strftime("%H:%M")
    post(client, f"{base}/schedule", kind="daily", at=far, zone="UTC")
    post(client, f"{base}/pause")
    post(client, f"{base}/resume")
    at = next_run(house)
    assert at.strftime("%H:%M") == far
    assert at > clock.now()


def test_a_clock_in_a_zone_that_is_no_longer_known_goes_on_in_utc(
    house: House, config: Config, context: JobContext
) -> None:
    client = house.login()
    started(client, house, config)
    with house.unit() as session:
        session.execute(
            update(StreamSetting).values(
                cron="0 6 * * *", zone="Gone/Place", next_run_at=clock.now() - timedelta(minutes=1)
            )
        )
    assert chores.start_due_syncs(context) >= 1
    assert next_run(house).strftime("%H:%M %Z") == "06:00 UTC"


def test_a_strangers_stream_is_not_scheduled(house: House, stranger: House, config: Config) -> None:
    base = started(house.login(), house, config)
    other = stranger.login()
    for path in ("stream/schedule", "stream/pause", "stream/resume"):
        assert post(other, f"{base}/{path}", stream="orders.csv", kind="never").status_code == 404
    assert other.get(f"{base}/stream").status_code == 404
    assert other.get(f"{base}/anew").status_code == 404
    agent = house.login("agent")
    assert post(agent, f"{base}/stream/pause", stream="orders.csv").status_code == 403
    assert not settings_of(house)["orders.csv"].is_paused


def test_the_schedule_of_a_connection_starts_with_it_and_new_streams_follow(
    house: House, config: Config
) -> None:
    client = house.login()
    base = set_up(client)
    post(client, f"{base}/start", kind="weekdays", at="05:15", zone="UTC")
    with house.unit() as session:
        connection = session.scalars(
            select(Connection).where(Connection.id == connection_id(base))
        ).one()
    assert (connection.cron, connection.zone) == ("15 5 * * 1-5", "UTC")
    assert settings_of(house)["orders.csv"].cron == "15 5 * * 1-5"
    assert 'value="05:15"' in client.get(base).text
