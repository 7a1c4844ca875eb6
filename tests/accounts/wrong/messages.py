"""Buses, streams, state machines, documents, stacks and secrets, each kind wrong at least once."""

from __future__ import annotations

import json

from bot.demo.account_messages import allow
from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

PARTNER = "210987654321"
"""The account of a former consultant."""
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


def fill_messages(aws: Emulated, key: str) -> None:
    _buses(aws)
    _streams(aws)
    _mail(aws)
    _machines(aws)
    _documents(aws)
    _stacks(aws)
    _shared_secrets(aws, key)
    _decrypting_role(aws)


def _buses(aws: Emulated) -> None:
    events = aws.client("events")
    for name, team, principal, sid in (
        ("shop-orders", "shop", "*", "everyone"),
        ("partners", "data", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, "consultant"),
    ):
        arn = events.create_event_bus(Name=name, Tags=pairs(tags(team)))["EventBusArn"]
        events.put_permission(EventBusName=name, Policy=allow(principal, "events:PutEvents", arn, sid))


def _streams(aws: Emulated) -> None:
    kinesis, firehose = aws.client("kinesis"), aws.client("firehose")
    for name, team in (("clicks", "data"), ("payments", "finance")):
        kinesis.create_stream(StreamName=name, ShardCount=1, Tags=tags(team))
    kinesis.increase_stream_retention_period(StreamName="payments", RetentionPeriodHours=168)
    kinesis.start_stream_encryption(StreamName="payments", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    to = {"RoleARN": f"{ROLE}firehose", "BucketARN": "arn:aws:s3:::northwind-traders-exports"}
    for name in ("clicks-to-s3", "payments-to-s3"):
        firehose.create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration=to, Tags=pairs(tags("data"))
        )
    firehose.start_delivery_stream_encryption(
        DeliveryStreamName="payments-to-s3", DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"}
    )


def _machines(aws: Emulated) -> None:
    logs, machines = aws.client("logs"), aws.client("stepfunctions")
    logs.create_log_group(logGroupName="/aws/vendedlogs/states/refunds", tags=tags("finance"))
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/vendedlogs/states/refunds:*"
    all_of_it = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
    passes = json.dumps({"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}})
    for name, team, more in (("fulfil-order", "shop", {}), ("refund", "finance", {"loggingConfiguration": all_of_it})):
        machines.create_state_machine(
            name=name, definition=passes, roleArn=f"{ROLE}{name}", tags=pairs(tags(team), "key", "value"), **more
        )


def _stacks(aws: Emulated) -> None:
    """The CDK's bootstrap stack, made years ago, and a protected one with a role of its own."""
    client = aws.client("cloudformation")
    topic = {"Deployments": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": "alias/aws/sns"}}}
    toolkit = {"Resources": topic, "Outputs": {"BootstrapVersion": {"Value": "14"}}}
    client.create_stack(StackName="CDKToolkit", TemplateBody=json.dumps(toolkit), Tags=pairs(tags("platform")))
    client.create_stack(
        StackName="shop-messages",
        TemplateBody=json.dumps({"Resources": topic}),
        EnableTerminationProtection=True,
        RoleARN=f"{ROLE}deploy",
        Tags=pairs(tags("shop")),
    )


def _documents(aws: Emulated) -> None:
    """A runbook shown to everyone by mistake; two machines, one of which misses patches."""
    ssm = aws.client("ssm")
    for name, public in (("restart-shop", True), ("rotate-logs", False)):
        steps = [{"action": "aws:runShellScript", "name": name, "inputs": {"runCommand": ["systemctl restart shop"]}}]
        content = {"schemaVersion": "2.2", "description": name, "mainSteps": steps}
        ssm.create_document(
            Name=name, Content=json.dumps(content), DocumentType="Command", Tags=pairs(tags("platform"))
        )
        if public:
            ssm.modify_document_permission(Name=name, PermissionType="Share", AccountIdsToAdd=["all"])
    aws.client("ssm", "us-east-1").update_service_setting(
        SettingId="/ssm/documents/console/public-sharing-permission", SettingValue="Disable"
    )
    found = aws.client("ec2").describe_instances()["Reservations"]
    ids = [instance["InstanceId"] for reservation in found for instance in reservation["Instances"]]
    states = (("NON_COMPLIANT", "NON_COMPLIANT", "COMPLIANT"), ("COMPLIANT",))
    for id, patches in zip(ids, states, strict=False):
        for kind, statuses in (("Patch", patches), ("Association", patches[1:] or patches)):
            ssm.put_compliance_items(
                ResourceId=id,
                ResourceType="ManagedInstance",
                ComplianceType=kind,
                ExecutionSummary={"ExecutionTime": "2026-03-01T00:00:00Z"},
                Items=[
                    {"Id": f"item-{n}", "Severity": "CRITICAL" if n == 0 else "MEDIUM", "Status": status}
                    for n, status in enumerate(statuses)
                ],
            )


def _shared_secrets(aws: Emulated, key: str) -> None:
    secrets = aws.client("secretsmanager")
    for name, principal in (
        ("partners/feed-token", "*"),
        ("partners/sftp", {"AWS": f"arn:aws:iam::{PARTNER}:role/feed"}),
    ):
        secrets.create_secret(Name=name, SecretString="placeholder", KmsKeyId=key, Tags=pairs(tags("data")))
        policy = allow(principal, "secretsmanager:GetSecretValue", "*", "partner")
        secrets.put_resource_policy(SecretId=name, ResourcePolicy=policy)


def _decrypting_role(aws: Emulated) -> None:
    """A function that reads the partners' feed and, by two policies, everything that is encrypted."""
    iam = aws.client("iam")
    every_key = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [every_key]})
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="feed-reader",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        Tags=pairs(tags("data")),
    )
    iam.put_role_policy(RoleName="feed-reader", PolicyName="decrypt", PolicyDocument=document)
    made = iam.create_policy(PolicyName="decrypt-feeds", PolicyDocument=document, Tags=pairs(tags("data")))
    iam.attach_role_policy(RoleName="feed-reader", PolicyArn=made["Policy"]["Arn"])


def _mail(aws: Emulated) -> None:
    """A domain that nobody signs for and everyone may send as, and one with a key of its own in DNS."""
    ses = aws.client("sesv2")
    own_key = {"DomainSigningSelector": "own", "DomainSigningPrivateKey": "a2V5"}
    ses.create_email_identity(EmailIdentity="northwind.example", Tags=pairs(tags("shop")))
    ses.create_email_identity(
        EmailIdentity="mail.northwind.example", DkimSigningAttributes=own_key, Tags=pairs(tags("shop"))
    )
    arn = f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/northwind.example"
    everyone = allow("*", "ses:SendEmail", arn, "everyone")
    ses.create_email_identity_policy(EmailIdentity="northwind.example", PolicyName="agency", Policy=everyone)
    for name, policy in (("newsletter", "OPTIONAL"), ("receipts", "REQUIRE")):
        ses.create_configuration_set(
            ConfigurationSetName=name, DeliveryOptions={"TlsPolicy": policy}, Tags=pairs(tags("shop"))
        )
