"""Secrets Manager: what the judges say, what is read of a secret and its value's age, and what the fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import secretsmanager
from checks.kit import Call, NotApplicable, Unknown
from tests.checks.cases import NOW, Case

ROTATES, RENEWED, USED, CLOSED, TRUSTS = (
    secretsmanager.secret_rotates,
    secretsmanager.secret_was_renewed,
    secretsmanager.secret_is_used,
    secretsmanager.secret_is_not_public,
    secretsmanager.secret_lets_in_only_trusted_accounts,
)
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/database-a1b2c3"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:renew"


def secret(**more: Any) -> dict[str, Any]:
    return {"ARN": ARN} | more


def days_ago(days: int) -> Any:
    return NOW - timedelta(days=days)


def policy(principal: Any, **more: Any) -> str:
    action = "secretsmanager:GetSecretValue"
    return json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"} | more]}
    )


PARTNER = policy({"AWS": "arn:aws:iam::210987654321:role/reader"})
REPLICA, OWNED = secret(PrimaryRegion="us-east-1"), secret(OwningService="rds")
CASES = [
    Case(ROTATES, [secret(RotationEnabled=True), NOW], None),
    Case(ROTATES, [secret(RotationEnabled=True, PrimaryRegion="eu-west-1"), NOW], None),
    Case(ROTATES, [secret(RotationEnabled=True, NextRotationDate=NOW + timedelta(days=9)), NOW], None),
    Case(ROTATES, [secret(RotationEnabled=True, NextRotationDate=NOW - timedelta(hours=23)), NOW], None),
    Case(
        ROTATES,
        [secret(RotationEnabled=True, NextRotationDate=NOW - timedelta(days=30)), NOW],
        "should have been renewed by 2026-01-31",
    ),
    Case(ROTATES, [secret(RotationEnabled=False), NOW], "is never renewed automatically"),
    Case(
        ROTATES,
        [secret(RotationEnabled=False, RotationLambdaARN=FUNCTION, RotationRules={"AutomaticallyAfterDays": 30}), NOW],
        "is never renewed automatically",
    ),
    Case(ROTATES, [secret(), NOW], "is never renewed automatically"),
    Case(ROTATES, [REPLICA, NOW], NotApplicable),
    Case(ROTATES, [OWNED, NOW], NotApplicable),
    Case(RENEWED, [secret(), days_ago(90), NOW], None),
    Case(RENEWED, [secret(), days_ago(91), NOW], "has had the same value for 91 days"),
    Case(RENEWED, [secret(), days_ago(91), NOW], None, {"days": 365}),
    Case(RENEWED, [secret(), None, NOW], NotApplicable),
    Case(RENEWED, [REPLICA, days_ago(91), NOW], NotApplicable),
    Case(RENEWED, [OWNED, days_ago(91), NOW], NotApplicable),
    Case(USED, [secret(CreatedDate=days_ago(400), LastAccessedDate=days_ago(2)), NOW], None),
    Case(USED, [secret(CreatedDate=days_ago(400), LastAccessedDate=days_ago(91)), NOW], "was last read 91 days ago"),
    Case(USED, [secret(CreatedDate=days_ago(400), LastAccessedDate=days_ago(91)), NOW], None, {"days": 180}),
    Case(USED, [secret(CreatedDate=days_ago(91)), NOW], "was never read"),
    Case(USED, [secret(CreatedDate=days_ago(90)), NOW], NotApplicable),
    Case(USED, [REPLICA | {"CreatedDate": days_ago(400)}, NOW], NotApplicable),
    Case(USED, [OWNED | {"CreatedDate": days_ago(400)}, NOW], NotApplicable),
    Case(CLOSED, [secret(), ""], None),
    Case(CLOSED, [secret(), PARTNER], None),
    Case(CLOSED, [secret(), policy("*")], "lets everyone do secretsmanager:GetSecretValue"),
    Case(CLOSED, [secret(), policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], None),
    Case(TRUSTS, [secret(), ""], None),
    Case(TRUSTS, [secret(), policy({"AWS": "123456789012"})], None),
    Case(TRUSTS, [secret(), PARTNER], "lets in account 210987654321"),
    Case(TRUSTS, [secret(), PARTNER], None, {"trusted_accounts": ["210987654321"]}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_secret_of_no_known_age_is_unknown() -> None:
    with pytest.raises(Unknown):
        USED.judge(secret(), NOW)


def test_reads_the_secrets_of_a_region_their_policies_and_the_age_of_their_values(aws: Region) -> None:
    client = aws.clients.session.client("secretsmanager")
    client.create_secret(Name="shop/database", SecretString="placeholder")
    client.create_secret(Name="empty")
    found = {one["Name"]: one for one in secretsmanager.secrets.stream(aws)}
    one = found["shop/database"]
    assert ROTATES.judge(one, NOW) == "is never renewed automatically"
    assert secretsmanager.policy.read(aws, one) == ""
    assert secretsmanager.current_since.read(aws, one) is not None
    assert secretsmanager.current_since.read(aws, found["empty"]) is None


def test_rotation_is_turned_on_with_the_function_it_had_and_the_value_stays() -> None:
    known = secret(RotationLambdaARN=FUNCTION, RotationRules={"ScheduleExpression": "rate(10 days)"})
    plan = secretsmanager.rotate.plan(known, NOW)
    wanted = {"SecretId": ARN, "RotationLambdaARN": FUNCTION, "RotationRules": known["RotationRules"]}
    assert plan.do == [Call("secretsmanager:RotateSecret", wanted | {"RotateImmediately": False})]
    assert plan.after["rotation"] == "rate(10 days)"


@pytest.mark.parametrize("more", [{}, {"RotationLambdaARN": FUNCTION, "RotationEnabled": True}])
def test_there_is_no_plan_without_a_function_or_for_renewals_that_fail(more: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        secretsmanager.rotate.plan(secret(**more), NOW)


def public(aws: boto3.Session) -> None:
    client = aws.client("secretsmanager", region_name="eu-west-1")
    client.create_secret(Name="shop/database", SecretString="placeholder")
    client.put_resource_policy(SecretId="shop/database", ResourcePolicy=policy("*"))


def cancelled(aws: boto3.Session) -> None:
    """A secret that a function renewed until somebody turned it off."""
    iam = aws.client("iam", region_name="us-east-1")
    role = iam.create_role(RoleName="renew", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    aws.client("lambda", region_name="eu-west-1").create_function(
        FunctionName="renew", Runtime="python3.13", Role=role, Handler="a.b", Code={"ZipFile": b"code"}
    )
    client = aws.client("secretsmanager", region_name="eu-west-1")
    client.create_secret(Name="shop/database", SecretString="placeholder")
    monthly: Any = {"AutomaticallyAfterDays": 30}
    client.rotate_secret(
        SecretId="shop/database", RotationLambdaARN=FUNCTION, RotationRules=monthly, RotateImmediately=False
    )
    client.cancel_rotate_secret(SecretId="shop/database")


def shared(aws: boto3.Session) -> None:
    both = {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::210987654321:role/reader"]}
    client = aws.client("secretsmanager", region_name="eu-west-1")
    client.create_secret(Name="shop/database", SecretString="placeholder")
    client.put_resource_policy(SecretId="shop/database", ResourcePolicy=policy(both))


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {CLOSED.id: public, ROTATES.id: cancelled, TRUSTS.id: shared}
