"""Plans that rewrite a list: what they do not name stays byte for byte, and the way back leads where one came from.

Each account here is a few lines that do what AWS documents for the calls of the fix, and refuse any other call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.store.fix_request import plan_hash, plan_json, plan_of
from checks import (
    ecr,
    glacier,
    glue,
    iam_trust,
    kms,
    lambda_functions,
    logs,
    opensearch,
    s3,
    secretsmanager,
    sns,
    sqs,
)
from checks.documents import public_grants, statements
from checks.kit import Call, Fix, NotApplicable, Plan
from checks.lambda_policies import add

Account = dict[str, Any]
"""What is stored, by a name: policies, rules, settings."""
Calls = Mapping[str, Callable[[Account, Mapping[str, Any]], None]]


def made(fix: Fix, *read: Any) -> Plan:
    """The plan, which is the same when it is made again, and when it was stored; skips what there is none for."""
    try:
        found = fix.plan(*read)
    except NotApplicable:
        assume(False)
    again = fix.plan(*read)
    assert plan_json(again) == plan_json(found)
    assert plan_hash(plan_of(plan_json(found))) == plan_hash(found)
    assert {call.call for call in [*found.do, *found.undo]} <= set(fix.calls), "calls that it declares"
    return found


def run(calls: list[Call], account: Account, known: Calls) -> Account:
    """The account after them."""
    after: Account = json.loads(json.dumps(account))
    for call in calls:
        known[call.call](after, call.params)
    return after


def there_and_back(plan: Plan, account: Account, known: Calls) -> Account:
    """The account after the fix; undone, it is as it was."""
    done = run([*plan.do], account, known)
    assert done != account, "a plan changes something"
    assert run([*plan.undo], done, known) == account
    return done


# --- policies --------------------------------------------------------------------------

ACCOUNT = "123456789012"
STRANGER = "arn:aws:iam::999988887777:root"
words = st.text("abcXYZ-_ é✓\"\\/<>&'", min_size=1, max_size=12)
names = st.text("abcdefXYZ0189", min_size=1, max_size=8)
principals = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ["*", STRANGER]}, {"AWS": STRANGER}, {"AWS": [STRANGER, f"arn:aws:iam::{ACCOUNT}:root"]},
     {"Service": "events.amazonaws.com"}, {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}, {"Federated": "*"}]
)  # fmt: skip
keys = st.dictionaries(
    st.sampled_from(["aws:SourceAccount", "aws:SecureTransport", "aws:PrincipalOrgID", "aws:RequestTag/é"]),
    st.one_of(words, st.lists(words, min_size=1, max_size=2)),
    min_size=1,
    max_size=2,
)
operators = st.sampled_from(["StringEquals", "StringLike", "Bool", "ForAnyValue:StringEquals", "IpAddress"])
conditions = st.dictionaries(operators, keys, min_size=1, max_size=2)


@st.composite
def written(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Statements, with elements in any order."""
    found = []
    for sid in draw(st.lists(names, min_size=1, max_size=5, unique=True)):
        one: dict[str, Any] = {
            "Sid": sid,
            "Effect": draw(st.sampled_from(["Allow", "Deny"])),
            "Principal": draw(principals),
            "Action": draw(st.sampled_from(["*", "s3:*", ["s3:GetObject", "sqs:SendMessage"], "kms:Decrypt"])),
            "Resource": draw(st.sampled_from(["*", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]])),
        }
        if draw(st.booleans()):
            one["Condition"] = draw(conditions)
        if draw(st.booleans()):
            del one["Sid"]
        order = draw(st.permutations(sorted(one)))
        found.append({key: one[key] for key in order})
    return found


@st.composite
def policies(draw: st.DrawFn) -> str:
    """A policy as somebody wrote it: white space, order, one statement without its list."""
    found = draw(written())
    whole: dict[str, Any] = {"Version": draw(st.sampled_from(["2012-10-17", "2008-10-17"])), "Statement": found}
    if len(found) == 1 and draw(st.booleans()):
        whole["Statement"] = found[0]
    if draw(st.booleans()):
        whole = {"Statement": whole["Statement"], "Id": draw(words), "Version": whole["Version"]}
    return json.dumps(whole, indent=draw(st.sampled_from([None, 0, 2])), ensure_ascii=draw(st.booleans()))


