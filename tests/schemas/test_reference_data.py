"""The reference data is believable and hangs together: each check is a sentence and names its offenders."""

import csv
import json
import math
import re
from collections import Counter, defaultdict
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import chinese_calendar
import pytest

from schemas.forms.logistics import FreightMethod
from schemas.spelling import alike
from schemas.words import Role

Row = dict[str, str]

REFERENCE = Path(__file__).parents[2] / "schemas" / "reference"
HEADERS = {
    "offices": "code,name,region,address,phone",
    "units": "code,name,kind,calendar",
    "warehouses": "code,name,kind,office",
    "staff": "code,name,phone,active",
    "staff_roles": "staff,role,office,unit",
    "part_categories": "code,name",
    "parts": "code,name,category,specification,colour,uom,unit,discontinued_on,shelf_days,safety_stock",
    "part_prices": "part,price,valid_from,valid_to,source",
    "routes": "office,reference_price,valid_from,valid_to,source",
    "cycle_standards": "process,category,unit,urgency,days,valid_from,valid_to,source",
    "policies": "key,value,unit,source,meaning",
    "holidays": "day,working,name,source",
    "sales": (
        "order_no,line_no,office,customer_name,customer_phone,customer_address,model,model_name,quantity,"
        "price_paid,factory,factory_date,delivery_date,signing_date,installation_date,channel,custom_made,custom_confirmed,"
        "list_price,coupon,delivery_fee,offer_from,store"
    ),
    "stock": "warehouse,part,quantity",
    "carriers": "code,name,kind,aliases",
    "stores": "code,name,office,phone",
    "survey_questions": "code,text,valid_from,valid_to,source",
}
KEYS = {
    "offices": "code",
    "units": "code",
    "warehouses": "code",
    "staff": "code",
    "staff_roles": "staff,role,office,unit",
    "part_categories": "code",
    "parts": "code",
    "part_prices": "part,valid_from",
    "routes": "office,valid_from",
    "cycle_standards": "process,category,unit,urgency,valid_from",
    "policies": "key",
    "holidays": "day",
    "sales": "order_no,line_no",
    "stock": "warehouse,part",
    "carriers": "code",
    "stores": "code",
    "survey_questions": "code,valid_from",
}
REFERENCES = [
    ("warehouses", "office", "offices"),
    ("staff_roles", "staff", "staff"),
    ("staff_roles", "office", "offices"),
    ("staff_roles", "unit", "units"),
    ("parts", "category", "part_categories"),
    ("parts", "unit", "units"),
    ("part_prices", "part", "parts"),
    ("routes", "office", "offices"),
    ("cycle_standards", "category", "part_categories"),
    ("cycle_standards", "unit", "units"),
    ("sales", "office", "offices"),
    ("sales", "store", "stores"),
    ("stores", "office", "offices"),
    ("stock", "warehouse", "warehouses"),
    ("stock", "part", "parts"),
]
MAY_BE_EMPTY = {
    "warehouses": {"office"},
    "staff_roles": {"office", "unit"},
    "parts": {"discontinued_on", "shelf_days"},
    "part_prices": {"valid_to"},
    "routes": {"valid_to"},
    "cycle_standards": {"unit", "valid_to"},
    "survey_questions": {"valid_to"},
    "sales": {"delivery_date", "signing_date", "installation_date", "store"},
}
WORDS = [
    ("units", "kind", {"own", "outsourced", "supplier"}),
    ("units", "calendar", {"CN"}),
    ("warehouses", "kind", {"good", "damaged"}),
    ("staff", "active", {"0", "1"}),
    ("cycle_standards", "process", {"PA", "RR", "SO"}),
    ("cycle_standards", "urgency", {"normal", "urgent"}),
    ("holidays", "working", {"0", "1"}),
    ("sales", "channel", {"shop", "remote"}),
    ("sales", "custom_made", {"0", "1"}),
    ("sales", "custom_confirmed", {"0", "1"}),
    ("carriers", "kind", {method.value for method in FreightMethod}),
]
ROLES = [role for role in Role if role is not Role.SYSTEM]
LEAST_STAFF = {
    Role.PARTS_REVIEWER: 2,
    Role.PLANNER: 2,
    Role.WAREHOUSE: 3,
    Role.LOGISTICS: 2,
    Role.QUALITY: 2,
    Role.AGENT: 4,
    Role.SUPERVISOR: 3,
    Role.MANAGER: 2,
    Role.FINANCE: 2,
}
NORMAL_DAYS = {"HARDWARE": 3, "PANEL": 7, "PAINTED": 10, "UPHOLSTERED": 12, "CUSTOM": 15}
DOMAIN_NUMBERS = {
    "ladder.limits": {"PARTS_REVIEWER": "2000", "SUPERVISOR": "10000", "MANAGER": "50000", "GENERAL_MANAGER": None},
    "default.review.hours": 24,
    "default.cycle.days": 1,
    "default.plan.days": 1,
    "default.goods_in.days": 1,
    "default.goods_out.days": 2,
    "default.release_form.days": 2,
    "default.pickup.reminder_days": [2, 5, 10],
    "default.check.days": 5,
    "default.approval.days": 1,
    "rr.resubmit.days": 10,
    "rr.list.days": 15,
    "rr.list.volume": 3,
    "rr.list_expiry.days": 30,
    "rr.appraisal.days": 5,
    "rr.confirm.days": 2,
    "rr.objection.days": 2,
    "rr.scrap.days": 1,
    "rr.contact.days": 1,
    "default.quote.valid_days": 15,
    "rr.quote.lapse_days": 0,
    "rr.quote.reminder_days": [5, 10],
    "rr.inspection.days": 1,
    "rr.inspections": 3,
    "rr.too_often": 3,
    "rr.payment.days": 10,
    "default.handover.days": 10,
    "rl.trace_after.days": 5,
    "rl.filing.days": 5,
    "freight.hired_over_reference": Decimal("0.10"),
    "freight.express_free": 200,
    "cycle.warn_share": Decimal("0.8"),
    "cycle.supervisor_after_days": 3,
    "cycle.manager_after_days": 7,
    "urgent.share": "2/3",
    "penalty.rate": Decimal("0.005"),
    "penalty.cap": Decimal("0.10"),
    "warranty.default_months": 12,
    "work.start": "08:30",
    "work.end": "17:30",
    "retention.years": 3,
    "retention.days": 30,
    "retention.edition_years": 5,
    "report.correct_roles": ["SUPERVISOR", "MANAGER"],
}


