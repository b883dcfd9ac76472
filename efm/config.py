"""Configuration from EFM_* variables (and EFM_*_FILE); every problem is reported at once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

KNOWN_WEAK = {"secret", "changeme", "change-me", "development", "password", "efm", "test"}
MODES = ("development", "production")
# Threads of one web process: as many people answering at once share one commit.
THREADS = 16


class ConfigProblems(Exception):
    """The configuration cannot be used; `problems` lists every reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            "The configuration has problems:\n" + "\n".join(f"  - {p}" for p in problems)
        )
        self.problems = problems


@dataclass(frozen=True)
class Config:
    """What the service is told from outside.

    `owner_url` migrates; `database_url` serves, under a role that owns nothing.
    `secret_key` seals credentials and derives links; `public_url` is what links are built from.
    `file_roots` are folders on the server that file connections of any organization may read.
    `outbound_allow` are networks, addresses and host names inside that connections may lead to.
    `api_requests_a_minute` is what one API token may ask; 0 is no limit.
    """

    mode: str
    data_folder: Path
    database_url: str | None
    owner_url: str | None
    secret_key: str = field(repr=False)
    host: str
    port: int
    public_url: str
    answer_url: str
    trusted_hosts: tuple[str, ...]
    proxy_hops: int
    processes: int
    threads: int
    mail_url: str
    mail_from: str
    log_format: str
    log_level: str
    metrics_token: str | None = field(repr=False)
    file_roots: tuple[Path, ...] = ()
    api_requests_a_minute: int = 600
    redirect_hosts: tuple[str, ...] = ()
    outbound_allow: tuple[str, ...] = ()

    @property
    def is_development(self) -> bool:
        return self.mode == "development"

    @property
    def public_host(self) -> str:
        """The host (and port) staff use."""
        return urlsplit(self.public_url).netloc

    @property
    def answer_host(self) -> str:
        """The host (and port) respondents use; the same unless EFM_ANSWER_URL names another."""
        return urlsplit(self.answer_url).netloc

    @property
    def is_secure(self) -> bool:
        """Whether people reach the service by TLS, so cookies may insist on it."""
        return self.public_url.startswith("https://")


