"""Secrets: sealing with associated data, tokens and their hashes, keys apart by purpose."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from efm.errors import EfmError

TOKEN_BYTES = 16


class SealBroken(EfmError):
    """A sealed value does not open: another key, another place, or it was changed."""

    title = "A stored secret cannot be opened; enter it again"


class Vault:
    """Derives one key for each purpose from the service's secret key (HKDF-like, HMAC-SHA256)."""

    def __init__(self, secret_key: str) -> None:
        self._root = hashlib.sha256(b"efm vault\0" + secret_key.encode()).digest()
        self._seal = AESGCM(self.key("seal"))

    def key(self, purpose: str) -> bytes:
        """32 bytes that belong to this purpose only."""
        return hmac.digest(self._root, purpose.encode(), "sha256")

    def seal(self, value: bytes, place: str) -> bytes:
        """AES-256-GCM of `value`, bound to `place` (tenant, table, row, column): version, nonce, text."""
        nonce = os.urandom(12)
        return b"\x01" + nonce + self._seal.encrypt(nonce, value, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The sealed value; raises SealBroken when the key, the place or a byte differs."""
        if len(sealed) < 29 or sealed[:1] != b"\x01":
            raise SealBroken
        try:
            return self._seal.decrypt(sealed[1:13], sealed[13:], place.encode())
        except InvalidTag as error:
            raise SealBroken from error

    def link_token(self, subject: uuid.UUID) -> str:
        """The 128-bit token of a link, derived, so that only its hash is stored and it can be shown again."""
        digest = hmac.digest(self.key("links"), subject.bytes, "sha256")[:TOKEN_BYTES]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def sign(self, purpose: str, *parts: str) -> str:
        """A short authenticator over the parts, for values that travel through a page."""
        message = "\0".join(parts).encode()
        digest = hmac.digest(self.key("sign " + purpose), message, "sha256")[:18]
        return base64.urlsafe_b64encode(digest).decode()

    def is_signed(self, signature: str, purpose: str, *parts: str) -> bool:
        """Whether the signature was made here for these parts, compared in constant time."""
        return hmac.compare_digest(self.sign(purpose, *parts).encode(), signature.encode())


def new_token() -> str:
    """128 random bits as 22 characters of base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token: what is stored and looked up by equality."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
