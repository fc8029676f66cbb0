"""Whether msgspec knows every type before threads need one."""

from __future__ import annotations

import subprocess
import sys

# Where nobody calls it this ends by SIGSEGV: many threads are the first to decode types that hold each other.
RACE = """
import sys, threading
import msgspec
from feedback.known_types import know_types

def make(number):
    class Inner(msgspec.Struct):
        texts: dict[str, list[int]] = {}
    class Outer(msgspec.Struct):
        inners: list[Inner] = []
        more: dict[str, Inner] = {}
    return Outer

kinds = [make(number) for number in range(300)]
if "known" in sys.argv:
    know_types()
sys.setswitchinterval(1e-6)
gate = threading.Barrier(16)

def decode():
    gate.wait()
    for kind in kinds:
        msgspec.json.decode(b'{"inners": [{"texts": {"a": [1]}}]}', type=kind)

threads = [threading.Thread(target=decode) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_threads_that_decode_first_at_once_do_no_harm_where_types_are_known() -> None:
    for _ in range(5):
        assert subprocess.run([sys.executable, "-c", RACE, "known"], check=False).returncode == 0
