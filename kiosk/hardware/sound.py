"""Loudspeaker and headphones by SDL2's audio, the library that Kivy brings along; the only module that calls it.

SDL's environment chooses what stands behind a device: nothing set is the machine's own sound, `SDL_AUDIODRIVER=dummy` is silence, and with
`SDL_AUDIODRIVER=disk` a device's name is the file into which its sound is written (`SDL_DISKAUDIODELAY` milliseconds a buffer).
SDL's audio is started without its events and its window, so that any thread may do it. PySDL2 cannot load a library named as Kivy's is.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.config import Sound

log = logging.getLogger(__name__)

RATE: Final = 22_050
"""Samples a second; a sample is 16 bits, signed, the low byte first."""
RETRY_S: Final = 30.0
"""How long a missing device is left alone; a try writes a page of complaints where there is no sound card."""
NONE: Final = "none"
_S16LSB: Final = 0x8010
_BUFFER: Final = 1024
_LOUDEST: Final = 128
_STOPPED: Final = 0


class _Form(ctypes.Structure):
    """SDL_AudioSpec; without a callback SDL plays what is queued."""

    _fields_ = (
        ("freq", ctypes.c_int),
        ("format", ctypes.c_uint16),
        ("channels", ctypes.c_uint8),
        ("silence", ctypes.c_uint8),
        ("samples", ctypes.c_uint16),
        ("padding", ctypes.c_uint16),
        ("size", ctypes.c_uint32),
        ("callback", ctypes.c_void_p),
        ("userdata", ctypes.c_void_p),
    )


class Sdl:
    """SDL's audio, started when the first device is opened; shared by the outputs."""

    def __init__(self) -> None:
        self._library: ctypes.CDLL | None = None
        self._started = False
        self._lock = threading.Lock()

    def open(self, name: str) -> int:
        """Open a device, "" for the default one, and let it play.

        Raises:
            OSError: there is no library, no sound, or no such device.
        """
        with self._lock:
            library = self._start()
            form = _Form(RATE, _S16LSB, 1, 0, _BUFFER)
            device: int = library.SDL_OpenAudioDevice(name.encode() if name else None, 0, ctypes.byref(form), None, 0)
            if device == 0:
                raise OSError(self._complaint())
            library.SDL_PauseAudioDevice(device, 0)
            return device

    def names(self) -> tuple[str, ...]:
        """Give the names by which outputs can be opened.

        Raises:
            OSError: there is no library or no sound.
        """
        with self._lock:
            library = self._start()
            found = (library.SDL_GetAudioDeviceName(place, 0) for place in range(library.SDL_GetNumAudioDevices(0)))
            return tuple(name.decode(errors="replace") for name in found if name)

    def queue(self, device: int, samples: bytes, loudness: int) -> None:
        """Let samples be heard after what is queued, at a loudness of 128."""
        mixed = ctypes.create_string_buffer(len(samples))
        library = self._loaded()
        library.SDL_MixAudioFormat(mixed, samples, _S16LSB, len(samples), loudness)
        library.SDL_QueueAudio(device, mixed, len(samples))

    def clear(self, device: int) -> None:
        """Forget what is queued."""
        self._loaded().SDL_ClearQueuedAudio(device)

    def queued(self, device: int) -> int:
        """Give how many bytes are still to be heard."""
        return int(self._loaded().SDL_GetQueuedAudioSize(device))

    def is_lost(self, device: int) -> bool:
        """Tell whether the device has gone since it was opened."""
        return bool(self._loaded().SDL_GetAudioDeviceStatus(device) == _STOPPED)

    def close(self, device: int) -> None:
        """Close a device."""
        self._loaded().SDL_CloseAudioDevice(device)

    def _loaded(self) -> ctypes.CDLL:
        if self._library is None:
            self._library = _load()
        return self._library

    def _start(self) -> ctypes.CDLL:
        library = self._loaded()
        if not self._started and library.SDL_AudioInit(None) != 0:
            raise OSError(self._complaint())
        self._started = True
        return library

    def _complaint(self) -> str:
        said: bytes = self._loaded().SDL_GetError()
        return said.decode(errors="replace") or "SDL does not say why"


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(_path())
    library.SDL_GetError.restype = library.SDL_GetAudioDeviceName.restype = ctypes.c_char_p
    library.SDL_OpenAudioDevice.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
    library.SDL_OpenAudioDevice.restype = ctypes.c_uint32
    library.SDL_PauseAudioDevice.argtypes = (ctypes.c_uint32, ctypes.c_int)
    library.SDL_MixAudioFormat.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_int)
    library.SDL_MixAudioFormat.restype = None
    library.SDL_QueueAudio.argtypes = (ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32)
    for name in ("SDL_ClearQueuedAudio", "SDL_GetQueuedAudioSize", "SDL_GetAudioDeviceStatus", "SDL_CloseAudioDevice"):
        getattr(library, name).argtypes = (ctypes.c_uint32,)
    library.SDL_GetQueuedAudioSize.restype = ctypes.c_uint32
    library.SDL_ClearQueuedAudio.restype = library.SDL_CloseAudioDevice.restype = None
    return library


