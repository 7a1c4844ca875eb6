"""Amazon ECS: clusters, services and capacity providers. What services run is in `ecs_tasks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import CapacityProviderTypeDef as CapacityProvider
    from types_boto3_ecs.type_defs import ClusterTypeDef as Cluster
    from types_boto3_ecs.type_defs import ServiceTypeDef as Service

CLUSTERS, SERVICES = 100, 10
"""How many one call describes. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""


@collector("ecs:ListClusters", "ecs:DescribeClusters", arn="{clusterArn}", name="{clusterName}")
def clusters(aws: Aws) -> Iterator[Cluster]:
    """Those that are there: AWS lists deleted ones for a while."""
    arns = list(aws.items("ecs:ListClusters", "clusterArns"))
    for start in range(0, len(arns), CLUSTERS):
        asked = arns[start : start + CLUSTERS]
        got = aws.call("ecs:DescribeClusters", clusters=asked, include=["SETTINGS"])
        yield from (cluster for cluster in got["clusters"] if cluster["status"] == "ACTIVE")


@collector("ecs:ListServices", "ecs:DescribeServices", arn="{serviceArn}", name="{serviceName}", needs=(clusters,))
def services(aws: Aws) -> Iterator[Service]:
    """Those that are there, of all clusters."""

    def of(cluster: str) -> list[Service]:
        arns = list(aws.items("ecs:ListServices", "serviceArns", cluster=cluster))
        found: list[Service] = []
        for start in range(0, len(arns), SERVICES):
            asked = arns[start : start + SERVICES]
            found += aws.call("ecs:DescribeServices", cluster=cluster, services=asked)["services"]
        return found

    for found in aws.each(of, [cluster["clusterArn"] for cluster in aws.read(clusters)]):
        yield from (service for service in found if service["status"] == "ACTIVE")


@collector("ecs:DescribeCapacityProviders", arn="{capacityProviderArn}", name="{name}")
def capacity_providers(aws: Aws) -> Iterator[CapacityProvider]:
    """Of ten on a page, which boto3 does not turn by itself."""
    token: dict[str, str] = {}
    while True:
        got = aws.call("ecs:DescribeCapacityProviders", maxResults=10, **token)
        yield from got["capacityProviders"]
        if not got.get("nextToken"):
            return
        token = {"nextToken": got["nextToken"]}


@check(clusters, practice=Practice.MONITORING, severity=Severity.LOW)
def cluster_has_container_insights(cluster: Cluster) -> Verdict:
    """ECS cluster has Container Insights.

    Without its metrics nobody sees that tasks restart, run out of memory or work for somebody else.

    Fix: Turn on Container Insights for the cluster. CloudWatch bills the metrics.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-container-insights.html
    """
    if not (cluster["runningTasksCount"] or cluster["activeServicesCount"] or _instances(cluster)):
        raise NotApplicable("nothing runs in it")
    return expect(_insights(cluster) in ("enabled", "enhanced"), "has Container Insights off")


@fix(cluster_has_container_insights, "ecs:UpdateCluster", risk=Risk.SAFE)
def measure(cluster: Cluster) -> Plan:
    """Turn on Container Insights for the cluster."""

    def switch(to: str) -> Call:
        settings = [{"name": "containerInsights", "value": to}]
        return Call("ecs:UpdateCluster", {"cluster": cluster["clusterArn"], "settings": settings})

    was = _insights(cluster)
    return Plan(
        do=[switch("enabled")],
        undo=[switch(was)],
        before={"Container Insights": was},
        after={"Container Insights": "enabled"},
        notes=["CloudWatch bills its metrics and logs by the number of tasks and services. Tasks are not restarted."],
    )


def _instances(cluster: Cluster) -> int:
    return cluster["registeredContainerInstancesCount"]


def _insights(cluster: Cluster) -> str:
    found = [one["value"] for one in cluster.get("settings", []) if one["name"] == "containerInsights"]
    return found[0] if found else "disabled"


@check(services, practice=Practice.NETWORK, severity=Severity.HIGH)
def service_has_no_public_addresses(service: Service) -> Verdict:
    """ECS service gives its tasks no public addresses.

    A task with a public address is one open port of a security group away from everyone on the internet.

    Fix: Put the tasks in private subnets without public addresses, behind a load balancer, with a NAT gateway or VPC
    endpoints for what they fetch.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/networking-outbound.html
    """
    given = [
        one["networkConfiguration"]["awsvpcConfiguration"].get("assignPublicIp", "DISABLED")
        for one in _it_and_task_sets(service)
        if one.get("networkConfiguration", {}).get("awsvpcConfiguration")
    ]
    if not given:
        raise NotApplicable("its tasks have no network interfaces of their own")
    return expect("ENABLED" not in given, "gives its tasks public addresses")


@check(services, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def service_runs_on_latest_platform(
    service: Service, *, latest_linux: str = "1.4.0", latest_windows: str = "1.0.0"
) -> Verdict:
    """ECS service runs on the latest Fargate platform.

    A platform version is the kernel and runtime beneath the containers; old ones stop getting security patches.

    Fix: Update the service to platform version LATEST, which starts its tasks anew.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html
    """
    pinned = [one["platformVersion"] for one in _it_and_task_sets(service) if one.get("platformVersion")]
    if not pinned:
        raise NotApplicable("it does not run on Fargate")
    windows = service.get("platformFamily", "").upper().startswith("WINDOWS")
    old = [one for one in pinned if one not in ("LATEST", latest_windows if windows else latest_linux)]
    return f"runs on Fargate platform {', '.join(sorted(set(old)))}" if old else None


@check(capacity_providers, practice=Practice.BACKUP, severity=Severity.LOW)
def capacity_provider_spares_busy_instances(provider: CapacityProvider) -> Verdict:
    """ECS capacity provider ends no instance that runs tasks.

    When it scales in, instances end with the tasks on them in the middle of their work.

    Fix: Turn on managed termination protection, and scale-in protection of the Auto Scaling group.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-termination-protection.html
    """
    group = provider.get("autoScalingGroupProvider")
    if not group or group.get("managedScaling", {}).get("status") != "ENABLED":
        raise NotApplicable("ECS does not scale instances for it")
    return expect(group.get("managedTerminationProtection") == "ENABLED", "ends instances that run tasks")


def _it_and_task_sets(service: Service) -> Sequence[Any]:
    """Where an external controller deploys, the task sets have the settings in place of the service."""
    return [service, *service.get("taskSets", [])]
