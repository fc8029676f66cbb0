"""Brokers that somebody else runs: `vidhuk-server broker-config mosquitto`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Final

import typer

from server.commands.base import ConfigFile, DataDir, new_app, opened_server, say
from server.errors import ConfigError

app: Final = new_app(help="What a broker that somebody else runs has to read.")


@app.callback()
def choose() -> None:
    """What a broker that somebody else runs has to read."""


@app.command()
def mosquitto(
    output: Annotated[Path | None, typer.Option(help="Folder to write into; without it [broker] files.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Write everything that Mosquitto reads, once; a running server keeps [broker] files current by itself."""
    from server.app import broker_place, broker_users
    from server.broker.kept import BROKER_USER, group_of, write_all

    with opened_server(data, config, may_begin=True) as server:
        folder = output or server.config.broker.files
        if folder is None:
            raise ConfigError("say where to: --output FOLDER, or [broker] files in the file given with --config")
        users, password = broker_users(server), server.keys.broker_password
        path = write_all(broker_place(server.config, folder), server.authority, users, password=password)
    group = group_of(folder)
    say(f"{path} and what it names are written for {len(users)} kiosks and queue systems; the group {group} may read them")
    if group != BROKER_USER:
        say(f"Mosquitto runs as the user {BROKER_USER}, which may not: chgrp {BROKER_USER} {folder}, chmod 2750 {folder}, and write again")
    say(f"start Mosquitto with it: mosquitto -c {path}")
