"""Rules, policies and tests hold together: docs/rules.md says what is true of this very program."""

import ast
import csv
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tasks.policies.rulebook import not_covered, policies_in_force, rulebook, rules_page

ROOT = Path(__file__).parents[3]
SOURCES = ("flows", "tasks", "schemas", "deployments")
READ_BY_NOTHING_YET = {  # key → what will read it
    "watch.every_minutes": "scheduled work: prefect.yaml has the schedule, and tests/flows/test_terms.py holds both together"
}


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / f"{file}.py").read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def policy_keys() -> list[str]:
    with (ROOT / "schemas" / "reference" / "policies.csv").open(encoding="utf-8", newline="") as file:
        return [row["key"] for row in csv.DictReader(file)]


def test_every_rule_is_shown_by_a_test_that_is_there_or_says_with_what_it_comes() -> None:
    known = rulebook()
    assert [one.id for one in known if bool(one.tests) == bool(one.waits)] == []
    named = {tuple(test.split("::")) for one in known for test in one.tests}
    there = {file: functions_of(file) for file in {file for file, _ in named}}
    assert [f"{file}::{test}" for file, test in sorted(named) if test not in there[file]] == []


def test_every_rule_has_an_id_of_its_own_a_place_and_a_source() -> None:
    known = rulebook()
    assert len({one.id for one in known}) == len(known)
    assert [one.id for one in known if not (one.section and one.place and one.source and one.rule)] == []


def test_rules_name_policies_that_are_there() -> None:
    keys = set(policy_keys())
    assert [(one.id, key) for one in rulebook() for key in one.policies if key not in keys] == []


def test_the_page_of_rules_is_what_the_command_writes(db: Engine) -> None:
    with db.connect() as connection:
        page = rules_page(rulebook(), policies_in_force(connection))
    written = (ROOT / "docs" / "rules.md").read_text("utf-8")
    assert written == page, "run: aftersales rules --page docs/rules.md"


def test_sections_without_any_rule_are_told() -> None:
    known = rulebook()
    assert all(one.waits for one in known if one.section in not_covered(known))
    waiting = [one._replace(tests=[]) if one.section == "Stock" else one for one in known]
    assert set(not_covered(waiting)) - set(not_covered(known)) == {"Stock"}


@cache
def words_of_the_program() -> set[str]:
    """Every string of the product's code but docstrings, of f-strings the pieces, and what trades' shapes are filled by."""
    words = set[str]()
    for source in SOURCES:
        for path in (ROOT / source).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose)
            words |= {node.value for node in strings if isinstance(node.value, str)}
            shape = ast.walk(tree) if source == "tasks" else ()
            fields = (node.target for node in shape if isinstance(node, ast.AnnAssign))
            words |= {target.id for target in fields if isinstance(target, ast.Name)}
    return words


def names_of(key: str) -> list[str]:
    """Give the words by which code reads a policy: its key, or without its process, group or unit what is left of it."""
    _, _, own = key.partition(".")
    return [key, own, own.rpartition(".")[0] or own]


def test_no_policy_is_read_by_nothing() -> None:
    words, keys = words_of_the_program(), policy_keys()
    unread = {key for key in keys if not words.intersection(names_of(key))}
    assert unread == READ_BY_NOTHING_YET.keys()


@pytest.mark.parametrize("key", ["default.nonsense.days", "nonsense.share"])
def test_a_policy_that_nothing_reads_is_found(key: str) -> None:
    assert not words_of_the_program().intersection(names_of(key))
