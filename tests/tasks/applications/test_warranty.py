"""三包: when warranty begins and ends, and who should pay (DOMAIN, "Warranty")."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.words import FeeCategory, Reason
from tasks.applications.warranty import Cover, add_months, warranty_start

START = date(2026, 3, 20)


def covered(day: date, start: date | None = START) -> Cover:
    return Cover(day, start, "签收日起 from signing", {"PANEL": 24}, 12, frozenset({Reason.MISUSE}))


def sold(**known: Any) -> Any:
    names = ("signing_date", "installation_date", "exchanged_on", "waived_on")
    return SimpleNamespace(**{"factory_date": date(2026, 1, 31), "repair_days": 0} | dict.fromkeys(names) | known)


def test_what_was_installed_is_under_warranty_from_the_completion_of_that() -> None:
    later = date(2026, 4, 2)
    start, why = warranty_start(sold(signing_date=START, installation_date=later), 1)
    assert start == later
    assert "安装完成日起" in why


def test_a_warranty_that_was_given_up_ends_the_day_before() -> None:
    cover = covered(date(2026, 9, 1))._replace(waived=date(2026, 9, 1))
    warranty = cover.of("HARDWARE")
    assert warranty
    assert warranty.end == date(2026, 8, 31)
    assert "2026-09-01 放弃保修" in warranty.rule
    assert cover.fee("HARDWARE", Reason.QUALITY) is FeeCategory.CHARGED
    late = covered(START)._replace(waived=date(2027, 3, 21)).of("HARDWARE")
    assert late
    assert (late.end, "放弃" in late.rule) == (date(2027, 3, 20), False)


def test_warranty_begins_with_the_signing_else_a_month_after_the_factory() -> None:
    assert warranty_start(sold(signing_date=START), 1) == (START, "签收日起 from signing")
    start, why = warranty_start(sold(), 1)
    assert start == date(2026, 2, 28)
    assert "出厂日顺延 1 个月" in why


def test_days_in_repair_are_excluded_and_an_exchange_starts_it_anew() -> None:
    """Repair days are excluded; an exchange starts the warranty anew (DOMAIN-BRANCHES 5)."""
    repaired = covered(START)._replace(repaired=10).of("HARDWARE")
    assert repaired
    assert (repaired.end, "维修 10 天" in repaired.rule) == (date(2027, 3, 30), True)
    start, why = warranty_start(sold(signing_date=START, exchanged_on=date(2026, 5, 6)), 1)
    assert (start, "换货日起" in why) == (date(2026, 5, 6), True)


def test_each_category_has_its_months() -> None:
    cover = covered(START)
    hardware, panel = cover.of("HARDWARE"), cover.of("PANEL")
    assert hardware
    assert panel
    assert (hardware.end, panel.end) == (date(2027, 3, 20), date(2028, 3, 20))
    assert hardware.rule == "签收日起 from signing，12 个月 months"
    assert covered(START, None).of("HARDWARE") is None


@pytest.mark.parametrize(
    ("day", "category", "reason", "fee"),
    [
        (date(2027, 3, 20), "HARDWARE", Reason.QUALITY, FeeCategory.FREE),
        (date(2027, 3, 21), "HARDWARE", Reason.QUALITY, FeeCategory.CHARGED),
        (date(2027, 3, 21), "PANEL", Reason.QUALITY, FeeCategory.FREE),
        (START, "PANEL", Reason.MISUSE, FeeCategory.CHARGED),
    ],
    ids=["last day", "a day later", "longer category", "a cause of no warranty"],
)
def test_who_should_pay(day: date, category: str, reason: Reason, fee: FeeCategory) -> None:
    assert covered(day).fee(category, reason) is fee


def test_an_order_that_nobody_knows_is_charged() -> None:
    assert covered(START, None).fee("HARDWARE", Reason.QUALITY) is FeeCategory.CHARGED


def test_the_31st_becomes_the_last_day_of_a_shorter_month() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
