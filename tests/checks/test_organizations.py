"""AWS Organizations: membership, delegated administrators, and the policies of a management account."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import organizations
from checks.kit import NotApplicable
from checks.organizations import delegated_administrators, membership, organization_policies
from tests.checks.cases import Case

MEMBER = organizations.account_is_in_an_organization
DELEGATED = organizations.delegated_administrator_is_expected
REGIONS = organizations.organization_denies_other_regions
TAGS = organizations.organization_has_a_tag_policy
AI = organizations.organization_opts_out_of_ai_services

OTHER = "444455556666"
OUTSIDE = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}


def control(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*"} | statement]})


DENIES = control(NotAction=["iam:*", "organizations:*"], Condition=OUTSIDE)


def policies(
    *control: str, manages: bool = True, tag_policies: tuple[str, ...] = (), opts_out_of_ai: bool = False
) -> dict[str, Any]:
    return {"manages": manages, "control": control, "tag_policies": tag_policies, "opts_out_of_ai": opts_out_of_ai}


NOT_DENIED = "has no service control policy in force that denies other regions"
CASES = [
    Case(MEMBER, [{"organization": "o-a1b2c3d4e5"}], None),
    Case(MEMBER, [{"organization": ""}], "is in no organization"),
    Case(DELEGATED, [{"Id": OTHER}], NotApplicable),
    Case(DELEGATED, [{"Id": OTHER}], None, {"expected_accounts": (OTHER,)}),
    Case(
        DELEGATED,
        [{"Id": OTHER}],
        "administers for the organization, and is not expected to",
        {"expected_accounts": ("111122223333",)},
    ),
    Case(REGIONS, [policies(DENIES)], None),
    Case(REGIONS, [policies(control(Action="cloudtrail:*"), control(Action="*", Condition=OUTSIDE))], None),
    Case(REGIONS, [policies()], NOT_DENIED),
    Case(REGIONS, [policies(control(Action="ec2:*", Condition=OUTSIDE))], NOT_DENIED),
    Case(REGIONS, [policies(control(Action="*", Condition={"StringEquals": OUTSIDE["StringNotEquals"]}))], NOT_DENIED),
    Case(REGIONS, [policies(manages=False)], NotApplicable),
    Case(TAGS, [policies(tag_policies=("owners",))], None),
    Case(TAGS, [policies()], "has no tag policy in force"),
    Case(TAGS, [policies(manages=False)], NotApplicable),
    Case(AI, [policies(opts_out_of_ai=True)], None),
    Case(AI, [policies()], "has no AI services opt-out policy in force"),
    Case(AI, [policies(manages=False)], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_an_account_of_its_own_is_asked_for_nothing_more(aws: Region) -> None:
    assert list(membership.stream(aws)) == [{"organization": ""}]
    assert list(delegated_administrators.stream(aws)) == []
    assert [one["manages"] for one in organization_policies.stream(aws)] == [False]


def test_reads_what_a_management_account_has_set(aws: Region) -> None:
    client = boto3.client("organizations")
    made = client.create_organization(FeatureSet="ALL")["Organization"]
    root = client.list_roots()["Roots"][0]["Id"]
    for name in ("regions", "unattached"):
        policy = client.create_policy(Name=name, Description="", Content=DENIES, Type="SERVICE_CONTROL_POLICY")
        if name == "regions":
            client.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=root)
    account = client.create_account(AccountName="audit", Email="audit@northwind.example")["CreateAccountStatus"]
    client.register_delegated_administrator(AccountId=account["AccountId"], ServicePrincipal="guardduty.amazonaws.com")
    assert list(membership.stream(aws)) == [{"organization": made["Id"]}]
    assert [one["Id"] for one in delegated_administrators.stream(aws)] == [account["AccountId"]]
    (found,) = organization_policies.stream(aws)
    assert [json.loads(one) for one in found["control"]] == [json.loads(DENIES)]
    assert (found["manages"], found["tag_policies"], found["opts_out_of_ai"]) == (True, [], False)