def load(name: str) -> list[Row]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def codes(name: str) -> set[str]:
    return {row["code"] for row in load(name)}


def key_of(name: str, row: Row) -> str:
    return "/".join(row[column] for column in KEYS[name].split(","))


def repeated(values: list[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def active_staff_of(role: Role) -> set[str]:
    active = {row["code"] for row in load("staff") if row["active"] == "1"}
    return {row["staff"] for row in load("staff_roles") if row["role"] == role} & active


def holds_on(row: Row, day: date) -> bool:
    started = date.fromisoformat(row["valid_from"]) <= day
    return started and (not row["valid_to"] or day <= date.fromisoformat(row["valid_to"]))


def policies() -> dict[str, object]:
    return {row["key"]: json.loads(row["value"], parse_float=Decimal) for row in load("policies")}


@pytest.mark.parametrize("name", HEADERS)
def test_every_file_has_its_header_and_plain_utf8_lines(name: str) -> None:
    text = (REFERENCE / f"{name}.csv").read_bytes().decode("utf-8")
    assert text.splitlines()[0] == HEADERS[name]
    assert text.endswith("\n")
    assert "\r" not in text


@pytest.mark.parametrize("name", HEADERS)
def test_every_row_is_as_wide_as_its_header_and_its_cells_are_trimmed(name: str) -> None:
    ragged = [row for row in load(name) if None in row or None in row.values()]
    untrimmed = [key_of(name, row) for row in load(name) if any(cell != cell.strip() for cell in row.values())]
    assert (ragged, untrimmed) == ([], [])


@pytest.mark.parametrize("name", HEADERS)
def test_only_cells_that_may_be_empty_are_empty(name: str) -> None:
    optional = MAY_BE_EMPTY.get(name, set())
    assert [
        (key_of(name, row), column)
        for row in load(name)
        for column, cell in row.items()
        if not cell and column not in optional
    ] == []


@pytest.mark.parametrize("name", KEYS)
def test_no_key_occurs_twice(name: str) -> None:
    assert repeated([key_of(name, row) for row in load(name)]) == []


@pytest.mark.parametrize(("name", "column", "target"), REFERENCES)
def test_every_referenced_code_exists(name: str, column: str, target: str) -> None:
    known = codes(target) | ({""} if column in MAY_BE_EMPTY.get(name, set()) else set())
    assert {row[column] for row in load(name)} - known == set()


@pytest.mark.parametrize(("name", "column", "words"), WORDS)
def test_every_kind_is_one_of_the_agreed_words(name: str, column: str, words: set[str]) -> None:
    assert {row[column] for row in load(name)} - words == set()


@pytest.mark.parametrize(
    ("name", "column"), [("part_prices", "price"), ("routes", "reference_price"), ("sales", "price_paid")]
)
def test_money_is_positive_and_has_two_decimals(name: str, column: str) -> None:
    assert [
        row[column] for row in load(name) if not re.fullmatch(r"\d+\.\d\d", row[column]) or Decimal(row[column]) <= 0
    ] == []


@pytest.mark.parametrize("name", HEADERS)
def test_every_day_is_an_iso_date(name: str) -> None:
    for row in load(name):
        for column, cell in row.items():
            if cell and column.endswith(("day", "_on", "_date", "valid_from", "valid_to")):
                assert date.fromisoformat(cell).isoformat() == cell


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("part_prices", ["part"]),
        ("routes", ["office"]),
        ("cycle_standards", ["process", "category", "unit", "urgency"]),
    ],
)
def test_periods_of_one_thing_never_overlap(name: str, columns: list[str]) -> None:
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for row in load(name):
        groups[tuple(row[column] for column in columns)].append((row["valid_from"], row["valid_to"] or "9999-12-31"))
    backwards = [key for key, periods in groups.items() if any(first > last for first, last in periods)]
    overlapping = [
        key
        for key, periods in groups.items()
        if any(later[0] <= earlier[1] for earlier, later in zip(sorted(periods), sorted(periods)[1:], strict=False))
    ]
    assert (backwards, overlapping) == ([], [])


