"""An undo takes back what the fix did and no more: what somebody changed since, without failing the check, shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.aws import Region
from bot.fixing import FixAws
from bot.scan import Status
from bot.settings import load
from checks import (
    account,
    cognito,
    ec2_launch_templates,
    efs,
    elb,
    elbv2,
    glue,
    lightsail,
    logs,
    s3,
    s3_acls,
    secretsmanager,
    trail_fixes,
    trails,
    transfer,
)
from checks.inputs import INPUTS
from checks.kit import Fix, NotApplicable
from tests.checks.test_elbv2 import PUBLIC as BALANCER

ME = "123456789012"
EMAIL, NAME, PHONE, TITLE = (f"security_contact_{what}" for what in ("email", "name", "phone", "title"))
CONTACT = {key: INPUTS[key].example for key in (EMAIL, NAME, PHONE, TITLE)}
AROUND: Any = {"website": False, "account_block": {}}
GROUP = {"logGroupName": "shop", "logGroupClass": "STANDARD", "arn": f"arn:aws:logs:eu-west-1:{ME}:log-group:shop:*"}
TOKENS = {"MetadataOptions": {"HttpTokens": "required"}}
SECRET = {"ARN": f"arn:aws:secretsmanager:eu-west-1:{ME}:secret:s"}
TRAIL = {"Name": "all", "TrailARN": f"arn:aws:cloudtrail:eu-west-1:{ME}:trail/all", "HomeRegion": "eu-west-1"}
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}
OWNER = {"Grantee": {"Type": "CanonicalUser", "ID": "me"}, "Permission": "FULL_CONTROL"}
TEMPLATE = {"LaunchTemplateId": "lt-1", "LatestVersionNumber": 3}
CATALOG = {"policy": "", "connection": "warehouse"}
TLS = {"Listener": {"Protocol": "HTTPS", "LoadBalancerPort": 443}}


def policy(*who: str) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": one}, "Action": "*"} for one in who]})


def template(version: int, **data: Any) -> dict[str, Any]:
    return TEMPLATE | {"DefaultVersionNumber": version, "version": {"LaunchTemplateData": data}}


def classic(*names: str) -> dict[str, Any]:
    return {"LoadBalancerName": "shop", "ListenerDescriptions": [TLS | {"PolicyNames": [*names]}]}


def encrypts(key: str) -> dict[str, Any]:
    password = {"ReturnConnectionPasswordEncrypted": True, "AwsKmsKeyId": key}
    return CATALOG | {"settings": {"ConnectionPasswordEncryption": password}}


def records(name: str) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"Name": name, "FieldSelectors": [MANAGEMENT]}]}


def acl(*grants: Any) -> dict[str, Any]:
    return {"owner": "me", "grants": [*grants]}


def ports(*numbers: int) -> dict[str, Any]:
    rules = [{"fromPort": one, "toPort": one, "protocol": "tcp", "cidrs": ["0.0.0.0/0"]} for one in numbers]
    return {"name": "blog", "networking": {"ports": rules}}


def server(version: str) -> dict[str, Any]:
    return {"ServerId": "s-1", "SecurityPolicyName": f"TransferSecurityPolicy-{version}"}


ROWS: list[tuple[Fix, list[Any], list[Any], Mapping[str, Any]]] = [
    (account.name_security_contact, [{"EmailAddress": "a@b.example"}], [{"EmailAddress": "c@d.example"}], CONTACT),
    (
        trail_fixes.deliver_to_cloudwatch_logs,
        [TRAIL | {"CloudWatchLogsLogGroupArn": "a"}, {}, lambda _: True],
        [TRAIL | {"CloudWatchLogsLogGroupArn": "b"}, {}, lambda _: True],
        {"trail_log_group": "a", "trail_log_role": "r"},
    ),
    (trails.record_all_management_events, [TRAIL, records("a")], [TRAIL, records("b")], {}),
    (s3.remove_public_statements, [{"Name": "b"}, policy(ME), {}, AROUND], [{"Name": "b"}, "", {}, AROUND], {}),
    (secretsmanager.stop_sharing, [SECRET, policy(ME)], [SECRET, ""], {}),
    (efs.ask_for_a_mount_target, [{"FileSystemId": "fs"}, policy(ME)], [{"FileSystemId": "fs"}, policy(ME, ME)], {}),
    (s3_acls.take_grants_back, [{"Name": "b"}, acl(OWNER), {}, AROUND], [{"Name": "b"}, acl(), {}, AROUND], {}),
    (lightsail.close_admin_ports, [ports(443)], [ports(443, 80)], {}),
    (elb.refuse_old_tls, [classic("new"), {"new": ["TLSv1.2"]}], [classic("its"), {"its": ["TLSv1.2"]}], {}),
    (
        elbv2.log_requests,
        [BALANCER, {elbv2.LOGS_TO_S3: "true", elbv2.LOG_BUCKET: "a"}, []],
        [BALANCER, {elbv2.LOGS_TO_S3: "true", elbv2.LOG_BUCKET: "b"}, []],
        {"load_balancer_log_bucket": "a"},
    ),
    (logs.encrypt_with_own_key, [GROUP | {"kmsKeyId": "a"}], [GROUP | {"kmsKeyId": "b"}], {"kms_key": "a"}),
    (glue.encrypt_connection_passwords, [encrypts("a"), "r"], [encrypts("b"), "r"], {"kms_key": "a"}),
    (cognito.offer_mfa, [{"Id": "p"}, {"MfaConfiguration": "OPTIONAL"}], [{"Id": "p"}, {"MfaConfiguration": "ON"}], {}),
    (transfer.use_current_policy, [server("2024-01")], [server("2025-03")], {}),
    (ec2_launch_templates.require_imdsv2, [template(2, **TOKENS), ""], [template(3, **TOKENS), ""], {}),
    (ec2_launch_templates.give_no_public_address, [template(2)], [template(3)], {}),
    (ec2_launch_templates.encrypt_volumes, [template(2), False, {}], [template(3), False, {}], {}),
]
"""A fix, what it reads once it was made, what it reads when somebody changed that to what passes as well."""


@pytest.mark.parametrize("row", ROWS, ids=[row[0].repairs.id for row in ROWS])
def test_what_somebody_changed_since_shows_although_the_check_passes(row: Any) -> None:
    fix, left, changed, told = row
    found = []
    for given in (left, changed):
        with pytest.raises(NotApplicable) as reason:
            fix.plan(*given, **told)
        found.append(reason.value.now)
    assert found[0], "there is something to compare"
    assert found[0] != found[1]


def test_a_statement_that_was_added_after_the_fix_is_seen(aws: Region) -> None:
    s3_client = aws.clients.get("s3", "us-east-1")
    fix, name = s3.remove_public_statements, "shared"
    s3_client.create_bucket(Bucket=name)

    def look(*who: str) -> Any:
        s3_client.put_bucket_policy(Bucket=name, Policy=policy(*who))
        home = Region(aws.clients, aws.account, "us-east-1")
        return FixAws(load(), lambda: home).look(home, fix, "us-east-1", f"arn:aws:s3:::{name}")

    assert look("*", ME).plan
    closed, more = look(ME), look(ME, "999988887777")
    assert (closed.status, more.status) == (Status.PASS, Status.PASS)
    assert closed.state != more.state
