"""Brokers that somebody else runs: `vidhuk-server broker-config mosquitto` and `emqx`."""

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


@app.command()
def emqx(
    output: Annotated[Path, typer.Option(help="File to write, whose name ends in .csv.")], data: DataDir = None, config: ConfigFile = None
) -> None:
    """Write who may connect, once, as EMQX imports it: hashes only."""
    from server.app import broker_users
    from server.broker.emqx import users_csv
    from server.broker.files import all_hashes, hash_password
    from server.keys import write_privately

    if output.suffix != ".csv":
        raise ConfigError(f"let the name end in .csv, by which EMQX knows what is in the file: {output}")
    with opened_server(data, config, may_begin=True) as server:
        hashes = all_hashes(broker_users(server), server_hash=hash_password(server.keys.broker_password.reveal()))
    content, left_out = users_csv(hashes)
    try:
        write_privately(output, content)
    except OSError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror or error}") from error
    say(f"{output} is written for {len(hashes) - len(left_out)} users")
    if left_out:
        say(f"left out, because EMQX cannot read the salts of their hashes, until they get new credentials: {', '.join(left_out)}")
