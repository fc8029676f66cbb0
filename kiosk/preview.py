"""`vidhuk-kiosk preview`: a questionnaire on the real screen, as a visitor will meet it. Nothing is stored or sent."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nacl.public import PrivateKey

from feedback.settings import KioskSettings
from kiosk import texts
from kiosk.clock import SystemClock, id_maker
from kiosk.hardware.simulated.buttons import KeyboardButtons
from kiosk.process import SOFTWARE, end_on_signals
from kiosk.sealing import Sealer
from kiosk.visit import Means, Visits
from kiosk.visitor import AtTheScreen

if TYPE_CHECKING:
    from feedback.questionnaire import Questionnaire
    from kiosk.config import Display


def show(questionnaire: Questionnaire, display: Display, language: str) -> None:
    """Show a questionnaire until the window is closed or a signal asks to end."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vidhuk-preview-")))
        from kiosk.ui.window import open_window

        window = open_window(display, home)
        from kiosk.ui.app import KioskApp, post

        app = stack.enter_context(closing(KioskApp(window, banner=False, alive=lambda: None, diagonal_inch=display.diagonal_inch)))
        clock = SystemClock()

        def forget(token: int, *_: object) -> None:
            post(lambda: visits.committed(token))

        visits = Visits(
            KioskSettings(version=0, kiosk="preview", centre=texts.words_in(language)("Preview"), questionnaire=questionnaire),
            language=language,
            software=SOFTWARE,
            clock=clock,
            means=Means(
                id_maker(clock),
                partial(secrets.randbits, 48),
                seal=Sealer(bytes(PrivateKey.generate().public_key).hex()).seal,
                writable=app.writable,
            ),
            record=forget,
            show=app.show,
        )
        buttons = KeyboardButtons(clock)
        visitor = AtTheScreen(visits, clock=clock, key=buttons.key)
        buttons.start(visitor.button)
        app.dress(visits.settings.centre, visits.settings.look)
        visits.start()
        app.start(visitor)
        window.bind(on_request_close=lambda *_args, **_more: app.stop())  # a person at a desk closes windows
        end_on_signals(app.stop)
        app.run()
