"""Passwords and keys in user data."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from bot.aws import Region
from checks import ec2_user_data
from checks.ec2_instances import instances
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

INSTANCE, TEMPLATE, CONFIGURATION = (
    ec2_user_data.instance_user_data_has_no_secrets,
    ec2_user_data.template_user_data_has_no_secrets,
    ec2_user_data.launch_configuration_user_data_has_no_secrets,
)
RUNNING = {"InstanceId": "i-1", "State": {"Name": "running"}}
SCRIPT = "#!/bin/bash\nexport DB_PASSWORD=correct-horse\nyum install -y httpd\n"


def packed(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


def template(script: str) -> dict[str, Any]:
    return {"version": {"LaunchTemplateData": {"UserData": packed(script)}}}


FOUND = "holds DB_PASSWORD in its user data"

CASES = [
    Case(INSTANCE, [RUNNING, []], None),
    Case(INSTANCE, [RUNNING, ["DB_PASSWORD"]], FOUND),
    Case(INSTANCE, [{"State": {"Name": "terminated"}}, []], NotApplicable),
    Case(TEMPLATE, [template("#!/bin/bash\nyum update -y")], None),
    Case(TEMPLATE, [{"version": {"LaunchTemplateData": {}}}], None),
    Case(TEMPLATE, [template(SCRIPT)], FOUND),
    Case(CONFIGURATION, [{"UserData": ""}], None),
    Case(CONFIGURATION, [{"UserData": packed(SCRIPT)}], FOUND),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (SCRIPT, ["DB_PASSWORD"]),
        ("<powershell>$env:API_KEY = 'abcdef123'</powershell>", ["API_KEY"]),
        ("#cloud-config\nwrite_files:\n  password: hunter2hunter2", ["password"]),
        ("docker run -e DB_PASSWORD=correct-horse web", ["DB_PASSWORD"]),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", ["a private key"]),
        ("export DB_PASSWORD=$(aws ssm get-parameter --name /db)", []),
        ("export DB_PASSWORD=`aws secretsmanager get-secret-value`", []),
        ("DB_PASSWORD_ARN=arn:aws:secretsmanager:eu-west-1:1:secret:db", []),
        ("DB_PASSWORD=<to be filled in>", []),
        ("PATH=/usr/local/bin", []),
    ],
)
def test_what_is_a_secret_in_a_script(script: str, expected: list[str]) -> None:
    assert ec2_user_data.named_in(packed(script)) == expected
    assert ec2_user_data.named_in(base64.b64encode(gzip.compress(script.encode())).decode()) == expected


def test_what_is_no_base64_is_unknown() -> None:
    with pytest.raises(Unknown):
        ec2_user_data.named_in("A")


def test_the_user_data_of_an_instance(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, UserData=SCRIPT)
    [found] = instances.stream(aws)
    assert ec2_user_data.secrets.read(aws, found) == ["DB_PASSWORD"]
    gone: Any = found | {"State": {"Name": "terminated"}}
    assert ec2_user_data.secrets.read(aws, gone) == []
