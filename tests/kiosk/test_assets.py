"""Pictures, fetched from a real HTTP server that behaves as badly as it is told to."""

from __future__ import annotations

import hashlib
import ssl
import struct
import threading
import time
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.settings import DeskOption, Look
from kiosk import accepted
from kiosk.errors import Fault
from kiosk.sync.assets import MAX_BYTES, AssetFetcher
from kiosk.sync.picture import MAX_SIDE, fault_of, size_of
from tests.kiosk.support import settings_of, wait_until
from tests.services import certified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from feedback.settings import KioskSettings
    from server.authority import Certificate


def png(width: int, height: int, more: bytes = b"") -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + more


def jpeg(width: int, height: int) -> bytes:
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xff\xff\xc4\x00\x04zz\xff\xc2\x00\x0b\x08"
        + struct.pack(">HH", height, width)
        + b"\x01\x01\x11\x00"
    )


LOGO, PLAN, PHOTO = png(64, 32, b"logo"), jpeg(640, 480), png(10, 10, b"photo")


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Shelf:
    """A web server's pictures, and how it gives them."""

    def __init__(self) -> None:
        self.pictures = {sha(picture): picture for picture in (LOGO, PLAN, PHOTO)}
        self.asked: list[str] = []
        self.status = 200
        self.location = ""
        self.slow = threading.Event()
        self.slow.set()

    @contextmanager
    def open(self, port: int = 0, files: Certificate | None = None) -> Iterator[str]:
        shelf = self

        class Giver(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/assets/")
                shelf.asked.append(name)
                picture = shelf.pictures.get(name, b"")
                self.send_response(shelf.status if picture else 404)
                if shelf.location:
                    self.send_header("Location", shelf.location + name)
                self.end_headers()
                self.give(picture)

            def give(self, picture: bytes) -> None:
                try:
                    while not shelf.slow.is_set():
                        self.wfile.write(b"\x89")
                        self.wfile.flush()
                        shelf.slow.wait(0.05)
                    self.wfile.write(picture)
                except OSError:  # the kiosk has had enough
                    return

            def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's name
                pass

        with ThreadingHTTPServer(("127.0.0.1", port), Giver) as server:
            if files is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(files.certificate, files.key)
                server.socket = context.wrap_socket(server.socket, server_side=True)
            serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            serving.start()
            try:
                yield f"{'http' if files is None else 'https'}://127.0.0.1:{server.server_port}/assets/"
            finally:
                self.slow.set()
                server.shutdown()
                serving.join()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def url(shelf: Shelf) -> Iterator[str]:
    with shelf.open() as url:
        yield url


def naming(url: str | None, *, logo: bytes | None = None, plan: bytes | None = None, photos: tuple[bytes, ...] = ()) -> KioskSettings:
    return msgspec.structs.replace(
        settings_of(),
        look=Look(logo=logo and sha(logo)),
        plan=plan and sha(plan),
        desks=tuple(DeskOption(str(n), str(n), photo=sha(photo)) for n, photo in enumerate(photos)),
        assets_url=url,
    )


def fetching(data_dir: Path, *, ca: str = "", whole_s: float = 30.0) -> AssetFetcher:
    return AssetFetcher(data_dir, ca=ca, spread=lambda longest: min(longest, 0.05), whole_s=whole_s)


def test_a_server_of_its_own_authority_is_believed_and_a_stranger_is_not(data_dir: Path, shelf: Shelf, tmp_path: Path) -> None:
    ca, files = certified(tmp_path / "ours")
    other, _ = certified(tmp_path / "theirs")
    with shelf.open(files=files) as url:
        for wrong in (other, ""):
            with fetching(data_dir, ca=wrong) as fetcher:
                fetcher.want((naming(url, logo=LOGO),))
                wait_until(lambda fetcher=fetcher: fetcher.faults)
        assert shelf.asked == []
        with fetching(data_dir, ca=ca) as fetcher:
            fetcher.want((naming(url, logo=LOGO),))
            wait_until(is_there(data_dir, LOGO))


def there(data_dir: Path) -> set[str]:
    folder = data_dir / accepted.FOLDER / accepted.ASSETS
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def is_there(data_dir: Path, *pictures: bytes) -> Callable[[], bool]:
    return lambda: there(data_dir) == {sha(picture) for picture in pictures}


def test_every_picture_that_is_named_is_fetched_once_and_found_by_its_name(data_dir: Path, shelf: Shelf, url: str) -> None:
    assert accepted.asset(data_dir, sha(LOGO)) is None
    with fetching(data_dir) as fetcher:
        fetcher.want((naming(url, logo=LOGO, plan=PLAN, photos=(PHOTO, PHOTO)),))
        wait_until(is_there(data_dir, LOGO, PLAN, PHOTO))
        wait_until(lambda: fetcher.faults == ())
    for picture in (LOGO, PLAN, PHOTO):
        path = accepted.asset(data_dir, sha(picture))
        assert path is not None
        assert path.read_bytes() == picture
    with fetching(data_dir) as restarted:
        restarted.want((naming(url.removesuffix("/"), logo=LOGO, plan=PLAN),))
        wait_until(is_there(data_dir, LOGO, PLAN))
    assert sorted(shelf.asked) == sorted(map(sha, (LOGO, PLAN, PHOTO)))


@pytest.mark.parametrize("name", [None, "", "../../votes.db", "AB" * 32, "ab" * 32, "current"])
def test_what_is_no_picture_here_is_not_found(data_dir: Path, name: str | None) -> None:
    (data_dir / accepted.FOLDER / accepted.ASSETS).mkdir(parents=True)
    (data_dir / accepted.FOLDER / accepted.ASSETS / "current").touch()
    (data_dir / "votes.db").touch()
    assert accepted.asset(data_dir, name) is None


def test_what_no_settings_name_any_more_is_removed_but_not_what_ui_may_still_show(data_dir: Path, url: str) -> None:
    first, second, third = naming(url, logo=LOGO), naming(url, logo=PHOTO), naming(url, plan=PLAN)
    with fetching(data_dir) as fetcher:
        for kept, left in (((first,), (LOGO,)), ((second, first), (PHOTO, LOGO)), ((third, second), (PLAN, PHOTO)), ((second,), (PHOTO,))):
            fetcher.want(kept)
            wait_until(is_there(data_dir, *left))


def test_a_picture_that_rotted_on_the_disk_is_fetched_again(data_dir: Path, url: str) -> None:
    folder = data_dir / accepted.FOLDER / accepted.ASSETS
    folder.mkdir(parents=True)
    (folder / sha(LOGO)).write_bytes(LOGO[:-1])
    (folder / f"{sha(PLAN)}.new").write_bytes(b"half")
    with fetching(data_dir) as fetcher:
        fetcher.want((naming(url, logo=LOGO),))
        wait_until(lambda: (folder / sha(LOGO)).read_bytes() == LOGO)
        wait_until(is_there(data_dir, LOGO))


def wrong_content(shelf: Shelf) -> None:
    shelf.pictures[sha(LOGO)] = PHOTO


def too_large(shelf: Shelf) -> None:
    shelf.pictures[sha(LOGO)] = LOGO + bytes(MAX_BYTES)


def not_there(shelf: Shelf) -> None:
    del shelf.pictures[sha(LOGO)]


def sent_elsewhere(shelf: Shelf) -> None:
    shelf.status, shelf.location = 302, "http://127.0.0.1:9/"


def sent_round(shelf: Shelf) -> None:
    shelf.status, shelf.location = 307, "/assets/"


def dripping(shelf: Shelf) -> None:
    shelf.slow.clear()


@pytest.mark.parametrize(
    ("badly", "reason"),
    [
        (wrong_content, "another content than its name says"),
        (too_large, f"larger than {MAX_BYTES} bytes"),
        (not_there, "answered 404"),
        (sent_elsewhere, "answered 302"),
        (sent_round, "answered 307"),
        (dripping, "did not come within"),
    ],
)
def test_what_goes_wrong_with_one_picture_is_said_keeps_no_other_and_is_tried_again(  # noqa: PLR0913, PLR0917 - a whole situation
    data_dir: Path, shelf: Shelf, url: str, badly: Callable[[Shelf], None], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with fetching(data_dir, whole_s=0.3) as fetcher:
        badly(shelf)
        fetcher.want((naming(url, logo=LOGO),))
        wait_until(lambda: len(shelf.asked) >= 2, 30)
        wait_until(lambda: reason in caplog.text)
        assert fetcher.faults == (Fault.PICTURES_MISSING,)
        assert there(data_dir) == set()
        shelf.pictures[sha(LOGO)], shelf.status, shelf.location = LOGO, 200, ""
        shelf.slow.set()
        wait_until(is_there(data_dir, LOGO))
        wait_until(lambda: fetcher.faults == ())


def test_one_missing_picture_does_not_hold_up_the_others(data_dir: Path, shelf: Shelf, url: str) -> None:
    not_there(shelf)
    with fetching(data_dir) as fetcher:
        fetcher.want((naming(url, logo=LOGO, plan=PLAN, photos=(PHOTO,)),))
        wait_until(is_there(data_dir, PLAN, PHOTO))
        wait_until(lambda: fetcher.faults == (Fault.PICTURES_MISSING,))


def test_a_server_that_comes_later_is_found(data_dir: Path, shelf: Shelf) -> None:
    with shelf.open() as url:
        port = int(url.split(":")[2].split("/")[0])
    with fetching(data_dir) as fetcher:
        fetcher.want((naming(url, logo=LOGO),))
        wait_until(lambda: fetcher.faults)
        with shelf.open(port):
            wait_until(is_there(data_dir, LOGO))


def test_without_an_address_nothing_is_fetched_and_newer_settings_help(data_dir: Path, url: str, caplog: pytest.LogCaptureFixture) -> None:
    with fetching(data_dir) as fetcher:
        fetcher.want((naming(None, logo=LOGO),))
        wait_until(lambda: "do not say from where" in caplog.text)
        fetcher.want((naming(url.removesuffix("/"), logo=LOGO),))
        wait_until(is_there(data_dir, LOGO))


def test_what_is_no_picture_of_a_size_to_show_is_not_taken(
    data_dir: Path, shelf: Shelf, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    page, poster = b"<html>not a picture</html>", png(MAX_SIDE + 1, 10)
    shelf.pictures |= {sha(page): page, sha(poster): poster}
    with fetching(data_dir) as fetcher:
        fetcher.want((naming(url, logo=page, plan=poster, photos=(PHOTO,)),))
        wait_until(is_there(data_dir, PHOTO))
        wait_until(lambda: "neither a PNG nor a JPEG" in caplog.text and f"{MAX_SIDE + 1} × 10 pixels" in caplog.text)


def test_no_proxy_of_the_environment_is_asked(data_dir: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with fetching(data_dir) as fetcher:
        fetcher.want((naming(url, logo=LOGO),))
        wait_until(is_there(data_dir, LOGO))


def test_an_end_does_not_wait_for_a_slow_server(data_dir: Path, shelf: Shelf, url: str) -> None:
    dripping(shelf)
    fetcher = fetching(data_dir)
    with fetcher:
        fetcher.want((naming(url, logo=LOGO),))
        wait_until(lambda: shelf.asked)
        started = time.monotonic()
    assert time.monotonic() - started < 3
    wait_until(lambda: not fetcher._thread.is_alive())


def test_the_size_of_a_picture_is_read() -> None:
    assert size_of(png(640, 480)) == (640, 480)
    assert size_of(jpeg(640, 480)) == (640, 480)
    assert fault_of(png(MAX_SIDE, MAX_SIDE)) is None
    assert fault_of(png(0, 1)) is not None


@given(st.sampled_from([LOGO, PLAN, b""]), st.integers(0, 60), st.binary(max_size=80))
def test_whatever_comes_has_a_size_or_none(picture: bytes, cut: int, rest: bytes) -> None:
    size_of(picture[:cut] + rest)
    size_of(b"\xff\xd8\xff" + rest)
