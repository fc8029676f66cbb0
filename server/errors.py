"""What can go wrong on the server, for whom, and whether trying again helps."""

from __future__ import annotations


class ServerError(Exception):
    """Something the operator can mend; the message is one sentence that says how. Trying again alone does not help."""


class ConfigError(ServerError, ValueError):
    """A configuration or registry file cannot be used."""


class RegistryError(ServerError):
    """The registry cannot be changed as asked."""


class DatabaseError(ServerError):
    """The database is not one that this program can keep votes in."""


class DatabaseUnavailableError(ServerError):
    """The database did not answer, or was too busy to. Trying again helps; nothing was stored."""


class BrokerError(ServerError):
    """The broker cannot be started."""


class ListenError(ServerError):
    """This machine cannot listen where it is told to."""


class PortTakenError(ServerError):
    """Another program listens where we should. `setting` is the key that chooses another `port`."""

    def __init__(self, host: str, port: int, setting: str) -> None:
        what_to_do = f"stop that program, or choose another port with {setting} in the file given with --config"
        super().__init__(f"port {port} on {host} is taken by another program: {what_to_do}")
        self.host = host
        self.port = port
        self.setting = setting


class PartFailedError(ServerError):
    """A part of the running server ended by itself; its own log line says why."""


class BackupError(ServerError):
    """A backup cannot be made, read or restored; nothing was changed."""


class ErasureError(ServerError):
    """What was written in a visit cannot be erased as asked; nothing was changed."""


class IntegrityError(ServerError):
    """A proof cannot be given, or does not hold."""


class QueueError(ServerError):
    """What the queue system says cannot be taken as it came; nothing of it was stored. The pages translate `says` and put `values` in."""

    def __init__(self, says: str, **values: str) -> None:
        super().__init__(says % values if values else says)
        self.says = says
        self.values = values


class MisuseError(ServerError):
    """What a person wants flagged or undone is not there, or lacks its reason. The pages translate `says`."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says
