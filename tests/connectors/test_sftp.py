"""Files on an SFTP server that nobody here wrote (AsyncSSH), which is reached only when its key is."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors import settings
from connectors.conformance import ConnectorContract, Source
from connectors.errors import ConfigError, CursorExpired, Throttled, Transient
from connectors.guard import Guard
from connectors.outside import Outside
from connectors.records import Page
from connectors.systems.files import remote, sftp
from connectors.systems.files.config import Config
from connectors.systems.files.connector import Files
from tests.connectors.sources import FileSource
from tests.connectors.test_files import sheet_of, write
from tests.foreign import free_port, python_of, running

pytest.importorskip("paramiko", reason="paramiko is not installed; see requirements.in")

USER, PASSWORD, PASSPHRASE = "drop", "s3cret & more", "open sesame"
SERVER = """
import asyncio, asyncssh, pathlib, sys

port, home = int(sys.argv[1]), pathlib.Path(sys.argv[2])
log = home / "log"

def note(text):
    with log.open("a") as target:
        target.write(text + "\\n")

class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True
    def password_auth_supported(self):
        return True
    def public_key_auth_supported(self):
        return True
    def validate_password(self, username, password):
        note(f"password of {username}")
        return username == "drop" and password == "s3cret & more"
    def validate_public_key(self, username, key):
        note(f"key of {username}")
        known = asyncssh.read_public_key(home / "user.pub")
        return username == "drop" and key == known

class Files(asyncssh.SFTPServer):
    def __init__(self, chan):
        super().__init__(chan, chroot=str(home / "root"))
    def open(self, path, pflags, attrs):
        note(f"open {path.decode()}")
        return super().open(path, pflags, attrs)
    def read(self, file_obj, offset, size):
        if (home / "slow").exists():
            (home / "slow").unlink()
            sys.exit(3)
        return super().read(file_obj, offset, size)

async def main():
    await asyncssh.create_server(
        Server, "127.0.0.1", port, server_host_keys=[home / "ed25519", home / "rsa"],
        sftp_factory=Files, allow_scp=False,
    )
    await asyncio.Event().wait()

asyncio.run(main())
"""
KEYS = """
import asyncssh, pathlib, sys

home = pathlib.Path(sys.argv[1])
asyncssh.generate_private_key("ssh-ed25519").write_private_key(home / "ed25519")
asyncssh.generate_private_key("ssh-rsa", key_size=2048).write_private_key(home / "rsa")
user = asyncssh.generate_private_key("ssh-ed25519")
user.write_public_key(home / "user.pub")
user.write_private_key(home / "user")
user.write_private_key(home / "user-protected", passphrase=sys.argv[2], rounds=2)
asyncssh.generate_private_key("ecdsa-sha2-nistp256").write_private_key(home / "stranger")
for name in ("ed25519", "rsa"):
    key = asyncssh.read_private_key(home / name)
    (home / f"{name}.mark").write_text(key.get_fingerprint())
    key.write_public_key(home / f"{name}.pub")
