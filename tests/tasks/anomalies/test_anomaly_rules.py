"""Who approves an anomaly's plan (DOMAIN 6, "Approvals")."""

from decimal import Decimal

import pytest

from schemas.words import Role
from tasks.anomalies.rules import least_leader

LIMITS = {
    Role.PARTS_REVIEWER: Decimal(2_000),
    Role.SUPERVISOR: Decimal(10_000),
    Role.MANAGER: Decimal(50_000),
    Role.GENERAL_MANAGER: None,
}
S, M, G = Role.SUPERVISOR, Role.MANAGER, Role.GENERAL_MANAGER


@pytest.mark.parametrize(
    ("amount", "before", "least"),
    [
        (0, 0, S),
        (10_000, 0, S),
        (10_001, 0, M),
        (50_001, 0, G),
        (500, 1, M),
        (10_001, 1, G),
        (90_000, 1, G),
        (500, 2, M),
        (500, 5, M),
    ],
)
def test_a_leader_approves_by_amount_and_of_a_re_order_one_rung_higher(amount: int, before: int, least: Role) -> None:
    assert least_leader(Decimal(amount), LIMITS, before) == least
