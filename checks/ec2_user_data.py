"""Passwords and keys in user data: the script that a machine runs at its start, which every program on it can read."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import TYPE_CHECKING

from checks.autoscaling import launch_configurations
from checks.ec2_instances import GONE, instances
from checks.ec2_launch_templates import Template, launch_templates
from checks.kit import Aws, NotApplicable, Practice, Severity, Unknown, Verdict, check, extra
from checks.secret_names import in_words, secrets_among

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import LaunchConfigurationTypeDef as Configuration
    from types_boto3_ec2.type_defs import InstanceTypeDef as Instance

ASSIGNED = re.compile(r"""([A-Za-z][\w.-]*)["']?[ \t]*[=:][ \t]*["']?([^\s"',;]+)""")
FILLED_IN_LATER = ("`", "<", "{", "%", "(")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
GZIP = 16 + zlib.MAX_WBITS
LARGEST = 1 << 20
"""No more is unpacked: user data has 16 KB, which may be packed."""


@extra("ec2:DescribeInstanceAttribute")
def secrets(aws: Aws, instance: Instance) -> list[str]:
    """The names of what looks like a credential in an instance's user data; the text itself is not kept."""
    if instance["State"]["Name"] in GONE:
        return []
    answer = aws.call("ec2:DescribeInstanceAttribute", InstanceId=instance["InstanceId"], Attribute="userData")
    return named_in(answer.get("UserData", {}).get("Value", ""))


def named_in(user_data: str) -> list[str]:
    """The names of credentials that a script, in base64, holds as they are. Raises Unknown for what is no base64.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
    """
    try:
        text = _unpacked(base64.b64decode(user_data)).decode(errors="replace")
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Unknown(f"its user data cannot be read: {type(error).__name__}") from error
    plain = text.replace("$env:", "")  # PowerShell's way to name one
    assigned = ((name, value) for name, value in ASSIGNED.findall(plain) if not value.startswith(FILLED_IN_LATER))
    return [*secrets_among(assigned), *(["a private key"] if PRIVATE_KEY.search(text) else [])]


def _unpacked(data: bytes) -> bytes:
    """cloud-init takes gzip as well."""
    return zlib.decompressobj(GZIP).decompress(data, LARGEST) if data.startswith(b"\x1f\x8b") else data


@check(instances, secrets, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def instance_user_data_has_no_secrets(instance: Instance, secrets: list[str]) -> Verdict:
    """EC2 instance's user data has no secrets.

    Every program on the machine can ask for it, and everyone who may describe instances reads it in the console.

    Fix: Keep the secret in Secrets Manager and let the script fetch it with the machine's role. Change the secret.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
    """
    if instance["State"]["Name"] in GONE:
        raise NotApplicable(f"it is {instance['State']['Name']}")
    return _words(secrets)


@check(launch_templates, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def template_user_data_has_no_secrets(template: Template) -> Verdict:
    """Launch template's user data has no secrets.

    Every machine that is started from it carries the secret, and so does each old version of the template.

    Fix: Keep the secret in Secrets Manager, make a version without it the default, and delete the others.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
    """
    return _words(named_in(template["version"]["LaunchTemplateData"].get("UserData", "")))


@check(launch_configurations, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def launch_configuration_user_data_has_no_secrets(configuration: Configuration) -> Verdict:
    """Launch configuration's user data has no secrets.

    Everyone who may describe launch configurations reads it, whether or not a group still uses this one.

    Fix: Copy it to a launch template without the secret, delete it, and change the secret.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
    """
    return _words(named_in(configuration.get("UserData", "")))


def _words(names: list[str]) -> Verdict:
    return f"holds {in_words(names)} in its user data" if names else None