def test_the_group_is_as_large_as_promised() -> None:
    assert len(load("offices")) >= 12
    assert len([row for row in load("staff") if row["active"] == "1"]) >= 48
    assert len(load("units")) >= 6
    assert len(load("parts")) >= 84
    assert len(load("part_categories")) == 6
    assert len({row["order_no"] for row in load("sales")}) >= 60
    assert len(load("sales")) >= 80


def test_units_are_own_outsourced_and_supplied() -> None:
    assert {row["kind"] for row in load("units")} == {"own", "outsourced", "supplier"}


def test_headquarters_and_every_office_have_a_good_and_a_damaged_warehouse() -> None:
    expected = {("MAIN-GOOD", "good", ""), ("MAIN-DAMAGED", "damaged", "")}
    for office in codes("offices"):
        expected |= {(f"{office}-GOOD", "good", office), (f"{office}-DAMAGED", "damaged", office)}
    assert {(row["code"], row["kind"], row["office"]) for row in load("warehouses")} == expected


def test_no_two_carriers_are_called_alike() -> None:
    words = [alike(word) for row in load("carriers") for word in (row["code"], row["name"], *row["aliases"].split())]
    assert repeated(words) == []


def test_every_way_of_sending_has_a_carrier() -> None:
    assert {row["kind"] for row in load("carriers")} == {method.value for method in FreightMethod}


def test_exactly_two_offices_have_no_route_price() -> None:
    assert len(codes("offices") - {row["office"] for row in load("routes")}) == 2


def test_every_route_that_has_a_price_has_one_today() -> None:
    counted = Counter(row["office"] for row in load("routes") if holds_on(row, date.today()))
    assert {row["office"] for row in load("routes")} == set(counted)
    assert set(counted.values()) == {1}


