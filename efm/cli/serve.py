"""`efm serve`: database, migrations, demo, web and worker by one command."""

from __future__ import annotations

import argparse
import errno
import http.client
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from efm.cli.supervisor import Child, Supervisor, say
from efm.config import Config
from efm.errors import Unready

if TYPE_CHECKING:
    from efm.db.embedded import Embedded

ROOT = Path(__file__).resolve().parents[2]

# Fills an empty database once and says what a person should know: sign-ins, an open survey. It is
# given the configuration and whether the database may be filled with the demo company.
Opening = Callable[[Config, bool], list[str]]


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="start everything: database, web and worker")
    parser.add_argument("--host", help="address to listen on (EFM_HOST, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (EFM_PORT or PORT, else 8000)")
    parser.add_argument("--no-demo", action="store_true", help="do not seed the demo company")
    parser.set_defaults(run=serve)


def serve(arguments: argparse.Namespace) -> int:
    """Run the service until Ctrl-C or SIGTERM."""
    from efm import config as configuration

    # The public address follows from host and port, so they are told before the rest is read.
    for name in ("host", "port"):
        if getattr(arguments, name) is not None:
            os.environ[f"EFM_{name.upper()}"] = str(getattr(arguments, name))
    return run(configuration.load(), opening=_demo, may_fill=not arguments.no_demo)


def _demo(config: Config, may_fill: bool) -> list[str]:
    """The demo company; imported where it is used, so that the supervisor stays small."""
    from efm.demo.seed import opening

    return opening(config, may_fill)


def run(config: Config, *, opening: Opening | None = None, may_fill: bool = True) -> int:
    """Start everything and keep it running; 0 when it ended because it was asked to.

    Raises Unready and EmbeddedError, whose messages say what to do.
    """
    address = free_address(config.host, config.port)
    is_given = config.database_url is not None
    with ExitStack() as stack:
        stack.enter_context(_term_as_interrupt())
        config, embedded = stack.enter_context(_database(config))
        web, worker = children(config, address)
        # The web server imports the application while the database is made ready.
        web.start(hold=True)
        stack.callback(web.end)
        may_fill = may_fill and (config.is_development or not is_given)
        lines = in_child(lambda: prepare(config, opening, may_fill=may_fill))
        if lines is None:
            return 1
        return Supervisor([web, worker], tick=_keep(embedded)).run(
            is_ready=lambda: answers(address),
            when_ready=lambda: print("\n".join(lines), flush=True),
        )


def prepare(config: Config, opening: Opening | None, *, may_fill: bool) -> list[str]:
    """Migrate, fill an empty database once; the lines that greet the person at the terminal."""
    from efm.cli.open import app_role
    from efm.cli.staff import set_up_lines
    from efm.db import migrate

    assert config.database_url is not None
    if config.owner_url is not None:
        migrate.upgrade(config.owner_url, app_role(config.database_url))
    elif migrate.current(config.database_url) != migrate.head():
        raise Unready(
            "The database is not at the revision this version needs, and the serving role cannot "
            "migrate. Set EFM_OWNER_URL to the owner's database URL, or run `efm db upgrade` "
            "with it first."
        )
    lines = [f"Serving on {config.public_url}"]
    lines += opening(config, may_fill) if opening is not None else []
    return [*lines, *set_up_lines(config), "Press Ctrl-C to stop."]


def children(config: Config, address: tuple[str, int]) -> tuple[Child, Child]:
    """The web server and the worker; neither learns the owner's URL."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in ("EFM_OWNER_URL", "EFM_OWNER_URL_FILE", "EFM_DATABASE_URL_FILE")
    }
    environ |= {
        "EFM_DATABASE_URL": config.database_url or "",
        "EFM_DATA_FOLDER": os.fspath(config.data_folder),
        "PYTHONPATH": os.pathsep.join(
            [os.fspath(ROOT), *filter(None, [environ.get("PYTHONPATH")])]
        ),
    }
    web = [
        *(sys.executable, "-m", "efm.cli.web", address[0], str(address[1])),
        *(str(config.processes), str(config.threads)),
    ]
    worker = [sys.executable, "-m", "efm", "worker"]
    return (
        Child("web server", web, environ, chances=5),
        Child("worker", worker, environ, waits=True),
    )


def answers(address: tuple[str, int]) -> bool:
    """Whether the web server answers at all; what it answers is its own matter."""
    unspecified = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not listened on
    host = unspecified.get(address[0], address[0])
    connection = http.client.HTTPConnection(host, address[1], timeout=5)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_address(host: str, port: int) -> tuple[str, int]:
    """The numeric address to listen on, tried before anything is started.

    Raises Unready when it is taken, not allowed or not an address of this machine.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise Unready(
            f"EFM_HOST is {host!r}, which is no address of this machine: {error.strerror}."
        ) from error
    refusal = _try(family, where)
    if refusal is None:
        return str(where[0]), port
    others = range(port + 1, min(port + 50, 65536))
    other = next((n for n in others if _try(family, (where[0], n, *where[2:])) is None), 8000)
    remedy = f"Choose another one: `PORT={other} make run` or `efm serve --port {other}`."
    if refusal.errno == errno.EADDRINUSE:
        raise Unready(f"Port {port} on {host} is in use by another program. {remedy}")
    if refusal.errno == errno.EACCES:
        raise Unready(f"This account may not listen on port {port}, which is below 1024. {remedy}")
    raise Unready(f"{host} port {port} cannot be listened on: {refusal.strerror}.")


def _try(family: socket.AddressFamily, where: Any) -> OSError | None:
    """Why an address cannot be listened on; None when it can."""
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(where)
            trial.listen()
        except OSError as error:
            return error
    return None


@contextmanager
def _database(config: Config) -> Iterator[tuple[Config, Embedded | None]]:
    """The configuration with its database URLs, and the embedded server when it is ours."""
    if config.database_url is not None:
        yield config, None
        return
    from efm.db.embedded import Embedded

    embedded = Embedded(config.data_folder)
    try:
        urls = embedded.start()
        yield replace(config, database_url=urls.app, owner_url=urls.owner), embedded
    finally:
        embedded.stop()


@contextmanager
def _term_as_interrupt() -> Iterator[None]:
    """While the service starts and ends, SIGTERM ends it as Ctrl-C does: cleaning up behind it."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _keep(embedded: Embedded | None) -> Callable[[], None]:
    """What is done each second: start the embedded server again when it has gone."""

    def tick() -> None:
        if embedded is None:
            return
        embedded.layout.trim_log()
        if not embedded.is_running():
            say("The database ended unexpectedly; starting it again.")
            embedded.start()

    return tick


def in_child(work: Callable[[], list[str]]) -> list[str] | None:
    """What `work` returns, done in a forked process so that its memory goes with it.

    None when it failed, after it has said why.
    """
    from efm.cli import failures
    from efm.process import follow

    tie = follow(signal.SIGKILL)
    source, sink = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if tie is not None:
                tie()
            os.close(source)

            def run(_: argparse.Namespace) -> int:
                with os.fdopen(sink, "w", encoding="utf-8") as pipe:
                    json.dump(work(), pipe)
                return 0

            code = failures.run(argparse.Namespace(run=run))
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(sink)
    status = 1
    try:
        with os.fdopen(source, encoding="utf-8") as pipe:
            said = pipe.read()
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    return [str(line) for line in json.loads(said)] if status == 0 else None
