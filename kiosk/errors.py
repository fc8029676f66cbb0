"""Everything that can go wrong in the kiosk by name; what is known about it is in attributes, and each says whether retrying helps."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What a kiosk tells its server about itself when something is wrong."""

    VOTES_DB_DAMAGED = "votes_db_damaged"
    SERVER_REFUSED = "server_refused"
    SETTINGS_REFUSED = "settings_refused"
    LOG_FORKED = "log_forked"
    LOG_UNREADABLE = "log_unreadable"
    NOTICE_REFUSED = "notice_refused"
    PICTURES_MISSING = "pictures_missing"
    NO_SOUND = "no_sound"
    NO_VOICE = "no_voice"
    BUTTONS_MISSING = "buttons_missing"
    BUTTON_STUCK = "button_stuck"
    LAMPS_MISSING = "lamps_missing"
    PRESENCE_MISSING = "presence_missing"
    SCANNER_MISSING = "scanner_missing"
    SCANNER_UNREADABLE = "scanner_unreadable"
    PRINTER_MISSING = "printer_missing"
    PRINTER_FAILED = "printer_failed"
    PAPER_END = "paper_end"
    COVER_OPEN = "cover_open"
    DAY_KEYS_REFUSED = "day_keys_refused"
    COMMANDS_REFUSED = "commands_refused"
    STORAGE_FAILED = "storage_failed"
    LITTLE_ROOM = "little_room"
    DISK_FULL = "disk_full"
    TOO_HOT = "too_hot"
    POWER_WEAK = "power_weak"
    CLOCK_UNSET = "clock_unset"
    SCREEN_MISSING = "screen_missing"
    TOUCH_UNFELT = "touch_unfelt"
    PRESS_UNFELT = "press_unfelt"
    LAMP_DARK = "lamp_dark"
    CODE_UNREAD = "code_unread"
    PRINT_BAD = "print_bad"
    NOT_HEARD = "not_heard"
    NOT_ENROLLED = "not_enrolled"


class Outcome(StrEnum):
    """How it stands with an invitation that this kiosk tries to use."""

    TRYING = "trying"
    UNREACHABLE = "unreachable"
    STRANGER = "stranger"
    """Another server answers at that address than the one that the code names."""
    ENROLLED = "enrolled"
    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    TAKEN = "taken"

    @property
    def is_final(self) -> bool:
        """Whether trying again would change nothing."""
        return self not in {Outcome.TRYING, Outcome.UNREACHABLE, Outcome.STRANGER}


class KioskError(Exception):
    """The root of the kiosk's own errors."""


class ConfigError(KioskError, ValueError):
    """The configuration cannot be used; retrying does not help. The message is one sentence for the technician."""


class DataFolderError(KioskError):
    """The data folder cannot keep votes; retrying does not help until a person has mended it."""


class NoScreenError(KioskError):
    """No window can be opened; retrying does not help until the named packages are installed."""


class PinsError(KioskError):
    """GPIO pins cannot be used now; retrying may help. The message is one sentence for the technician."""


class VoiceError(KioskError):
    """A recording or a folder of recordings cannot be used; retrying does not help. The message is one sentence for who recorded it."""


class PrintError(KioskError):
    """Nothing was printed; trying again helps once the technician has done what the message, one sentence, says.

    `fault` is what is wrong with the printer, as far as it is that.
    """

    def __init__(self, message: str, fault: Fault = Fault.PRINTER_FAILED) -> None:
        super().__init__(message)
        self.fault = fault


class StoreError(KioskError):
    """A record could not be stored; retrying later may help (a full or detached disk)."""


class StoreFullError(StoreError):
    """There is no room to store it; retrying helps once old records are gone or somebody has made room."""


class StoreNewerError(StoreError):
    """A newer version of the program has written the log; retrying does not help, installing that version does."""


class StoreDamagedError(StoreError):
    """The vote log cannot be read as a database; it has to be opened again, and set aside if that does not help."""


class SettingsRefusedError(KioskError):
    """Settings from the server were not accepted; retrying does not help, a newer version does."""


class NoticeRefusedError(KioskError):
    """A notice from the server was not accepted; retrying does not help, a newer one does."""


class DayKeysRefusedError(KioskError):
    """Day keys from the server were not accepted, none of them; retrying does not help, newer ones do."""


class CommandsRefusedError(KioskError):
    """A command from the server was not accepted; retrying does not help, a well signed one does."""


class EnrolmentError(KioskError):
    """The server could not be asked, or what came is not its answer; trying again may help. `outcome` is what the technician is told."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome
