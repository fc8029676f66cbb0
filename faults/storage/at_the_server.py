"""A program: ingest takes batches of one kiosk in, and prints how far the kiosk is told that they are durable.

`python -m faults.storage.at_the_server FOLDER SEED BATCHES [PRAGMA=VALUE …]`; the folder holds `server.db`.
"""

from __future__ import annotations

import sys
from random import Random

import msgspec

from faults.content import said_by
from faults.storage.visits import Visits
from feedback.records import encode_body, genesis, link
from feedback.wire import Ack, Batch, Now, batch_topic, decode, encode
from server.db import engine
from server.ingest.core import Ingest
from tests.server.kit import KIOSK

_LATER_MS = 86_400_000
_DESKS = (None, "main-1")


def main() -> None:
    """Take the batches in."""
    folder, seed, count, *promises = sys.argv[1:]
    for promise in promises:
        name, _, value = promise.partition("=")
        engine._PRAGMAS[name] = int(value) if value.isdecimal() else value  # noqa: SLF001
    opened = engine.open_engine(f"sqlite:///{folder}/server.db")
    take_batches(Ingest(opened, settings=lambda _connection, _kiosk: None), Random(seed), int(count))
    opened.dispose()


def take_batches(ingest: Ingest, random: Random, count: int) -> None:
    """Make batches as a kiosk would, hand them over one after another, and print the votes that are acknowledged, with what they say."""
    visits = Visits(random)
    epoch = visits.new_uuid()
    seq, head = 0, genesis(epoch)
    for _ in range(count):
        made = [visits.next(rich=False, words=True, desk=random.choice(_DESKS)) for _ in range(random.randint(1, 4))]
        bodies = [encode_body(record) for visit in made for record in visit.records]
        boxes = {record: box for visit in made for record, box in visit.boxes.items()}
        batch = Batch(
            epoch,
            seq + 1,
            head.hex(),
            Now(visits.boot_id, visits.moment()),
            historical=False,
            records=[msgspec.Raw(body) for body in bodies],
            sealed=boxes,
        )
        for body in bodies:
            seq += 1
            head = link(head, seq, body)
        (reply,) = ingest.handle(batch_topic(KIOSK), encode(batch), visits.wall_ms + _LATER_MS)
        ack = decode(reply.payload, Ack)
        if (ack.seq, ack.head, ack.error) != (seq, head.hex(), None):
            raise SystemExit(f"not taken: {ack}")
        print(*(said.line(vote) for vote, said in said_by(bodies, boxes).items()), sep="\n", flush=True)


if __name__ == "__main__":
    main()
