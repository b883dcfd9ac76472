"""The REST connector against a real Roundup tracker (2.6, sqlite)."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from connectors.conformance import ConnectorContract, Runner, Source
from connectors.errors import ConfigError
from connectors.guard import Guard
from connectors.outside import Outside
from connectors.records import Interaction, Item
from connectors.systems.rest.connector import Rest
from connectors.systems.rest.presets import PRESETS
from tests.foreign import free_port, python_of, running

SMALL = PRESETS["roundup"].text.replace("size: 200", "size: 3").replace("lag: 60", "lag: 0")
LINKS = re.sub(r"paging: .*", 'paging: {kind: next, next: "data.@links.next[0].uri"}', SMALL)
LINKS = LINKS.partition("writes:")[0].replace(
    '{"@verbose": "2"', '{"@verbose": "2", "@page_size": "3"'
)


class Tracker:
    """A tracker that listens, and a client that edits it as a person's script would."""

    def __init__(self, port: int) -> None:
        self.web = f"http://127.0.0.1:{port}/efm/"
        origin = f"http://127.0.0.1:{port}"
        self.numbers: dict[str, str] = {}
        self.client = httpx.Client(
            base_url=f"{self.web}rest/data/",
            auth=("admin", "pw"),
            headers={"Origin": origin, "Referer": self.web, "X-Requested-With": "rest"},
            trust_env=False,
        )

    def create(self, title: str) -> str:
        answer = self.client.post("issue", data={"title": title})
        answer.raise_for_status()
        return str(answer.json()["data"]["id"])

    def change(self, number: str, title: str) -> None:
        etag = self.client.get(f"issue/{number}").headers["ETag"]
        answer = self.client.put(
            f"issue/{number}", headers={"If-Match": etag}, data={"title": title}
        )
        answer.raise_for_status()

    def titles(self) -> dict[str, str]:
        answer = self.client.get("issue", params={"@fields": "title", "@page_size": "1000"})
        return {str(each["id"]): each["title"] for each in answer.json()["data"]["collection"]}

    def messages(self) -> list[dict[str, Any]]:
        fields = {"@fields": "messageid,content", "@verbose": "3"}
        found: list[dict[str, Any]] = self.client.get("msg", params=fields).json()["data"][
            "collection"
        ]
        return found


