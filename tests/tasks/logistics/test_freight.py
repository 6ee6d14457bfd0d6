import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.forms.logistics import FreightMethod
from schemas.words import Role
from tasks.logistics.rules import FreightLimits, freight_approval

HIRED, EXPRESS, AIR, OWN = FreightMethod.HIRED, FreightMethod.EXPRESS, FreightMethod.AIR, FreightMethod.OWN
APPROVERS = {HIRED: Role.SUPERVISOR, EXPRESS: Role.SUPERVISOR, AIR: Role.MANAGER}
LIMITS = FreightLimits(hired_over=Decimal("0.10"), express_free=Decimal(200), approvers=APPROVERS)
BILINGUAL = re.compile(r"[\u4e00-\u9fff][^/]* / [A-Z][^\u4e00-\u9fff]*\.")

calm = settings(deadline=None, max_examples=60)
money = st.decimals(0, 1_000_000, places=2)
prices = st.none() | money
methods = st.sampled_from(FreightMethod)


@pytest.mark.parametrize(
    ("method", "freight", "reference", "role"),
    [
        (HIRED, "1000.00", "1000", None),
        (HIRED, "1100.00", "1000", None),
        (HIRED, "1100.01", "1000", Role.SUPERVISOR),
        (HIRED, "366.66", "333.33", None),
        (HIRED, "366.67", "333.33", Role.SUPERVISOR),
        (HIRED, "0", "1000", None),
        (HIRED, "1.00", None, Role.SUPERVISOR),
        (HIRED, "0", None, Role.SUPERVISOR),
        (HIRED, "0", "0", Role.SUPERVISOR),
        (EXPRESS, "200.00", None, None),
        (EXPRESS, "200.01", None, Role.SUPERVISOR),
        (EXPRESS, "200.01", "1000", Role.SUPERVISOR),
        (AIR, "0.01", "1000", Role.MANAGER),
        (AIR, "0", None, Role.MANAGER),
        (OWN, "99999", None, None),
    ],
)
def test_who_must_approve_the_freight(
    method: FreightMethod, freight: str, reference: str | None, role: Role | None
) -> None:
    price = None if reference is None else Decimal(reference)
    assert freight_approval(method, Decimal(freight), price, LIMITS).role is role


def test_the_limits_are_policy() -> None:
    limits = FreightLimits(hired_over=Decimal("0.25"), express_free=Decimal(50), approvers=APPROVERS)
    assert freight_approval(HIRED, Decimal("1250"), Decimal(1000), limits).role is None
    assert freight_approval(HIRED, Decimal("1250.01"), Decimal(1000), limits).role is Role.SUPERVISOR
    assert freight_approval(EXPRESS, Decimal("50.01"), None, limits).role is Role.SUPERVISOR


def test_the_reason_of_hired_transport_names_freight_limit_price_and_approver() -> None:
    reason = freight_approval(HIRED, Decimal("1180.5"), Decimal(1000), LIMITS).reason
    for part in ("1,180.50", "1,100.00", "1,000.00", "10%", "客服主管", "SUPERVISOR"):
        assert part in reason


def test_the_limit_shown_is_never_higher_than_the_limit_applied() -> None:
    ruling = freight_approval(HIRED, Decimal("3.70"), Decimal("3.36"), LIMITS)  # 3.36 + 10 % = 3.696
    assert ruling.role is Role.SUPERVISOR
    assert "CNY 3.69 " in ruling.reason


def test_a_missing_reference_price_is_said() -> None:
    reason = freight_approval(HIRED, Decimal(80), None, LIMITS).reason
    assert "没有参考运价" in reason
    assert "no reference price" in reason


@pytest.mark.parametrize("freight", ["-0.01", "NaN", "Infinity"])
@pytest.mark.parametrize("method", FreightMethod)
def test_a_freight_that_is_no_amount_is_refused(method: FreightMethod, freight: str) -> None:
    with pytest.raises(ValueError, match="expected an amount in CNY of 0 or more"):
        freight_approval(method, Decimal(freight), None, LIMITS)


@calm
@given(methods, money, prices)
def test_every_ruling_has_a_reason_in_both_languages(
    method: FreightMethod, freight: Decimal, reference: Decimal | None
) -> None:
    ruling = freight_approval(method, freight, reference, LIMITS)
    assert BILINGUAL.fullmatch(ruling.reason)
    assert ruling.role is None or (ruling.role.zh in ruling.reason and ruling.role.value in ruling.reason)


@calm
@given(methods, money, money, prices)
def test_cheaper_freight_never_needs_more_approval(
    method: FreightMethod, one: Decimal, other: Decimal, reference: Decimal | None
) -> None:
    cheap, dear = (freight_approval(method, cny, reference, LIMITS).role for cny in sorted((one, other)))
    assert cheap is None or cheap is dear


@calm
@given(money, prices, prices)
def test_the_reference_price_matters_to_hired_transport_only(
    freight: Decimal, one: Decimal | None, other: Decimal | None
) -> None:
    for method in (EXPRESS, AIR, OWN):
        assert freight_approval(method, freight, one, LIMITS) == freight_approval(method, freight, other, LIMITS)
