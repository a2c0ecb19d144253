"""Sealed text: AES-256-GCM with the keys of settings.FIELD_KEYS, and the blind index to find it by.

The first key writes, all of them read.  What is sealed for one place (a table, a column and a
row) opens nowhere else.
"""

import base64
import hmac
import logging
import os
from binascii import Error as NotBase64
from functools import cache, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.logs import security_event
from config.memo import memo
from config.phones import normal_phone

logger = logging.getLogger(__name__)

INDEX_LENGTH = 32
_NONCE_BYTES = 12


class CannotUnseal(Exception):
    """No key of ours opens it, or it was not sealed for this place."""


class Unreadable(str):
    """What is shown in place of text that cannot be opened; .stored is what it was, to be kept."""

    def __new__(cls, stored: str):
        self = super().__new__(cls, "无法解密")
        self.stored = stored
        return self


def seal(text: str, place: str) -> str:
    """`text` as "<key id>:<base64>", readable only for whoever names the same place."""
    key_id, cipher = next(iter(_ciphers().items()))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, text.encode(), place.encode())
    return f"{key_id}:{base64.b64encode(sealed).decode()}"


def unseal(stored: str, place: str) -> str:
    """The text again; raises CannotUnseal."""
    key_id, _, encoded = stored.partition(":")
    try:
        sealed = base64.b64decode(encoded, validate=True)
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return _ciphers()[key_id].decrypt(nonce, rest, place.encode()).decode()
    except (KeyError, InvalidTag, NotBase64, ValueError) as error:
        raise CannotUnseal(f"{place}, key {key_id[:16]!r}") from error


def writing_key() -> str:
    """The id of the key that seals from now on."""
    return key_ids()[0]


def key_ids() -> list[str]:
    return list(_ciphers())


def blind_index(kind: str, text: str) -> str:
    """What to store beside sealed text so that it can be found: equal texts, equal indexes.

    kind: "phone", "email" or whatever else is compared with its like; it says which spellings
    are one.  Without the key nothing can be guessed from it.
    """
    return _indexes(kind, text, tuple(settings.FIELD_KEYS[:1]))[0]


def blind_indexes(kind: str, text: str) -> list[str]:
    """All that rows may hold while keys change: one per key of ours."""
    return _indexes(kind, text, tuple(settings.FIELD_KEYS))


def report_unreadable(place: str, error: CannotUnseal) -> None:
    """Alert whoever guards the system; once a minute for one column."""
    if _first_in_a_while(place):
        logger.error("cannot unseal %s: %s", place, error)
        security_event("cannot_unseal", place=place, why=str(error))


@memo(60)
def _reported(place: str) -> list:
    return []


def _first_in_a_while(place: str) -> bool:
    seen = _reported(place)
    seen.append(1)
    return len(seen) == 1


def _ciphers() -> dict[str, AESGCM]:
    return _ciphers_of(tuple(settings.FIELD_KEYS))


@cache
def _ciphers_of(entries: tuple[str, ...]) -> dict[str, AESGCM]:
    found = {key_id: AESGCM(key) for key_id, key in map(_key, entries)}
    if not found:
        raise ImproperlyConfigured("FIELD_KEYS is empty")
    return found


def _key(entry: str) -> tuple[str, bytes]:
    key_id, _, encoded = entry.partition(":")
    key = base64.b64decode(encoded)
    if not key_id or len(key) != 32:
        raise ImproperlyConfigured("FIELD_KEYS: each entry is id:base64 of 32 bytes")
    return key_id, key


def _indexes(kind: str, text: str, entries: tuple[str, ...]) -> list[str]:
    message = f"{kind}:{_SPELLINGS.get(kind, str.strip)(text)}".encode()
    return [
        hmac.digest(_index_key(entry), message, "sha256").hex()[:INDEX_LENGTH] for entry in entries
    ]


@lru_cache(maxsize=16)
def _index_key(entry: str) -> bytes:
    """Not the key that encrypts: knowing one says nothing of the other."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"blind index").derive(_key(entry)[1])


_SPELLINGS = {
    "phone": lambda text: normal_phone(text) or text.strip(),
    "email": lambda text: text.strip().lower(),
}
