"""SFTP: the address of a folder, the pinned key of its server, and a session with it (RFC 4253).

The server's key is compared before anything secret is sent. The library is imported on first use.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.errors import ConfigError, Transient
from connectors.guard import Guard

PORT = 22
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
_KEY_TYPES = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
"""Servers have keys of several types; the pinned one may be any of them."""
_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?").fullmatch
_PUBLIC = re.compile(r"(?:ssh|ecdsa)-[a-z0-9-]+ ([A-Za-z0-9+/]+={0,2})(?: .*)?").fullmatch
_PEM = re.compile(r"\s*-----BEGIN ([A-Z ]*)PRIVATE KEY-----")


class Unreachable(Transient):
    """The server cannot be reached, or broke the connection: no fault of any one file."""


@dataclass(frozen=True, slots=True)
class Location:
    """A folder of a server: whose, on which host and port, at which path (relative: of the home)."""

    user: str
    host: str
    port: int
    folder: str

    @property
    def shown(self) -> str:
        """The address without anything secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORT else f":{self.port}"
        path = self.folder if self.folder.startswith("/") else f"/~/{self.folder}"
        return f"sftp://{self.user}@{host}{port}{path}"


def location(text: str) -> Location:
    """The folder that `sftp://user@host:port/folder` names; `/~/` leads to the user's home.

    Raises ValueError with a sentence.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError as error:
        raise ValueError("Write it like sftp://user@host:22/folder.") from error
    user, path = unquote(parts.username or ""), unquote(parts.path)
    if parts.scheme != "sftp" or not re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", host) or parts.query:
        raise ValueError("Write it like sftp://user@host:22/folder.")
    if parts.password is not None:
        raise ValueError("It must not hold a password; enter that below.")
    if not user or not (user + path).isprintable():
        raise ValueError("The user is missing; write it like sftp://user@host:22/folder.")
    if ".." in path.split("/"):
        raise ValueError("The folder must not contain “..”.")
    path = re.sub(r"/{2,}", "/", path).rstrip("/") or "/"
    if path == "/~" or path.startswith("/~/"):
        path = path[3:] or "."
    return Location(user, host, port, path)


def fingerprints(text: str) -> frozenset[str]:
    """The fingerprints in a text: as `SHA256:…`, or of public keys (`ssh-ed25519 AAAA…`), one a
    line. Raises ValueError with a sentence."""
    found = set()
    for line in filter(None, (each.strip() for each in text.replace(",", "\n").splitlines())):
        mark, key = _FINGERPRINT(line), _PUBLIC(line)
        if mark:
            found.add(f"SHA256:{mark[1]}")
        elif key:
            try:
                found.add(fingerprint(base64.b64decode(key[1], validate=True)))
            except ValueError as error:
                raise ValueError("The public key is cut or damaged.") from error
        else:
            raise ValueError("A fingerprint looks like SHA256: and 43 letters and digits.")
    return frozenset(found)


def fingerprint(key: bytes) -> str:
    """The fingerprint of a public key, as OpenSSH shows it."""
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode("ascii")
    return f"SHA256:{digest.rstrip('=')}"


@dataclass(frozen=True, slots=True)
class Credential:
    """How to sign in: by password, or by a private key (PEM or OpenSSH) with its passphrase."""

    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)


def library() -> Any:
    """The SSH library. Raises ConfigError when it is not installed."""
    try:
        return importlib.import_module("paramiko")
    except ImportError as error:
        raise ConfigError(
            "Files cannot be read by SFTP here, because the package paramiko is not installed; "
            "ask the operator to install it."
        ) from error


@contextmanager
def told(where: Location, what: str) -> Iterator[None]:
    """Turns what goes wrong inside into one of the errors; `what` ends “… could not”."""
    ssh = library()
    try:
        yield
    except FileNotFoundError as error:
        raise Transient(f"{what} is not there (any more).") from error
    except PermissionError as error:
        raise ConfigError(f"{what} cannot be read; give {where.user} access to it.") from error
    except (ssh.SSHException, EOFError, OSError) as error:
        is_refusal = type(error) is OSError and "closed" not in str(error).lower()
        if is_refusal:
            raise Transient(f"{what} cannot be read just now; the server refuses it.") from error
        raise Unreachable(
            f"{where.host} broke the connection, or took too long to answer."
        ) from error


class Session:
    """A signed-in session; `files` is its SFTP client."""

    def __init__(self, transport: Any, files: Any) -> None:
        self._transport, self.files = transport, files

    @property
    def is_open(self) -> bool:
        """Whether it can still be used."""
        return bool(self._transport.is_active())

    def close(self) -> None:
        """Ends the session."""
        self._transport.close()


def connect(where: Location, pinned: frozenset[str], by: Credential, guard: Guard) -> Session:
    """A session with the server whose key is pinned.

    Raises ConfigError for a key that is not (naming it, so that it can be compared), a refused
    credential, an address that is not allowed; Transient when the server cannot be reached.
    """
    key = _private_key(by) if by.private_key else None
    transport = _verified(where, pinned, guard)
    try:
        _sign_in(transport, where, by, key)
        with told(where, f"{where.shown}"):
            files = transport.open_sftp_client()
        files.get_channel().settimeout(ANSWER_SECONDS)
    except BaseException:
        transport.close()
        raise
    return Session(transport, files)


def _verified(where: Location, pinned: frozenset[str], guard: Guard) -> Any:
    """An encrypted connection to the server, not signed in yet."""
    shown: dict[str, str] = {}
    for types in ((), *_KEY_TYPES):
        transport = _started(where, types, guard)
        if transport is None:
            continue
        try:
            key = transport.get_remote_server_key()
        except library().SSHException as error:  # it gave up in silence
            transport.close()
            raise _unlike_sftp(where) from error
        mark = fingerprint(key.asbytes())
        shown.setdefault(mark, key.get_name())
        if mark in pinned:
            return transport
        transport.close()
        if not pinned:
            break
    seen = " or ".join(f"{mark} ({name})" for mark, name in shown.items())
    if not pinned:
        text = (
            f"{where.host} shows the host key {seen}. Compare it with what its operator says, and "
            "enter it here; nothing secret was sent."
        )
        raise ConfigError(text, {"host_key": [text]})
    text = (
        f"{where.host} shows another host key than the one entered: {seen}. Nothing secret was "
        "sent. Ask its operator whether the key was changed, or somebody is in between."
    )
    raise ConfigError(text, {"host_key": [text]})


def _started(where: Location, types: Sequence[str], guard: Guard) -> Any:
    """A connection with a key of these types; None when the server has none of them."""
    ssh = library()
    try:
        address = guard.resolve(where.host, where.port)
    except ConfigError as error:
        raise ConfigError(error.message, {"location": [error.message]}) from error
    try:
        wire = socket.create_connection((address, where.port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise Unreachable(f"{where.host} cannot be reached at port {where.port}.") from error
    try:
        transport = ssh.Transport(wire)
        transport.banner_timeout = transport.handshake_timeout = 2 * CONNECT_SECONDS
        transport.auth_timeout = ANSWER_SECONDS
        options = transport.get_security_options()
        wanted = tuple(each for each in types if each in options.key_types)
        if types and not wanted:
            wire.close()
            return None
        if wanted:
            options.key_types = wanted
    except BaseException:
        wire.close()
        raise
    try:
        transport.start_client(timeout=2 * CONNECT_SECONDS)
    except (ssh.SSHException, EOFError, OSError) as error:
        transport.close()
        if types and isinstance(error, ssh.SSHException) and "acceptable" in str(error):
            return None
        if "incompatible" in type(error).__name__.lower() or "acceptable" in str(error):
            text = (
                f"{where.host} only speaks kinds of SSH that are no longer safe; have it updated."
            )
            raise ConfigError(text, {"location": [text]}) from error
        raise _unlike_sftp(where) from error
    return transport


def _unlike_sftp(where: Location) -> Unreachable:
    return Unreachable(
        f"{where.host} does not answer as an SFTP server at port {where.port}; check both."
    )


def _sign_in(transport: Any, where: Location, by: Credential, key: Any) -> None:
    ssh, setting = library(), "private_key" if key is not None else "password"
    try:
        if key is not None:
            left = transport.auth_publickey(where.user, key)
        else:
            left = transport.auth_password(where.user, by.password)
    except ssh.BadAuthenticationType as error:
        ways = ", ".join(error.allowed_types) or "none"
        text = f"{where.host} does not let {where.user} sign in this way, but by: {ways}."
        raise ConfigError(text, {setting: [text]}) from error
    except ssh.AuthenticationException as error:
        text = f"{where.host} refuses to let {where.user} in; check the user and the {setting.replace('_', ' ')}."  # fmt: skip
        raise ConfigError(text, {setting: [text]}) from error
    except (ssh.SSHException, EOFError, OSError) as error:
        raise Unreachable(f"{where.host} broke the connection while we signed in.") from error
    if left:
        text = f"{where.host} asks {where.user} for more than one proof, which is not supported."
        raise ConfigError(text, {setting: [text]})


def _private_key(by: Credential) -> Any:
    """The private key of a text. Raises ConfigError, never quoting it."""
    ssh = library()
    if not _PEM.match(by.private_key):
        text = "This is no private key; paste all of it, from BEGIN to END."
        raise ConfigError(text, {"private_key": [text]})
    source = by.private_key.strip().replace("\r\n", "\n") + "\n"
    for kind in (ssh.Ed25519Key, ssh.ECDSAKey, ssh.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(source), password=by.passphrase or None)
        except ssh.PasswordRequiredException:
            text = "The private key is protected; enter its passphrase."
            raise ConfigError(text, {"passphrase": [text]}) from None
        except Exception:  # noqa: S112 - each kind fails in ways of its own on keys of another
            continue
    text = "The private key cannot be read; check its passphrase, or make one of kind Ed25519."
    raise ConfigError(text, {"private_key": [text]})
