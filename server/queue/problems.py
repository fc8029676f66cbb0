"""What can be wrong with what a queue system says, in words that the pages translate. Pure.

Nothing here ever holds a ticket's number or a visitor's words: a problem names its line, and what contradicts.
"""

from __future__ import annotations

from typing import Final

import msgspec

from server.errors import QueueError

Values = dict[str, str]
_FROM_OUTSIDE: Final = ("desk", "state")


def N_(message: str) -> str:  # noqa: N802 - the name by which catalogues are extracted
    """Mark a message for translation; it is translated where it is shown."""
    return message


NO_NUMBER: Final = N_("the ticket's number is missing")
LONG_NUMBER: Final = N_("the ticket's number has no letter or digit, or is longer than 64 characters")
NO_DAY: Final = N_("neither a day nor a time says of which day the ticket is")
BAD_MOMENT: Final = N_("%(column)s: not a time such as 22.11.2026 09:15 or 2026-11-22T09:15:00")
BAD_DAY: Final = N_("%(column)s: not a day such as 22.11.2026 or 2026-11-22")
NO_SUCH_HOUR: Final = N_("%(column)s: the clock was put forward over this hour; it never was")
OUT_OF_ORDER: Final = N_("%(later)s is before %(earlier)s")
TOO_LONG: Final = N_("between %(earlier)s and %(later)s lie more than 24 hours")
IN_FUTURE: Final = N_("%(column)s lies in the future")
UNKNOWN_DESK: Final = N_("desk “%(desk)s” is not one of this site's")
UNKNOWN_STATE: Final = N_("%(column)s: “%(state)s” is not known; map another column, or leave this one out")
NOT_A_CLERK: Final = N_("%(column)s holds a number or an address where a clerk's name belongs")
VISITORS_NOT_CLERKS: Final = N_("%(column)s names %(people)s people on %(tickets)s tickets: those are visitors, not clerks; leave it out")
MORE_CELLS: Final = N_("the line has more cells than the heading")
OTHER_DAY: Final = N_("%(column)s is of another day than the ticket")
CONTRADICTS: Final = N_("%(column)s contradicts line %(line)s about the same ticket")
CONTRADICTS_STORED: Final = N_("%(column)s contradicts what was said before about the same ticket")
NOT_A_LIST: Final = N_("the push is no JSON list of tickets")
NOT_A_LIST_AT: Final = N_("the push is no JSON list of tickets: see %(place)s")
TOO_MANY_BYTES: Final = N_("the push has %(count)s bytes; %(most)s are the most at once")
TOO_MANY_TICKETS: Final = N_("the push has %(count)s tickets; %(most)s are the most at once")
NO_SUCH_KEY: Final = N_("there is no such key")
TOO_OLD: Final = N_("the ticket is of %(day)s, too long ago for a single ticket: import the whole day from a file")


WHOLE: Final = -1
"""The line of a problem that is of the whole push."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong. `line` is where: in a file as an editor counts, in a push the place in the list from 0, or `WHOLE`."""

    line: int
    says: str
    values: Values = {}

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.says % self.values

    @property
    def kept(self) -> Problem:
        """The problem as it may be stored: without words that came from outside, which could be anybody's."""
        return msgspec.structs.replace(self, values={name: "…" if name in _FROM_OUTSIDE else value for name, value in self.values.items()})

    @property
    def placed(self) -> str:
        """The sentence in English, behind which ticket of a push it is about."""
        return self.text if self.line == WHOLE else f"ticket {self.line}: {self.text}"


class RefusedError(QueueError):
    """A push of which nothing was stored, with everything that is wrong; the first is what is remembered of it."""

    def __init__(self, *problems: Problem, detail: str = "") -> None:
        super().__init__(detail or problems[0].placed)
        self.problems = problems
