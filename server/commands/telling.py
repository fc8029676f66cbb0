"""What visitors are told: `vidhuk-server announce`, `announcements`, `done add`, `done list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from feedback.notice import AnnouncementKind  # noqa: TC001 - typer reads the annotations
from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, new_app, note, opened_server, say
from server.errors import RegistryError

if TYPE_CHECKING:
    from feedback.questionnaire import Texts

done_app: Final = new_app(help="«Ви сказали — ми зробили»: the sentences that thank visitors by deeds.")


def announce(  # noqa: PLR0913, PLR0917 - typer reads the command line from the parameters
    kind: Annotated[AnnouncementKind | None, typer.Argument(help="What is announced.")] = None,
    site: Annotated[str | None, typer.Option(help="Only at the kiosks of this site.")] = None,
    minutes: Annotated[int | None, typer.Option(help="For so many minutes; else until it is withdrawn.")] = None,
    text_uk: Annotated[str, typer.Option(help="The words in Ukrainian; an air raid and maintenance have their own.")] = "",
    text_en: Annotated[str, typer.Option(help="The words in English.")] = "",
    withdraw: Annotated[int | None, typer.Option(metavar="ID", help="Take this announcement back instead.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Show an announcement in place of the question, or take one back."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.fleet import announcements

    if (kind is None) == (withdraw is None):
        raise RegistryError("say what to announce (air_raid, maintenance or information), or which one to withdraw with --withdraw ID")
    with opened_server(data, config) as server, writing(server.engine) as connection:
        if kind is None or withdraw is not None:
            announcements.withdraw(connection, int(withdraw or 0), now_ms())
            note(connection, Act.ANNOUNCEMENT_WITHDRAWN, withdraw)
            say(f"announcement {withdraw} is withdrawn")
            return
        wish = announcements.Wish(kind=kind, texts=_texts(text_uk, text_en), site=site, minutes=minutes)
        number = announcements.announce(connection, wish, now_ms())
        note(connection, Act.ANNOUNCED, number, kind=kind, site=site, minutes=minutes)
    say(f"announcement {number}; take it back with: vidhuk-server announce --withdraw {number}")


def list_announcements(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the latest announcements, the newest first."""
    from server.app import now_ms
    from server.db.engine import reading
    from server.fleet.announcements import latest
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        found = latest(connection)
    now = now_ms()
    rows = [
        (a.id, str(a.kind), a.site or "all", "yes" if a.is_active(now) else "no", a.made_ms, a.withdrawn_ms or a.until_ms, a.texts["uk"])
        for a in found
    ]
    show(("id", "kind", "site", "shown", "since", "until", "words"), rows)


@done_app.command("add")
def add_deed(
    uk: Annotated[str, typer.Option(help="The sentence in Ukrainian.")],
    en: Annotated[str, typer.Option(help="The sentence in English.")] = "",
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Add a sentence; kiosks show the latest with their thanks."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.fleet import announcements

    with opened_server(data, config) as server, writing(server.engine) as connection:
        number = announcements.add_deed(connection, _texts(uk, en), now_ms())
        note(connection, Act.SENTENCE_ADDED, number)
    say(f"sentence {number} is shown from now on")


@done_app.command("list")
def list_deeds(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the sentences, the newest first."""
    from server.db.engine import reading
    from server.fleet import announcements
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        deeds = announcements.list_deeds(connection)
    show(("id", "added", "uk", "en"), [(deed.id, deed.made_ms, deed.texts["uk"], deed.texts.get("en", "")) for deed in deeds])


def _texts(uk: str, en: str) -> Texts:
    return {language: text.strip() for language, text in (("uk", uk), ("en", en)) if text.strip()}
