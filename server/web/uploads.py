"""Exports that somebody is looking at before they import them: in memory only, without what names visitors, for twenty minutes."""

from __future__ import annotations

import secrets
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from litestar.exceptions import ClientException
from multipart import MultipartError, MultipartParser, MultipartPart, parse_options_header

from server.queue.written import MAX_BYTES

if TYPE_CHECKING:
    from server.queue.importing import File

KEPT_MS: Final = 20 * 60_000
_MOST: Final = 8
MAX_FORM_BYTES: Final = MAX_BYTES + 2**16


class Brought(NamedTuple):
    """What the form sends by which an export is brought: the file as it is, with all that it says of visitors."""

    name: str
    content: bytes
    site: str


def read_form(content_type: str, body: bytes) -> Brought:
    """Read that form in memory alone; the framework would write a large file to the disk, visitors' names and all.

    Raises:
        ClientException: it is no such form.
    """
    by_name = read_files_form(content_type, body)
    try:
        return Brought(by_name["file"].filename or "", by_name["file"].raw, by_name["site"].raw.decode())
    except (KeyError, UnicodeDecodeError) as error:
        raise ClientException from error


def read_files_form(content_type: str, body: bytes) -> dict[str, MultipartPart]:
    """Read any form with files in memory alone, and give its fields by name.

    Raises:
        ClientException: it is no such form.
    """
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise ClientException
    try:
        parts = MultipartParser(BytesIO(body), options["boundary"], spool_limit=len(body), memory_limit=len(body) + 2**16)
        return {part.name: part for part in parts}
    except MultipartError as error:
        raise ClientException from error


class Upload(NamedTuple):
    """An export, the site that it is of, and until when it is kept."""

    file: File
    site: str
    until_ms: int


class Uploads:
    """Keeps a few exports, each for the person who brought it."""

    def __init__(self) -> None:
        self._kept: dict[str, Upload] = {}
        self._lock = Lock()

    def keep(self, file: File, site: str, now_ms: int) -> str:
        """Keep an export and give the key to it; the oldest makes room."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._kept = {known: upload for known, upload in self._kept.items() if upload.until_ms > now_ms}
            while len(self._kept) >= _MOST:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = Upload(file, site, now_ms + KEPT_MS)
        return key

    def find(self, key: str, person: int, now_ms: int) -> Upload | None:
        """Give an export to whoever brought it; None where it is gone."""
        with self._lock:
            upload = self._kept.get(key)
        return upload if upload and upload.until_ms > now_ms and upload.file.made_by == person else None

    def forget(self, key: str) -> None:
        """Let an export go."""
        with self._lock:
            self._kept.pop(key, None)
