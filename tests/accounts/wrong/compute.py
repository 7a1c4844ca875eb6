"""Containers, clusters and builds, each kind wrong at least once."""

from __future__ import annotations

from typing import Any

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
PLACEHOLDER = "placeholder-not-a-real-secret"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def fill_compute(aws: Emulated) -> None:
    subnets = _subnets(aws)
    _tasks(aws)
    _services(aws, subnets)
    _clusters(aws, subnets)
    _builds(aws)


def _subnets(aws: Emulated) -> list[str]:
    """Those of the shop, in two Availability Zones."""
    ours = [{"Name": "tag:Name", "Values": ["shop-public-a", "shop-private-b"]}]
    return [str(one["SubnetId"]) for one in aws.client("ec2").describe_subnets(Filters=ours)["Subnets"]]


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
