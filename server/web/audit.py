"""The audit log on a page, for those who look after others' deeds, and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.exceptions import ValidationException
from litestar.params import FromQuery

from server.audit.acts import Act
from server.audit.looking import PAGE, Wanted, all_of, page_of
from server.db.centre import zone_of
from server.db.engine import reading
from server.integrity.roots import bounds_of
from server.web.access import FOR_OVERSEERS, Asked
from server.web.accounts import logins
from server.web.context import TheWeb, read_centre
from server.web.language import N_
from server.web.rendering import page

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from server.audit.looking import Shown

ACTS: Final = {
    Act.SIGNED_IN: N_("Signed in"),
    Act.SIGN_IN_FAILED: N_("Failed to sign in"),
    Act.SIGNED_OUT: N_("Signed out"),
    Act.SESSION_ENDED: N_("Ended a session"),
    Act.OTHER_SESSIONS_ENDED: N_("Ended their other sessions"),
    Act.PERSON_INVITED: N_("Invited a person"),
    Act.ACCOUNT_MADE: N_("Made an account"),
    Act.LANGUAGE_SET: N_("Chose the language of the pages"),
    Act.KIOSK_INVITED: N_("Invited a kiosk"),
    Act.KIOSK_INVITATION_WITHDRAWN: N_("Withdrew the invitation of a kiosk"),
    Act.KIOSK_ADDED: N_("Added a kiosk"),
    Act.KIOSK_REMOVED: N_("Removed a kiosk"),
    Act.KIOSK_COMMANDED: N_("Sent a command to a kiosk"),
    Act.KIOSK_SEEN_TO: N_("Said that a copied kiosk has been seen to"),
    Act.CREDENTIAL_RENEWED: N_("Gave a kiosk a new credential"),
    Act.ANNOUNCED: N_("Made an announcement"),
    Act.ANNOUNCEMENT_WITHDRAWN: N_("Withdrew an announcement"),
    Act.SENTENCE_ADDED: N_("Added a sentence “You said — we did”"),
    Act.CALL_TAKEN: N_("Took a call"),
    Act.BOXES_BEGUN: N_("Began to count ticket boxes"),
    Act.BOX_TICKET_UNDONE: N_("Took back a counted ticket"),
    Act.BOXES_COUNTED: N_("Finished counting ticket boxes"),
    Act.QUARANTINE_REPLAYED: N_("Took something in from quarantine"),
    Act.QUEUE_IMPORTED: N_("Imported the queue’s tickets"),
    Act.QUEUE_KEY_ADDED: N_("Made a key for a queue system"),
    Act.QUEUE_KEY_REMOVED: N_("Removed the key of a queue system"),
    Act.REGISTRY_LOADED: N_("Changed the registry"),
    Act.VOTES_FLAGGED: N_("Flagged votes as misuse"),
    Act.VOTES_UNFLAGGED: N_("Let flagged votes count again"),
    Act.QUESTIONNAIRE_PUBLISHED: N_("Published a questionnaire"),
    Act.QUESTIONNAIRE_ASSIGNED: N_("Assigned a questionnaire"),
    Act.QUESTIONNAIRE_UNASSIGNED: N_("Took back the assignment of a questionnaire"),
    Act.WORDS_ERASED: N_("Erased what a visitor wrote"),
    Act.COUNTS_REBUILT: N_("Counted everything again"),
    Act.RESTORED: N_("Restored a backup"),
}
FACTS: Final = {
    "account": N_("account"),
    "added": N_("new"),
    "backup_of_ms": N_("backup of"),
    "changed": N_("changed"),
    "day": N_("day"),
    "dissatisfied": N_("dissatisfied"),
    "file": N_("file"),
    "kind": N_("kind"),
    "kiosk": N_("kiosk"),
    "minutes": N_("minutes"),
    "records": N_("records"),
    "role": N_("role"),
    "satisfied": N_("satisfied"),
    "site": N_("site"),
    "texts": N_("texts"),
    "tickets": N_("tickets"),
    "version": N_("version"),
    "visits": N_("visits"),
    "where": N_("where"),
}
"""What lines name beside their subject, for people; on the page others are shown as they are called."""
ABOUT_ACCOUNTS: Final = (Act.ACCOUNT_MADE, Act.SIGN_IN_FAILED)
_COLUMNS: Final = ("number", "time", "account", "login", "session", "terminal", "act", "subject", "facts", "purpose")
_STEERS: Final = ("=", "+", "-", "@", "\t", "\r")


@get("/audit", opt=FOR_OVERSEERS, sync_to_thread=True, include_in_schema=False)
def show_log(  # noqa: PLR0913, PLR0917 - the parts of the filter
    request: Asked,
    web: TheWeb,
    person: FromQuery[str] = "",
    act: FromQuery[str] = "",
    first: FromQuery[str] = "",
    last: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
) -> Response[str]:
    """Show the newest lines of those that are asked for, and the way to older ones."""
    asked = {"person": person, "act": act, "first": first, "last": last}
    with reading(web.engine) as connection:
        centre = read_centre(connection)
        found = page_of(connection, _wanted(asked, zone_of(connection))._replace(before=before))
        people = logins(connection)
    lines, query = found[:PAGE], {name: value for name, value in asked.items() if value}
    older = urlencode(query | {"before": lines[-1].line.n}) if len(found) > PAGE else ""
    values: dict[str, Any] = {"lines": lines, "older": older, "query": urlencode(query), "acts": ACTS, "facts": FACTS, "people": people}
    values |= {"names": {str(number): login for number, login in people}, "about_accounts": ABOUT_ACCOUNTS}
    return page(request, "audit.html", **values, asked=asked, centre=centre, is_newest=before is None)


@get("/audit.csv", opt=FOR_OVERSEERS, sync_to_thread=True, include_in_schema=False)
def export_log(
    web: TheWeb, person: FromQuery[str] = "", act: FromQuery[str] = "", first: FromQuery[str] = "", last: FromQuery[str] = ""
) -> Response[bytes]:
    """Give every line that is asked for as CSV (UTF-8 with a mark, for spreadsheets), the newest first; times are UTC."""
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(_COLUMNS)
    with reading(web.engine) as connection:
        asked = {"person": person, "act": act, "first": first, "last": last}
        rows.writerows(_row(shown) for shown in all_of(connection, _wanted(asked, zone_of(connection))))
    content = written.getvalue().encode("utf-8-sig")
    return Response(content, media_type="text/csv; charset=utf-8", headers={"content-disposition": 'attachment; filename="audit.csv"'})


def _wanted(asked: dict[str, str], zone: ZoneInfo) -> Wanted:
    """Understand a filter; days are the centre's, and both count.

    Raises:
        ValidationException: a part of it names nothing.
    """
    if (asked["person"] and not asked["person"].isdecimal()) or (asked["act"] and asked["act"] not in set(Act)):
        raise ValidationException(N_("There is no such person or act"))
    try:
        from_ms = bounds_of(date.fromisoformat(asked["first"]), zone)[0] if asked["first"] else None
        until_ms = bounds_of(date.fromisoformat(asked["last"]), zone)[1] if asked["last"] else None
    except (ValueError, OverflowError) as error:
        raise ValidationException(N_("Write a day as 2026-11-22")) from error
    return Wanted(int(asked["person"][:12]) if asked["person"] else None, asked["act"] or None, from_ms, until_ms)


def _row(shown: Shown) -> list[object]:
    line = shown.line
    when = datetime.fromtimestamp(line.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    texts = (line.session, line.operator, line.act, line.subject, line.facts, line.purpose)
    return [line.n, when, line.account, _inert(shown.login), *map(_inert, texts)]


def _inert(text: str) -> str:
    """Write a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_STEERS) else text


ROUTES: Final = [show_log, export_log]
