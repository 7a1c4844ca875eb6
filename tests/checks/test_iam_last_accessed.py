"""Services last accessed. The emulator answers as the demo's server teaches it; AWS's slower answers are played back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import iam_last_accessed
from checks.iam_last_accessed import NAMED, granted
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOW, Case

USED = iam_last_accessed.granted_services_are_used


def service(name: str, days: int | None = None) -> dict[str, Any]:
    last = {"LastAuthenticated": NOW - timedelta(days=days)} if days is not None else {}
    return {"ServiceName": name.upper(), "ServiceNamespace": name} | last


def given(*services: dict[str, Any], age: int = 400, named: dict[str, int] | None = None) -> dict[str, Any]:
    """`named`: service -> days since a policy of the account's names it; all of them for ever if left out."""
    ages = {one["ServiceNamespace"]: age for one in services} if named is None else named
    written = {name: NOW - timedelta(days=days) for name, days in ages.items()}
    return {"written": written, "services": list(services), "error": ""}


MANY = [service(f"x{number}") for number in range(NAMED + 2)]
CASES = [
    Case(USED, [given(service("s3", 1)), NOW], None),
    Case(USED, [given(service("s3", 1), service("sqs", 89)), NOW], None),
    Case(USED, [given(service("s3", 1), service("sqs", 90)), NOW], "has not used in 90 days what it may use: sqs"),
    Case(
        USED, [given(service("s3", 1), service("sqs"), service("ec2")), NOW],
        "has not used in 90 days what it may use: ec2, sqs",
    ),
    Case(
        USED, [given(service("s3", 1), *MANY), NOW],
        "has not used in 90 days what it may use: x0, x1, x2, x3, x4, x5, x6, x7 and 2 more",
    ),
    Case(USED, [given(service("s3", 20), service("sqs", 1)), NOW], "has not used in 10 days what it may use: s3", {"days": 10}),
    Case(USED, [given(service("s3", 100), service("sqs")), NOW], NotApplicable),
    Case(USED, [given(service("s3", 1), service("sqs"), age=89), NOW], NotApplicable),
    Case(USED, [given(service("s3", 1), service("sqs"), named={}), NOW], NotApplicable),
    Case(USED, [given(service("s3", 1), service("sqs"), named={"s3": 400}), NOW], None),
    Case(USED, [given(service("s3", 1), service("sqs"), named={"s3": 400, "sqs": 89}), NOW], None),
    Case(USED, [given(service("s3", 1), service("sqs"), named={"sqs": 400}), NOW], "has not used in 90 days what it may use: sqs"),
    Case(USED, [given(service("s3", 1), service("sqs"), named={"SQS": 400, "ec2": 400}), NOW], None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_aws_does_not_tell_is_unknown() -> None:
    with pytest.raises(Unknown, match="services last accessed: out of order"):
        Case(USED, [given(service("s3")) | {"services": None, "error": "out of order"}, NOW], None).outcome()


def document(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_reads_users_and_roles_and_asks_about_those_whose_own_policies_name_services(aws: Region) -> None:
    iam = boto3.client("iam")
    for name in ("ana", "boss", "idle", "reader", "member"):
        iam.create_user(UserName=name)
    iam.attach_user_policy(UserName="reader", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="member")
    own = iam.create_policy(
        PolicyName="own", PolicyDocument=document("dynamodb:Get*", "iam:PassRole", "rds-db:connect")
    )
    iam.attach_group_policy(GroupName="staff", PolicyArn=own["Policy"]["Arn"])
    iam.put_user_policy(UserName="ana", PolicyName="own", PolicyDocument=document("s3:GetObject"))
    iam.put_user_policy(UserName="boss", PolicyName="own", PolicyDocument=document("*"))
    for name, path in (("job", "/"), ("AWSControlTowerExecution", "/"), ("sso", "/aws-reserved/sso.amazonaws.com/")):
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument="{}")
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document("sqs:SendMessage"))
    found = {one["name"]: one for one in granted.stream(aws)}
    assert sorted(found) == ["ana", "boss", "idle", "job", "member", "reader"]
    assert {name: sorted(one["written"]) for name, one in found.items()} == {
        "ana": ["s3"],
        "boss": [],
        "idle": [],
        "job": ["sqs"],
        "member": ["dynamodb"],
        "reader": [],
    }
    assert found["member"]["written"]["dynamodb"] > found["ana"]["written"]["s3"] > NOW - timedelta(days=36500)
    assert [one["ServiceNamespace"] for one in found["ana"]["services"] or ()] == ["s3"]
    assert [one["ServiceNamespace"] for one in found["job"]["services"] or ()] == ["sqs"]


JOB = "examplea-1234-b567-cde8-90fg123abcd4"
FINISHED = {"JobStatus": "COMPLETED", "JobCreationDate": NOW, "JobCompletionDate": NOW}


class Hasty(Region):
    """An account that never waits, and counts how long it would have."""

    def pause(self, seconds: float, /) -> None:
        WAITED.append(seconds)


WAITED: list[float] = []


@pytest.fixture
def hasty(aws: Region) -> Region:
    WAITED.clear()
    iam = boto3.client("iam")
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="own", PolicyDocument=document("s3:GetObject"))
    here = Hasty(aws.clients, aws.account, aws.region)
    for need in granted.needs:
        here.read(need)
    return here


def test_waits_for_a_report_and_reads_every_page_of_it(hasty: Region) -> None:
    with Stubber(hasty.clients.get("iam", hasty.region)) as stub:
        stub.add_response("generate_service_last_accessed_details", {"JobId": JOB})
        unfinished = FINISHED | {"JobStatus": "IN_PROGRESS", "ServicesLastAccessed": []}
        stub.add_response("get_service_last_accessed_details", unfinished)
        first = FINISHED | {"ServicesLastAccessed": [service("s3")], "IsTruncated": True, "Marker": "more"}
        stub.add_response("get_service_last_accessed_details", first, {"JobId": JOB})
        second = FINISHED | {"ServicesLastAccessed": [service("sqs")], "IsTruncated": False}
        stub.add_response("get_service_last_accessed_details", second, {"JobId": JOB, "Marker": "more"})
        (found,) = granted.stream(hasty)
    assert [one["ServiceNamespace"] for one in found["services"] or ()] == ["s3", "sqs"]
    assert WAITED == [1.0, 2.0]


def test_gives_up_in_words(hasty: Region) -> None:
    with Stubber(hasty.clients.get("iam", hasty.region)) as stub:
        stub.add_response("generate_service_last_accessed_details", {"JobId": JOB})
        for _ in iam_last_accessed.PAUSES:
            unfinished = FINISHED | {"JobStatus": "IN_PROGRESS", "ServicesLastAccessed": []}
            stub.add_response("get_service_last_accessed_details", unfinished)
        (found,) = granted.stream(hasty)
    assert (found["services"], found["error"]) == (None, "AWS is still writing the report: it is read at the next scan")
    assert sum(WAITED) <= 15


def test_a_failed_report_says_why(hasty: Region) -> None:
    with Stubber(hasty.clients.get("iam", hasty.region)) as stub:
        stub.add_response("generate_service_last_accessed_details", {"JobId": JOB})
        failed = FINISHED | {"JobStatus": "FAILED", "ServicesLastAccessed": [], "Error": {"Message": "no", "Code": "X"}}
        stub.add_response("get_service_last_accessed_details", failed)
        (found,) = granted.stream(hasty)
    assert (found["services"], found["error"]) == (None, "no")
