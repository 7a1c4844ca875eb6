"""A fix gets by with a session that may make its calls and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import checks
from bot import aws
from bot.aws_errors import CallError
from bot.demo.processes import fetch
from bot.fixing import FixAws
from bot.scan import Status
from bot.settings import load
from checks.kit import Call, Fix, Plan, Scope
from tests.permissions.conftest import FIX_ROLE, ROOT, as_the_bot, identities, root_session
from tests.test_fixes import BROKEN, failing

pytestmark = pytest.mark.e2e  # installs the emulator at its first run

NOT_HERE: Mapping[str, str] = {
    "ec2_instances.instance_requires_imdsv2": "it knows no metadata options",
    "ec2_volumes.region_encrypts_new_volumes": "it has no encryption by default",
    "ec2_volumes.snapshot_is_private": "it shares no snapshots",
    "iam_keys.unused_access_key_is_inactive": "it has no way to make a key older",
    "network_acls.acl_keeps_admin_ports_closed": "its network ACLs guard no subnets",
    "rds.db_instance_has_backups": "it puts every instance in a cluster",
    "rds.db_instance_has_deletion_protection": "it puts every instance in a cluster",
    "rds.db_instance_is_in_several_zones": "it puts every instance in a cluster",
    "rds.db_instance_is_not_public": "it puts every instance in a cluster",
    "s3.account_blocks_public_access": "it has no public access block for the account",
}
"""Fixes that the emulator cannot show, and why."""
FIXES = {id: fix for id, fix in checks.load()[1].items() if id not in NOT_HERE}


@pytest.fixture
def root(url: str, monkeypatch: pytest.MonkeyPatch) -> aws.Clients:
    """An account with nothing but the bot's identities, reached as root, and an environment with the bot's keys."""
    assert fetch(f"{url}/_ministack/reset", b"") is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    clients = aws.Clients(root_session())
    as_the_bot(monkeypatch, url, identities(clients.get("iam", "us-east-1")))
    return clients


@pytest.mark.parametrize("fix", FIXES.values(), ids=list(FIXES))
def test_a_plan_is_carried_out_and_undone_by_sessions_that_may_do_just_that(fix: Fix, root: aws.Clients) -> None:
    region = "us-east-1" if fix.repairs.over.scope is Scope.ACCOUNT else "eu-west-1"
    hands = FixAws(load(fix_role_arn=FIX_ROLE), lambda: aws.Region(root, ROOT, region))
    BROKEN[fix.repairs.id](root.session)
    resource = failing(aws.Region(root, ROOT, region), fix)
    plan = hands.look(hands.connect(), fix, region, resource).plan
    assert plan is not None
    carry_out(hands, plan, "do", region)
    assert hands.look(hands.connect(), fix, region, resource).status in (Status.PASS, None)
    carry_out(hands, plan, "undo", region)


def test_a_session_for_one_plan_may_make_no_other_call(root: aws.Clients) -> None:
    plan = Plan(do=[Call("sqs:SetQueueAttributes", {})], undo=[], before={}, after={})
    hands = FixAws(load(fix_role_arn=FIX_ROLE), lambda: aws.Region(root, ROOT, "eu-west-1"))
    writer = hands.writer("aws-sec-test", plan, "do", "eu-west-1")
    with pytest.raises(CallError, match="was denied"):
        aws.Region(writer.clients, ROOT, "eu-west-1").call("kms:EnableKeyRotation", KeyId="1234abcd")


def carry_out(hands: FixAws, plan: Plan, half: str, region: str) -> None:
    writer = hands.writer("aws-sec-test", plan, half, region)
    for call in getattr(plan, half):
        writer.make(call)
