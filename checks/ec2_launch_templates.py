"""EC2 launch templates: what their default versions give to the machines that are started from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from checks.ec2_defaults import metadata_defaults
from checks.ec2_images import UNREAD, Images, by_id, images_in_use, tokens_by_default
from checks.ec2_volumes import defaults
from checks.kit import (
    ACCOUNT_ARN,
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
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import ImageTypeDef as Image
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


@collector("ec2:DescribeImages", arn=ACCOUNT_ARN, needs=(launch_templates, images_in_use))
def template_images(aws: Aws) -> Iterator[Images]:
    """One for the region: the images that templates name by their ids, and those that machines run from."""
    [known] = aws.read(images_in_use)
    named = {_image_id(template) for template in aws.read(launch_templates)}
    yield {**known, **by_id(aws, {id for id in named if id.startswith("ami-")} - set(known))}


@extra(needs=(metadata_defaults, template_images))
def default_tokens(aws: Aws, template: Template) -> str:
    """What decides of tokens where a template says nothing: the region's defaults, then the image."""
    says = next((str(one.get("HttpTokens", "")) for one in aws.read(metadata_defaults)), "")
    [images] = aws.read(template_images)
    return tokens_by_default(says, _image_id(template), images)


@extra(needs=(template_images,))
def image(aws: Aws, template: Template) -> Image | Mapping[str, Any]:
    """The image that a template names; empty when it is not known."""
    [images] = aws.read(template_images)
    return images.get(_image_id(template), {})


@extra(needs=(defaults,))
def region_encrypts(aws: Aws, _: Template) -> bool:
    return any(one["EbsEncryptionByDefault"] for one in aws.read(defaults))


@check(launch_templates, default_tokens, practice=Practice.ROLES, severity=Severity.HIGH)
def template_requires_imdsv2(template: Template, default_tokens: str) -> Verdict:
    """Launch template requires IMDSv2.

    Every machine that is started from it answers IMDSv1 again, however often the running ones are repaired.

    Fix: Make a version with HttpTokens set to required, and make it the default.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-170
    """
    _made_by_people(template)
    options = _data(template).get("MetadataOptions", {})
    if options.get("HttpEndpoint") == "disabled":
        return None
    tokens = options.get("HttpTokens", default_tokens)
    if tokens == UNREAD:
        raise Unknown(f"its image {_image_id(template)} decides on that, and could not be read: say it in the template")
    return expect(tokens == "required", "lets machines answer IMDSv1 requests")


@fix(
    template_requires_imdsv2,
    "ec2:CreateLaunchTemplateVersion",
    "ec2:ModifyLaunchTemplate",
    risk=Risk.CUTS_ACCESS,
)
def require_imdsv2(template: Template, default_tokens: str) -> Plan:
    """Make a version that requires IMDSv2 the default."""
    _made_by_people(template)
    options = _data(template).get("MetadataOptions", {})
    if options.get("HttpTokens") == "required":
        raise NotApplicable("it requires IMDSv2", _default(template))
    kept = {key: value for key, value in options.items() if key != "State"}
    return _new_default(
        template,
        {"MetadataOptions": kept | {"HttpTokens": "required"}},
        "Requires IMDSv2",
        {"HttpTokens": (options.get("HttpTokens", "not set"), "required")},
        "Programs on new machines that still use IMDSv1 get no credentials.",
    )


def _default(template: Template) -> dict[str, str]:
    return {"default version": str(template["DefaultVersionNumber"])}


def _new_default(
    template: Template, data: Mapping[str, Any], about: str, changes: Mapping[str, tuple[str, str]], loss: str
) -> Plan:
    """A version that differs in `data` alone becomes the default. `changes`: what they are, before and after."""
    id, version = template["LaunchTemplateId"], str(template["DefaultVersionNumber"])
    new = str(template["LatestVersionNumber"] + 1)
    made = {"LaunchTemplateId": id, "SourceVersion": version, "VersionDescription": about, "LaunchTemplateData": data}
    return Plan(
        do=[
            Call("ec2:CreateLaunchTemplateVersion", made),
            Call("ec2:ModifyLaunchTemplate", {"LaunchTemplateId": id, "DefaultVersion": new}),
        ],
        undo=[Call("ec2:ModifyLaunchTemplate", {"LaunchTemplateId": id, "DefaultVersion": version})],
        before=_default(template) | {what: was for what, (was, _) in changes.items()},
        after={"default version": new} | {what: to for what, (_, to) in changes.items()},
        notes=[
            f"Version {new} is version {version} with this one change; undo leaves it there, unused.",
            "Machines that run stay as they are. Auto Scaling groups that name a version by its number keep that one.",
            loss,
        ],
    )


