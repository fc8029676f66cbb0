"""The calls for a person: they are recorded and said on the screen, and a lamp shows that some are open. Pure but for clock and lamp."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003 - keys of a dictionary

from kiosk.screens import Called, Thanks, changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feedback.records import Input, Moment
    from kiosk.scene import Scene


class Calls:
    """Visits that called for a person; the lamp is lit while there is one."""

    def __init__(self, scene: Scene, *, lamp: Callable[[bool], None], said_s: float) -> None:
        """The screen says for `said_s` seconds what happens after a call."""
        self._scene = scene
        self._lamp = lamp
        self._said_s = said_s
        self._until_ms: dict[UUID, int] = {}

    def call(self, via: Input, at: Moment) -> None:
        """Record a call by the present visit; once it is stored, it is open."""
        scene = self._scene
        visit = scene.visit.begin()
        scene.waiting.follow(scene.log.commit(scene.visit.call(via, at)), lambda: self._open(visit))

    def answered(self, visits: Iterable[UUID]) -> None:
        """Take note that staff have taken these calls; a visitor who still reads of it learns that somebody comes."""
        stage = self._scene.stage
        taken = self._until_ms.keys() & set(visits)
        self._close(taken)
        if self._scene.visit.id in taken and isinstance(stage.screen, Called):
            stage.update(changed(stage.screen, coming=True))

    def tick(self, now_ms: int) -> None:
        """Let calls run out."""
        self._close({visit for visit, until_ms in self._until_ms.items() if now_ms >= until_ms})

    def resume(self) -> None:
        """Go back to the screen on which a person was called."""
        self._scene.stage.uncover(self._scene.script.comfort)
        self._scene.waiting.for_visitor_again()

    def _open(self, visit: UUID) -> None:
        """Light the lamp for a visit, until a time or until staff come, and say so where the visitor is not busy with something else."""
        scene = self._scene
        self._until_ms[visit] = scene.clock.moment().boottime_ms + round(scene.script.settings.timing.call_s * 1000)
        self._lamp(True)  # noqa: FBT003 - a lamp is on or off
        is_busy = scene.waiting.is_for_store or scene.stage.is_resting or isinstance(scene.stage.screen, Thanks | Called)
        if visit == scene.visit.id and not is_busy:
            scene.stage.cover(scene.script.called())
            scene.waiting.for_time(self._said_s, self.resume)

    def _close(self, visits: set[UUID]) -> None:
        for visit in visits:
            del self._until_ms[visit]
        if visits and not self._until_ms:
            self._lamp(False)  # noqa: FBT003
