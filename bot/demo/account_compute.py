"""What Northwind Traders' programs run on: functions, images, containers, clusters and builds."""

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
    _tasks(aws)
    _services(aws, subnets)
    _clusters(aws, subnets)
    _builds(aws)


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


def _tasks(aws: Emulated) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/shop", "awslogs-region": "eu-west-1"}}
    good: dict[str, Any] = {"user": "1000:1000", "readonlyRootFilesystem": True, "logConfiguration": logs}

    def register(family: str, team: str, image: str, container: dict[str, Any], **more: Any) -> None:
        whole = {"name": family, "image": image, "memory": 512} | container
        labels = pairs(tags(team), "key", "value")
        aws.client("ecs").register_task_definition(family=family, containerDefinitions=[whole], tags=labels, **more)

    def volume(name: str, tls: str) -> list[dict[str, Any]]:
        return [{"name": name, "efsVolumeConfiguration": {"fileSystemId": "fs-0a1b2c3d", "transitEncryption": tls}}]

    fargate = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    web = good | {"secrets": [{"name": "DB_PASSWORD", "valueFrom": "/shop/db/password"}]}
    register("shop-web", "shop", "shop:1.0.0", web, **fargate, volumes=volume("uploads", "ENABLED"))
    reports = {"environment": [{"name": "DB_PASSWORD", "value": PLACEHOLDER}], "logConfiguration": logs}
    register("monthly-reports", "finance", "reports:latest", reports, **fargate, volumes=volume("reports", "DISABLED"))
    shipper = {"privileged": True, "user": "root", "readonlyRootFilesystem": True}
    register("log-shipper", "platform", "shipper:latest", shipper, networkMode="host", pidMode="host")
    for name, variable in (("price-history", "SUPPLIER_PASSWORD"), ("stock-forecast", "STAGE")):
        job = {"image": "jobs:latest", "environment": [{"name": variable, "value": PLACEHOLDER}]}
        size = {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]}
        aws.client("batch").register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=job | size, tags=tags("data")
        )


def _services(aws: Emulated, subnets: list[str]) -> None:
    client = aws.client("ecs")
    for cluster, team, insights in (("shop", "shop", "enabled"), ("back-office", "finance", "disabled")):
        settings = [{"name": "containerInsights", "value": insights}]
        client.create_cluster(clusterName=cluster, settings=settings, tags=pairs(tags(team), "key", "value"))

    def run(cluster: str, task: str, team: str, version: str, public: str) -> None:
        network = {"subnets": subnets, "securityGroups": [], "assignPublicIp": public}
        client.create_service(
            cluster=cluster,
            serviceName=task,
            taskDefinition=task,
            desiredCount=2,
            launchType="FARGATE",
            platformVersion=version,
            networkConfiguration={"awsvpcConfiguration": network},
            tags=pairs(tags(team), "key", "value"),
        )

    run("shop", "shop-web", "shop", "LATEST", "DISABLED")
    run("back-office", "monthly-reports", "finance", "1.3.0", "ENABLED")
    group = f"arn:aws:autoscaling:eu-west-1:{ACCOUNT}:autoScalingGroup:1a2b:autoScalingGroupName/"
    for name, protected in (("workers", "ENABLED"), ("workers-spot", "DISABLED")):
        scaling = {"managedScaling": {"status": "ENABLED"}, "managedTerminationProtection": protected}
        client.create_capacity_provider(
            name=name,
            autoScalingGroupProvider={"autoScalingGroupArn": group + name} | scaling,
            tags=pairs(tags("platform"), "key", "value"),
        )


def _clusters(aws: Emulated, subnets: list[str]) -> None:
    client = aws.client("eks")

    def create(name: str, team: str, version: str, *, inside: bool, types: list[str]) -> None:
        network = {"subnetIds": subnets, "endpointPublicAccess": not inside, "endpointPrivateAccess": inside}
        client.create_cluster(
            name=name,
            version=version,
            roleArn=f"{ROLE}eks-{name}",
            resourcesVpcConfig=network | {"publicAccessCidrs": ["0.0.0.0/0"]},
            logging={"clusterLogging": [{"types": types, "enabled": bool(types)}]},
            tags=tags(team),
        )
        client.create_nodegroup(
            clusterName=name,
            nodegroupName="general",
            version=version,
            nodeRole=f"{ROLE}eks-{name}-nodes",
            subnets=subnets,
            tags=tags(team),
        )

    create("platform", "platform", "1.35", inside=True, types=["api", "audit", "authenticator"])
    client.update_cluster_config(name="platform", deletionProtection=True)
    create("analytics", "data", "1.32", inside=False, types=["api"])


def _builds(aws: Emulated) -> None:
    client = aws.client("codebuild")

    def create(name: str, team: str, url: str, variables: dict[str, str], logs: dict[str, Any]) -> str:
        machine = {
            "type": "LINUX_CONTAINER",
            "computeType": "BUILD_GENERAL1_SMALL",
            "image": "aws/codebuild/standard:7.0",
        }
        given = [{"name": key, "value": value, "type": "PLAINTEXT"} for key, value in variables.items()]
        made = client.create_project(
            name=name,
            source={"type": "BITBUCKET" if "bitbucket" in url else "GITHUB", "location": url},
            artifacts={"type": "NO_ARTIFACTS"},
            environment=machine | {"environmentVariables": given},
            serviceRole=f"{ROLE}codebuild-{name}",
            logsConfig=logs,
            tags=pairs(tags(team), "key", "value"),
        )
        return str(made["project"]["arn"])

    on, off = {"status": "ENABLED"}, {"status": "DISABLED"}
    bucket = on | {"location": "northwind-traders-access-logs/builds"}
    kept = {"cloudWatchLogs": on, "s3Logs": bucket}
    create("shop-deploy", "shop", "https://github.com/northwind-traders/shop", {"STAGE": "production"}, kept)
    in_the_clear = {"cloudWatchLogs": off, "s3Logs": bucket | {"encryptionDisabled": True}}
    variables = {"NPM_TOKEN": PLACEHOLDER}
    docs = create("docs-site", "data", "https://github.com/northwind-traders/docs", variables, in_the_clear)
    client.update_project_visibility(projectArn=docs, projectVisibility="PUBLIC_READ")
    old = f"https://erp-build:{PLACEHOLDER}@bitbucket.org/northwind-traders/erp.git"
    create("erp-nightly", "finance", old, {}, {"cloudWatchLogs": off, "s3Logs": off})
