"""Where Northwind Traders keeps its data: keys, buckets, disks, queues, secrets."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import PROTECTED, pairs, tags

BUCKET = "northwind-traders-"
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def fill_data(aws: Emulated) -> dict[str, str]:
    """Returns the ARNs of the KMS keys by alias."""
    keys = _keys(aws)
    _buckets(aws, keys)
    _disks(aws, keys)
    _queues_and_secrets(aws)
    _stack(aws)
    return keys


def _keys(aws: Emulated) -> dict[str, str]:
    kms = aws.client("kms")

    def create(alias: str, team: str, *, rotates: bool = False, policy: str = "", **spec: str) -> str:
        labels = pairs(tags(team), "TagKey", "TagValue")
        made = kms.create_key(Description=alias, Tags=labels, **({"Policy": policy} if policy else {}), **spec)[
            "KeyMetadata"
        ]
        kms.create_alias(AliasName=f"alias/{alias}", TargetKeyId=made["KeyId"])
        if rotates:
            kms.enable_key_rotation(KeyId=made["KeyId"])
        return str(made["Arn"])

    open_to_all = _policy({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"})
    keys = {
        "shop-data": create("shop-data", "shop", rotates=True),
        "invoices": create("invoices", "finance"),  # rotation never turned on
        "audit-logs": create("audit-logs", "platform", rotates=True),
        "partner-exchange": create("partner-exchange", "data", policy=open_to_all),
        "erp-2019": create("erp-2019", "finance"),
    }
    kms.schedule_key_deletion(KeyId=keys["erp-2019"].rpartition("/")[2], PendingWindowInDays=7)
    return keys


def _buckets(aws: Emulated, keys: dict[str, str]) -> None:
    s3 = aws.client("s3")

    def create(
        name: str,
        team: str,
        *,
        blocked: bool = True,
        versions: bool = False,
        acls: bool = True,
        key: str = "",
        more: dict[str, str] | None = None,
    ) -> str:
        bucket = BUCKET + name
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        # What AWS gives every new bucket since 2023 and the emulator does not; people can only take the block off.
        kind = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": kind, "BucketKeyEnabled": True}]}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
        ownership = "BucketOwnerEnforced" if blocked or not acls else "ObjectWriter"
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})
        if blocked:
            s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
        if versions:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(tags(team) | (more or {}))})
        return bucket

    logs = create("access-logs", "platform", versions=True)
    trail = create("cloudtrail", "platform", versions=True)
    create("config", "platform", versions=True)
    state = create("terraform-state", "platform", versions=True, key=keys["shop-data"])
    invoices = create("invoices", "finance", versions=True, key=keys["invoices"])
    website = create("website", "shop", blocked=False, acls=False)
    images = create("product-images", "shop", blocked=False)
    exports = create("exports", "data", blocked=False)
    create("backups", "platform", versions=True)
    create("press-kit", "shop", blocked=False, acls=False, more=PROTECTED)

    let_aws_write(aws, logs, "logging.s3.amazonaws.com")
    for bucket in (state, invoices, trail):
        s3.put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": logs, "TargetPrefix": f"{bucket}/"}}
        )
    for bucket in (state, invoices):
        s3.put_bucket_policy(Bucket=bucket, Policy=_policy(_only_tls(bucket)))
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{website}/*"}
    s3.put_bucket_policy(Bucket=website, Policy=_policy(anyone))
    s3.put_bucket_website(Bucket=website, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put_bucket_acl(Bucket=images, ACL="public-read")
    partner = {"AWS": "arn:aws:iam::210987654321:root"}  # a former consultant's account still writes here
    writes = {"Effect": "Allow", "Principal": partner, "Action": "s3:*", "Resource": f"arn:aws:s3:::{exports}/*"}
    s3.put_bucket_policy(Bucket=exports, Policy=_policy(writes))


def let_aws_write(aws: Emulated, bucket: str, service: str) -> None:
    """Lets an AWS service deliver its logs to a bucket of ours, on behalf of this account only."""
    ours = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    common = {"Effect": "Allow", "Principal": {"Service": service}, "Condition": ours}
    reads = common | {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"}
    writes = common | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=_policy(reads, writes, _only_tls(bucket)))


def _only_tls(bucket: str) -> dict[str, Any]:
    both = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": both, "Condition": insecure}


def _disks(aws: Emulated, keys: dict[str, str]) -> None:
    ec2 = aws.client("ec2")
    ec2.enable_ebs_encryption_by_default()  # in eu-west-1 only: us-east-1 was forgotten
    for name, team, key in (("shop-uploads", "shop", keys["shop-data"]), ("erp-archive", "finance", "")):
        encrypted = {"Encrypted": True, "KmsKeyId": key} if key else {"Encrypted": False}
        labels = [{"ResourceType": "volume", "Tags": pairs({"Name": name} | tags(team))}]
        made = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=100, TagSpecifications=labels, **encrypted)
        snapshot = ec2.create_snapshot(VolumeId=made["VolumeId"], Description=f"{name} before the move")["SnapshotId"]
        if name == "erp-archive":  # shared with a consultant in a hurry: with everyone
            everyone = {"OperationType": "add", "GroupNames": ["all"]}
            ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", **everyone)
    labels = [{"ResourceType": "volume", "Tags": pairs({"Name": "staging-scratch"} | tags("shop", "staging"))}]
    aws.client("ec2", "us-east-1").create_volume(AvailabilityZone="us-east-1a", Size=50, TagSpecifications=labels)


def _queues_and_secrets(aws: Emulated) -> None:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    sqs.create_queue(QueueName="orders", Attributes={"SqsManagedSseEnabled": "true"}, tags=tags("shop"))
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:partner-events"
    anyone = _policy({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn})
    attributes = {"SqsManagedSseEnabled": "false", "Policy": anyone}
    sqs.create_queue(QueueName="partner-events", Attributes=attributes, tags=tags("data"))
    sns.create_topic(Name="alarms", Tags=pairs(tags("platform")))
    secrets = aws.client("secretsmanager")
    for name, team in (("shop/database", "shop"), ("payments/api-key", "finance")):
        secrets.create_secret(Name=name, SecretString="placeholder", Tags=pairs(tags(team)))
    monthly = {"AutomaticallyAfterDays": 30}  # AWS also wants a function that renews it; the emulator does without
    secrets.rotate_secret(SecretId="shop/database", RotationRules=monthly, RotateImmediately=False)
    aws.client("ecr").create_repository(
        repositoryName="shop", imageScanningConfiguration={"scanOnPush": True}, tags=pairs(tags("shop"))
    )


def _stack(aws: Emulated) -> None:
    """What CloudFormation owns: changing it by hand would be undone by the next deployment."""
    table = {
        "TableName": "coupons",
        "AttributeDefinitions": [{"AttributeName": "code", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "code", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    admin = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    group = {"GroupDescription": "Coupon administration", "SecurityGroupIngress": [admin]}
    resources = {
        "Coupons": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Admin": {"Type": "AWS::EC2::SecurityGroup", "Properties": group},
    }
    stack = aws.client("cloudformation").create_stack(
        StackName="shop-coupons", TemplateBody=json.dumps({"Resources": resources}), Tags=pairs(tags("shop"))
    )
    # AWS puts these on every resource of a stack; the emulator does so for EC2 alone.
    owned = {"aws:cloudformation:stack-name": "shop-coupons", "aws:cloudformation:stack-id": stack["StackId"]}
    arn = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/coupons"
    aws.client("dynamodb").tag_resource(ResourceArn=arn, Tags=pairs(tags("shop") | owned))


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
