"""The house keeps its shape: arrows point one way, rooms hold what belongs there, time has one source."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import flows
from schemas.forms.base import Form
from tasks.durable.process import PROCESSES
from tasks.durable.step import STEPS

ROOT = Path(__file__).parents[1]
FLOORS = ["schemas", "tasks", "flows", "deployments"]  # each may import itself and what stands before it
CLOCK = "tasks/durable/clock.py"
LEASE = "tasks/durable/lease.py"  # goes by the database's clock: those of hosts differ, and leases are no business
TIMES_IN_PYTHON = {
    f"{owner}.{name}"
    for owner, names in {
        "datetime.datetime": ["now", "utcnow", "today"],
        "datetime.date": ["today"],
        "sqlalchemy.func": [
            "now",
            "current_timestamp",
            "current_date",
            "current_time",
            "localtime",
            "localtimestamp",
            "clock_timestamp",
            "statement_timestamp",
            "transaction_timestamp",
        ],
    }.items()
    for name in names
}
TIMES_IN_SQL = re.compile(r"(?<![\w.])now\(\)|current_(timestamp|date|time)\b|\w+_timestamp\(\)", re.IGNORECASE)
RECORDED = "schemas/migrations/versions/"  # generated once, then history: nobody maintains these files

Offence = tuple[str, object]


def modules(folder: str = "", name: str = "*.py") -> Iterator[str]:
    """The Python files of our packages, relative to the root."""
    for floor in FLOORS:
        if not folder or folder == floor:
            yield from (path.relative_to(ROOT).as_posix() for path in sorted((ROOT / floor).rglob(name)))


def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text("utf-8"))


@cache
def imports(module: str) -> set[str]:
    """Everything a module imports, at any place in it; `from a import b` counts as a.b."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module.removesuffix(".py").split("/")[: -node.level] if node.level else []
            origin = ".".join([*package, *([node.module] if node.module else [])])
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    return found


def offending(module: str, *forbidden: str) -> list[Offence]:
    """What a module imports of the forbidden packages."""
    return [(module, name) for name in sorted(imports(module)) for one in forbidden if f"{name}.".startswith(f"{one}.")]


def dotted(node: ast.AST) -> str:
    """A name with those before its dots, "" where it is of something else than a name."""
    if isinstance(node, ast.Attribute):
        return (owner := dotted(node.value)) and f"{owner}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def full_names(module: ast.Module) -> Iterator[str]:
    """Every dotted name that is used, its first part as it was imported: dt.now as datetime.datetime.now."""
    known = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(module):
        if name := dotted(node):
            first, _, rest = name.partition(".")
            yield ".".join(filter(None, [known.get(first, first), rest]))


