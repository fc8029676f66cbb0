"""WAV files in and out: whatever a studio hands over becomes mono samples of 16 bits at the rate of the outputs."""

from __future__ import annotations

import math
import wave
from array import array
from itertools import accumulate, pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from kiosk.errors import VoiceError
from kiosk.hardware.sound import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 2
FULL: Final = 32_767
_WIDTHS: Final = (1, 2, 3, 4)


def read(source: Path | IO[bytes], name: str = "") -> bytes:
    """Give a file's sound as mono samples of 16 bits at `RATE`.

    Raises:
        VoiceError: it is no WAV file of whole-number samples; the sentence says how to save it.
    """
    name = name or str(source)
    try:
        with wave.open(str(source) if isinstance(source, Path) else source, "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = bytes(file.readframes(file.getnframes()))
    except (wave.Error, EOFError) as error:
        raise VoiceError(f"{name} is no WAV file of 16 bits: {error}; save it as WAV, 16-bit PCM, mono, {RATE} Hz") from error
    except OSError as error:
        raise VoiceError(f"{name} cannot be read: {error.strerror}") from error
    if width not in _WIDTHS or rate < 1:
        raise VoiceError(f"{name} has samples of {width * 8} bits at {rate} Hz; save it as WAV, 16-bit PCM, mono, {RATE} Hz")
    if (width, channels, rate) == (WIDTH, 1, RATE):
        return frames
    return array("h", _at_rate(_mono(_numbers(frames[: len(frames) - len(frames) % (width * channels)], width), channels), rate)).tobytes()


def write(path: Path, samples: bytes) -> None:
    """Write samples as a file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(WIDTH)
        file.setframerate(RATE)
        file.writeframes(samples)


def is_as_played(path: Path) -> bool:
    """Tell whether a file needs no conversion."""
    try:
        with wave.open(str(path), "rb") as file:
            return (file.getsampwidth(), file.getnchannels(), file.getframerate()) == (WIDTH, 1, RATE)
    except (wave.Error, EOFError, OSError):
        return False


def seconds(samples: bytes) -> float:
    """Give how long samples sound."""
    return len(samples) / WIDTH / RATE


def numbers(samples: bytes) -> array[int]:
    """Give samples as numbers from -32768 to 32767."""
    return array("h", samples)


def test_tone() -> bytes:
    """Give what a technician hears to know an output by."""
    return tone(pitch_hz=880, length_s=0.6, level=0.5)


def tone(*, pitch_hz: float, length_s: float, level: float) -> bytes:
    """Give a soft tone without an edge that clicks; `level` is its height as a share of the loudest."""
    count = round(length_s * RATE)
    shape = (math.sin(math.pi * place / count) for place in range(count))
    wave_ = (math.sin(2 * math.pi * pitch_hz * place / RATE) for place in range(count))
    return array("h", (round(FULL * level * height * value) for height, value in zip(shape, wave_, strict=True))).tobytes()


def silence(length_s: float) -> bytes:
    """Give samples that cannot be heard."""
    return bytes(round(length_s * RATE) * WIDTH)


def _numbers(frames: bytes, width: int) -> Sequence[int]:
    """Give samples of any width as numbers of 16 bits."""
    if width == 1:
        return [(value - 128) << 8 for value in frames]
    # Samples are stored low byte first: the upper two bytes of each are its 16 bits.
    upper = bytearray(len(frames) // width * WIDTH)
    upper[0::2], upper[1::2] = frames[width - 2 :: width], frames[width - 1 :: width]
    return array("h", bytes(upper))


def _mono(values: Sequence[int], channels: int) -> Sequence[int]:
    if channels == 1:
        return values
    return [sum(frame) // channels for frame in zip(*(values[channel::channels] for channel in range(channels)), strict=True)]


def _at_rate(values: Sequence[int], rate: int) -> Sequence[int]:
    """Give the same sound at `RATE`: the mean of the stretch that each new sample stands for, or a point on the line between two."""
    if rate == RATE or not values:
        return values
    count = max(1, len(values) * RATE // rate)
    step = rate / RATE
    if step < 1:
        return [_between(values, place * step) for place in range(count)]
    sums = [0, *accumulate(values)]
    edges = [min(len(values), round(place * step)) for place in range(count + 1)]
    return [(sums[end] - sums[start]) // (end - start) if end > start else 0 for start, end in pairwise(edges)]


def _between(values: Sequence[int], place: float) -> int:
    left = int(place)
    right = min(left + 1, len(values) - 1)
    return round(values[left] + (values[right] - values[left]) * (place - left))
