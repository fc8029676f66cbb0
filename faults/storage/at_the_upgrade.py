"""A program: the server's database is brought up to this version, and it is printed that it is.

`python -m faults.storage.at_the_upgrade FOLDER`; the folder holds `server.db`.
"""

from __future__ import annotations

import sys

from server.db.engine import open_engine
from server.db.migrate import migrate


def main() -> None:
    """Bring it up to date."""
    engine = open_engine(f"sqlite:///{sys.argv[1]}/server.db")
    migrate(engine)
    engine.dispose()
    print("up to date", flush=True)


if __name__ == "__main__":
    main()