def test_every_role_of_the_domain_is_held_and_no_other() -> None:
    assert {row["role"] for row in load("staff_roles")} == {role.value for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_enough_active_staff(role: Role) -> None:
    assert len(active_staff_of(role)) >= LEAST_STAFF.get(role, 1)


def test_every_office_has_an_active_office_person_and_the_big_ones_two() -> None:
    active = active_staff_of(Role.OFFICE)
    rows = [row for row in load("staff_roles") if row["role"] == Role.OFFICE and row["staff"] in active]
    counted = Counter(row["office"] for row in rows)
    assert set(counted) == codes("offices")
    assert [office for office in ("BJ", "SH", "GZ") if counted[office] < 2] == []


@pytest.mark.parametrize("role", [Role.WORKSHOP, Role.RESPONSIBLE_UNIT])
def test_every_unit_has_somebody_to_answer_for_it(role: Role) -> None:
    assert {row["unit"] for row in load("staff_roles") if row["role"] == role} == codes("units")


def test_only_office_staff_belong_to_an_office_and_only_unit_staff_to_a_unit() -> None:
    with_unit = {Role.WORKSHOP, Role.RESPONSIBLE_UNIT}
    assert [
        row
        for row in load("staff_roles")
        if bool(row["office"]) != (row["role"] == Role.OFFICE) or bool(row["unit"]) != (row["role"] in with_unit)
    ] == []


def test_everybody_has_a_role_and_one_person_is_supervisor_and_manager() -> None:
    held: dict[str, set[str]] = defaultdict(set)
    for row in load("staff_roles"):
        held[row["staff"]].add(row["role"])
    assert set(held) == codes("staff")
    assert [roles for roles in held.values() if len(roles) > 1] == [{Role.SUPERVISOR, Role.MANAGER}]


def test_names_and_phones_are_unique_and_phones_are_from_the_example_ranges() -> None:
    staff = load("staff")
    customers = {row["customer_phone"]: row["customer_name"] for row in load("sales")}
    assert repeated([row["name"] for row in staff] + list(customers.values())) == []
    assert repeated([row["phone"] for row in staff] + list(customers)) == []
    phones = [row["phone"] for row in staff] + list(customers)
    assert [phone for phone in phones if not re.fullmatch(r"13[89]0000\d{4}", phone)] == []


def test_every_part_has_exactly_one_price_today_and_on_every_day_of_a_change() -> None:
    changes = {date.fromisoformat(row["valid_from"]) for row in load("part_prices")}
    changes |= {date.fromisoformat(row["valid_to"]) for row in load("part_prices") if row["valid_to"]}
    for day in changes | {date.today()}:
        priced = Counter(row["part"] for row in load("part_prices") if holds_on(row, day))
        assert codes("parts") == set(priced), day
        assert [part for part, count in priced.items() if count > 1] == [], day


def test_prices_hold_from_2025_and_several_changed_in_july_2026() -> None:
    assert {row["valid_from"] for row in load("part_prices")} == {"2025-01-01", "2026-07-01"}
    assert len([row for row in load("part_prices") if row["valid_from"] == "2026-07-01"]) >= 3


def test_standard_part_names_are_unique() -> None:
    assert repeated([row["name"] for row in load("parts")]) == []


def test_every_category_has_parts_and_every_unit_makes_some() -> None:
    assert {row["category"] for row in load("parts")} == codes("part_categories")
    assert {row["unit"] for row in load("parts")} == codes("units")


def test_exactly_three_parts_were_discontinued_and_all_in_2025() -> None:
    days = [row["discontinued_on"] for row in load("parts") if row["discontinued_on"]]
    assert [day[:4] for day in days] == ["2025"] * 3


def test_safety_stock_is_a_number_of_zero_or_more() -> None:
    assert [row["code"] for row in load("parts") if not row["safety_stock"].isdecimal()] == []


def test_opening_stock_lies_at_headquarters_and_is_positive() -> None:
    assert {row["warehouse"] for row in load("stock")} == {"MAIN-GOOD"}
    assert [row["part"] for row in load("stock") if Decimal(row["quantity"]) <= 0] == []


def test_nearly_all_hardware_is_on_stock_and_most_panels_are_not() -> None:
    stocked = {row["part"] for row in load("stock")}
    by_category: dict[str, set[str]] = defaultdict(set)
    for row in load("parts"):
        by_category[row["category"]].add(row["code"])
    assert 40 <= len(stocked) <= 50
    assert len(by_category["HARDWARE"] - stocked) <= 2
    assert len(by_category["PANEL"] - stocked) >= 8


def standard(process: str, category: str, unit: str, urgency: str) -> int | None:
    wanted = (process, category, unit, urgency)
    for row in load("cycle_standards"):
        if (row["process"], row["category"], row["unit"], row["urgency"]) == wanted:
            return int(row["days"])
    return None


@pytest.mark.parametrize(("category", "days"), NORMAL_DAYS.items())
def test_normal_days_are_those_of_the_domain(category: str, days: int) -> None:
    assert standard("PA", category, "", "normal") == days
    assert standard("RR", category, "", "normal") == 7


def test_urgent_days_are_two_thirds_of_the_normal_days_rounded_up() -> None:
    share = Fraction(str(policies()["urgent.share"]))
    for row in load("cycle_standards"):
        normal = standard(row["process"], row["category"], row["unit"], "normal")
        urgent = standard(row["process"], row["category"], row["unit"], "urgent")
        assert normal is not None
        assert urgent == math.ceil(share * normal)


def test_glass_has_no_standard() -> None:
    assert [row for row in load("cycle_standards") if row["category"] == "GLASS"] == []


def test_two_outsourced_units_have_a_standard_of_their_own() -> None:
    outsourced = {row["code"] for row in load("units") if row["kind"] == "outsourced"}
    overridden = {row["unit"] for row in load("cycle_standards") if row["unit"]}
    assert len(overridden) == 2
    assert overridden <= outsourced


def test_the_numbers_of_the_domain_stand_in_the_policies() -> None:
    found = policies()
    assert {key: found.get(key) for key in DOMAIN_NUMBERS} == DOMAIN_NUMBERS


def test_policy_keys_are_flat_and_dotted() -> None:
    assert [key for key in policies() if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", key)] == []


def test_every_policy_names_a_section_or_says_that_it_is_a_default() -> None:
    sources = {row["source"] for row in load("policies")}
    assert {source for source in sources if not re.fullmatch(r"D|LAW|S\d( §\d [\d.]+)?( \(\w+ D\))?", source)} == set()


def test_every_role_that_a_policy_names_exists() -> None:
    values = [policies()[row["key"]] for row in load("policies") if row["unit"] == "role"]
    named = {str(one) for value in values for one in (value if isinstance(value, list) else [value])}
    limits = policies()["ladder.limits"]
    assert isinstance(limits, dict)
    assert (named | set(limits)) - {role.value for role in ROLES} == set()


def test_working_time_is_a_span_of_one_day() -> None:
    found = policies()
    assert time.fromisoformat(str(found["work.start"])) < time.fromisoformat(str(found["work.end"]))


def test_holidays_fall_on_weekdays_and_make_up_days_on_weekends() -> None:
    assert [
        row["day"]
        for row in load("holidays")
        if (date.fromisoformat(row["day"]).weekday() >= 5) != (row["working"] == "1")
    ] == []


@pytest.mark.parametrize("year", range(2004, 2027))
def test_holidays_are_day_by_day_those_of_the_calendar_package(year: int) -> None:
    """Issue G 1: 2004 to 2026."""
    listed = {date.fromisoformat(row["day"]): row["working"] == "1" for row in load("holidays")}
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    assert [day for day in days if listed.get(day, day.weekday() < 5) != chinese_calendar.is_workday(day)] == []


def test_every_holiday_names_the_notice_of_its_year_or_the_one_that_changed_it() -> None:
    later = {"国发明电〔2015〕1号", "国办发明电〔2019〕3号", "国办发明电〔2020〕1号"}
    named = {(int(row["day"][:4]) + (row["day"][5:7] == "12"), row["source"]) for row in load("holidays")}
    of_year = {year: source for year, source in named if source not in later}
    assert sorted(of_year) == list(range(2004, 2027))
    assert len(of_year) + len(later) == len(named)
    assert [
        year for year, source in of_year.items() if not re.fullmatch(rf"国办发明电〔{year - 1}〕\d+号", source)
    ] == []


def test_an_order_number_carries_its_day_and_goods_leave_the_factory_later() -> None:
    wrong = []
    for row in load("sales"):
        stamp = re.fullmatch(r"SO(\d{8})-\d{4}", row["order_no"])
        assert stamp, row["order_no"]
        if row["factory_date"].replace("-", "") <= stamp[1]:
            wrong.append(row["order_no"])
    assert wrong == []


def test_goods_are_made_then_delivered_then_signed_for_in_2025_or_2026() -> None:
    wrong = []
    for row in load("sales"):
        steps = [row["factory_date"], row["delivery_date"], row["signing_date"]]
        known = [day for day in steps if day]
        in_order = known == sorted(known) and known == steps[: len(known)]
        if not in_order or any(day[:4] not in {"2025", "2026"} for day in known):
            wrong.append(row["order_no"])
    assert wrong == []


def test_the_lines_of_an_order_are_numbered_and_share_office_customer_and_channel() -> None:
    orders: dict[str, list[Row]] = defaultdict(list)
    for row in load("sales"):
        orders[row["order_no"]].append(row)
    shared = ("office", "customer_name", "customer_phone", "customer_address", "channel")
    gaps = [no for no, rows in orders.items() if [int(row["line_no"]) for row in rows] != [*range(1, len(rows) + 1)]]
    mixed = [no for no, rows in orders.items() if len({tuple(row[column] for column in shared) for row in rows}) > 1]
    assert (gaps, mixed) == ([], [])


def test_sales_cover_every_office_both_channels_and_custom_made_goods() -> None:
    rows = load("sales")
    assert {row["office"] for row in rows} == codes("offices")
    assert {row["channel"] for row in rows} == {"shop", "remote"}
    assert {row["custom_made"] for row in rows} == {"0", "1"}
    assert [row["order_no"] for row in rows if row["custom_confirmed"] > row["custom_made"]] == []
    assert [row["order_no"] for row in rows if int(row["quantity"]) <= 0] == []


def test_one_model_always_has_one_name_and_is_custom_made_or_not() -> None:
    models: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in load("sales"):
        models[row["model"]].add((row["model_name"], row["custom_made"]))
    assert [model for model, seen in models.items() if len(seen) > 1] == []