def in_order(policy: str) -> list[str]:
    """Its statements, each as it is written: elements in their order."""
    found = json.loads(policy)["Statement"] if policy else []
    return [json.dumps(one) for one in ([found] if isinstance(found, dict) else found)]


def setting(name: str) -> Callable[[Account, Mapping[str, Any]], None]:
    """A call that stores a policy, which is in the parameter with this name."""

    def put(account: Account, params: Mapping[str, Any]) -> None:
        account["policy"] = params[name]

    return put


def attribute(account: Account, params: Mapping[str, Any]) -> None:
    account["policy"] = params["Attributes"]["Policy"]


def gone(account: Account, _: Mapping[str, Any]) -> None:
    account["policy"] = ""


TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders"
KEY = {"KeyId": "k", "KeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"}
AROUND = {"website": False, "account_block": {}}
BUCKET_CALLS = {"s3:PutBucketPolicy": setting("Policy"), "s3:DeleteBucketPolicy": gone}
CLOSES: dict[str, tuple[Fix, Callable[[str], tuple[Any, ...]], Calls]] = {
    "bucket": (s3.remove_public_statements, lambda text: ({"Name": "b"}, text, {}, AROUND), BUCKET_CALLS),
    "queue": (sqs.close_queue, lambda text: ({"url": "q"}, {"Policy": text}), {"sqs:SetQueueAttributes": attribute}),
    "topic": (
        sns.close_topic,
        lambda text: ({"TopicArn": TOPIC}, {"policy": text}),
        {"sns:SetTopicAttributes": setting("AttributeValue")},
    ),
    "key": (kms.close_key, lambda text: (KEY, text), {"kms:PutKeyPolicy": setting("Policy")}),
    "secret": (
        secretsmanager.close_secret,
        lambda text: ({"ARN": "s"}, text),
        {"secretsmanager:PutResourcePolicy": setting("ResourcePolicy"), "secretsmanager:DeleteResourcePolicy": gone},
    ),
    "repository": (
        ecr.shut_out_everyone,
        lambda text: ({"repositoryName": "r"}, text),
        {"ecr:SetRepositoryPolicy": setting("policyText"), "ecr:DeleteRepositoryPolicy": gone},
    ),
    "vault": (
        glacier.close_vault,
        lambda text: ({"VaultName": "v"}, text),
        {
            "glacier:SetVaultAccessPolicy": lambda account, params: account.update(policy=params["policy"]["Policy"]),
            "glacier:DeleteVaultAccessPolicy": gone,
        },
    ),
    "catalog": (
        glue.close_catalog,
        lambda text: ({}, text),
        {"glue:PutResourcePolicy": setting("PolicyInJson"), "glue:DeleteResourcePolicy": gone},
    ),
    "search": (
        opensearch.close_domain,
        lambda text: ({"DomainName": "d", "AccessPolicies": text},),
        {"opensearch:UpdateDomainConfig": setting("AccessPolicies")},
    ),
    "log policy": (
        logs.close_policy,
        lambda text: ({"policyName": "p", "policyDocument": text},),
        {"logs:PutResourcePolicy": setting("policyDocument"), "logs:DeleteResourcePolicy": gone},
    ),
}


@pytest.mark.parametrize("what", CLOSES)
@given(policies())
def test_closing_a_policy_keeps_every_other_statement_as_it_is(what: str, policy: str) -> None:
    fix, given_to, calls = CLOSES[what]
    public = public_grants(policy)
    kept = [raw for raw, read in zip(in_order(policy), statements(policy), strict=True) if read not in public]
    done = there_and_back(made(fix, *given_to(policy)), {"policy": policy}, calls)["policy"]
    assert not public_grants(done)
    if kept:
        assert in_order(done) == kept
        rest = {key: value for key, value in json.loads(policy).items() if key != "Statement"}
        assert {key: value for key, value in json.loads(done).items() if key != "Statement"} == rest


