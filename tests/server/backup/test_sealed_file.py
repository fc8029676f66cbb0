from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.backup.sealed_file import SealedWriter, read_frames
from server.errors import BackupError

PASSPHRASE = "вишня кінь батарея скоба"


def written(*frames: bytes, close: bool = True) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, PASSPHRASE)
    for frame in frames:
        writer.write(frame)
    if close:
        writer.close()
    return file.getvalue()


@pytest.fixture(scope="module")
def whole() -> bytes:
    return written(b"one", b"", b"three" * 1000)


def test_frames_come_back_in_their_order(whole: bytes) -> None:
    assert list(read_frames(io.BytesIO(whole), PASSPHRASE)) == [b"one", b"", b"three" * 1000]
    assert b"three" not in whole


def test_another_passphrase_opens_nothing(whole: bytes) -> None:
    with pytest.raises(BackupError, match="passphrase"):
        list(read_frames(io.BytesIO(whole), PASSPHRASE + "!"))


def test_something_else_is_no_backup() -> None:
    with pytest.raises(BackupError, match="no backup"):
        list(read_frames(io.BytesIO(b"PK\x03\x04 and so on, quite long"), PASSPHRASE))


def test_one_that_was_never_finished_is_cut_off() -> None:
    with pytest.raises(BackupError, match="cut off"):
        list(read_frames(io.BytesIO(written(b"one", close=False)), PASSPHRASE))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_change_or_a_cut_anywhere_is_noticed(whole: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + (
        b"" if data.draw(st.booleans()) else bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    )
    with pytest.raises(BackupError):
        list(read_frames(io.BytesIO(changed), PASSPHRASE))


def test_frames_in_another_order_are_noticed() -> None:
    file = written(b"aaaa", b"bbbb")
    first = len(written()) - 4 - 17
    frame = 4 + 17 + 4
    swapped = file[:first] + file[first + frame : first + 2 * frame] + file[first : first + frame] + file[first + 2 * frame :]
    with pytest.raises(BackupError):
        list(read_frames(io.BytesIO(swapped), PASSPHRASE))
