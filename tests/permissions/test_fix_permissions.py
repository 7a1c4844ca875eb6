"""A fix gets by with a session that may make its calls on what its plan touches, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import checks
from bot import aws
from bot.aws_errors import CallError
from bot.demo.processes import fetch
from bot.fixing import FixAws
from bot.scan import Status
from bot.settings import load
from checks.kit import Call, Fix, Plan, Scope
from tests.permissions.conftest import EXTERNAL_ID, FIX_ROLE, ROOT, as_the_bot, identities, root_session
from tests.test_fixes import BROKEN, TOLD, failing

pytestmark = pytest.mark.e2e  # installs the emulator at its first run

FIXES = checks.load()[1]
SHOWN = (
    *("cloudtrail.account_has_multi_region_trail", "cloudtrail.account_records_object_writes"),
    *("cloudtrail.trail_delivers_to_cloudwatch_logs", "cloudtrail.trail_is_encrypted_with_kms"),
    *("cloudtrail.trail_validates_log_files", "cognito.user_pool_has_mfa"),
    *("dynamodb.table_has_deletion_protection", "dynamodb.table_has_point_in_time_recovery"),
    *("ec2_addresses.address_is_used", "ec2_security_groups.default_security_group_has_no_rules"),
    *("ec2_security_groups.rule_does_not_open_every_port", "ec2_security_groups.rule_keeps_admin_ports_closed"),
    *("efs.file_system_policy_is_not_public", "emr.region_blocks_public_access", "events.bus_is_not_public"),
    *("firehose.stream_is_encrypted", "iam_account.password_policy_wants_length"),
    *("iam_credentials.user_with_password_has_mfa", "iam_roles.role_names_whom_it_trusts"),
    "iam_trust.service_acts_for_its_own_account",
    *("kinesis.stream_is_encrypted", "kinesis.stream_keeps_records_long_enough"),
    *("kms.key_is_not_scheduled_for_deletion", "kms.key_policy_is_not_public", "kms.key_rotates"),
    *("logs.group_keeps_events_long_enough", "logs.policy_is_not_public", "neptune.cluster_asks_who_it_is"),
    *("rds_access.db_cluster_accepts_iam", "rds_clusters.cluster_copies_tags_to_snapshots"),
    *("rds_clusters.cluster_has_backups", "rds_clusters.cluster_has_deletion_protection"),
    *("s3.bucket_has_versioning", "s3_acls.bucket_has_acls_disabled", "s3_logging.bucket_logs_access"),
    *("s3_objects.bucket_has_lifecycle_rules", "s3_policies.bucket_policy_names_only_own_accounts"),
    *("secretsmanager.secret_is_not_public", "secretsmanager.secret_lets_in_only_trusted_accounts"),
    *("ses.configuration_set_requires_tls", "sns.topic_is_encrypted", "sns.topic_is_not_public"),
    *("sqs.queue_is_encrypted", "sqs.queue_is_not_public", "trails.trail_covers_all_regions", "trails.trail_logs"),
    *("trails.trail_records_all_management_events", "vpc_subnets.subnet_gives_no_public_addresses"),
)
"""Fixes whose service the emulator has, and judges by ARN or by `*` as AWS does.

It lacks or simplifies what others need (EC2's metadata options, iam:PolicyARN, a way to make a key older). Of every
fix, tests/test_fixes.py holds the sessions' policies to AWS's list of actions and resources.
"""


class Neighbour(NamedTuple):
    """Another resource of the same kind, and something else that could be done to the fix's own."""

    fix: str
    make: Callable[[Any], str]
    """Makes it with a client of its service, and answers how it is named in calls."""
    other: str
    param: str


def _bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="neighbour")
    return "neighbour"


def _user(iam: Any) -> str:
    iam.create_user(UserName="neighbour")
    iam.create_login_profile(UserName="neighbour", Password="not-a-real-Passw0rd")
    return "neighbour"


def _role(iam: Any) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="neighbour", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    return "neighbour"


def _queue(sqs: Any) -> str:
    sqs.create_queue(QueueName="neighbour")
    return "neighbour"


def _topic(sns: Any) -> str:
    sns.create_topic(Name="neighbour")
    return "neighbour"


def _table(dynamodb: Any) -> str:
    key = {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "id", "KeyType": "HASH"}
    dynamodb.create_table(
        TableName="neighbour", AttributeDefinitions=[key[0]], KeySchema=[key[1]], BillingMode="PAY_PER_REQUEST"
    )
    return "neighbour"


def _stream(kinesis: Any) -> str:
    kinesis.create_stream(StreamName="neighbour", ShardCount=1)
    return "neighbour"


def _key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["KeyId"])


def _group(logs: Any) -> str:
    logs.create_log_group(logGroupName="neighbour")
    return "neighbour"


NEIGHBOURS = [
    Neighbour("s3.bucket_has_versioning", _bucket, "s3:DeleteBucket", "Bucket"),
    Neighbour("s3_objects.bucket_has_lifecycle_rules", _bucket, "s3:ListObjectsV2", "Bucket"),
    Neighbour("iam_credentials.user_with_password_has_mfa", _user, "iam:CreateAccessKey", "UserName"),
    Neighbour("iam_trust.service_acts_for_its_own_account", _role, "iam:DeleteRole", "RoleName"),
    Neighbour("kms.key_rotates", _key, "kms:ScheduleKeyDeletion", "KeyId"),
    Neighbour("sqs.queue_is_encrypted", _queue, "sqs:PurgeQueue", "QueueUrl"),
    Neighbour("sns.topic_is_encrypted", _topic, "sns:DeleteTopic", "TopicArn"),
    Neighbour("dynamodb.table_has_deletion_protection", _table, "dynamodb:DeleteTable", "TableName"),
    Neighbour("kinesis.stream_keeps_records_long_enough", _stream, "kinesis:DeleteStream", "StreamName"),
    Neighbour("logs.group_keeps_events_long_enough", _group, "logs:DeleteLogGroup", "logGroupName"),
]