"""


@dataclass
class Drop:
    """The server: where it listens, what it serves, and what it noted."""

    home: Path
    port: int

    @property
    def root(self) -> Path:
        return self.home / "root"

    def text(self, name: str) -> str:
        return (self.home / name).read_text()

    def noted(self) -> list[str]:
        log = self.home / "log"
        return log.read_text().splitlines() if log.exists() else []

    def folder(self, name: str) -> Path:
        made = self.root / name
        made.mkdir(parents=True, exist_ok=True)
        return made


class Loopback(Outside):
    """Lets one call a loopback server."""

    def __init__(self) -> None:
        super().__init__(Guard(["127.0.0.1"]))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sftp")
    (made / "root").mkdir()
    for name, text in (("server.py", SERVER), ("keys.py", KEYS)):
        (made / name).write_text(text)
    command = [str(python_of("sftp")), str(made / "keys.py"), str(made), PASSPHRASE]
    subprocess.run(command, check=True, timeout=60)
    return made


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Drop]:
    port = free_port()
    command = [python_of("sftp"), home / "server.py", str(port), home]
    with running(command, port, home / "words"):
        yield Drop(home, port)


@pytest.fixture
def drop(server: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drop:
    """The server, with copies kept where they can be counted."""
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    (server.home / "log").unlink(missing_ok=True)
    return server


@pytest.fixture
def place(drop: Drop, request: pytest.FixtureRequest) -> Path:
    """A folder of the server for this test alone."""
    return drop.folder(request.node.name.replace("[", "-").replace("]", "").replace("/", "-")[:80])


def config(drop: Drop, folder: Path, **more: Any) -> dict[str, Any]:
    path = folder.relative_to(drop.root).as_posix()
    return {
        "location": f"sftp://{USER}@127.0.0.1:{drop.port}/{path}", "password": PASSWORD,
        "host_key": drop.text("ed25519.mark"), "settle_seconds": 0, "key": ["id"], **more,
    }  # fmt: skip


def files(drop: Drop, folder: Path, **more: Any) -> Files:
    return Files(config(drop, folder, **more), Loopback())


def pages(connector: Files, name: str, state: Any = None) -> list[Page]:
    return list(connector.read(connector.stream(name), state or {}))


def ids(found: list[Page]) -> list[str]:
    return [str(record["id"]) for page in found for record in page.records]


def opened(drop: Drop) -> list[str]:
    return [line.rpartition("/")[2] for line in drop.noted() if line.startswith("open ")]


def copy(connector: Files, found: Any) -> None:
    with connector._place, connector._place.local(found):
        pass


def copies(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "copies").rglob("*"))


# --- the server's key ----------------------------------------------------------------------------


def test_without_a_pinned_key_it_is_shown_and_nothing_is_sent(drop: Drop, place: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        files(drop, place, host_key="").check()
    assert drop.text("ed25519.mark") in caught.value.errors["host_key"][0]
    assert "ssh-ed25519" in caught.value.message
    assert PASSWORD not in caught.value.message
    assert drop.noted() == []


def test_another_key_is_refused_and_nothing_is_sent(drop: Drop, place: Path) -> None:
    other = "SHA256:" + "A" * 43
    with pytest.raises(ConfigError, match="another host key") as caught:
        files(drop, place, host_key=other).check()
    assert drop.text("ed25519.mark") in caught.value.errors["host_key"][0]
    assert drop.noted() == []


@pytest.mark.parametrize("name", ["ed25519", "rsa"])
def test_any_key_of_the_server_may_be_pinned(drop: Drop, place: Path, name: str) -> None:
    write(place, "t.csv", "id\n1\n")
    assert files(drop, place, host_key=drop.text(f"{name}.mark")).check().ok


def test_a_public_key_may_be_pinned_and_two_while_one_replaces_the_other(
    drop: Drop, place: Path
) -> None:
    write(place, "t.csv", "id\n1\n")
    both = f"SHA256:{'B' * 43}\n{drop.text('ed25519.pub')}"
    assert files(drop, place, host_key=both).check().ok


def test_fingerprints_are_those_openssh_shows(drop: Drop) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    for name in ("ed25519", "rsa", "user"):
        command = ["ssh-keygen", "-lf", str(drop.home / f"{name}.pub")]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert next(iter(sftp.fingerprints(drop.text(f"{name}.pub")))) == said.split()[1]


# --- signing in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "passphrase"), [("user", ""), ("user-protected", PASSPHRASE)])
def test_a_private_key_lets_us_in(drop: Drop, place: Path, key: str, passphrase: str) -> None:
    write(place, "t.csv", "id\n1\n2\n")
    connector = files(drop, place, password="", private_key=drop.text(key), passphrase=passphrase)
    assert ids(pages(connector, "t.csv")) == ["1", "2"]
    assert f"password of {USER}" not in drop.noted()


@pytest.mark.parametrize(
    ("more", "setting"),
    [
        ({"password": "wrong"}, "password"),
        ({"private_key": "stranger"}, "private_key"),
        ({"private_key": "user-protected"}, "passphrase"),
        ({"private_key": "user-protected", "passphrase": "wrong"}, "private_key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}, "private_key"),
        ({"private_key": "ssh-ed25519 AAAA"}, "private_key"),
        ({"user": "nobody"}, "password"),
    ],
)  # fmt: skip
def test_a_refused_proof_is_told_beside_it(
    drop: Drop, place: Path, more: dict[str, str], setting: str
) -> None:
    given = dict(more)
    if (drop.home / given.get("private_key", "none")).exists():
        given["private_key"] = drop.text(given["private_key"])
    made = config(drop, place, **{k: v for k, v in given.items() if k != "user"})
    if "user" in given:
        made["location"] = made["location"].replace(USER, given["user"])
    with pytest.raises(ConfigError) as caught:
        Files(made, Loopback()).check()
    assert setting in caught.value.errors
    assert PASSWORD not in caught.value.message
    assert "BEGIN" not in caught.value.message.replace("from BEGIN to END", "")


def test_an_address_inside_is_refused(drop: Drop, place: Path) -> None:
    with pytest.raises(ConfigError, match="private or reserved") as caught:
        Files(config(drop, place), Outside(Guard())).check()
    assert "location" in caught.value.errors
    assert drop.noted() == []


@pytest.mark.parametrize(
    "text",
    [
        "ftp://a@b/c", "sftp://b/c", "sftp://a:pw@b/c", "sftp://a@/c", "sftp://a@b:x/c",
        "sftp://a@b/../c", "sftp://a@b c/d", "sftp://a%0A@b/c", "sftp://a@b/c?d", "sftp://[/",
    ],
)  # fmt: skip
def test_a_location_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Files({"location": text, "password": "x"})
    assert "location" in caught.value.errors


@pytest.mark.parametrize(
    ("text", "folder", "shown"),
    [
        ("sftp://a@h/in", "/in", "sftp://a@h/in"), ("sftp://a@h", "/", "sftp://a@h/"),
        ("sftp://a@h:2222/~/in//x/", "in/x", "sftp://a@h:2222/~/in/x"),
        ("sftp://a@h/~", ".", "sftp://a@h/~/."), ("sftp://d%5Ca@[::1]/x", "/x", "sftp://d\\a@[::1]/x"),
    ],
)  # fmt: skip
def test_a_location_is_read(text: str, folder: str, shown: str) -> None:
    found = sftp.location(text)
    assert (found.folder, found.shown) == (folder, shown)


@pytest.mark.parametrize("text", ["SHA256:short", "MD5:aa:bb", "ssh-rsa AAA", "x"])
def test_a_host_key_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Files({"location": "sftp://a@b/c", "password": "x", "host_key": text})
    assert "host_key" in caught.value.errors


def test_the_secrets_are_sealed() -> None:
    assert {"password", "private_key", "passphrase"} <= settings.secret_names(Config)
    with pytest.raises(ConfigError) as caught:
        Files({"location": "sftp://a@b/c"})
    assert "password" in caught.value.errors


# --- reading -------------------------------------------------------------------------------------


def test_files_are_read_as_they_are_here(drop: Drop, place: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    write(place, "a.csv", "id;name\n1;Zoë\n2;x,y\n3;z,a,b\n".encode())
    write(place, "b.xlsx", sheet_of([["id", "amount"], [1, 1.5], [2, 2.5]]))
    pq.write_table(pa.table({"id": [1, 2], "name": ["x", None]}), place / "c.parquet")
    here = Files({"folder": str(place), "settle_seconds": 0, "key": ["id"]})
    there = files(drop, place)
    assert [each.name for each in there.streams()] == ["a.csv", "b.xlsx", "c.parquet"]
    for stream in here.streams():
        assert there.stream(stream.name) == stream
        local, far = pages(here, stream.name), pages(there, stream.name)
        assert [list(p.records) for p in far] == [list(p.records) for p in local]
        assert [list(p.rejected) for p in far] == [list(p.rejected) for p in local]
        (mine,) = local[-1].state["files"].values()
        (theirs,) = far[-1].state["files"].values()
        assert (theirs[0], theirs[2]) == (mine[0], mine[2])
    check = there.check()
    assert check.ok
    assert (
        check.who == f"sftp://{USER}@127.0.0.1:{drop.port}/{place.name}: 3 files that can be read"
    )
    assert copies(tmp_path) == []


def test_what_is_unchanged_is_not_copied_again(drop: Drop, place: Path) -> None:
    path = write(place, "t.csv", "id\n1\n2\n")
    os.utime(path, (1000, 1000))
    (page,) = pages(files(drop, place), "t.csv")
    assert page.state["files"]["t.csv"][:2] == [7, 1000 * 10**9]
    before = len(opened(drop))
    assert pages(files(drop, place), "t.csv", page.state) == []
    assert len(opened(drop)) == before
    os.utime(path, (2000, 2000))  # copied anew, same content
    (again,) = pages(files(drop, place), "t.csv", page.state)
    assert not again.records
    path.write_text("id\n1\n2\n3\n")
    os.utime(path, (3000, 3000))
    assert ids(pages(files(drop, place), "t.csv", again.state)) == ["1", "2", "3"]


def test_a_cut_read_goes_on_after_its_row(drop: Drop, place: Path, tmp_path: Path) -> None:
    write(place, "t.csv", "id\n" + "".join(f"{n}\n" for n in range(10)))
    connector = files(drop, place, page_size=4)
    reading = connector.read(connector.stream("t.csv"), {})
    first = next(reading)
    assert first.state["at"]["row"] == 5
    assert copies(tmp_path)
    reading.close()
    assert copies(tmp_path) == [], "an abandoned read leaves no copy"
    rest = pages(files(drop, place, page_size=4), "t.csv", first.state)
    assert ids([first, *rest]) == [str(n) for n in range(10)]
    assert sum(len(each.records) for each in rest) == 6


def test_two_reads_of_one_connector_do_not_disturb_each_other(
    drop: Drop, place: Path, tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv"):
        write(place, name, "id\n" + "".join(f"{name}{n}\n" for n in range(9)))
    connector = files(drop, place, page_size=4)
    reading = connector.read(connector.stream("a.csv"), {})
    first = next(reading)
    assert len(ids(pages(connector, "b.csv"))) == 9
    assert connector.check().ok
    assert len(ids([first, *reading])) == 9
    assert copies(tmp_path) == []


def test_a_change_between_the_pages_starts_the_file_anew(drop: Drop, place: Path) -> None:
    path = write(place, "t.csv", "id\n" + "".join(f"{n}\n" for n in range(10)))
    first = pages(files(drop, place, page_size=4), "t.csv")[0]
    path.write_text("id\n" + "".join(f"{n}\n" for n in range(12)))
    os.utime(path, (3000, 3000))
    again = pages(files(drop, place, page_size=4), "t.csv", first.state)
    assert ids(again) == [str(n) for n in range(12)]


def test_only_settled_files_are_read(drop: Drop, place: Path) -> None:
    path = write(place, "t.csv", "id\n1\n2\n")
    os.utime(path, (1000, 1000))
    connector = files(drop, place, settle_seconds=60)
    connector.clock = lambda: 1030.0
    assert pages(connector, "t.csv") == []
    assert "Still settling: t.csv." in connector.check().notes
    connector.clock = lambda: 1061.0
    assert ids(pages(connector, "t.csv")) == ["1", "2"]
    connector.clock = lambda: 1030.0
    write(place, "t.done", "")
    assert ids(pages(connector, "t.csv")) == ["1", "2"]


def test_patterns_find_what_they_find_here(drop: Drop, place: Path, tmp_path: Path) -> None:
    for name in ("o-1.csv", "o-2.CSV", "x.csv", "deep/o-3.csv", "deep/er/o-4.csv", "[a].csv",
                 ".hidden.csv", "~$open.xlsx", "readme.md", "deep.csv/o-5.csv"):  # fmt: skip
        write(place, name, "id\n1\n2\n")
    write(tmp_path, "secret.csv", "id\n1\n")
    (place / "link.csv").symlink_to(tmp_path / "secret.csv")
    (place / "up").symlink_to(drop.root)
    os.mkfifo(place / "pipe.csv")
    for patterns in (["o-*.csv"], ["**/*.csv"], ["deep/*.csv"], ["*/*.csv"], ["[a].csv"],
                     ["x.csv", "*.csv"], ["deep/**/*.csv"], ["none-*"], ["*"]):  # fmt: skip
        here = Files({"folder": str(place), "settle_seconds": 0, "patterns": patterns})
        there = files(drop, place, patterns=patterns, key=[])
        names = [each.name for each in there.streams()]
        assert names == [each.name for each in here.streams()], patterns
        assert not any("link" in each or "up/" in each or "pipe" in each for each in names)


def test_files_of_a_pattern_are_one_stream_and_a_snapshot_is_whole(drop: Drop, place: Path) -> None:
    for name in ("a.csv", "b.csv"):
        os.utime(write(place, name, f"id\n{name}\n2{name}\n"), (1000, 1000))
    more: dict[str, Any] = {"patterns": ["*.csv"], "is_grouped": True, "is_snapshot": True}
    found = pages(files(drop, place, **more), "*.csv")
    assert ids(found) == ["a.csv", "2a.csv", "b.csv", "2b.csv"]
    before = len(opened(drop))
    assert pages(files(drop, place, **more), "*.csv", found[-1].state) == []
    assert len(opened(drop)) == before
    (place / "b.csv").unlink()
    with pytest.raises(CursorExpired, match=r"b\.csv changed"):
        pages(files(drop, place, **more), "*.csv", found[-1].state)
    waiting = files(drop, place, **{**more, "settle_seconds": 60})
    waiting.clock = lambda: 1010.0
    with pytest.raises(Throttled):
        pages(waiting, "*.csv")


def test_memory_stays_flat(drop: Drop, place: Path) -> None:
    with (place / "t.csv").open("w") as target:
        target.write("id,a,b\n")
        for number in range(150_000):
            target.write(f"{number},some text {number} and more of it,more text {number}\n")
    connector = files(drop, place, page_size=500)
    stream = connector.stream("t.csv")
    reading = connector.read(stream, {})
    tracemalloc.start()
    count = sum(len(page.records) for page in itertools.islice(reading, 5))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    reading.close()
    assert (place / "t.csv").stat().st_size > 8_000_000
    assert count == 2500
    assert peak < 5_000_000


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "said"), [("nowhere", "does not exist"), ("t.csv", "cannot be read")])  # fmt: skip
def test_a_wrong_folder_is_told_beside_it(drop: Drop, place: Path, folder: str, said: str) -> None:
    write(place, "t.csv", "id\n1\n")
    with pytest.raises(ConfigError, match=said) as caught:
        files(drop, place / folder).check()
    assert "location" in caught.value.errors


def test_a_file_that_vanishes_is_tried_again(drop: Drop, place: Path) -> None:
    write(place, "t.csv", "id\n1\n2\n")
    connector = files(drop, place)
    stream = connector.stream("t.csv")
    found = connector._place.find(["t.csv"])[0][0]
    (place / "t.csv").unlink()
    with pytest.raises(Transient, match="not there"):
        copy(connector, found)
    with pytest.raises(ConfigError, match="No file matches"):
        list(connector.read(stream, {}))


@pytest.mark.parametrize("content", ["id\n1\n2\n3\n", "id\n1\n", "id\n3\n4\n"])
def test_a_file_that_is_still_written_is_tried_again(
    drop: Drop, place: Path, tmp_path: Path, content: str
) -> None:
    path = write(place, "t.csv", "id\n1\n2\n")
    os.utime(path, (1000, 1000))
    connector = files(drop, place)
    found = connector._place.find(["t.csv"])[0][0]
    path.write_text(content)
    with pytest.raises(Transient, match="changed while it was copied"):
        copy(connector, found)
    assert copies(tmp_path) == []


def test_a_damaged_file_is_named(drop: Drop, place: Path) -> None:
    write(place, "good.csv", "id\n1\n2\n")
    write(place, "bad.xlsx", b"PK\x03\x04broken")
    write(place, "empty.csv", b"")
    check = files(drop, place).check()
    assert check.ok
    assert any("empty.csv is empty" in note for note in check.notes)
    assert any("bad.xlsx is damaged" in note for note in check.notes)


def test_a_server_that_is_not_there_is_a_passing_fault(drop: Drop, place: Path) -> None:
    made = config(drop, place)
    made["location"] = made["location"].replace(str(drop.port), str(free_port()))
    with pytest.raises(Transient, match="cannot be reached"):
        Files(made, Loopback()).check()


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", None])
def test_another_kind_of_server_is_told(
    drop: Drop, place: Path, words: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp, "CONNECT_SECONDS", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        held: list[socket.socket] = []

        def serve() -> None:
            wire, _ = listener.accept()
            held.append(wire)
            if words is not None:
                wire.sendall(words)
                wire.close()

        threading.Thread(target=serve, daemon=True).start()
        made = config(drop, place)
        made["location"] = made["location"].replace(str(drop.port), str(listener.getsockname()[1]))
        started = time.monotonic()
        with pytest.raises(Transient, match="does not answer as an SFTP server"):
            Files(made, Loopback()).check()
        assert time.monotonic() - started < 10
        for wire in held:
            wire.close()


def test_a_server_that_dies_in_the_middle_is_a_passing_fault(
    home: Path, drop: Drop, place: Path, tmp_path: Path
) -> None:
    write(place, "t.csv", b"id\n" + b"1234567\n" * 100_000)
    port = free_port()
    with running([python_of("sftp"), home / "server.py", str(port), home], port, home / "other"):
        connector = files(Drop(home, port), place)
        found = connector._place.find(["t.csv"])[0][0]
        (home / "slow").touch()
        with pytest.raises(Transient, match="broke the connection"):
            copy(connector, found)
        assert not (home / "slow").exists()
    assert copies(tmp_path) == []


@pytest.mark.parametrize("ask", ["check", "streams", "stream"])
def test_a_cut_connection_hides_no_stream(
    home: Path, drop: Drop, place: Path, tmp_path: Path, ask: str
) -> None:
    """A stream that cannot be described just now is not one that is gone."""
    write(place, "t.csv", "id\n1\n2\n")
    port = free_port()
    with running([python_of("sftp"), home / "server.py", str(port), home], port, home / "other"):
        (home / "slow").touch()
        connector = files(Drop(home, port), place)
        with pytest.raises(Transient, match="broke the connection"):
            connector.stream("t.csv") if ask == "stream" else getattr(connector, ask)()
    assert copies(tmp_path) == []


def test_a_folder_below_that_is_closed_is_passed_over(drop: Drop, place: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    write(place, "closed/t.csv", "id\n1\n")
    write(place, "t.csv", "id\n1\n")
    (place / "closed").chmod(0)
    try:
        assert [s.name for s in files(drop, place, patterns=["**/*.csv"]).streams()] == ["t.csv"]
    finally:
        (place / "closed").chmod(0o700)


def test_without_the_library_it_is_told(
    drop: Drop, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(sftp.importlib, "import_module", absent)
    with pytest.raises(ConfigError, match="paramiko is not installed"):
        files(drop, place).check()


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\\b", "a\0b", "a\nb", "\u202ea"])
def test_names_that_lead_elsewhere_are_passed_over(name: str) -> None:
    assert not remote._is_name(name)


def test_too_large_a_file_is_refused(
    drop: Drop, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place, "t.csv", "id\n1\n2\n")
    monkeypatch.setattr(remote, "LARGEST", 5)
    assert any("is larger than" in note for note in files(drop, place).check().notes)


# --- the contract --------------------------------------------------------------------------------


class RemoteSource(FileSource):
    """The same file, on the server."""

    def __init__(self, folder: Path, drop: Drop) -> None:
        self.drop = drop
        super().__init__(folder)

    def make(self) -> Files:
        return files(self.drop, self.folder, page_size=3, patterns=[self.pattern])

    def bad_settings(self) -> list[dict[str, Any]]:
        return []


@pytest.mark.full
class TestRemoteContract(ConnectorContract):
    """A file on an SFTP server keeps the contract."""

    plays = 1
    _numbers: ClassVar[Iterator[int]] = itertools.count()

    @pytest.fixture(autouse=True)
    def _served(self, drop: Drop) -> None:
        self.drop = drop

    def make_source(self, folder: Path) -> Source:
        made = self.drop.folder(f"contract-{next(self._numbers)}")
        return RemoteSource(made, self.drop)
