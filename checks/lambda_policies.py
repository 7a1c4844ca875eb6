"""Reading resource policies of Lambda functions, and taking statements out of them.

Lambda adds and removes one statement at a time, by its Sid; a policy cannot be put as a whole.
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from checks.documents import Statement, public_grants, statements
from checks.kit import Call, NotApplicable
from checks.wildcards import ONE, wildcard

URL_AUTH, BY_URL = "lambda:functionurlauthtype", "lambda:invokedviafunctionurl"
INVOKE, INVOKE_URL = "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"

OF_EDGE = ("edgelambda.amazonaws.com", "replicator.lambda.amazonaws.com")
"""Lambda@Edge, whose statements AWS writes itself."""

ASYNCHRONOUS = frozenset(
    {"cloudformation", "codecommit", "codepipeline", "config", "events", "iot", "logs", "s3", "ses", "sns"}
)
"""Services that leave an event with Lambda and do not wait for the answer.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html"""

PARAMETERS: Mapping[tuple[str, str], str] = {
    ("arnlike", "aws:sourcearn"): "SourceArn",
    ("stringequals", "aws:sourceaccount"): "SourceAccount",
    ("stringequals", "aws:principalorgid"): "PrincipalOrgID",
    ("stringequals", "lambda:eventsourcetoken"): "EventSourceToken",
    ("stringequals", URL_AUTH): "FunctionUrlAuthType",
    ("bool", BY_URL): "InvokedViaFunctionUrl",
}
"""Condition operator and key -> the parameter of AddPermission that writes it."""


def open_directly(policy: str) -> list[Statement]:
    """The statements that let everyone in otherwise than through a function URL."""
    return [one for one in public_grants(policy) if not _only_by_url(one)]


def open_at_url(policy: str, auth_type: str) -> list[Statement]:
    """The statements that let everyone in at a function URL of this auth type."""
    return [one for one in public_grants(policy) if _allows(one, INVOKE_URL) and auth_type in _auth_types(one)]


def unowned(policy: str) -> list[Statement]:
    """The statements by which services may invoke it whichever of their customers asks."""
    return [
        one
        for one in statements(policy)
        if one.allows and _allows(one, INVOKE) and not one.narrowed and not _has_token(one) and _services(one)
    ]


def unowned_services(policy: str) -> list[str]:
    """The services that may do so, sorted."""
    return sorted({name for one in unowned(policy) for name in _services(one)})


def calls_by_event(policy: str) -> set[str]:
    """Services that it lets send events and that do not wait for the answer."""
    named = {principal.id for one in statements(policy) if one.allows for principal in one.principals}
    return {name for name in named if name.endswith(".amazonaws.com") and name.split(".")[0] in ASYNCHRONOUS}


def raw(policy: str, wanted: Sequence[Statement]) -> list[dict[str, Any]]:
    """The statements wanted, as they are written."""
    found = json.loads(policy)["Statement"] if policy else []
    return [written for written, read in zip(found, statements(policy), strict=True) if read in wanted]


def remove(function: str, alias: str, statement: Mapping[str, Any]) -> Call:
    """The call that takes a statement out."""
    return Call("lambda:RemovePermission", _where(function, alias, statement["Sid"]))


def add(function: str, alias: str, statement: Mapping[str, Any]) -> Call:
    """The call that writes a statement as it is. Raises NotApplicable for one that AddPermission cannot write."""
    [read] = statements({"Statement": [dict(statement)]})
    given: dict[str, Any] = _where(function, alias, statement["Sid"])
    for condition in read.conditions:
        parameter = PARAMETERS.get((condition.operator, condition.key))
        if not parameter or len(condition.values) != 1 or condition.quantifier or condition.if_exists:
            raise NotApplicable(f"Lambda could not put back its statement {statement['Sid']}")
        [value] = condition.values
        given[parameter] = value == "true" if parameter == "InvokedViaFunctionUrl" else value
    if not read.allows or len(read.principals) != 1 or len(read.actions) != 1:
        raise NotApplicable(f"Lambda could not put back its statement {statement['Sid']}")
    return Call("lambda:AddPermission", given | {"Action": read.actions[0], "Principal": read.principals[0].id})


def _where(function: str, alias: str, sid: str) -> dict[str, str]:
    return {"FunctionName": function, "StatementId": sid} | ({"Qualifier": alias} if alias else {})


def _only_by_url(one: Statement) -> bool:
    keys = {condition.key for condition in one.conditions}
    return bool({URL_AUTH, BY_URL} & keys) or not (one.not_actions or _allows_other_than_url(one))


def _allows_other_than_url(one: Statement) -> bool:
    return any(action.lower() != INVOKE_URL.lower() for action in one.actions)


def _allows(one: Statement, action: str) -> bool:
    matches = any(wildcard(pattern, one=ONE, ignore_case=True).fullmatch(action) for pattern in one.actions)
    return matches or bool(one.not_actions)


def _auth_types(one: Statement) -> set[str]:
    """The auth types of URLs that a statement holds for."""
    asked = [set(condition.values) for condition in one.conditions if condition.key == URL_AUTH]
    return {"NONE", "AWS_IAM"}.intersection(*asked)


def _services(one: Statement) -> list[str]:
    return [it.id for it in one.principals if it.kind == "Service" and it.id not in OF_EDGE]


def _has_token(one: Statement) -> bool:
    return any(condition.key == "lambda:eventsourcetoken" for condition in one.conditions)
