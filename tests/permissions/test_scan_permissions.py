"""The generated policy is enough for a scan, and every action in it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import boto3
import pytest

import checks
from bot import aws
from bot.aws_errors import CallError
from bot.cli.policies import documents
from bot.permissions import action, policy
from bot.recording import SCAN_CALLS
from bot.scan import Outcome, Status, scan
from checks.kit import AnyCheck
from tests.conftest import point_at
from tests.made import Made
from tests.permissions.conftest import READ_ROLE, ROOT, as_text, as_the_bot, identities, root_session

pytestmark = pytest.mark.e2e  # installs the emulator at its first run

CHECKS = checks.load()[0]
REGIONS = ["eu-west-1"]


class Account:
    """A filled account, read as root to learn what there is, then as the bot with the policy under test."""

    def __init__(self, url: str) -> None:
        self._endpoint = {"endpoint_url": url, "aws_access_key_id": ROOT, "aws_secret_access_key": "root"}
        fill(self.client)
        self.keys = identities(self.client("iam"))

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name="eu-west-1", **self._endpoint)

    def allow(self, *allowed: Mapping[str, Any]) -> None:
        """Gives the bot's role these policies and no other."""
        iam = self.client("iam")
        for name in iam.list_role_policies(RoleName="aws-sec-read")["PolicyNames"]:
            iam.delete_role_policy(RoleName="aws-sec-read", PolicyName=name)
        for number, one in enumerate(allowed, 1):
            iam.put_role_policy(RoleName="aws-sec-read", PolicyName=f"scan-{number}", PolicyDocument=as_text(one))

    @cached_property
    def readable(self) -> dict[AnyCheck, set[str]]:
        """The checks that root can run here, each with the IAM actions it takes: the emulator lacks some services."""
        session = root_session()
        made = Made(session)
        found: dict[AnyCheck, set[str]] = {}
        for check in CHECKS.values():
            made.calls.clear()
            outcomes = run(aws.Region(aws.Clients(session), ROOT, "us-east-1"), [check])
            if Status.UNKNOWN not in {status for status, _ in outcomes.values()}:
                found[check] = {action(call) for call in made.names}
        return found

    @cached_property
    def _clients(self) -> aws.Clients:
        return aws.Clients(aws.session(READ_ROLE))

    def as_bot(self) -> aws.Region:
        """The account as the bot reaches it, a user's keys and a role it assumes, with nothing read yet."""
        return aws.account(self._clients)


@pytest.fixture(scope="module")
def account(url: str) -> Account:
    with pytest.MonkeyPatch.context() as patch:
        point_at(patch, url)
        made = Account(url)
        services = {one.partition(":")[0] for actions in made.readable.values() for one in actions}
        assert services >= {"cloudtrail", "config", "dynamodb", "ec2", "iam", "kms", "logs", "rds", "s3", "sqs"}
        return made


@pytest.fixture
def bot(account: Account, url: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The account, and an environment with the bot's own keys."""
    as_the_bot(monkeypatch, url, account.keys)
    return account


def run(home: aws.Region, chosen: Any) -> dict[tuple[str, str, str], tuple[Status, str]]:
    events = scan(home, chosen, REGIONS)
    return {(o.check.id, o.region, o.resource): (o.status, o.text) for o in events if isinstance(o, Outcome)}


def test_the_policy_is_enough(bot: Account) -> None:
    bot.allow(*documents(fixes=False))
    home = bot.as_bot()
    assert "eu-west-1" in aws.enabled_regions(home)
    outcomes = run(home, bot.readable)
    assert {key: text for key, (status, text) in outcomes.items() if status is Status.UNKNOWN} == {}
    asked = {call.partition(":")[0] for check in CHECKS.values() for call in check.calls
             if check.id in {id for id, _, _ in outcomes}}  # fmt: skip
    assert asked >= {"cloudtrail", "config", "dynamodb", "ec2", "efs", "iam", "kms", "logs", "rds", "s3", "sqs"}


def test_without_an_action_just_the_checks_that_need_it_are_unknown_and_name_it(bot: Account) -> None:
    everything = all_actions()
    asked = set[str]().union(*bot.readable.values())
    wrong = {}
    for left_out in sorted(asked):
        bot.allow(without(everything, left_out))
        outcomes = run(bot.as_bot(), bot.readable)
        unknown = {id: text for (id, _, _), (status, text) in outcomes.items() if status is Status.UNKNOWN}
        needing = {check.id for check, actions in bot.readable.items() if left_out in actions}
        if unknown.keys() != needing or not all(left_out in text for text in unknown.values()):
            wrong[left_out] = {id: unknown.get(id, "not unknown") for id in unknown.keys() ^ needing or unknown.keys()}
    assert wrong == {}


def test_the_scan_s_own_calls_are_in_the_policy_and_needed(bot: Account) -> None:
    bot.allow(without(all_actions(), "ec2:DescribeRegions"))
    with pytest.raises(CallError, match="grant ec2:DescribeRegions"):
        aws.enabled_regions(bot.as_bot())
    bot.allow(policy(SCAN_CALLS))
    assert aws.enabled_regions(bot.as_bot())


def all_actions() -> list[str]:
    return [action for one in documents(fixes=False) for action in one["Statement"][0]["Action"]]


def without(actions: list[str], left_out: str) -> dict[str, Any]:
    kept = [one for one in actions if one != left_out]
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": kept, "Resource": "*"}]}


def fill(client: Callable[[str], Any]) -> None:
    """One resource for every read that the checks make, where the emulator has the service."""
    s3 = client("s3")
    s3.create_bucket(Bucket="trail-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client("sqs").create_queue(QueueName="orders")
    client("efs").create_file_system(CreationToken="share")
    client("kms").create_key()
    client("secretsmanager").create_secret(Name="shop/database", SecretString="placeholder")
    client("rds").create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="northwind",
        MasterUserPassword="not-a-real-password",
    )
    client("dynamodb").create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    _people(client("iam"))
    _machines(client("ec2"))
    _watch(client)


def _people(iam: Any) -> None:
    allow = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    made = iam.create_policy(PolicyName="list", PolicyDocument=as_text({"Statement": [allow]}))
    iam.create_user(UserName="dan")
    iam.create_login_profile(UserName="dan", Password="not-a-real-Passw0rd")
    iam.attach_user_policy(UserName="dan", PolicyArn=made["Policy"]["Arn"])
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(UserName="dan", PolicyName="all", PolicyDocument=as_text({"Statement": [everything]}))


def _machines(ec2: Any) -> None:
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
    [group] = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], **ssh)
    volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
    ec2.create_snapshot(VolumeId=volume)


def _watch(client: Callable[[str], Any]) -> None:
    logs, trails, config = client("logs"), client("cloudtrail"), client("config")
    logs.create_log_group(logGroupName="trail")
    trails.create_trail(
        Name="everything",
        S3BucketName="trail-logs",
        IsMultiRegionTrail=True,
    )
    trails.update_trail(  # the emulator takes no log group for a new trail
        Name="everything",
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:eu-west-1:{ROOT}:log-group:trail:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ROOT}:role/to-logs",
    )
    trails.put_event_selectors(
        TrailName="everything", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    )
    trails.start_logging(Name="everything")
    role = f"arn:aws:iam::{ROOT}:role/config"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
