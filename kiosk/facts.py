"""The names of the small facts in votes.db: what ui lets sync report, and what the log knows about itself. Pure."""

from __future__ import annotations

from typing import Final

from kiosk.errors import Fault

SETTINGS_FACT: Final = "settings_version"
"""The version of the settings in use."""
SHOWING_FACT: Final = "showing"
"""Why ui asks nothing just now, one of SHOWINGS; empty while it asks."""
STEPS_FACT: Final = "schema_steps"
"""How many steps of `kiosk.store_schema` this log has."""
SEALED_PAGE_FACT: Final = "sealed_page"
"""Where the table `sealed` begins, noted for salvage: in a log that was made before it, that is not where it begins in a new one."""
SPENT_PAGE_FACT: Final = "spent_page"
"""Where the table `spent` begins, for the same reason."""
DELIVERED_FACT: Final = "delivered"
"""Up to which record of the log the server had everything, on each of the last days: pairs "day:number", days counted from 1970."""
RECHAINED_FACT: Final = "rechained"
"""While records are taken into a new epoch: which one was the last, as `kiosk.rechaining` writes it."""
LOOKED_FACT: Final = "looked"
"""The number of the last look that sync has asked for and after which the log was sound."""
UI_FAULTS_FACT: Final = "ui_faults"
"""What is wrong with the devices of ui: names of faults, separated by spaces."""
COMMANDS_FACT: Final = "commands"
"""What became of the orders that sync has handed to ui, as JSON: `kiosk.orders`."""
UI_LOG_FACT: Final = "ui_log"
"""The last lines of ui's log, warnings and worse."""

SHOWINGS: Final = frozenset({"closed", "maintenance", "announcement", "out_of_order"})


def settings_in(fact: str | None) -> int:
    """Give the version that SETTINGS_FACT says; 0 for none."""
    return int(fact) if fact is not None and fact.isdecimal() else 0


def showing_in(fact: str | None) -> str:
    """Give what SHOWING_FACT says, as far as it is known."""
    return fact if fact in SHOWINGS else ""


def faults_in(fact: str | None) -> tuple[Fault, ...]:
    """Give the faults that UI_FAULTS_FACT names, as far as they are known, each once."""
    named = set((fact or "").split())
    return tuple(fault for fault in Fault if fault in named)
