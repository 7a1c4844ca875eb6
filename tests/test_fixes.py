"""Every fix on an emulated account: it does what it says, the check passes, and undoing it leaves all as before."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

import boto3
import pytest
from botocore import xform_name

import checks
import tests.checks
from bot.aws import Clients, Region
from bot.fixing import FixAws, Seen
from bot.scan import Outcome, Status, scan
from bot.settings import load
from bot.write_resources import Place
from checks.inputs import INPUTS
from checks.kit import Call, Fix, Scope
from tests.made import Made
from tests.permissions.session_policies import names_just_what_it_touches

FIXES = checks.load()[1]
TOLD = {name: one.example for name, one in INPUTS.items()}
"""What the settings tell fixes: what a broken account names after the examples is what they find."""


def asked(fix: Fix) -> dict[str, dict[str, bool]]:
    """What the settings ask for, where a check has nothing to say unless they do."""
    return {fix.repairs.id: {"customer_managed_key": True}} if "customer_managed_key" in fix.repairs.thresholds else {}


def setups() -> dict[str, Callable[[boto3.Session], None]]:
    modules = [info.name for info in pkgutil.iter_modules(tests.checks.__path__) if info.name.startswith("test_")]
    loaded = [importlib.import_module(f"tests.checks.{name}") for name in modules]
    return {id: setup for module in loaded for id, setup in getattr(module, "BROKEN", {}).items()}


BROKEN = setups()


@pytest.mark.parametrize("fix", FIXES.values(), ids=list(FIXES))
def test_do_then_pass_then_undo_then_as_before(fix: Fix, aws: Region) -> None:
    made = Made(aws.clients.session)
    BROKEN[fix.repairs.id](aws.clients.session)
    region = "us-east-1" if fix.repairs.over.scope is Scope.ACCOUNT else "eu-west-1"
    home = Region(aws.clients, aws.account, region)
    resource = failing(home, fix)
    hands = FixAws(load(fix_inputs=TOLD, thresholds=asked(fix)), lambda: Region(aws.clients, aws.account, region))

    def look() -> Seen:
        seen = hands.look(hands.connect(), fix, region, resource)
        return seen if seen.status else hands.look_alike(hands.connect(), fix, region, before.plan.before)  # type: ignore[union-attr]

    made.calls.clear()
    before = hands.look(hands.connect(), fix, region, resource)
    assert made.names <= {*fix.repairs.calls, *fix.read_calls}, "read and not declared"
    assert before.status is Status.FAIL
    assert before.plan is not None
    assert {call.call for call in [*before.plan.do, *before.plan.undo]} <= set(fix.calls)
    names_just_what_it_touches(before.plan, Place(home.partition, home.account, region, resource))
    for call in before.plan.do:
        make(aws.clients, region, call)
    after = hands.look(hands.connect(), fix, region, resource)
    assert after.waits or after.status in (Status.PASS, None), after.text
    assert after.state != before.state, "what drift is measured by shows the fix"
    if not before.plan.undo:
        assert any("no undo" in note.lower() for note in before.plan.notes), "and why"
        return
    for call in before.plan.undo:
        make(aws.clients, region, call)
    back = look()
    assert (back.status, back.text) == (Status.FAIL, before.text)
    assert back.state == before.state, "as it was before"


def failing(home: Region, fix: Fix) -> str:
    """The first resource that fails the check."""
    found = [e for e in scan(home, [fix.repairs], [home.region], asked(fix)) if isinstance(e, Outcome)]
    failed = [outcome.resource for outcome in found if outcome.status is Status.FAIL]
    assert failed, found
    return failed[0]


def make(clients: Clients, region: str, call: Call) -> None:
    service, operation = call.call.split(":")
    getattr(clients.get(service, call.region or region), xform_name(operation))(**call.params)
