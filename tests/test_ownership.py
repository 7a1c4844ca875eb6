"""Which code owns a resource: what tags say, what CloudFormation says, and what the settings make of tags."""

from __future__ import annotations

import pytest

from bot.aws import Region
from bot.ownership import Owner, means_directly, owner, stack_of
from bot.settings import BadSettings, ToolName, load
from checks import Guide
from tests.aws_answers import answer_instead, error

ARN = "arn:aws:iam::123456789012:role/app/exporter"
STACK = """<DescribeStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStackResourcesResult><StackResources>
<member><StackName>shop</StackName><PhysicalResourceId>other</PhysicalResourceId><LogicalResourceId>A</LogicalResourceId>
<ResourceType>AWS::S3::Bucket</ResourceType><Timestamp>2026-01-01T00:00:00Z</Timestamp>
<ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>
<member><StackName>shop</StackName><PhysicalResourceId>exporter</PhysicalResourceId><LogicalResourceId>B</LogicalResourceId>
<ResourceType>AWS::IAM::Role</ResourceType><Timestamp>2026-01-01T00:00:00Z</Timestamp>
<ResourceStatus>{}</ResourceStatus></member>
</StackResources></DescribeStackResourcesResult></DescribeStackResourcesResponse>"""


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ([], "None"),
        ([("team", "terraform")], "None"),
        ([("aws:cloudformation:stack-name", "shop")], "CloudFormation stack shop"),
        ([("aws:cloudformation:stack-name", "shop"), ("aws-cdk:auto-delete-objects", "true")], "CDK stack shop"),
        ([("aws:cdk:enable-path-metadata", "x")], "CDK"),
        ([("managed-by", "Terraform")], "Terraform"),
        ([("Managed_By", "opentofu")], "OpenTofu"),
        ([("Provisioner", "PULUMI")], "Pulumi"),
        ([("pulumi:project", "shop")], "Pulumi"),
        ([("terraform", "")], "Terraform"),
        ([("terraform", "false")], "None"),
        ([("managed-by", "nobody")], "None"),
        ([("managed-by", "Terraform"), ("aws:cloudformation:stack-name", "shop")], "CloudFormation stack shop"),
        ([("managed-by", "Pulumi"), ("managed-by", "Terraform")], "Terraform"),  # its own count for more
    ],
)
def test_tags_name_the_owner(tags: list[tuple[str, str]], said: str) -> None:
    assert str(owner(tags, {})) == said
    assert owner(None, {}) is None, "what was not read says nothing"


@pytest.mark.parametrize(
    ("rules", "tags", "said"),
    [
        ({"stack": "Pulumi"}, [("stack", "prod")], "Pulumi"),
        ({"repo=infra": "CDK"}, [("repo", "infra")], "CDK"),
        ({"repo=infra": "CDK"}, [("repo", "shop")], "None"),
        ({"managed-by=terraform": "OpenTofu"}, [("managed-by", "terraform")], "OpenTofu"),
    ],
)
def test_settings_say_what_other_tags_mean(rules: dict[str, ToolName], tags: list[tuple[str, str]], said: str) -> None:
    assert str(owner(tags, load(managed_by=rules).managed_by)) == said


def test_a_tool_nobody_knows_is_refused() -> None:
    with pytest.raises(BadSettings, match="AWS_SEC_MANAGED_BY"):
        load(managed_by={"repo": "Ansible"})


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("CREATE_COMPLETE", Owner("CloudFormation", "shop")),
        ("UPDATE_FAILED", Owner("CloudFormation", "shop")),
        ("DELETE_SKIPPED", None),  # kept when its stack went
    ],
)
def test_a_stack_claims_what_has_no_tags(
    aws: Region, monkeypatch: pytest.MonkeyPatch, status: str, found: Owner | None
) -> None:
    answer_instead(monkeypatch, "cloudformation", "DescribeStackResources", 200, STACK.format(status).encode())
    assert stack_of(aws, "eu-west-1", ARN) == found
    assert stack_of(aws, "eu-west-1", "arn:aws:iam::123456789012:root") is None, "an account is in no stack"


@pytest.mark.parametrize(("status", "code"), [(400, "ValidationError"), (403, "AccessDenied")])
def test_what_cannot_be_read_is_no_error(aws: Region, monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> None:
    answer_instead(monkeypatch, "cloudformation", "DescribeStackResources", status, error(code))
    assert stack_of(aws, "eu-west-1", ARN) is None


@pytest.mark.parametrize(
    ("tool", "language", "text"),
    [
        ("CloudFormation", "CloudFormation", "yaml"),
        ("CDK", "CloudFormation", "yaml"),
        ("Terraform", "Terraform", "hcl"),
        ("OpenTofu", "Terraform", "hcl"),
        ("Pulumi", "Terraform", "hcl"),
    ],
)
def test_each_tool_has_its_snippet(tool: ToolName, language: str, text: str) -> None:
    guide = Guide("Somewhere.", cloudformation="yaml", terraform="hcl")
    assert Owner(tool).snippet(guide) == (language, text)
    assert Owner(tool).snippet(Guide("Somewhere.", only="No.")) == (language, "")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("directly", True), (" Directly\n", True), ("", False), ("yes", False), ("directly please", False)],
)
def test_directly_is_said_in_so_many_words(typed: str, meant: bool) -> None:
    assert means_directly(typed) is meant