class _Reader:
    """Reads one variable after another and remembers what was wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str | None:
        value = self.environ.get(f"EFM_{name}")
        path = self.environ.get(f"EFM_{name}_FILE")
        if value is not None and path is not None:
            self.problems.append(f"EFM_{name} and EFM_{name}_FILE are both set; keep one.")
        if value is None and path is not None:
            try:
                value = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                self.problems.append(f"EFM_{name}_FILE cannot be read: {error}.")
        return default if value is None or value == "" else value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default)) or ""
        if value.isascii() and value.isdigit() and low <= int(value[:9]) <= high:
            return int(value)
        self.problems.append(
            f"EFM_{name} is {value!r}; it must be a whole number from {low} to {high}."
        )
        return default

    def names(self, name: str) -> tuple[str, ...]:
        """Names separated by commas, in lower case."""
        given = (self.text(name) or "").lower().split(",")
        return tuple(each.strip() for each in given if each.strip())

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default) or default
        if value not in allowed:
            self.problems.append(
                f"EFM_{name} is {value!r}; it must be one of {', '.join(allowed)}."
            )
        return value

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = (self.text(name, default) or default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in schemes or (not parts.netloc and parts.scheme != "folder"):
            self.problems.append(
                f"EFM_{name} is not usable; it must start with {' or '.join(s + '://' for s in schemes)}."
            )
        return value


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read the configuration.

    Raises ConfigProblems with every problem found, not only the first.
    """
    read = _Reader(os.environ if environ is None else environ)
    mode = read.choice("MODE", "development", MODES)
    folder = Path(read.text("DATA_FOLDER", "var") or "var").absolute()
    host = read.text("HOST", read.environ.get("HOST") or "127.0.0.1") or "127.0.0.1"
    port_default = read.environ.get("PORT", "8000")
    port = read.number("PORT", int(port_default) if port_default.isdigit() else 8000, 1, 65535)
    if not port_default.isdigit():
        read.problems.append(f"PORT is {port_default!r}; it must be a whole number.")
    public = read.url("PUBLIC_URL", f"http://{host}:{port}", ("http", "https"))
    answer = read.url("ANSWER_URL", public, ("http", "https"))
    database_url, owner_url = _database(read)
    hosts = tuple(h.strip() for h in (read.text("TRUSTED_HOSTS", "") or "").split(",") if h.strip())
    mail_url = read.text("MAIL_URL", f"folder://{folder / 'mail'}") or ""
    if urlsplit(mail_url).scheme not in ("folder", "smtp", "smtps"):
        read.problems.append("EFM_MAIL_URL must start with folder://, smtp:// or smtps://.")
    config = Config(
        mode=mode,
        data_folder=folder,
        database_url=database_url,
        owner_url=owner_url,
        secret_key=_secret(read, mode, folder),
        host=host,
        port=port,
        public_url=public,
        answer_url=answer,
        trusted_hosts=hosts,
        proxy_hops=read.number("PROXY_HOPS", 0, 0, 5),
        processes=read.number("PROCESSES", 2, 1, 64),
        threads=read.number("THREADS", THREADS, 1, 64),
        mail_url=mail_url,
        mail_from=read.text("MAIL_FROM", "EFM <feedback@localhost>") or "",
        log_format=read.choice(
            "LOG_FORMAT", "json" if mode == "production" else "text", ("json", "text")
        ),
        log_level=read.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        metrics_token=read.text("METRICS_TOKEN"),
        redirect_hosts=read.names("REDIRECT_HOSTS"),
        outbound_allow=read.names("OUTBOUND_ALLOW"),
        file_roots=tuple(
            Path(each).absolute()
            for each in (read.text("FILE_ROOTS", "") or "").split(os.pathsep)
            if each
        ),
        api_requests_a_minute=read.number("API_REQUESTS_A_MINUTE", 600, 0, 10_000_000),
    )
    if mode == "production" and not config.is_secure:
        local = (urlsplit(public).hostname or "") in ("127.0.0.1", "localhost", "::1")
        if not local:
            read.problems.append("EFM_PUBLIC_URL must be https:// in production.")
    if read.problems:
        raise ConfigProblems(read.problems)
    return config


def _database(read: _Reader) -> tuple[str | None, str | None]:
    """The serving URL and the owner's URL, spelled for psycopg 3."""
    urls: list[str | None] = []
    for name in ("DATABASE_URL", "OWNER_URL"):
        value = read.text(name)
        if value is not None:
            scheme = value.split("://", 1)[0]
            if scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
                read.problems.append(
                    f"EFM_{name} must start with postgresql://; only PostgreSQL works."
                )
            value = "postgresql+psycopg://" + value.split("://", 1)[-1]
        urls.append(value)
    if urls[1] and not urls[0]:
        read.problems.append("EFM_OWNER_URL is set without EFM_DATABASE_URL; set both.")
    return urls[0], urls[1]


def _secret(read: _Reader, mode: str, folder: Path) -> str:
    """The secret key; outside production one is made once and kept in the data folder."""
    given = read.text("SECRET_KEY")
    if given is not None:
        if len(given) < 32 or given.lower() in KNOWN_WEAK or len(set(given)) < 10:
            read.problems.append(
                "EFM_SECRET_KEY is too weak; use 32 random characters or more, for example from "
                "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`."
            )
        return given
    if mode == "production":
        read.problems.append("EFM_SECRET_KEY (or EFM_SECRET_KEY_FILE) is missing.")
        return ""
    path = folder / "secret-key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            fresh = folder / f".secret-key-{os.getpid()}"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass  # Another process made the key first; its key is the key.
            finally:
                fresh.unlink()
        return path.read_text(encoding="ascii")
    except OSError as error:
        read.problems.append(
            f"The data folder {folder} cannot be used: {error}. Set EFM_DATA_FOLDER."
        )
        return ""
