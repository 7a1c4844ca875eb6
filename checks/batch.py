"""AWS Batch job definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from checks.kit import Aws, Practice, Severity, Verdict, check, collector
from checks.secret_names import in_words, secrets_among


class JobDefinition(TypedDict):
    """The newest revision of a job definition, which is what jobs are made of unless they ask for another.

    `secrets`: names of variables; their values are not kept.
    """

    name: str
    revision: int
    secrets: list[str]


@collector(
    "batch:DescribeJobDefinitions",
    arn="arn:{partition}:batch:{region}:{account}:job-definition/{name}",
    name="{name}",
)
def job_definitions(aws: Aws) -> Iterator[JobDefinition]:
    newest: dict[str, JobDefinition] = {}
    for one in aws.items("batch:DescribeJobDefinitions", "jobDefinitions", status="ACTIVE"):
        name, revision = one["jobDefinitionName"], one["revision"]
        if name not in newest or newest[name]["revision"] < revision:
            newest[name] = {"name": name, "revision": revision, "secrets": secrets_among(_variables(one))}
    yield from newest.values()


def _variables(job: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of all containers: Batch has them in other places for ECS, EKS, Fargate and jobs of several nodes.

    Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDefinition.html
    """
    tasks = [job, *job.get("nodeProperties", {}).get("nodeRangeProperties", [])]
    containers = [one.get("containerProperties") or one.get("container") or {} for one in tasks]
    for one in tasks:
        for task in one.get("ecsProperties", {}).get("taskProperties", []):
            containers += task.get("containers", [])
        pod = one.get("eksProperties", {}).get("podProperties", {})
        containers += [*pod.get("containers", []), *pod.get("initContainers", [])]
    for container in containers:
        for variable in [*container.get("environment", []), *container.get("env", [])]:
            yield variable.get("name", ""), variable.get("value", "")


@check(job_definitions, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def job_definition_keeps_no_secrets_in_variables(job: JobDefinition) -> Verdict:
    """Batch job definition keeps no secrets in variables.

    Every revision and every job keep them for all who may describe them, a wide read-only role for example.

    Fix: Keep it in Secrets Manager or Parameter Store, name it under secrets in a new revision, change the secret.
    See: https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data.html
    """
    named = job["secrets"]
    return f"has variables that look like secrets: {in_words(named)} (revision {job['revision']})" if named else None