@pytest.fixture(scope="module")
def tracker() -> Iterator[Tracker]:
    python = python_of("roundup")
    # The server will not run as root; as nobody it cannot look into the folders of tests.
    home = Path(tempfile.mkdtemp(prefix="roundup-"))
    try:
        home.chmod(0o755)
        yield from _served(python, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _served(python: Path, home: Path) -> Iterator[Tracker]:
    place, port, scripts = home / "tracker", free_port(), python.parent
    admin = [str(scripts / "roundup-admin"), "-i", str(place)]
    subprocess.run([*admin, "install", "classic", "sqlite"], check=True, capture_output=True)
    config = (place / "config.ini").read_text()
    for section, values in {
        "main": {"password_pbkdf2_default_rounds": "1000"},  # it checks the password at each call
        "tracker": {"web": f"http://127.0.0.1:{port}/efm/"},
        "mail": {"domain": "example.org", "host": "localhost", "debug": str(place / "mail.txt")},
    }.items():
        for name, value in values.items():
            config = re.sub(
                rf"(?ms)(^\[{section}\].*?^)#?{name} =[^\n]*", rf"\g<1>{name} = {value}", config, count=1
            )  # fmt: skip
    (place / "config.ini").write_text(config)
    subprocess.run([*admin, "initialise", "pw"], check=True, capture_output=True)
    command: list[str | Path] = [scripts / "roundup-server", "-n", "127.0.0.1", "-p", str(port)]
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for each in (place, *place.rglob("*")):
            os.chown(each, nobody.pw_uid, nobody.pw_gid)
        command += ["-u", "nobody"]
    with running([*command, f"efm={place}"], port, home / "log"):
        tracker = Tracker(port)
        yield tracker
        tracker.client.close()


def connect(tracker: Tracker, streams: str = SMALL, **more: Any) -> Rest:
    given = {
        "address": f"{tracker.web}rest/",
        "preset": "roundup",
        "streams": streams,
        "auth": "basic",
        "user": "admin",
        "secret": "pw",
        "calls_a_second": 100,
        **more,
    }
    return Rest(given, Outside(Guard(["127.0.0.1"])))


class TrackerSource(Source):
    """The issues of the one tracker of this module, which only grows: making one takes its time.

    The tracker numbers issues itself; the keys of the contract stand for numbers.
    """

    stream = "issue"
    text = "title"
    rereads = 1000  # its times are whole seconds, so what just changed is read again
    written_text = "text"
    missing = "99999"

    def __init__(self, tracker: Tracker, streams: str = SMALL) -> None:
        self.tracker, self.streams = tracker, streams

    def make(self) -> Rest:
        return connect(self.tracker, self.streams)

    def put(self, key: str, text: str) -> None:
        numbers = self.tracker.numbers
        if key in numbers:
            self.tracker.change(numbers[key], text)
        else:
            numbers[key] = self.tracker.create(text)

    def rows(self) -> Mapping[str, str]:
        return self.tracker.titles()

    def written(self) -> Sequence[str]:
        return [str(each["content"]) for each in self.tracker.messages()]

    def bad_settings(self) -> Sequence[Mapping[str, Any]]:
        return ({"address": f"{self.tracker.web}rest/", "preset": "roundup", "auth": "none"},)


@pytest.mark.full
class TestPages(ConnectorContract):
    """Page numbers, as the preset has it."""

    plays = 0  # random edits of a tracker that takes its time; simulated interfaces have them

    @pytest.fixture(autouse=True)
    def _tracker(self, tracker: Tracker) -> None:
        self.tracker = tracker

    def make_source(self, folder: Path) -> Source:
        return TrackerSource(self.tracker)

    def seeded(self, folder: Path, count: int = 11) -> Source:
        source = self.make_source(folder)
        for number in range(count):
            if f"k{number:02d}" not in self.tracker.numbers:
                source.put(f"k{number:02d}", f"text {number}")
        return source

    def test_texts_pass_unharmed(self, tmp_path: Path) -> None:
        source = self.make_source(tmp_path)
        texts = [
            "Zoë Łukasz 👩‍👩‍👧",
            "مرحبا",
            'quotes " , ; <b>',
            "=1+1",
            "0012",
            "null",
            "x" * 900,
        ]
        for number, text in enumerate(texts):
            source.put(f"t{number}", text)
        runner = Runner(source.make().stream(source.stream))
        runner.settle(source.make)
        assert set(runner.texts(source.text).values()) >= set(texts)

    def test_resuming_after_any_page_gives_the_same(self, tmp_path: Path) -> None:
        source = self.seeded(tmp_path)
        pages = [*source.make().read(source.make().stream(source.stream), {})]
        assert len(pages) >= 3
        for cut in (0, 1, len(pages) - 1):
            runner = Runner(source.make().stream(source.stream))
            for page in pages[:cut]:
                runner.commit(page)
            runner.settle(source.make)
            assert runner.texts(source.text) == dict(source.rows()), f"cut after page {cut}"
            assert runner.count == len(source.rows()), (
                f"cut after page {cut}: pages were read twice"
            )

    def test_instances_share_nothing(self, tmp_path: Path) -> None:
        pytest.skip("there is one tracker; instances of two sources would share it")


def test_the_trackers_own_links_are_followed_although_it_does_not_escape_them(
    tracker: Tracker,
) -> None:
    for number in range(7 - len(tracker.titles())):
        tracker.create(f"issue {number}")
    connector = connect(tracker, LINKS)
    stream = connector.stream("issue")
    pages = list(connector.read(stream, {}))
    assert len(pages) >= 3
    assert {r["id"]: r["title"] for page in pages for r in page.records} == tracker.titles()
    rest = [r["id"] for page in connector.read(stream, pages[0].state) for r in page.records]
    assert len(rest) == len(tracker.titles()) - 3
    since = {"since": datetime(2020, 1, 1, tzinfo=UTC).isoformat()}
    filtered = [r["id"] for page in connector.read(stream, since) for r in page.records]
    assert sorted(filtered) == sorted(tracker.titles())


def test_the_preset_reads_people_and_issues(tracker: Tracker) -> None:
    number = tracker.create("It broke")
    connector = connect(tracker, "")
    found = connector.check()
    assert (found.ok, found.who, found.may) == (True, "admin at 127.0.0.1", ("read", "write"))
    users = connector.stream("user")
    assert users.default_mapping is not None
    people = [users.default_mapping.apply(r) for p in connector.read(users, {}) for r in p.records]
    assert {each.external_id for each in people} >= {"1", "2"}
    issues = connector.stream("issue")
    assert issues.default_mapping is not None
    pages = list(connector.read(issues, {}))
    (issue,) = [r for page in pages for r in page.records if r["id"] == number]
    record = issues.default_mapping.apply(issue)
    assert isinstance(record, Interaction)
    assert (record.subject, record.contact_external_id) == ("It broke", "1")
    assert abs((datetime.now(UTC) - record.occurred_at).total_seconds()) < 600
    assert pages[0].total == len(tracker.titles())


def test_only_what_changed_is_read_again(tracker: Tracker) -> None:
    number = tracker.create("one of them")
    connector = connect(tracker)
    stream = connector.stream("issue")
    *_, last = connector.read(stream, {})
    deadline = time.monotonic() + 10
    while [p for p in connector.read(stream, last.state) if p.records]:
        *_, last = connector.read(stream, last.state)
        assert time.monotonic() < deadline
    tracker.change(number, "changed since")
    read = [r for page in connector.read(stream, last.state) for r in page.records]
    assert [(each["id"], each["title"]) for each in read] == [(number, "changed since")]


def test_a_moment_it_cannot_read_is_noticed(tracker: Tracker) -> None:
    tracker.create("any")
    odd = SMALL.replace("%Y-%m-%d.%H:%M:%S;", "since %Y")
    notes = connect(tracker, odd).check().notes
    assert any("ignores “activity”" in note for note in notes)


def test_a_refused_password_and_an_unknown_class(tracker: Tracker) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(tracker, secret="other").check()
    assert "secret" in caught.value.errors
    missing = SMALL.replace("path: data/issue", "path: data/isue")
    notes = connect(tracker, missing).check().notes
    assert any("404" in note or "400" in note for note in notes)


def test_a_message_is_written_once_and_hangs_on_its_issue(tracker: Tracker) -> None:
    number = tracker.create("Answered")
    connector, key = connect(tracker), f"resp {uuid4().hex}/ü"
    target = connector.target("message")
    outcomes = list(
        connector.write(
            target,
            [
                Item(key, {"text": "NPS 9: thanks"}, number),
                Item(key, {"text": "NPS 10: even better"}, number),
                Item("other", {"text": "x"}, "99999"),
                Item("third", {"text": ""}, number),
            ],
        )
    )
    assert [(o.ok, o.created) for o in outcomes] == [
        (True, True), (True, False), (False, False), (False, False),
    ]  # fmt: skip
    ours = [each for each in tracker.messages() if each["messageid"] == f"efm.{key}"]
    assert [each["content"] for each in ours] == ["NPS 10: even better"]
    assert "efm.other" not in {each["messageid"] for each in tracker.messages()}
    issue = tracker.client.get(f"issue/{number}").json()["data"]["attributes"]
    assert [each["id"] for each in issue["messages"]] == [outcomes[0].remote_id]


def test_a_title_is_changed_under_its_version(tracker: Tracker) -> None:
    number = tracker.create("before")
    connector = connect(tracker)
    target = connector.target("issue")
    good, bad, unknown = connector.write(
        target,
        [
            Item("1", {"title": "after ✓"}, number),
            Item("2", {"status": "closed"}, number),
            Item("3", {"title": "x"}, "99999"),
        ],
    )
    assert good.ok
    assert tracker.titles()[number] == "after ✓"
    assert not bad.ok
    assert "no such record" in unknown.message
