"""What each rule is called and says, for an administrator; the pages and the terminal translate them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.misuse.seen import Rule
from server.queue.problems import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final[Mapping[Rule, str]] = {
    Rule.BURST: N_("Burst"),
    Rule.OFF_HOURS: N_("Outside opening hours"),
    Rule.RHYTHM: N_("Rhythm"),
    Rule.NO_TICKET: N_("Without tickets"),
    Rule.BURYING: N_("Burying a bad vote"),
    Rule.MISSING: N_("Terminal missing at its peak"),
    Rule.BY_HAND: N_("By hand"),
}
SAYS: Final[Mapping[Rule, str]] = {
    Rule.BURST: N_(
        "%(votes)s alike votes within %(seconds)s s. Different people need about %(pace)s s each, "
        "and the busiest ten minutes of this terminal’s last four weeks had %(busiest)s votes."
    ),
    Rule.OFF_HOURS: N_("%(votes)s votes while the centre was closed, more than 30 minutes before opening or 45 minutes after closing."),
    Rule.RHYTHM: N_("%(votes)s votes on one beat, one about every %(beat)s s. People who come by themselves keep no beat."),
    Rule.NO_TICKET: N_(
        "%(votes)s alike votes without a ticket within %(seconds)s s. At this terminal %(usual)s%% of the votes have one, "
        "and those before and after them did."
    ),
    Rule.BURYING: N_(
        "%(votes)s good votes within %(seconds)s s after a bad vote for the same desk, sooner than its visitors usually come."
    ),
    Rule.MISSING: N_("For %(minutes)s minutes of its busiest hours the terminal did not work, while another one of the site did."),
    Rule.BY_HAND: N_("Flagged by a person."),
}
