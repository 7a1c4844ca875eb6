"""What Northwind Traders' programs run on: functions and images."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
PLACEHOLDER = "placeholder-not-a-real-secret"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def fill_compute(aws: Emulated, keys: dict[str, str]) -> None:
    """What the shop runs every day is right; what somebody tried once, or took over with the ERP, is not."""
    subnets = _subnets(aws)
    _functions(aws, subnets, keys["shop-data"])
    _images(aws)


def _subnets(aws: Emulated) -> list[str]:
    """Those of the shop, in two Availability Zones."""
    ours = [{"Name": "tag:Name", "Values": ["shop-public-a", "shop-private-b"]}]
    return [str(one["SubnetId"]) for one in aws.client("ec2").describe_subnets(Filters=ours)["Subnets"]]


def _functions(aws: Emulated, subnets: list[str], key: str) -> None:
    client = aws.client("lambda")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", "def handler(event, context): ...")

    def create(name: str, team: str, runtime: str, **more: Any) -> None:
        how = {"Role": f"{ROLE}image-resizer", "Handler": "index.handler", "Code": {"ZipFile": archive.getvalue()}}
        client.create_function(FunctionName=name, Runtime=runtime, Tags=tags(team), **how, **more)

    def allow(name: str, sid: str, principal: str, action: str = "lambda:InvokeFunction", **more: str) -> None:
        asked = {"FunctionName": name, "StatementId": sid, "Principal": principal, "Action": action}
        client.add_permission(**asked, **more)

    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:shop/database"
    inside = {"VpcConfig": {"SubnetIds": subnets, "SecurityGroupIds": []}}
    variables = {"Environment": {"Variables": {"DB_SECRET_ARN": secret, "STAGE": "production"}}}
    create("order-mailer", "shop", "python3.13", KMSKeyArn=key, **inside, **variables)
    allow("order-mailer", "orders", "sns.amazonaws.com", SourceArn=f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders")
    failed = {"OnFailure": {"Destination": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"}}
    client.put_function_event_invoke_config(FunctionName="order-mailer", DestinationConfig=failed)

    # Taken over with the product pictures in 2021, and never looked at again.
    alone = {"VpcConfig": {"SubnetIds": subnets[:1], "SecurityGroupIds": []}}
    signing = {"Environment": {"Variables": {"SIGNING_KEY": PLACEHOLDER, "WIDTH": "640"}}}
    create("image-resizer", "shop", "python3.8", **alone, **signing)
    allow("image-resizer", "uploads", "s3.amazonaws.com")

    create("partner-webhook", "data", "nodejs22.x")
    open_to_all = {"AllowOrigins": ["*"], "AllowMethods": ["POST"]}
    client.create_function_url_config(FunctionName="partner-webhook", AuthType="NONE", Cors=open_to_all)
    allow("partner-webhook", "url", "*", "lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    create("stock-levels", "shop", "nodejs22.x")
    ours = {"AllowOrigins": ["https://shop.northwind.example"], "AllowMethods": ["GET"]}
    client.create_function_url_config(FunctionName="stock-levels", AuthType="AWS_IAM", Cors=ours)
    create("price-import", "data", "python3.12")
    allow("price-import", "anyone-for-now", "*")  # it was to be the supplier's account alone


def _images(aws: Emulated) -> None:
    """Beside `shop`, which the shop's data brought along and which lacks everything."""
    client = aws.client("ecr")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": DOCKER})
    client.put_image(repositoryName="shop", imageManifest=manifest, imageTag="1.0.0")
    client.start_image_scan(repositoryName="shop", imageId={"imageTag": "1.0.0"})  # the emulator always finds a hole
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
        "action": {"type": "expire"},
    }
    for name, team in (("checkout", "shop"), ("partner-sdk", "data")):
        client.create_repository(
            repositoryName=name,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
            tags=pairs(tags(team)),
        )
        client.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps({"rules": [rule]}))
    pull = {"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [pull]})
    client.set_repository_policy(repositoryName="partner-sdk", policyText=policy)
