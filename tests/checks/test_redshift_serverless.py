"""Redshift Serverless: what the judges say of workgroups and namespaces, and those that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import redshift_serverless as serverless
from checks.kit import NotApplicable
from tests.checks.cases import Case

PUBLIC, ROUTING, TLS = (
    serverless.workgroup_is_not_public,
    serverless.workgroup_uses_enhanced_vpc_routing,
    serverless.workgroup_requires_tls,
)
ADMIN, AUDIT = serverless.namespace_has_its_own_admin_name, serverless.namespace_logs_audit


def group(**more: Any) -> dict[str, Any]:
    return {"workgroupName": "sales", "status": "AVAILABLE"} | more


def space(**more: Any) -> dict[str, Any]:
    return {"namespaceName": "sales", "status": "AVAILABLE"} | more


def ssl(value: str) -> dict[str, Any]:
    return group(configParameters=[{"parameterKey": "require_ssl", "parameterValue": value}])


CASES = [
    Case(PUBLIC, [group(publiclyAccessible=False)], None),
    Case(PUBLIC, [group(publiclyAccessible=True)], "is publicly accessible"),
    Case(ROUTING, [group(enhancedVpcRouting=True)], None),
    Case(ROUTING, [group(enhancedVpcRouting=False)], "loads and unloads past its VPC"),
    Case(TLS, [ssl("true")], None),
    Case(TLS, [ssl("false")], "takes connections without TLS"),
    Case(TLS, [group(configParameters=[])], "takes connections without TLS"),
    Case(ADMIN, [space(adminUsername="northwind")], None),
    Case(ADMIN, [space(adminUsername="admin")], "has the default admin user name, admin"),
    Case(AUDIT, [space(logExports=["connectionlog", "useractivitylog", "userlog"])], None),
    Case(AUDIT, [space(logExports=["userlog"])], "does not export connectionlog"),
    Case(AUDIT, [space()], "does not export connectionlog and userlog"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_is_being_deleted_is_not_judged(aws: Region) -> None:
    arn = "arn:aws:redshift-serverless:eu-west-1:123456789012:workgroup/sales"
    listed = [group(workgroupArn=arn), group(status="DELETING")]
    with Stubber(aws.clients.get("redshift-serverless", aws.region)) as stub:
        stub.add_response("list_workgroups", {"workgroups": listed}, {})
        [found] = serverless.workgroups.stream(aws)
        spaces = [space(namespaceName="sales", status="AVAILABLE"), space(namespaceName="old", status="DELETING")]
        stub.add_response("list_namespaces", {"namespaces": spaces}, {})
        assert [one["namespaceName"] for one in serverless.namespaces.stream(aws)] == ["sales"]
    assert identify(aws, serverless.workgroups, found) == (arn, "sales")


@pytest.mark.parametrize("plan", [serverless.take_off_the_internet.plan, serverless.refuse_plain_connections.plan])
def test_no_plan_for_a_workgroup_that_is_being_changed(plan: Callable[..., Any]) -> None:
    with pytest.raises(NotApplicable):
        plan(ssl("false") | {"status": "MODIFYING", "publiclyAccessible": True})


def test_logs_that_are_exported_already_stay() -> None:
    plan = serverless.log_audit.plan(space(logExports=["useractivitylog"]))
    assert plan.do[0].params["logExports"] == ["connectionlog", "useractivitylog", "userlog"]
    assert plan.undo[0].params["logExports"] == ["useractivitylog"]


def open_workgroup(aws: boto3.Session) -> None:
    client = aws.client("redshift-serverless")
    client.create_namespace(namespaceName="trial", adminUsername="admin")
    client.create_workgroup(workgroupName="trial", namespaceName="trial", publiclyAccessible=True)


FIXED = (PUBLIC, ROUTING, TLS, AUDIT)
BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {check.id: open_workgroup for check in FIXED}
