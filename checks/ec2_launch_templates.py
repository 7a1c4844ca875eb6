"""EC2 launch templates: what their default versions give to the machines that are started from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from checks.ec2_defaults import metadata_defaults
from checks.ec2_volumes import defaults
from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import ResponseLaunchTemplateDataTypeDef as Data

Template: TypeAlias = Mapping[str, Any]
"""AWS's LaunchTemplate with a key of ours: `version`, the LaunchTemplateVersion that is its default."""


@collector(
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeLaunchTemplateVersions",
    arn="arn:{partition}:ec2:{region}:{account}:launch-template/{LaunchTemplateId}",
    name="{LaunchTemplateName} ({LaunchTemplateId})",
)
def launch_templates(aws: Aws) -> Iterator[Template]:
    """Two lists for the region, whatever the number of templates."""
    every = aws.items("ec2:DescribeLaunchTemplateVersions", "LaunchTemplateVersions", Versions=["$Default"])
    versions = {version["LaunchTemplateId"]: version for version in every}
    for template in aws.items("ec2:DescribeLaunchTemplates", "LaunchTemplates"):
        if template["LaunchTemplateId"] in versions:  # one that was made or deleted between the two lists is left out
            yield template | {"version": versions[template["LaunchTemplateId"]]}


@extra(needs=(metadata_defaults,))
def region_tokens(aws: Aws, _: Template) -> str:
    """What the region's defaults say of tokens, where a template says nothing; empty when they say nothing either."""
    return next((str(one.get("HttpTokens", "")) for one in aws.read(metadata_defaults)), "")


@extra(needs=(defaults,))
def region_encrypts(aws: Aws, _: Template) -> bool:
    return any(one["EbsEncryptionByDefault"] for one in aws.read(defaults))


@check(launch_templates, region_tokens, practice=Practice.ROLES, severity=Severity.HIGH)
def template_requires_imdsv2(template: Template, region_tokens: str) -> Verdict:
    """Launch template requires IMDSv2.

    Every machine that is started from it answers IMDSv1 again, however often the running ones are repaired.

    Fix: Make a version with HttpTokens set to required, and make it the default.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-170
    """
    options = _data(template).get("MetadataOptions", {})
    if options.get("HttpEndpoint") == "disabled":
        return None
    return expect(options.get("HttpTokens", region_tokens) == "required", "lets machines answer IMDSv1 requests")


@fix(
    template_requires_imdsv2,
    "ec2:CreateLaunchTemplateVersion",
    "ec2:ModifyLaunchTemplate",
    risk=Risk.CUTS_ACCESS,
)
def require_imdsv2(template: Template, region_tokens: str) -> Plan:
    """Make a version that requires IMDSv2 the default."""
    id, version = template["LaunchTemplateId"], str(template["DefaultVersionNumber"])
    options = _data(template).get("MetadataOptions", {})
    if options.get("HttpTokens") == "required":
        raise NotApplicable("it requires IMDSv2")
    if template.get("Operator", {}).get("Managed"):
        raise NotApplicable(f"{template['Operator']['Principal']} manages it: change it there")
    new = str(template["LatestVersionNumber"] + 1)
    kept = {key: value for key, value in options.items() if key != "State"}
    made = {
        "LaunchTemplateId": id,
        "SourceVersion": version,
        "VersionDescription": "Requires IMDSv2",
        "LaunchTemplateData": {"MetadataOptions": kept | {"HttpTokens": "required"}},
    }
    return Plan(
        do=[
            Call("ec2:CreateLaunchTemplateVersion", made),
            Call("ec2:ModifyLaunchTemplate", {"LaunchTemplateId": id, "DefaultVersion": new}),
        ],
        undo=[Call("ec2:ModifyLaunchTemplate", {"LaunchTemplateId": id, "DefaultVersion": version})],
        before={"default version": version, "HttpTokens": options.get("HttpTokens", "not set")},
        after={"default version": new, "HttpTokens": "required"},
        notes=[
            f"Version {new} is version {version} with this one change; undo leaves it there, unused.",
            "Machines that run stay as they are. Auto Scaling groups that name a version by its number keep that one.",
            "Programs on new machines that still use IMDSv1 get no credentials.",
        ],
    )


@check(launch_templates, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def template_gives_no_public_address(template: Template) -> Verdict:
    """Launch template gives no public IPv4 address.

    Every machine started from it is on the internet, with only security groups before it.

    Fix: Make a version without a public IP on its network interfaces, and make it the default.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-25
    """
    given = [one for one in _data(template).get("NetworkInterfaces", []) if one.get("AssociatePublicIpAddress")]
    return expect(not given, "gives machines a public IPv4 address")


@check(launch_templates, region_encrypts, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def template_encrypts_volumes(template: Template, region_encrypts: bool) -> Verdict:
    """Launch template encrypts its EBS volumes.

    Every machine started from it writes to disks that anybody can read who gets at a snapshot of them.

    Fix: Turn on EBS encryption by default in the region, or set Encrypted in a new default version of the template.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-181
    """
    disks = [one for one in _data(template).get("BlockDeviceMappings", []) if "Ebs" in one]
    if region_encrypts or not disks:
        raise NotApplicable("the region encrypts every volume" if region_encrypts else "it names no EBS volume")
    plain = [str(one.get("DeviceName", "a volume")) for one in disks if not _encrypted(one["Ebs"])]
    return expect(not plain, f"does not encrypt {', '.join(plain)}")


def _encrypted(disk: Mapping[str, Any]) -> bool:
    """What a snapshot decides is not the template's: a copy of an encrypted one is encrypted."""
    return bool(disk.get("Encrypted", "SnapshotId" in disk))


def _data(template: Template) -> Data:
    found: Data = template["version"]["LaunchTemplateData"]
    return found


def groups_named(templates: Sequence[Template]) -> set[str]:
    """The security groups that machines of these templates get."""
    found = set[str]()
    for template in templates:
        data = _data(template)
        found.update(data.get("SecurityGroupIds", []))
        found.update(group for one in data.get("NetworkInterfaces", []) for group in one.get("Groups", []))
    return found
