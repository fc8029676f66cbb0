"""What Mosquitto reads: its configuration, who may connect, and who may say what. Pure but for `write_files`."""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from feedback.wire import MAX_PACKET_BYTES, ROOT, SERVER_STATE_TOPIC
from server.config import MAX_WORKERS
from server.keys import write_privately

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from server.authority import Certificate

SERVER_USER: Final = "server"
"""The server's own name at the broker: shorter than any kiosk's id can be."""
_QUEUE_USER: Final = "queue."
_ITERATIONS: Final = 101  # credentials are 256 random bits: stretching them adds nothing
_SALT_ENTROPY_BYTES: Final = 9  # 12 characters, the length that Mosquitto takes; text, because EMQX takes nothing else

_CONFIGURATION: Final = """\
# Written by vidhuk-server, and again at its every start: changes made here are lost.
listener {port} {host}
certfile {certificate}
keyfile {key}
tls_version tlsv1.2
max_connections 5000
user {user}
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
use_username_as_clientid true
allow_zero_length_clientid false
persistence false
persistent_client_expiration 1h
set_tcp_nodelay true
max_packet_size {max_packet}
max_inflight_messages 100
max_queued_messages 1000
max_queued_bytes 67108864
max_keepalive 120
sys_interval 0
connection_messages false
log_dest stderr
log_type error
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the broker listens, and by what its clients know it."""

    host: str
    port: int
    certificate: Certificate

    @property
    def reached_at(self) -> tuple[str, int]:
        """Host and port by which it is reached from this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port  # noqa: S104 - no bind here


def worker_user(number: int | None) -> str:
    """Give the name of an ingest worker at the broker: one alone is the server itself, workers that share have numbers."""
    return SERVER_USER if number is None else f"worker{number}"


def queue_user(name: str) -> str:
    """Give the name at the broker of the queue system with the key `name`; the dot keeps it from being any kiosk's."""
    return f"{_QUEUE_USER}{name}"


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """Give a password as Mosquitto keeps it: `$7$`, PBKDF2 with SHA-512."""
    salt = secrets.token_urlsafe(_SALT_ENTROPY_BYTES).encode() if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def configuration(listener: Listener, folder: Path, *, user: str) -> str:
    """Give mosquitto.conf. `user` is the one that Mosquitto becomes where it is started as root; it must be able to read the folder."""
    files = listener.certificate
    shown = {"certificate": files.certificate.absolute(), "key": files.key.absolute(), "folder": folder}
    return _CONFIGURATION.format(port=listener.port, host=listener.host, user=user, max_packet=MAX_PACKET_BYTES, **shown)


def access(queues: Iterable[str] = ()) -> str:
    """Give the access list: servers may everything of ours, each kiosk and each of these queue systems only what is its own."""
    users = [SERVER_USER, *(worker_user(number) for number in range(1, MAX_WORKERS + 1))]
    ours = [line for user in users for line in (f"user {user}", f"topic readwrite {ROOT}/#")]
    pushing = [line for name in sorted(queues) for line in (f"user {queue_user(name)}", f"topic write {ROOT}/queue/{name}/tickets")]
    up = [f"pattern write {ROOT}/k/%u/{kind}" for kind in ("batch", "diagnostics", "hello", "result", "state")]
    down = [f"pattern read {ROOT}/k/%u/{kind}" for kind in ("ack", "command", "daykeys", "notice", "renewal", "settings")]
    everyone = [f"pattern read {SERVER_STATE_TOPIC}"]
    return "\n".join([*ours, *pushing, *up, *down, *everyone, ""])


def all_hashes(users: Mapping[str, str], *, server_hash: str) -> dict[str, str]:
    """Give the hashes of everybody's passwords: of these users, and of the server's."""
    ours = [SERVER_USER, *(worker_user(number) for number in range(1, MAX_WORKERS + 1))]
    return dict.fromkeys(ours, server_hash) | dict(users)


def passwords(users: Mapping[str, str], *, server_hash: str) -> str:
    """Give the password file."""
    return "".join(f"{name}:{hashed}\n" for name, hashed in all_hashes(users, server_hash=server_hash).items())


def write_files(folder: Path, listener: Listener, users: Mapping[str, str], *, server_hash: str, broker_user: str | None = None) -> Path:
    """Write everything Mosquitto reads, the passwords last; give the path of its configuration.

    `users` are all but servers, kiosks and queue systems, with the hashes of their passwords. Without `broker_user` Mosquitto stays the
    user it was started as and reads what is for this user only; with one, it is somebody else's, and reads as the folder's group.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for_group = broker_user is not None
    user = broker_user or pwd.getpwuid(os.geteuid()).pw_name
    path = folder / "mosquitto.conf"
    write_privately(path, configuration(listener, folder.absolute(), user=user), for_group=for_group)
    queues = [name.removeprefix(_QUEUE_USER) for name in users if name.startswith(_QUEUE_USER)]
    write_privately(folder / "acl", access(queues), for_group=for_group)
    write_privately(folder / "passwords", passwords(users, server_hash=server_hash), for_group=for_group)
    return path