@given(st.one_of(st.just(""), policies()))
def test_denying_plain_http_keeps_every_statement_as_it_is(policy: str) -> None:
    plan = made(s3.refuse_plain_http, {"Name": "b"}, policy, "aws", False)
    done = there_and_back(plan, {"policy": policy}, BUCKET_CALLS)["policy"]
    assert in_order(done)[:-1] == in_order(policy)
    sids = [sid for one in json.loads(done)["Statement"] if (sid := one.get("Sid"))]
    assert len(sids) == len({*sids})


trusts = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Principal": st.sampled_from(
                [{"Service": "events.amazonaws.com"}, {"Service": ["scheduler.amazonaws.com"]}, {"AWS": STRANGER}]
            ),
            "Action": st.sampled_from(["sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"]]),
        },
        optional={"Sid": names, "Condition": conditions},
    ),
    min_size=1,
    max_size=4,
)


@given(trusts)
def test_a_trust_policy_keeps_every_element_but_the_new_condition(found: list[dict[str, Any]]) -> None:
    document = {"Version": "2012-10-17", "Statement": found}
    role = {"RoleName": "r", "Arn": f"arn:aws:iam::{ACCOUNT}:role/r", "Path": "/", "AssumeRolePolicyDocument": document}
    account = {"policy": json.dumps(document)}
    calls = {"iam:UpdateAssumeRolePolicy": setting("PolicyDocument")}
    done = there_and_back(made(iam_trust.ask_for_whom, role), account, calls)["policy"]
    for was, now in zip(found, json.loads(done)["Statement"], strict=True):
        if was != now:
            assert now["Condition"]["StringEquals"].pop("aws:SourceAccount") == ACCOUNT
            assert "aws:SourceAccount" not in was.get("Condition", {}).get("StringEquals", {})
            for block in [name for name, keys in now["Condition"].items() if not keys]:
                del now["Condition"][block]
            assert {key: value for key, value in now.items() if value} == was


# --- permissions of a function -----------------------------------------------------------

permissions = st.lists(
    st.fixed_dictionaries(
        {
            "Sid": st.one_of(names, st.sampled_from(["a", "a-own-account", "x" * 100, "x" * 99 + "y"])),
            "Effect": st.just("Allow"),
            "Principal": st.sampled_from(["*", {"AWS": STRANGER}, {"Service": "s3.amazonaws.com"}]),
            "Action": st.just("lambda:InvokeFunction"),
            "Resource": st.just("arn:aws:lambda:eu-west-1:123456789012:function:f"),
        },
        optional={
            "Condition": st.sampled_from(
                [{"StringEquals": {"aws:SourceAccount": ACCOUNT}}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}]
            )
        },
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: str(one["Sid"]),
)


def add_permission(account: Account, params: Mapping[str, Any]) -> None:
    held = account.setdefault(params.get("Qualifier", ""), {})
    assert params["StatementId"] not in held, "ResourceConflictException"
    assert len(params["StatementId"]) <= 100, "ValidationException"
    held[params["StatementId"]] = {
        k: v for k, v in params.items() if k not in ("FunctionName", "StatementId", "Qualifier")
    }


def remove_permission(account: Account, params: Mapping[str, Any]) -> None:
    del account[params.get("Qualifier", "")][params["StatementId"]]


LAMBDA = {"lambda:AddPermission": add_permission, "lambda:RemovePermission": remove_permission}


@pytest.mark.parametrize("fix", [lambda_functions.shut_out_everyone, lambda_functions.limit_services_to_the_account])
@given(st.dictionaries(st.sampled_from(["", "live"]), permissions, min_size=1))
def test_a_function_keeps_its_other_permissions(fix: Fix, found: dict[str, Any]) -> None:
    policies = {alias: json.dumps({"Version": "2012-10-17", "Statement": one}) for alias, one in found.items()}
    function = {"FunctionName": "f", "FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"}
    account: Account = {}
    for alias, statements_ in found.items():
        for one in statements_:
            add_permission(account, add("f", alias, one).params)
    done = there_and_back(made(fix, function, policies), account, LAMBDA)
    for alias, held in account.items():
        for sid, one in held.items():
            assert done[alias].get(sid, one) == one, "what stays is as it was"
