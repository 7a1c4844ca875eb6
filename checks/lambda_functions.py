"""AWS Lambda functions: who may call them, what they run on, and what they keep."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
    now,
)
from checks.lambda_policies import (
    add,
    calls_by_event,
    open_at_url,
    open_directly,
    raw,
    remove,
    unowned,
    unowned_services,
)
from checks.lambda_runtimes import DEPRECATED
from checks.secret_names import in_words, secrets_among
from checks.vpc_subnets import every_subnet

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import FunctionUrlConfigTypeDef as Url

Function: TypeAlias = Mapping[str, Any]
"""AWS's FunctionConfiguration without its environment. Ours: `has_variables`, and `secrets`, names alone."""
Policies: TypeAlias = Mapping[str, str]
"""Alias -> its resource policy; "" is the function itself. What has no policy is left out."""

OF_CONTROL_TOWER = ("aws-controltower-", "StackSet-AWSControlTower")
"""How names of functions begin that Control Tower makes and whose changes it takes for drift.
https://docs.aws.amazon.com/controltower/latest/userguide/shared-account-resources.html"""

SID = 100
"""How long a statement's id may be. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""


@collector("lambda:ListFunctions", arn="{FunctionArn}", name="{FunctionName}")
def functions(aws: Aws) -> Iterator[Function]:
    """Leaves out replicas of Lambda@Edge, which AWS makes of a function in us-east-1, and values of variables.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
    """
    for function in aws.items("lambda:ListFunctions", "Functions"):
        master = function.get("MasterArn", function["FunctionArn"])
        if master.split(":")[3] == aws.region and not function["FunctionName"].startswith(OF_CONTROL_TOWER):
            variables = function.pop("Environment", {}).get("Variables", {})
            yield {**function, "has_variables": bool(variables), "secrets": secrets_among(variables.items())}


@extra("lambda:ListAliases", "lambda:GetPolicy")
def policies(aws: Aws, function: Function) -> Policies:
    name = function["FunctionName"]
    aliases = [alias["Name"] for alias in aws.items("lambda:ListAliases", "Aliases", FunctionName=name)]
    found = {}
    for alias in ("", *aliases):
        which = {"FunctionName": name} | ({"Qualifier": alias} if alias else {})
        if got := aws.call("lambda:GetPolicy", absent="ResourceNotFoundException", **which):
            found[alias] = str(got["Policy"])
    return found


@extra("lambda:ListFunctionUrlConfigs")
def urls(aws: Aws, function: Function) -> list[Url]:
    """One at most for the function, and one for each of its aliases."""
    name = function["FunctionName"]
    return list(aws.items("lambda:ListFunctionUrlConfigs", "FunctionUrlConfigs", FunctionName=name))


@extra(needs=(every_subnet,))
def zones(aws: Aws, function: Function) -> frozenset[str]:
    """The Availability Zones of the subnets it is connected to."""
    asked = set(function.get("VpcConfig", {}).get("SubnetIds", []))
    found = {one["SubnetId"]: one["AvailabilityZone"] for one in aws.read(every_subnet) if one["SubnetId"] in asked}
    if missing := asked - set(found):
        raise Unknown(f"its subnets {', '.join(sorted(missing))} are not among those AWS lists")
    return frozenset(found.values())


@extra("lambda:ListFunctionEventInvokeConfigs")
def kept_on_failure(aws: Aws, function: Function) -> bool:
    """Whether an event that fails goes to a destination."""
    name = function["FunctionName"]
    asked = aws.items("lambda:ListFunctionEventInvokeConfigs", "FunctionEventInvokeConfigs", FunctionName=name)
    return any(one.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination") for one in asked)


@check(functions, policies, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def function_policy_is_not_public(function: Function, policies: Policies) -> Verdict:
    """Lambda function policy lets in nobody from outside.

    Whoever has an AWS account of their own could invoke the function, with the rights of its role and at your cost.

    Fix: Remove the statement for everyone; name the account or the service and its SourceArn in a new one.
    See: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    found = {alias: open_directly(policy) for alias, policy in policies.items()}
    words = [
        f"lets everyone do {', '.join(dict.fromkeys(one.what for one in grants))}{_at(alias)}"
        for alias, grants in found.items()
        if grants
    ]
    return "; ".join(words) or None


@fix(function_policy_is_not_public, "lambda:RemovePermission", "lambda:AddPermission", risk=Risk.CUTS_ACCESS)
def shut_out_everyone(function: Function, policies: Policies) -> Plan:
    """Remove the statements that let everyone invoke the function."""
    name = function["FunctionName"]
    found = [(alias, one) for alias, policy in policies.items() for one in raw(policy, open_directly(policy))]
    if not found:
        raise NotApplicable("its policy lets in nobody from outside")
    before = {f"statement {one['Sid']}{_at(alias)}": json.dumps(one, sort_keys=True) for alias, one in found}
    return Plan(
        do=[remove(name, alias, one) for alias, one in found],
        undo=[add(name, alias, one) for alias, one in found],
        before=before,
        after=dict.fromkeys(before, "none"),
        notes=["Whoever invokes it from another account by such a statement cannot any more: name them first."],
    )


