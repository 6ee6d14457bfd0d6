"""Where business time is simulated and far ahead, what Prefect stamps is still measured by the machine's clock."""

from datetime import timedelta
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.states import Pending

from tasks.durable import clock
from tasks.runs.standing import LEG_STARTS_WITHIN, may_be_starting


def test_a_run_that_has_just_begun_is_not_dead_however_far_business_time_is_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ahead = clock.now() + timedelta(days=10)
    monkeypatch.setattr(clock, "now", lambda: ahead)
    begun = clock.of_machine()
    assert may_be_starting(FlowRun(flow_id=uuid4(), state=Pending(timestamp=begun)))
    assert not may_be_starting(FlowRun(flow_id=uuid4(), state=Pending(timestamp=begun - LEG_STARTS_WITHIN)))