def _path() -> str:
    """Give Kivy's own SDL2, which its window uses too; else the system's."""
    kivy = importlib.util.find_spec("kivy")
    if kivy is not None and kivy.origin is not None:
        for found in sorted(Path(kivy.origin).parent.parent.glob("[Kk]ivy.libs/libSDL2-2*.so*")):
            return str(found)
    system = ctypes.util.find_library("SDL2-2.0") or ctypes.util.find_library("SDL2")
    if system is None:
        raise OSError("there is no SDL2 library: install Kivy from its wheel, or the Debian package libsdl2-2.0-0")
    return system


class SdlOutput:
    """One output. Nothing here waits or raises; a device that is missing is a fault, and is tried again later."""

    def __init__(self, name: str, volume: int, sdl: Sdl, *, now_s: Callable[[], float] = time.monotonic) -> None:
        """`name` is SDL's name of the device, "" the default one; `volume` is in percent."""
        self.name = name
        self.volume = volume
        self.fault: Fault | None = None
        self._sdl = sdl
        self._now_s = now_s
        self._device = 0
        self._next_try_s = now_s()

    def look(self) -> None:
        """Open the device if it is not open and its time has come."""
        if self._device and self._sdl.is_lost(self._device):
            log.warning("the sound device %r is gone", self.name)
            self.close()
            self.fault = Fault.NO_SOUND
        if self._device or self._now_s() < self._next_try_s:
            return
        self._next_try_s = self._now_s() + RETRY_S
        try:
            self._device = self._sdl.open(self.name)
        except OSError as error:
            if self.fault is None:
                log.warning("there is no sound at %r: %s", self.name, error)
            self.fault = Fault.NO_SOUND
        else:
            self.fault = None

    def play(self, samples: bytes) -> None:
        """Let samples be heard after those that are queued."""
        self.look()
        if self._device and self.volume > 0:
            self._sdl.queue(self._device, samples, self.volume * _LOUDEST // 100)

    def stop(self) -> None:
        """Be quiet at once."""
        if self._device:
            self._sdl.clear(self._device)

    @property
    def is_playing(self) -> bool:
        """Something is still to be heard."""
        return bool(self._device and self._sdl.queued(self._device))

    def close(self) -> None:
        """Give the device back; what is queued is not heard."""
        if self._device:
            self._sdl.close(self._device)
            self._device = 0


class NoOutput:
    """An output that a kiosk does not have."""

    volume = 0
    fault: Fault | None = None
    is_playing = False

    def look(self) -> None:
        """There is nothing to look for."""

    def play(self, samples: bytes) -> None:
        """Nobody hears it."""

    def stop(self) -> None:
        """It is quiet."""

    def close(self) -> None:
        """There is nothing to give back."""


def outputs_of(sound: Sound) -> tuple[SdlOutput | NoOutput, SdlOutput | NoOutput]:
    """Give loudspeaker and headphones as they are configured; no device is opened before it is looked for or played on."""
    sdl = Sdl()
    speaker, headphones = (NoOutput() if name == NONE else SdlOutput(name, sound.volume, sdl) for name in (sound.speaker, sound.headphones))
    return speaker, headphones