@check(functions, policies, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def function_policy_says_whose_services_may_invoke(function: Function, policies: Policies) -> Verdict:
    """Lambda function policy says on whose behalf services call.

    A service acts for all its customers: without a source, a stranger's bucket or topic may invoke the function.

    Fix: Replace the statement by one with the SourceArn or SourceAccount that the events come from.
    See: https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    """
    if not policies:
        raise NotApplicable("it has no resource policy")
    words = [
        f"lets {', '.join(services)} invoke it{_at(alias)} on anybody's behalf"
        for alias, policy in policies.items()
        if (services := unowned_services(policy))
    ]
    return "; ".join(words) or None


@fix(
    function_policy_says_whose_services_may_invoke,
    "lambda:AddPermission",
    "lambda:RemovePermission",
    risk=Risk.CUTS_ACCESS,
)
def limit_services_to_the_account(function: Function, policies: Policies) -> Plan:
    """Let services invoke the function for this account alone."""
    name, account = function["FunctionName"], function["FunctionArn"].split(":")[4]
    found = [(alias, one) for alias, policy in policies.items() for one in raw(policy, unowned(policy))]
    if not found:
        raise NotApplicable("its policy says on whose behalf each service calls")
    do, undo = list[Call](), list[Call]()
    taken = {alias: {one["Sid"] for one in json.loads(policy)["Statement"]} for alias, policy in policies.items()}
    for alias, one in found:
        back = add(name, alias, one)
        narrowed = {**back.params} | {"StatementId": _free_sid(one["Sid"], taken[alias]), "SourceAccount": account}
        do += [Call(back.call, narrowed), remove(name, alias, one)]  # in this order no event is refused meanwhile
        undo += [back, remove(name, alias, {"Sid": narrowed["StatementId"]})]
    before = {f"statement {one['Sid']}{_at(alias)}": json.dumps(one, sort_keys=True) for alias, one in found}
    return Plan(
        do=do,
        undo=undo,
        before=before,
        after=dict.fromkeys(before, f"only for account {account}"),
        notes=[
            "Events of buckets, topics and rules of other accounts do not reach the function any more.",
            "Send it an event afterwards: the few services that do not tell whose event it is are refused.",
        ],
    )


def _free_sid(sid: str, taken: set[str]) -> str:
    """A statement id like the one given, that none of those taken is; it is taken then."""
    ends = ("-own-account", *(f"-own-account-{number}" for number in range(2, len(taken) + 3)))
    free = next(one for end in ends if (one := sid[: SID - len(end)] + end) not in taken)
    taken.add(free)
    return free


@check(functions, urls, policies, practice=Practice.NETWORK, severity=Severity.HIGH)
def function_url_is_not_public(function: Function, urls: Sequence[Url], policies: Policies) -> Verdict:
    """Lambda function URL answers only those it knows.

    Everyone on the internet reaches the code behind such a URL; only what it checks itself stands between.

    Fix: Set the URL's auth type to AWS_IAM, or put CloudFront with origin access control before it. Mute a webhook.
    See: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    if not urls:
        raise NotApplicable("it has no URL")
    words = []
    for url in urls:
        alias = alias_of(url)
        if open_at_url(policies.get(alias, ""), url["AuthType"]):  # without a grant, AWS refuses whatever the auth type
            whom = "everyone" if url["AuthType"] == "NONE" else "everyone who has an AWS account"
            words.append(f"answers {whom} at its URL{_at(alias)}")
    return "; ".join(words) or None


@fix(
    function_url_is_not_public,
    "lambda:UpdateFunctionUrlConfig",
    "lambda:RemovePermission",
    "lambda:AddPermission",
    risk=Risk.CUTS_ACCESS,
)
def ask_who_calls(function: Function, urls: Sequence[Url], policies: Policies) -> Plan:
    """Ask for signed requests at the function's URLs."""
    name, do, undo = function["FunctionName"], list[Call](), list[Call]()
    before, after = dict[str, str](), dict[str, str]()
    for url in urls:
        alias = alias_of(url)
        policy = policies.get(alias, "")
        if not open_at_url(policy, url["AuthType"]):
            continue
        if url["AuthType"] == "NONE":
            do.append(_ask(name, alias, "AWS_IAM"))
            undo.insert(0, _ask(name, alias, "NONE"))
            before[f"auth type{_at(alias)}"], after[f"auth type{_at(alias)}"] = "NONE", "AWS_IAM"
        for one in raw(policy, open_at_url(policy, "AWS_IAM")):  # signed by anybody
            do.append(remove(name, alias, one))
            undo.insert(0, add(name, alias, one))
            statement = f"statement {one['Sid']}{_at(alias)}"
            before[statement], after[statement] = json.dumps(one, sort_keys=True), "none"
    if not do:
        raise NotApplicable("no URL of it is open to everyone")
    notes = [
        "Browsers, webhooks and whoever else calls the URL without an AWS signature get an error from then on.",
        "Callers of this account need lambda:InvokeFunctionUrl and lambda:InvokeFunction in their policies.",
    ]
    return Plan(do=do, undo=undo, before=before, after=after, notes=notes)


def _ask(name: str, alias: str, auth_type: str) -> Call:
    which = {"FunctionName": name} | ({"Qualifier": alias} if alias else {})
    return Call("lambda:UpdateFunctionUrlConfig", which | {"AuthType": auth_type})


@check(functions, urls, practice=Practice.NETWORK, severity=Severity.LOW)
def function_url_names_its_sites(function: Function, urls: Sequence[Url]) -> Verdict:
    """Lambda function URL names the sites that may call it.

    Where every site is allowed, any page a user visits can call the URL from the user's browser and read the answer.

    Fix: List the origins of your own sites under CORS of the URL, instead of *.
    See: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
    """
    shared = [url["Cors"] for url in urls if url.get("Cors")]
    if not shared:
        raise NotApplicable("no URL of it lets pages of other sites call it")
    return expect(all("*" not in cors.get("AllowOrigins", []) for cors in shared), "lets pages of every site call it")


@check(functions, now, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def function_has_supported_runtime(function: Function, now: datetime, *, days: int = 0) -> Verdict:
    """Lambda function runs on a supported runtime.

    A deprecated runtime gets no security patches, and later the function cannot be changed any more.

    Fix: Change the function to a newer runtime of its language and test it. `days` tells of it so long before.
    See: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    runtime = function.get("Runtime", "")
    if not runtime:
        raise NotApplicable("it is a container image, or brings a runtime of its own")
    if runtime not in DEPRECATED:
        raise Unknown(f"its runtime {runtime} is newer than this version of aws-sec")
    ends = datetime.fromisoformat(DEPRECATED[runtime]).replace(tzinfo=UTC)
    if ends > now + timedelta(days=days):
        return None
    return f"runs on {runtime}, {'which AWS deprecated' if ends <= now else 'which AWS deprecates'} on {ends:%Y-%m-%d}"


@check(functions, zones, practice=Practice.BACKUP, severity=Severity.LOW)
def function_in_vpc_spans_zones(function: Function, found: frozenset[str], *, zones: int = 2) -> Verdict:
    """Lambda function in a VPC runs in several zones.

    When its only Availability Zone fails, the function fails with it. Functions outside a VPC run in several anyway.

    Fix: Add a subnet in another Availability Zone to the function's VPC settings.
    See: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    if not found:
        raise NotApplicable("it is connected to no VPC, and AWS runs it in several zones")
    return expect(len(found) >= zones, f"runs in {', '.join(sorted(found))} alone")


@check(functions, policies, kept_on_failure, practice=Practice.BACKUP, severity=Severity.LOW)
def function_keeps_failed_events(function: Function, policies: Policies, kept_on_failure: bool) -> Verdict:
    """Lambda function keeps the events it fails on.

    After two retries Lambda drops the event: an order, an upload, an alarm is lost and nobody hears of it.

    Fix: Give the function an on-failure destination (a queue, say) for asynchronous invocations.
    See: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    sources = sorted({source for policy in policies.values() for source in calls_by_event(policy)})
    if not sources:
        raise NotApplicable("its policy lets no service send it events that Lambda would drop")
    kept = kept_on_failure or function.get("DeadLetterConfig", {}).get("TargetArn")
    return expect(kept, f"drops events of {', '.join(sources)} that it fails on")


@check(functions, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def function_keeps_no_secrets_in_variables(function: Function) -> Verdict:
    """Lambda function keeps no secrets in its variables.

    Whoever may read the function's settings, a wide read-only role for example, reads the secret with them.

    Fix: Keep it in Secrets Manager or Parameter Store, read it from there, remove the variable and change the secret.
    See: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    named = function["secrets"]
    return f"has variables that look like secrets: {in_words(named)}" if named else None


@check(functions, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def function_variables_have_own_key(function: Function, *, customer_managed_key: bool = False) -> Verdict:
    """Lambda function encrypts its variables with a key of yours.

    Lambda always encrypts them; with a key of yours you decide who may decrypt them, and can take it back.

    Fix: Choose a KMS key of yours under the function's environment variables, and let its role decrypt with it.
    See: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    """
    if not customer_managed_key:
        raise NotApplicable("the settings do not ask for KMS keys of your own")
    if not function["has_variables"]:
        raise NotApplicable("it has no environment variables")
    return expect(function.get("KMSKeyArn"), "encrypts its environment variables with AWS's key")


def alias_of(url: Url) -> str:
    """The alias a URL belongs to: the end of a qualified ARN. Empty for the function's own."""
    return ":".join(url["FunctionArn"].split(":")[7:])


def _at(alias: str) -> str:
    return f" through alias {alias}" if alias else ""
