"""The calls for a person: they are recorded and said on the screen, and a lamp shows that some are open. Pure but for clock and lamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID  # noqa: TC003 - keys of a dictionary

from kiosk.screens import Called, Thanks, changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feedback.records import Call, Input, Moment
    from kiosk.scene import Scene


STORING_S: Final = 5.0
"""While a call may still be on its way to the disk it is not made again."""


class Calls:
    """Calls by the ids of their records; the lamp is lit while one is open."""

    def __init__(self, scene: Scene, *, lamp: Callable[[bool], None], said_s: float) -> None:
        """The screen says for `said_s` seconds what happens after a call."""
        self._scene = scene
        self._lamp = lamp
        self._said_s = said_s
        self._until_ms: dict[UUID, int] = {}
        self._said: UUID | None = None
        self._latest: Call | None = None

    def call(self, via: Input, at: Moment) -> None:
        """Record a call by the present visit; once it is stored, it is open. While it is, the same visitor makes no other."""
        scene, latest = self._scene, self._latest
        if latest is not None and latest.visit == scene.visit.id:
            if latest.id in self._until_ms:
                self._say(latest)
                return
            if at.boottime_ms - latest.at.boottime_ms < STORING_S * 1000:
                return
        self._latest = call = scene.visit.call(via, at)
        scene.waiting.follow(scene.log.commit(call), lambda: self._open(call))

    def answered(self, calls: Iterable[UUID]) -> None:
        """Take note that staff have taken these calls; a visitor who still reads of theirs learns that somebody comes."""
        stage = self._scene.stage
        taken = self._until_ms.keys() & set(calls)
        self._close(taken)
        if self._said in taken and isinstance(stage.screen, Called):
            stage.update(changed(stage.screen, coming=True))

    def tick(self, now_ms: int) -> None:
        """Let calls run out."""
        self._close({call for call, until_ms in self._until_ms.items() if now_ms >= until_ms})

    def resume(self) -> None:
        """Go back to the screen on which a person was called."""
        self._scene.stage.uncover(self._scene.script.comfort)
        self._scene.waiting.for_visitor_again()

    def _open(self, call: Call) -> None:
        """Light the lamp for a call, until a time or until staff come, and say so."""
        scene = self._scene
        self._until_ms[call.id] = scene.clock.moment().boottime_ms + round(scene.script.settings.timing.call_s * 1000)
        self._lamp(True)  # noqa: FBT003 - a lamp is on or off
        self._say(call)

    def _say(self, call: Call) -> None:
        """Say that a call is open, where the visitor who made it is not busy with something else."""
        scene = self._scene
        is_busy = scene.waiting.is_for_store or scene.stage.is_resting or isinstance(scene.stage.screen, Thanks | Called)
        if call.visit == scene.visit.id and not is_busy:
            self._said = call.id
            scene.stage.cover(scene.script.called())
            scene.waiting.for_time(self._said_s, self.resume)

    def _close(self, calls: set[UUID]) -> None:
        for call in calls:
            del self._until_ms[call]
        if calls and not self._until_ms:
            self._lamp(False)  # noqa: FBT003