@check(launch_templates, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def template_gives_no_public_address(template: Template) -> Verdict:
    """Launch template gives no public IPv4 address.

    Every machine started from it is on the internet, with only security groups before it.

    Fix: Make a version without a public IP on its network interfaces, and make it the default.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-25
    """
    _made_by_people(template)
    given = [one for one in _data(template).get("NetworkInterfaces", []) if one.get("AssociatePublicIpAddress")]
    return expect(not given, "gives machines a public IPv4 address")


@fix(template_gives_no_public_address, *require_imdsv2.calls, risk=Risk.CUTS_ACCESS)
def give_no_public_address(template: Template) -> Plan:
    """Make a version that gives no public IPv4 address the default."""
    _made_by_people(template)
    found = _data(template).get("NetworkInterfaces", [])
    given = [one for one in found if one.get("AssociatePublicIpAddress")]
    if not given:
        raise NotApplicable("it gives none", _default(template))
    closed = [_writable({**one, "AssociatePublicIpAddress": False} if one in given else one) for one in found]
    return _new_default(
        template,
        {"NetworkInterfaces": closed},
        "Gives no public IPv4 address",
        {"public IPv4 address": ("given", "none")},
        "New machines reach the internet by a NAT gateway or VPC endpoints alone, and nobody reaches them from there.",
    )


def _writable(interface: Mapping[str, Any]) -> dict[str, Any]:
    """As AWS takes it: which IPv6 address is the primary one is told by `PrimaryIpv6` alone."""
    addresses = [{"Ipv6Address": one["Ipv6Address"]} for one in interface.get("Ipv6Addresses", [])]
    return {**interface} | ({"Ipv6Addresses": addresses} if addresses else {})


@check(launch_templates, region_encrypts, image, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def template_encrypts_volumes(template: Template, region_encrypts: bool, image: Image | Mapping[str, Any]) -> Verdict:
    """Launch template encrypts its EBS volumes.

    Every machine started from it writes to disks that anybody can read who gets at a snapshot of them.

    Fix: Turn on EBS encryption by default in the region, or set Encrypted in a new default version of the template.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-181
    """
    disks = [one for one in _data(template).get("BlockDeviceMappings", []) if "Ebs" in one]
    if region_encrypts or not disks:
        raise NotApplicable("the region encrypts every volume" if region_encrypts else "it names no EBS volume")
    _made_by_people(template)
    encrypted = {str(one.get("DeviceName", "a volume")): _encrypted(one, image) for one in disks}
    plain = [name for name, is_so in encrypted.items() if is_so is False]
    if plain:
        return f"does not encrypt {', '.join(plain)}"
    if None in encrypted.values():
        raise NotApplicable("the image that machines are started from decides on that, and is not known here")
    return None


@fix(template_encrypts_volumes, *require_imdsv2.calls, risk=Risk.CUTS_ACCESS)
def encrypt_volumes(template: Template, region_encrypts: bool, image: Image | Mapping[str, Any]) -> Plan:
    """Make a version that encrypts its volumes the default."""
    _made_by_people(template)
    found = _data(template).get("BlockDeviceMappings", [])
    plain = [one for one in found if "Ebs" in one and _encrypted(one, image) is False]
    if region_encrypts or not plain:
        raise NotApplicable("its volumes are encrypted", _default(template))
    closed = [{**one, "Ebs": {**one["Ebs"], "Encrypted": True}} if one in plain else one for one in found]
    return _new_default(
        template,
        {"BlockDeviceMappings": closed},
        "Encrypts its volumes",
        {str(one.get("DeviceName", "a volume")): ("not encrypted", "encrypted") for one in plain},
        "The region's default key encrypts them, AWS's own unless you chose another: snapshots under AWS's own key"
        " cannot be shared with other accounts. With one of yours no machine starts unless whoever starts it may use"
        " that key, the service-linked role of Auto Scaling included.",
    )


def _encrypted(disk: Mapping[str, Any], image: Mapping[str, Any]) -> bool | None:
    """Of a disk that says nothing, the image decides: its own disks are copies of snapshots. None: not known.

    What a snapshot decides is not the template's: a copy of an encrypted one is encrypted.
    """
    given: Mapping[str, Any] = disk["Ebs"]
    if "Encrypted" in given or "SnapshotId" in given:
        return bool(given.get("Encrypted", True))
    if not image:
        return None
    of_image = [one for one in image.get("BlockDeviceMappings", []) if one.get("DeviceName") == disk.get("DeviceName")]
    return any(one.get("Ebs", {}).get("Encrypted", False) for one in of_image)


def _made_by_people(template: Template) -> None:
    """Raises NotApplicable for one that an AWS service made and keeps, of a node group of Amazon EKS say.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """
    if template.get("Operator", {}).get("Managed"):
        raise NotApplicable(f"{template['Operator']['Principal']} manages it: change it there")
    maker = template.get("CreatedBy", "").partition(":assumed-role/")[2].partition("/")[0]
    if maker.startswith("AWSServiceRoleFor"):
        raise NotApplicable(f"an AWS service made it ({maker}): change what it is made from")


def _image_id(template: Template) -> str:
    return str(_data(template).get("ImageId", ""))


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