@pytest.fixture
def root(url: str, monkeypatch: pytest.MonkeyPatch) -> aws.Clients:
    """An account with nothing but the bot's identities, reached as root, and an environment with the bot's keys."""
    assert fetch(f"{url}/_ministack/reset", b"") is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    clients = aws.Clients(root_session())
    as_the_bot(monkeypatch, url, identities(clients.get("iam", "us-east-1")))
    return clients


class Broken:
    """What a fix is for, in the account, and the plan that repairs it."""

    def __init__(self, fix: Fix, root: aws.Clients) -> None:
        self.fix = fix
        self.region = "us-east-1" if fix.repairs.over.scope is Scope.ACCOUNT else "eu-west-1"
        home = aws.Region(root, ROOT, self.region)
        settings = load(fix_role_arn=FIX_ROLE, fix_external_id=EXTERNAL_ID, fix_inputs=TOLD)
        self.hands = FixAws(settings, lambda: home.at(self.region))  # type: ignore[arg-type,return-value]
        BROKEN[fix.repairs.id](root.session)
        self.resource = failing(home, fix)
        found = self.look().plan
        assert found is not None
        self.plan = found

    def look(self) -> Any:
        home = self.hands.connect()
        return self.hands.look(aws.Region(home.clients, ROOT, self.region), self.fix, self.region, self.resource)

    def carry_out(self, half: str) -> None:
        make(self.hands, self.plan, half, self.region, self.resource)


def make(hands: FixAws, plan: Plan, half: str, region: str, resource: str) -> None:
    writer = hands.writer("aws-sec-test", plan, half, region, resource)
    for call in getattr(plan, half):
        writer.make(call)


@pytest.mark.parametrize("id", SHOWN)
def test_a_plan_is_carried_out_and_undone_by_sessions_that_may_do_just_that(id: str, root: aws.Clients) -> None:
    broken = Broken(FIXES[id], root)
    broken.carry_out("do")
    assert broken.look().status in (Status.PASS, None)
    broken.carry_out("undo")


@pytest.mark.parametrize("row", NEIGHBOURS, ids=[row.fix for row in NEIGHBOURS])
def test_a_session_leaves_the_neighbour_alone_and_does_nothing_else_to_its_own(
    row: Neighbour, root: aws.Clients
) -> None:
    broken = Broken(FIXES[row.fix], root)
    other = row.make(root.get(row.other.partition(":")[0], broken.region))
    name = broken.resource.removesuffix(":*").rpartition("/")[2].rpartition(":")[2]

    def renamed(part: Any) -> Any:
        return json.loads(json.dumps(part).replace(name, other))

    for half in filter(lambda half: getattr(broken.plan, half), ("do", "undo")):
        mine: Call = getattr(broken.plan, half)[0]
        writer = broken.hands.writer("aws-sec-test", broken.plan, half, broken.region, broken.resource)
        with pytest.raises(CallError, match=f"{mine.call} was denied"):
            writer.make(Call(**renamed(mine.data)))
        with pytest.raises(CallError, match=f"{row.other} was denied"):
            aws.Region(writer.clients, ROOT, broken.region).call(row.other, **{row.param: mine.params[row.param]})
    theirs = Plan(do=[Call(**renamed(broken.plan.do[0].data))], undo=[], before={}, after={})
    make(broken.hands, theirs, "do", broken.region, renamed(broken.resource))  # the ARN makes the difference
    broken.carry_out("do")


@pytest.mark.parametrize("lacking", [{"fix_external_id": "a-guess"}, {"fix_external_id": ""}])
def test_without_the_external_id_the_role_is_not_given(lacking: dict[str, str], root: aws.Clients) -> None:
    hands = FixAws(load(fix_role_arn=FIX_ROLE, **lacking), lambda: aws.Region(root, ROOT, "eu-west-1"))
    plan = Plan(do=[Call("s3:PutBucketVersioning", {"Bucket": "any"})], undo=[], before={}, after={})
    with pytest.raises(CallError, match="sts:AssumeRole was denied"):
        hands.writer("aws-sec-test", plan, "do", "eu-west-1", "arn:aws:s3:::any")


def test_the_whole_role_may_not_make_more_of_itself(root: aws.Clients) -> None:
    """Without a session policy, as who has the host could ask for it."""
    whole = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Version": "2012-10-17"})
    session = aws.write_session(FIX_ROLE, policy=whole, name="aws-sec-test", external_id=EXTERNAL_ID)
    here = aws.Region(aws.Clients(session), ROOT, "us-east-1")
    own = {"RoleName": "aws-sec-fix"}
    for call, params in [
        ("iam:CreateAccessKey", {"UserName": "aws-sec"}),
        ("iam:PutRolePolicy", {**own, "PolicyName": "all", "PolicyDocument": whole}),
        ("iam:AttachRolePolicy", {**own, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("iam:UpdateAssumeRolePolicy", {**own, "PolicyDocument": whole}),
        ("iam:CreateRole", {"RoleName": "mine", "AssumeRolePolicyDocument": whole}),
        ("sts:AssumeRole", {"RoleArn": FIX_ROLE, "RoleSessionName": "again"}),
    ]:
        with pytest.raises(CallError, match=f"{call} was denied"):
            here.call(call, **params)
