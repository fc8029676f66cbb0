"""Puts events into SDL's own queue, as if keyboard, mouse, glass and window system had sent them."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, ClassVar, Final

QUIT: Final = 0x100
WINDOW: Final = 0x200
KEY_DOWN, KEY_UP, TEXT_INPUT = 0x300, 0x301, 0x303
BUTTON_DOWN, BUTTON_UP, WHEEL = 0x401, 0x402, 0x403
FINGER_DOWN, FINGER_UP = 0x700, 0x701
CLIPBOARD: Final = 0x900
DROP_FILE, DROP_TEXT, DROP_BEGIN, DROP_END = 0x1000, 0x1001, 0x1002, 0x1003
SCANCODE_MASK: Final = 1 << 30
"""What SDL adds to the scancode of a key that types no character."""
CTRL, SHIFT, ALT, SUPER = 0x40, 0x1, 0x100, 0x400
LEFT, MIDDLE, RIGHT, BACK, FORWARD = 1, 2, 3, 4, 5

Fields = list[tuple[str, Any]]
u8, u16, u32, i32, i64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_int32, ctypes.c_int64


class _Event(ctypes.Structure):
    _fields_: ClassVar[Fields] = [("type", u32), ("timestamp", u32)]


class _Window(_Event):
    _fields_: ClassVar[Fields] = [("window", u32), ("event", u8), ("pads", u8 * 3), ("first", i32), ("second", i32)]


class _Key(_Event):
    _fields_: ClassVar[Fields] = [
        ("window", u32),
        ("state", u8),
        ("repeat", u8),
        ("pads", u8 * 2),
        ("scancode", i32),
        ("sym", i32),
        ("mod", u16),
        ("unused", u32),
    ]


class _Text(_Event):
    _fields_: ClassVar[Fields] = [("window", u32), ("text", ctypes.c_char * 32)]


class _Button(_Event):
    _fields_: ClassVar[Fields] = [
        ("window", u32),
        ("mouse", u32),
        ("button", u8),
        ("state", u8),
        ("clicks", u8),
        ("pad", u8),
        ("x", i32),
        ("y", i32),
    ]


class _Wheel(_Event):
    _fields_: ClassVar[Fields] = [("window", u32), ("mouse", u32), ("x", i32), ("y", i32), ("direction", u32), ("rest", u32 * 4)]


class _Finger(_Event):
    _fields_: ClassVar[Fields] = [
        ("touch", i64),
        ("finger", i64),
        ("x", ctypes.c_float),
        ("y", ctypes.c_float),
        ("dx", ctypes.c_float),
        ("dy", ctypes.c_float),
        ("pressure", ctypes.c_float),
        ("window", u32),
    ]


class _Drop(_Event):
    _fields_: ClassVar[Fields] = [("file", ctypes.c_void_p), ("window", u32)]


class Sdl:
    """The library that Kivy has loaded."""

    def __init__(self) -> None:
        import kivy

        (path,) = (Path(kivy.__file__).parents[1] / "Kivy.libs").glob("libSDL2-2*.so*")
        self._library = ctypes.CDLL(str(path))
        self._library.SDL_strdup.restype = ctypes.c_void_p
        self._library.SDL_strdup.argtypes = [ctypes.c_char_p]

    def close_request(self) -> None:
        self._push(_Window(WINDOW, 0, 1, 14))
        self._push(_Event(QUIT))

    def window(self, event: int) -> None:
        self._push(_Window(WINDOW, 0, 1, event))

    def key(self, scancode: int, *, sym: int | None = None, mod: int = 0) -> None:
        """Press and release a key; what types no character is known by its scancode."""
        code = scancode | SCANCODE_MASK if sym is None else sym
        self._push(_Key(KEY_DOWN, 0, 1, 1, 0, (0, 0), scancode, code, mod))
        self._push(_Key(KEY_UP, 0, 1, 0, 0, (0, 0), scancode, code, mod))

    def text(self, text: str) -> None:
        self._push(_Text(TEXT_INPUT, 0, 1, text.encode()))

    def click(self, x: float, y: float, button: int = LEFT) -> None:
        """Press and release at a place in pixels from the upper left; a touch of the glass arrives as the left button."""
        self._push(_Button(BUTTON_DOWN, 0, 1, 0, button, 1, 1, 0, round(x), round(y)))
        self._push(_Button(BUTTON_UP, 0, 1, 0, button, 0, 1, 0, round(x), round(y)))

    def wheel(self, x: int, y: int) -> None:
        self._push(_Wheel(WHEEL, 0, 1, 0, x, y, 0))

    def finger(self, x: float, y: float) -> None:
        """The same touch once more, as SDL's finger events beside those of the mouse."""
        self._push(_Finger(FINGER_DOWN, 0, 1, 1, x, y, 0, 0, 1, 1))
        self._push(_Finger(FINGER_UP, 0, 1, 1, x, y, 0, 0, 1, 1))

    def drop(self, path: str) -> None:
        self._push(_Drop(DROP_BEGIN, 0, None, 1))
        for kind in (DROP_FILE, DROP_TEXT):
            self._push(_Drop(kind, 0, self._library.SDL_strdup(path.encode()), 1))
        self._push(_Drop(DROP_END, 0, None, 1))

    def clipboard(self) -> None:
        self._push(_Event(CLIPBOARD))

    def _push(self, event: ctypes.Structure) -> None:
        whole = (ctypes.c_uint8 * 128)()  # SDL copies a whole union, which is larger than most of its parts
        ctypes.memmove(whole, ctypes.byref(event), ctypes.sizeof(event))
        pushed = self._library.SDL_PushEvent(whole)
        assert pushed >= 0, "SDL's queue is full"