def texts(module: ast.Module) -> Iterator[str]:
    """Every string that is not a docstring; the constant pieces of f-strings too."""
    prose = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_go_one_way(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    assert [found for module in modules(floor) for found in offending(module, *above, "tests")] == []


CORE = ["durable", "unit"]
SHARED = [
    "people",
    "lines",
    "documents",
    "privacy",
    "books",
    "checking",
    "policies",
    "cycle",
    "rounds",
    "notices",
    "outbox",
    "stock",
    "branches",
]
DOORS = ["sheets", "runs", "desk"]
ROOMS = sorted({path.name for path in (ROOT / "tasks").iterdir() if path.is_dir() and path.name != "__pycache__"})
TRADES = [room for room in ROOMS if room not in CORE + SHARED + DOORS]


@pytest.mark.parametrize(
    ("rooms", "above"),
    [(CORE, SHARED + TRADES + DOORS), (SHARED, TRADES + DOORS), (TRADES, DOORS)],
    ids=["core", "shared trades", "trades"],
)
def test_inside_tasks_arrows_point_one_way_too(rooms: list[str], above: list[str]) -> None:
    own = [module for module in modules("tasks") if module.split("/")[1] in rooms]
    assert [found for module in own for found in offending(module, *(f"tasks.{room}" for room in above))] == []


GENERIC = (*(f"tasks/{room}/" for room in [*CORE, *DOORS]), "deployments/")
DEMO = "deployments/demo/"


def generic_modules() -> list[str]:
    return [module for module in modules() if module.startswith(GENERIC) and not module.startswith(DEMO)]


def words_of_processes() -> set[str]:
    """What only a process may say: codes, titles, links, endings, step keys, and the fields of its forms."""
    flows.load()
    house = {
        "close",
        "tell-parent",
        "已撤回",
        "逾期关闭",
        "说明",
    }  # what the house itself says: its own steps, its endings, a tab of notes
    said = {"PA", "RR", "CC", "RF", "AN", "SO", "CY"}
    for process in PROCESSES.values():
        said |= {process.title, process.parameter, *process.links}
        said |= {ending.zh for ending in process.endings}
    return (said | STEPS.keys() | fields_of_trades()) - house


def fields_of_trades() -> set[str]:
    """The Chinese names of form fields, but for those of the house's own forms."""
    by_room: dict[bool, set[str]] = {True: set(), False: set()}
    for form in subclasses(Form):
        if form.__module__.startswith("schemas.forms."):
            ours = form.__module__ in {"schemas.forms.base", "schemas.forms.cases", "schemas.forms.sheets"}
            by_room[ours] |= {field.alias for field in form.model_fields.values() if field.alias}
    return by_room[False] - by_room[True]


def subclasses(form: type[Form]) -> Iterator[type[Form]]:
    for one in form.__subclasses__():
        yield one
        yield from subclasses(one)


def test_generic_rooms_name_no_process_and_nothing_of_one() -> None:
    words = words_of_processes()
    found = [(module, text) for module in generic_modules() for text in texts(tree(module)) if text.strip() in words]
    for template in (ROOT / "tasks").rglob("*.j2"):
        quoted = re.findall(r"[\"']([^\"']+)[\"']", template.read_text("utf-8"))
        found += [(template.name, text) for text in quoted if text.strip() in words]
    assert found == []


def test_generic_rooms_import_no_flow_and_no_form_of_a_trade() -> None:
    flows_of_processes = [f"flows.{path.stem}" for path in (ROOT / "flows").glob("*.py") if path.stem != "__init__"]
    house = {"base", "fields", "cases", "periods", "sheets", "sales", "history", "surveys", "reference"}
    forms = [f"schemas.forms.{p.stem}" for p in (ROOT / "schemas/forms").glob("*.py") if p.stem not in house]
    barred = [one for one in [*flows_of_processes, *forms, "schemas.processes"] if not one.endswith("__init__")]
    assert [found for module in generic_modules() for found in offending(module, *barred)] == []


def test_the_core_is_no_bigger_than_its_idea() -> None:
    written = [(ROOT / module).read_text("utf-8") for module in modules("tasks") if module.startswith("tasks/durable/")]
    assert sum(len(text.splitlines()) for text in written) <= 1_200


def test_flows_hold_no_sql_no_http_and_no_tables_of_figures() -> None:
    barred = ("sqlalchemy", "psycopg", "httpx", "pandas", "great_expectations")
    assert [found for module in modules("flows") for found in offending(module, *barred)] == []


def test_rules_are_pure() -> None:
    barred = ("prefect", "sqlalchemy", "psycopg", "httpx", "time", "random", "tasks.durable.clock")
    rules = list(modules("tasks", "rules.py"))
    assert rules != []
    assert [found for module in rules for found in offending(module, *barred)] == []


def test_what_talks_to_prefect_are_the_runs() -> None:
    rooms = [module for module in modules("tasks") if not module.startswith("tasks/runs/")]
    assert [found for module in rooms for found in offending(module, "prefect")] == []


def test_schemas_hold_shapes_only() -> None:
    barred = ("prefect", "httpx", "pandas")
    assert [found for module in modules("schemas") for found in offending(module, *barred)] == []


def test_business_time_has_one_source() -> None:
    others = [module for module in modules() if module not in {CLOCK, LEASE}]
    used = [(module, name) for module in others for name in full_names(tree(module)) if name in TIMES_IN_PYTHON]
    asked = [(module, text) for module in others for text in texts(tree(module)) if TIMES_IN_SQL.search(text)]
    assert used + asked == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    written = [module for module in modules() if not module.startswith(RECORDED)]
    lengths = {module: len((ROOT / module).read_text("utf-8").splitlines()) for module in written}
    bound = {module: 250 if module.startswith("tasks/") else 400 for module in written}
    assert {module: length for module, length in lengths.items() if length > bound[module]} == {}


def test_every_folder_of_a_package_is_a_package() -> None:
    folders = {(ROOT / module).parent for module in modules()}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("tasks.durable.stage", ["prefect", "pandas", "great_expectations", "openpyxl", "alembic"]),
        ("flows.parts_application", ["pandas", "great_expectations", "pydantic.v1"]),
    ],
)
def test_importing_stays_light(module: str, heavy: list[str]) -> None:
    code = f"import sys, {module}; print(*sorted(set({heavy!r}) & set(sys.modules)))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


# the checks themselves see what they must


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\ndatetime.now()",
        "from datetime import datetime as dt\nfield(default_factory=dt.utcnow)",
        "import datetime\ndatetime.date.today()",
        "import datetime as d\nd.datetime.now(d.UTC)",
        "from sqlalchemy import func\nselect(func.now())",
        "import sqlalchemy as sa\nsa.func.current_timestamp()",
    ],
)
def test_other_clocks_are_found_under_any_name(code: str) -> None:
    assert set(full_names(ast.parse(code))) & TIMES_IN_PYTHON


def test_our_own_clock_is_no_offence() -> None:
    code = '"""Ask clock.now(), never now()."""\nfrom tasks.durable import clock\nclock.now()\nx = "clock.now()"'
    assert not set(full_names(ast.parse(code))) & TIMES_IN_PYTHON
    assert [text for text in texts(ast.parse(code)) if TIMES_IN_SQL.search(text)] == []


@pytest.mark.parametrize("sql", ["SELECT now()", "DEFAULT CURRENT_TIMESTAMP", "x > current_date", "clock_timestamp()"])
def test_the_time_of_the_database_is_found_in_sql(sql: str) -> None:
    assert TIMES_IN_SQL.search(sql)
