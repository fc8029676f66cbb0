"""Each fault of `./run faults`, as often as every run of the tests has time for."""

from __future__ import annotations

import pytest

from faults.all import FAULTS
from faults.table import Fault, NotDoneError, Size

pytestmark = [pytest.mark.broker, pytest.mark.postgres]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.rounds(Size.TEST)], ids=lambda fault: fault.name)
def test_costs_no_acknowledged_vote(fault: Fault) -> None:
    try:
        row = fault.run(fault.rounds(Size.TEST), lambda _done: None)
    except NotDoneError as error:
        pytest.skip(str(error))
    assert row.holds, row
