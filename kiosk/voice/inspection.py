"""What is wrong with a recording, in one sentence for who recorded it."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Final

from kiosk.errors import VoiceError
from kiosk.hardware.sound import RATE
from kiosk.voice import wav

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONGEST_S: Final = 30.0
SILENT: Final = 0.01
"""Below this share of full scale nothing is heard."""
QUIET_DB: Final = -30.0
LEAD_S: Final = 0.5
CLIPPED: Final = 4
"""So many samples in a row at full scale are a cut-off peak."""


def complaint(path: Path) -> str | None:
    """Give what has to be mended in a recording, None when it is well."""
    try:
        values = wav.numbers(wav.read(path))
    except VoiceError as error:
        return str(error)
    if not wav.is_as_played(path):
        return f"save it as 16-bit PCM, mono, {RATE} Hz; it is converted each time until then"
    return _level(values) or _shape(values)


def _level(values: Sequence[int]) -> str | None:
    if max(map(abs, values), default=0) < SILENT * wav.FULL:
        return "it is silent"
    if any(abs(value) >= wav.FULL - 1 and len(list(run)) >= CLIPPED for value, run in groupby(values)):
        return "its peaks are cut off (clipped); record it again, quieter"
    level_db = 20 * math.log10(math.sqrt(sum(value * value for value in values) / len(values)) / wav.FULL)
    if level_db < QUIET_DB:
        return f"it is too quiet: {level_db:.0f} dB on average, at least {QUIET_DB:.0f} dB is needed"
    return None


def _shape(values: Sequence[int]) -> str | None:
    length_s = len(values) / RATE
    if length_s > LONGEST_S:
        return f"it lasts {length_s:.0f} s; nobody listens for more than {LONGEST_S:.0f} s"
    first = next(place for place, value in enumerate(values) if abs(value) >= SILENT * wav.FULL)
    if first > LEAD_S * RATE:
        return f"it begins with {first / RATE:.1f} s of silence; cut it to less than {LEAD_S} s"
    return None
