"""Faults of the network and of the protocol, done to the kiosk's real delivery, a real Mosquitto and the server's real ingest."""

from __future__ import annotations

from typing import Final

from faults.network import (
    access,
    broker_killed,
    crowds,
    databases,
    downward,
    guessing,
    links,
    malformed,
    packets,
    racing,
    resets,
    revoked,
    shuffled,
    workers,
)

FAULTS: Final = (
    *broker_killed.FAULTS,
    *links.FAULTS,
    *resets.FAULTS,
    *shuffled.FAULTS,
    *racing.FAULTS,
    *workers.FAULTS,
    *databases.FAULTS,
    *crowds.FAULTS,
    *malformed.FAULTS,
    *packets.FAULTS,
    *downward.FAULTS,
    *access.FAULTS,
    *revoked.FAULTS,
    *guessing.FAULTS,
)
