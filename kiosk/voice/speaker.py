"""The kiosk's voice at work: it hears of every screen value and lets the two outputs say what follows from it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol, Self

from kiosk import texts
from kiosk.errors import Fault
from kiosk.voice import wav
from kiosk.voice.prompts import Manner, Prompt
from kiosk.voice.reaction import Cue, Line, Reaction, Tone, invitation, reaction, repetition
from kiosk.voice.vocabulary import confided_in, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.settings import KioskSettings
    from kiosk.screens import Screen
    from kiosk.voice.voices import Voices

log = logging.getLogger(__name__)

TOGETHER_S: Final = 0.5
"""A step of the buttons this soon after a screen began to be spoken came with it: its name waits until the rest was said."""
AHEAD_S: Final = 0.1
"""How long the voice rests between two sounds that it makes ready for later."""
LOOK_S: Final = 5.0
INVITE_S: Final = 30.0
"""How often the headphones say the waiting question again, for whoever has just put them on."""
LOUDER: Final = (0, 15, 30)
"""What each further “say again” adds to the volume, in percent; then it begins anew, and a new visit begins at the first."""
PAUSE: Final = wav.silence(0.15)


@cache
def samples_of(tone: Tone) -> bytes:
    """Give how a tone sounds; made when it is first heard, because the start has no time for it."""
    if tone is Tone.PRESS:
        return wav.tone(pitch_hz=1_200, length_s=0.03, level=0.35)
    return wav.tone(pitch_hz=660, length_s=0.18, level=0.4) + wav.tone(pitch_hz=523, length_s=0.28, level=0.4) + PAUSE


class AudioOutput(Protocol):
    """Where samples are heard. Nothing waits or raises; a missing device is a fault."""

    volume: int
    fault: Fault | None

    @property
    def is_playing(self) -> bool:
        """Something is still to be heard."""

    def look(self) -> None:
        """See whether the device is there, if it is time."""

    def play(self, samples: bytes) -> None:
        """Let samples be heard after those that are queued."""

    def stop(self) -> None:
        """Be quiet at once."""

    def close(self) -> None:
        """Give the device back; MAY be called more than once."""


class _Channel:
    """An output and what it is still to say."""

    def __init__(self, output: AudioOutput) -> None:
        self.output = output
        self.lines: deque[Line] = deque()
        self.cuts = 0
        self.cuts_done = 0

    def cut(self) -> None:
        self.lines.clear()
        self.cuts += 1


class Speaker:
    """Speaks on a thread of its own; `shown`, `repeat` and `prepare` return at once. Enter it to start, leave it to end."""

    def __init__(
        self,
        outputs: tuple[AudioOutput, AudioOutput],
        voices: Voices,
        *,
        buttons: int,
        headphones: bool,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`outputs` are the loudspeaker and the headphones; the panel has so many `buttons`, 0 for touch only."""
        self._room, self._ears = (_Channel(output) for output in outputs)
        self._voices = voices
        self._manner = Manner(buttons=buttons, headphones=headphones)
        self._now_s = now_s
        self._screen: Screen | None = None
        self._explained = False
        self._spoke_s = -math.inf
        self._said_s = -math.inf
        self._volume = max(output.volume for output in outputs)
        self._louder = 0
        self._was_repeated = False
        self._ahead: deque[Prompt] = deque()
        self._ends = False
        self._speaks = False
        self._stopped = False
        self._something = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)
        for language in texts.OWN_NAMES:
            texts.words_in(language)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._something:
            self._ends = True
            self._something.notify()
        self._thread.join()
        for channel in (self._room, self._ears):
            channel.output.close()

    # --- on the main thread -----------------------------------------------------------------------------------------------

    def shown(self, screen: Screen) -> None:
        """Take a new screen value, also when only its focus, its answer or its time left is another one."""
        before, self._screen = self._screen, screen
        if before is not None and _is_another_visitor(before, screen):
            self._explained = False
            self._louder, self._was_repeated = 0, False
            self._set_volume()
        follows = reaction(before, screen, self._manner, explained=self._explained)
        if follows.cut_ears and not follows.cut_room and self._now_s() - self._spoke_s < TOGETHER_S:
            follows = Reaction(follows.lines, explains=follows.explains)
        elif any(isinstance(line, Prompt) and not line.private for line in follows.lines):
            self._spoke_s = self._now_s()
        self._say(follows)

    def repeat(self) -> None:
        """Say the present screen again; again and again, a little louder each time, and then as before."""
        if self._screen is None:
            return
        self._louder = (self._louder + self._was_repeated) % len(LOUDER)
        self._was_repeated = True
        self._set_volume()
        self._say(repetition(self._screen, self._manner))

    def tick(self) -> None:
        """Let the headphones invite, now and then, while nobody is there; to be called about once a second."""
        waits = getattr(self._screen, "first", False) and self._manner.headphones and not self.is_speaking
        if self._screen is not None and waits and self._now_s() - self._said_s >= INVITE_S:
            self._say(invitation(self._screen, self._manner))

    def prepare(self, settings: KioskSettings) -> None:
        """Make ready, little by little, what these settings will need; to be called when they come into use."""
        self._manner = Manner(buttons=self._manner.buttons, headphones=self._manner.headphones, confided=confided_in(settings))
        wanted = vocabulary(settings, self._manner)
        with self._something:
            self._ahead = deque(wanted)
            self._something.notify()

    @property
    def is_speaking(self) -> bool:
        """Something is being said, or about to be."""
        with self._something:
            waiting = self._speaks or (not self._stopped and bool(self._room.lines or self._ears.lines))
        return waiting or self._room.output.is_playing or self._ears.output.is_playing

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the sound just now."""
        voice = Fault.NO_VOICE if self._stopped else self._voices.fault
        found = {self._room.output.fault, self._ears.output.fault, voice}
        return tuple(sorted(fault for fault in found if fault is not None))

    @property
    def volume(self) -> int:
        """The volume in percent."""
        return self._volume

    @volume.setter
    def volume(self, percent: int) -> None:
        self._volume = min(100, max(0, percent))
        self._set_volume()

    def _set_volume(self) -> None:
        for channel in (self._room, self._ears):
            channel.output.volume = min(100, self._volume + LOUDER[self._louder]) if self._volume else 0

    def _say(self, follows: Reaction) -> None:
        self._explained = self._explained or follows.explains
        self._said_s = self._now_s() if follows.lines else self._said_s
        with self._something:
            if follows.cut_room:
                self._room.cut()
            if follows.cut_ears:
                self._ears.cut()
            self._room.lines.extend(line for line in follows.lines if not line.private)
            self._ears.lines.extend(follows.lines)
            self._something.notify()

    # --- on the voice's own thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._speak()
        except Exception:
            log.exception("the voice has stopped")
            self._stopped = True

    def _speak(self) -> None:
        self._voices.tidy_up()
        next_look_s = -math.inf
        while True:
            if self._now_s() >= next_look_s:
                next_look_s = self._now_s() + LOOK_S
                for channel in (self._room, self._ears):
                    channel.output.look()
            with self._something:
                if not self._has_work():
                    self._something.wait(AHEAD_S if self._ahead else LOOK_S)
                if self._ends:
                    return
                self._speaks = self._has_work()
            if self._speaks:
                self._work()
            else:
                self._work_ahead()

    def _has_work(self) -> bool:
        channels = (self._room, self._ears)
        return self._ends or any(channel.lines or channel.cuts != channel.cuts_done for channel in channels)

    def _work(self) -> None:
        for channel in (self._ears, self._room):
            with self._something:
                cuts = channel.cuts
                line = channel.lines.popleft() if channel.lines else None
            if cuts != channel.cuts_done:
                channel.output.stop()
                channel.cuts_done = cuts
            if line is not None:
                samples = self._samples(line)
                if channel.cuts == cuts:
                    channel.output.play(samples)
        with self._something:
            self._speaks = False

    def _samples(self, line: Line) -> bytes:
        if isinstance(line, Cue):
            return samples_of(line.tone)
        sound = self._voices.sound(line)
        return sound + PAUSE if sound else b""

    def _work_ahead(self) -> None:
        """Make one sound ready; those that are there already cost only a look."""
        while self._ahead and not self._has_work():
            try:
                prompt = self._ahead.popleft()
            except IndexError:
                return
            if self._voices.prepare(prompt):
                return


def _is_another_visitor(before: Screen, now: Screen) -> bool:
    """Tell whether a visit has ended, also that of somebody who only listened to the first question: their voice goes off."""
    returns = not getattr(before, "first", False) or (before.comfort.voice and not now.comfort.voice)
    return bool(getattr(now, "first", False)) and returns
