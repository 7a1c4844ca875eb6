"""ECS clusters, services, capacity providers and task definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import ecs, ecs_tasks
from checks.kit import NotApplicable
from tests.checks.cases import Case

INSIGHTS, ADDRESSES = ecs.cluster_has_container_insights, ecs.service_has_no_public_addresses
PLATFORM, SPARES = ecs.service_runs_on_latest_platform, ecs.capacity_provider_spares_busy_instances
PRIVILEGED, NAMESPACES = ecs_tasks.task_definition_runs_unprivileged, ecs_tasks.task_definition_shares_no_host_namespace
NETWORK, USER = ecs_tasks.task_definition_has_own_network, ecs_tasks.task_definition_names_a_user
READ_ONLY, SECRETS = (
    ecs_tasks.task_definition_has_read_only_root,
    ecs_tasks.task_definition_keeps_no_secrets_in_variables,
)
LOGS, EFS = ecs_tasks.task_definition_keeps_logs, ecs_tasks.task_definition_encrypts_efs_traffic


def cluster(insights: str = "", *, running: int = 1) -> dict[str, Any]:
    counts = {"runningTasksCount": running, "activeServicesCount": 0, "registeredContainerInstancesCount": 0}
    settings = [{"name": "containerInsights", "value": insights}] if insights else []
    return counts | {"settings": settings}


def service(public: str = "", **more: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [], "assignPublicIp": public}}} | more


def provider(protected: str = "DISABLED", scaling: str = "ENABLED") -> dict[str, Any]:
    group = {"managedTerminationProtection": protected, "managedScaling": {"status": scaling}}
    return {"autoScalingGroupProvider": group}


def task(*containers: dict[str, Any], revision: Any = 3, **more: Any) -> dict[str, Any]:
    given = containers or (container(),)
    return {"revision": revision, "containerDefinitions": list(given)} | more


def container(name: str = "app", **more: Any) -> dict[str, Any]:
    return {"name": name, "secrets": [], "logConfiguration": {"logDriver": "awslogs"}} | more


def family(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"family": "shop", "definitions": list(tasks)}


WINDOWS = {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}


def volume(**settings: str) -> dict[str, Any]:
    return {"volumes": [{"name": "uploads", "efsVolumeConfiguration": {"fileSystemId": "fs-1"} | settings}]}


CASES = [
    Case(INSIGHTS, [cluster("enabled")], None),
    Case(INSIGHTS, [cluster("enhanced")], None),
    Case(INSIGHTS, [cluster("disabled")], "has Container Insights off"),
    Case(INSIGHTS, [cluster()], "has Container Insights off"),
    Case(INSIGHTS, [cluster("disabled", running=0)], NotApplicable),
    Case(ADDRESSES, [service("DISABLED")], None),
    Case(ADDRESSES, [service("ENABLED")], "gives its tasks public addresses"),
    Case(ADDRESSES, [{"taskSets": [service("ENABLED")]}], "gives its tasks public addresses"),
    Case(ADDRESSES, [{"launchType": "EC2"}], NotApplicable),
    Case(PLATFORM, [{"platformVersion": "LATEST"}], None),
    Case(PLATFORM, [{"platformVersion": "1.4.0", "platformFamily": "Linux"}], None),
    Case(PLATFORM, [{"platformVersion": "1.3.0", "platformFamily": "Linux"}], "runs on Fargate platform 1.3.0"),
    Case(PLATFORM, [{"platformVersion": "1.0.0", "platformFamily": "Windows Server 2022 Core"}], None),
    Case(PLATFORM, [{"platformVersion": "1.0.0"}], "runs on Fargate platform 1.0.0"),
    Case(PLATFORM, [{"taskSets": [{"platformVersion": "1.3.0"}]}], "runs on Fargate platform 1.3.0"),
    Case(PLATFORM, [{"launchType": "EC2"}], NotApplicable),
    Case(SPARES, [provider("ENABLED")], None),
    Case(SPARES, [provider()], "ends instances that run tasks"),
    Case(SPARES, [provider(scaling="DISABLED")], NotApplicable),
    Case(SPARES, [{"name": "FARGATE"}], NotApplicable),
    Case(PRIVILEGED, [family(task())], None),
    Case(
        PRIVILEGED,
        [family(task(container(privileged=True), container("proxy")))],
        "gives container app all rights over its host (revision 3)",
    ),
    Case(
        PRIVILEGED,
        [family(task(), task(container(privileged=True), container("b", privileged=True), revision=7))],
        "gives containers app, b all rights over its host (revision 7)",
    ),
    Case(NAMESPACES, [family(task(pidMode="task"))], None),
    Case(NAMESPACES, [family(task(pidMode="host"))], "shares the processes of its host (revision 3)"),
    Case(
        NAMESPACES,
        [family(task(pidMode="host", ipcMode="host"))],
        "shares the processes and IPC of its host (revision 3)",
    ),
    Case(NETWORK, [family(task(networkMode="awsvpc"))], None),
    Case(NETWORK, [family(task())], None),
    Case(NETWORK, [family(task(networkMode="host"))], "uses its host's network (revision 3)"),
    Case(USER, [family(task(container(user="1000:1000")))], None),
    Case(USER, [family(task(container(user="0:0")))], "runs container app as an administrator (revision 3)"),
    Case(USER, [family(task())], "leaves the user of container app to the image (revision 3)"),
    Case(USER, [family(task(container(user="ContainerUser"), **WINDOWS))], None),
    Case(
        USER,
        [family(task(container(user="ContainerAdministrator"), **WINDOWS))],
        "runs container app as an administrator (revision 3)",
    ),
    Case(READ_ONLY, [family(task(container(readonlyRootFilesystem=True)))], None),
    Case(READ_ONLY, [family(task())], "lets container app write to the root file system (revision 3)"),
    Case(READ_ONLY, [family(task(**WINDOWS))], NotApplicable),
    Case(SECRETS, [family(task())], None),
    Case(
        SECRETS,
        [family(task(container(secrets=["AWS_SECRET_ACCESS_KEY"])))],
        "has variables that look like secrets: AWS_SECRET_ACCESS_KEY (revision 3)",
    ),
    Case(LOGS, [family(task())], None),
    Case(LOGS, [family(task(container(logConfiguration={})))], "keeps no logs of container app (revision 3)"),
    Case(LOGS, [family(task(container(), container("router", logConfiguration={}, firelensConfiguration={"type": "fluentbit"})))], None),
    Case(EFS, [family(task())], NotApplicable),
    Case(EFS, [family(task(**volume(transitEncryption="ENABLED")))], None),
    Case(EFS, [family(task(**volume()))], "mounts uploads without TLS (revision 3)"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def register(client: Any, family: str, **more: Any) -> None:
    client.register_task_definition(
        family=family, containerDefinitions=[{"name": "app", "image": "shop", "memory": 128} | more]
    )


def test_the_revision_a_service_runs_counts_and_of_other_families_the_newest(aws: Region) -> None:
    client = aws.clients.session.client("ecs")
    client.create_cluster(clusterName="live")
    for family in ("shop", "nightly"):
        register(client, family, environment=[{"name": "DB_PASSWORD", "value": "hunter2"}])
        register(client, family)
    client.create_service(cluster="live", serviceName="shop", taskDefinition="shop:1", desiredCount=1)
    [cluster] = ecs.clusters.stream(aws)
    assert cluster["clusterName"] == "live"
    [found] = ecs.services.stream(aws)
    assert found["serviceName"] == "shop"
    read = {one["family"]: one for one in ecs_tasks.families.stream(aws)}
    assert [one["revision"] for one in read["shop"]["definitions"]] == [1]
    assert [one["revision"] for one in read["nightly"]["definitions"]] == [2]
    [app] = read["shop"]["definitions"][0]["containerDefinitions"]
    assert app["secrets"] == ["DB_PASSWORD"]
    assert "hunter2" not in repr(read)


def test_task_sets_run_revisions_too_and_what_is_gone_is_left_out(aws: Region) -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:"
    task_set = {"taskDefinition": f"{arn}task-definition/api:9"}
    external = {"serviceName": "api", "status": "ACTIVE", "taskSets": [task_set]}
    draining = {"serviceName": "old", "status": "DRAINING"}
    with Stubber(aws.clients.get("ecs", aws.region)) as stub:
        stub.add_response("list_clusters", {"clusterArns": [f"{arn}cluster/live", f"{arn}cluster/gone"]}, {})
        found = [
            {"clusterArn": f"{arn}cluster/live", "status": "ACTIVE"},
            {"clusterArn": f"{arn}cluster/gone", "status": "INACTIVE"},
        ]
        stub.add_response("describe_clusters", {"clusters": found})
        stub.add_response("list_services", {"serviceArns": [f"{arn}service/live/api"]})
        stub.add_response("describe_services", {"services": [external, draining]})
        stub.add_response("list_task_definition_families", {"families": ["job"]}, {"status": "ACTIVE"})
        api = {"revision": 9, "containerDefinitions": [{"name": "api"}]}
        stub.add_response(
            "describe_task_definition", {"taskDefinition": api}, {"taskDefinition": task_set["taskDefinition"]}
        )
        stub.add_client_error("describe_task_definition", "ClientException", expected_params={"taskDefinition": "job"})
        assert [one["family"] for one in ecs_tasks.families.stream(aws)] == ["api"]
        stub.assert_no_pending_responses()


def test_services_are_described_ten_at_a_time(aws: Region) -> None:
    client = aws.clients.session.client("ecs")
    client.create_cluster(clusterName="live")
    register(client, "shop")
    for number in range(11):
        client.create_service(cluster="live", serviceName=f"s{number}", taskDefinition="shop", desiredCount=0)
    assert len(list(ecs.services.stream(aws))) == 11


def test_capacity_providers_are_read(aws: Region) -> None:
    client = aws.clients.session.client("ecs")
    group: Any = {
        "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:1:autoScalingGroupName/a"
    }
    client.create_capacity_provider(name="spot", autoScalingGroupProvider=group)
    assert "spot" in [one["name"] for one in ecs.capacity_providers.stream(aws)]


def test_capacity_providers_of_every_page_are_read(aws: Region) -> None:
    with Stubber(aws.clients.get("ecs", aws.region)) as stub:
        first = {"capacityProviders": [{"name": "one"}], "nextToken": "more"}
        stub.add_response("describe_capacity_providers", first, {"maxResults": 10})
        second = {"capacityProviders": [{"name": "two"}]}
        stub.add_response("describe_capacity_providers", second, {"maxResults": 10, "nextToken": "more"})
        assert [one["name"] for one in ecs.capacity_providers.stream(aws)] == ["one", "two"]


def busy_cluster(session: boto3.Session) -> None:
    client = session.client("ecs")
    client.create_cluster(clusterName="live")
    register(client, "shop")
    client.create_service(cluster="live", serviceName="shop", taskDefinition="shop", desiredCount=1)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {INSIGHTS.id: busy_cluster}
