"""Whether this user may open a device, and which group they lack where not."""

from __future__ import annotations

import grp
import os
import pwd
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_GROUP_BITS: Final = 0o060


def user_name(uid: int | None = None) -> str:
    """Give a user's name, the present one's by default; the number where there is none."""
    number = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(gid: int) -> str:
    """Give a group's name; the number where there is none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def may_open(path: Path) -> bool:
    """Tell whether this user may read and write it."""
    return os.access(path, os.R_OK | os.W_OK)


def missing_group(path: Path) -> str | None:
    """Give the group in which this user could open it; None where they can already, or where no group would help."""
    if may_open(path):
        return None
    there = path.stat()
    if there.st_mode & _GROUP_BITS != _GROUP_BITS or there.st_gid in os.getgroups():
        return None
    return group_name(there.st_gid)
