"""Which regular expressions may read tickets: those that can be tried on any code in a moment, however the code is made. Pure.

Python's engine tries every way in which a pattern could match. An upper bound of its work follows from the pattern alone, so that no code
is needed to find out: the number of ways (each repeat as many as it has lengths, each alternative one, all multiplied, and inside a repeat
to its power) times the steps of the longest.
"""

from __future__ import annotations

import math
import re
import warnings
from re import _parser  # type: ignore[attr-defined]  # the one place where Python tells what a pattern consists of
from typing import Any, Final

from feedback.ticket_types import FIELDS, MAX_CODE

MAX_PATTERN: Final = 500
MAX_WORK: Final = 20_000_000
"""The most steps that any code may take: about a second on a slow kiosk."""
_RUN: Final = 40
"""A repeat of a single character runs through so many of them in the time of one step."""
_ONE_CHARACTER: Final = ("ANY", "IN", "LITERAL", "NOT_LITERAL", "CATEGORY")
_DEEPEST: Final = 20
_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def pattern_fault(pattern: str) -> str | None:
    """Give one sentence about why a pattern cannot be used, or None where it can."""
    if len(pattern) > MAX_PATTERN:
        return f"it has {len(pattern)} characters; {MAX_PATTERN} are the most"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            groups = re.compile(pattern).groupindex
            ways, steps = _cost(_parser.parse(pattern), 0)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return f"it is no regular expression: {error}"
    unknown = sorted(set(groups) - set(FIELDS))
    if unknown:
        return f"its group {unknown[0]!r} is no field; the fields are {', '.join(FIELDS)}"
    if not set(groups) & {"number", "desk", "service"}:
        return "it needs a group (?P<number>…), (?P<desk>…) or (?P<service>…)"
    if ways + math.log(steps) > math.log(MAX_WORK):
        return "some codes would keep it busy for too long; put limits such as {1,20} in place of * and +, and no repeat inside another"
    return None


def _cost(tokens: Any, depth: int) -> tuple[float, int]:  # noqa: ANN401 - Python's own untyped tree
    """Give the logarithm of the number of ways, and the steps of the longest of them."""
    if depth > _DEEPEST:
        raise RecursionError("its brackets are nested too deeply")
    ways, steps = 0.0, 1
    for operation, argument in tokens:
        more, longer = _cost_of(str(operation), argument, depth + 1)
        ways += more
        steps += longer
    return ways, steps


def _cost_of(operation: str, argument: Any, depth: int) -> tuple[float, int]:  # noqa: ANN401 - as above
    if operation in _REPEATS:
        least, most, body = argument
        ways, steps = _cost(body, depth)
        times = max(min(int(most), MAX_CODE), int(least))
        is_run = len(body) == 1 and str(body[0][0]) in _ONE_CHARACTER
        return math.log(max(times - int(least), 0) + 1) + ways * times, 1 + times // _RUN if is_run else max(times, 1) * steps
    if operation == "BRANCH":
        costs = [_cost(branch, depth) for branch in argument[1]]
        return math.log(sum(math.exp(min(ways, 700.0)) for ways, _ in costs)), sum(steps for _, steps in costs)
    inner = [part for part in _parts(argument) if hasattr(part, "data")]
    costs = [_cost(part, depth) for part in inner]
    return sum(ways for ways, _ in costs), 1 + sum(steps for _, steps in costs)


def _parts(argument: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    return argument if isinstance(argument, tuple) else (argument,)
