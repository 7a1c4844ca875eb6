"""Task definitions of Amazon ECS: the revisions that services run, and the newest of what no service runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from checks.ecs import services
from checks.kit import Aws, NotApplicable, Practice, Severity, Verdict, check, collector
from checks.secret_names import in_words, secrets_among

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import ServiceTypeDef as Service

Definition: TypeAlias = Mapping[str, Any]
"""AWS's TaskDefinition without environments and options, which hold secrets. Ours: `secrets` of a container."""

KEPT = ("name", "privileged", "user", "readonlyRootFilesystem", "firelensConfiguration")
OF_TASK = ("revision", "networkMode", "pidMode", "ipcMode", "runtimePlatform", "volumes")
ROOT = ("root", "0")


class Family(TypedDict):
    """A family stays the same resource from one revision to the next. `definitions`: those that count."""

    family: str
    definitions: list[Definition]


@collector(
    "ecs:ListTaskDefinitionFamilies",
    "ecs:DescribeTaskDefinition",
    arn="arn:{partition}:ecs:{region}:{account}:task-definition/{family}",
    name="{family}",
    needs=(services,),
)
def families(aws: Aws) -> Iterator[Family]:
    """Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html"""
    in_use = defaultdict[str, set[str]](set)
    for service in aws.read(services):
        for arn in _runs(service):
            in_use[arn.rpartition("/")[2].rpartition(":")[0]].add(arn)
    names = {*aws.items("ecs:ListTaskDefinitionFamilies", "families", status="ACTIVE"), *in_use}

    def read(family: str) -> Family:
        asked = sorted(in_use[family]) if family in in_use else [family]  # by its name alone: the newest active one
        # ClientException: its last revision was deregistered in the meantime.
        got = [aws.call("ecs:DescribeTaskDefinition", taskDefinition=one, absent="ClientException") for one in asked]
        return {"family": family, "definitions": [_without_values(one["taskDefinition"]) for one in got if one]}

    yield from (family for family in aws.each(read, sorted(names)) if family["definitions"])


def _runs(service: Service) -> Iterator[str]:
    """The revisions it runs; task sets have them where an external controller deploys."""
    if service.get("taskDefinition"):
        yield service["taskDefinition"]
    yield from (one["taskDefinition"] for one in service.get("taskSets", []))


def _without_values(definition: Mapping[str, Any]) -> Definition:
    kept = {key: definition[key] for key in OF_TASK if key in definition}
    return kept | {"containerDefinitions": [_container(one) for one in definition["containerDefinitions"]]}


def _container(given: Mapping[str, Any]) -> dict[str, Any]:
    variables = ((one.get("name", ""), one.get("value", "")) for one in given.get("environment", []))
    driver = given.get("logConfiguration", {}).get("logDriver")
    kept = {key: given[key] for key in KEPT if key in given}
    return kept | {"secrets": secrets_among(variables), "logConfiguration": {"logDriver": driver} if driver else {}}


@check(families, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def task_definition_runs_unprivileged(family: Family) -> Verdict:
    """ECS task definition runs no privileged container.

    Whoever gets into a privileged container is root on its host, with all that other containers there have.

    Fix: Register a revision without privileged; add the one Linux capability that is needed, if any.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    """
    return _judged(family, lambda task: _of(task, "gives {} all rights over its host", lambda c: c.get("privileged")))


@check(families, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def task_definition_shares_no_host_namespace(family: Family) -> Verdict:
    """ECS task definition shares no namespace of its host.

    With the host's process namespace a container sees all processes of the host, reads their environment and ends them.

    Fix: Register a revision without pidMode host and ipcMode host; task shares within the task alone.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    """

    def judge(task: Definition) -> Verdict:
        shared = [words for key, words in (("pidMode", "processes"), ("ipcMode", "IPC")) if task.get(key) == "host"]
        return f"shares the {' and '.join(shared)} of its host" if shared else None

    return _judged(family, judge)


@check(families, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def task_definition_has_own_network(family: Family) -> Verdict:
    """ECS task definition does not use its host's network.

    On the host's network a container reaches what listens for the host alone, and its role's credentials.

    Fix: Register a revision with network mode awsvpc, so that each task has its own interface and security group.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-networking.html
    """
    return _judged(family, lambda task: "uses its host's network" if task.get("networkMode") == "host" else None)


@check(families, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def task_definition_names_a_user(family: Family) -> Verdict:
    """ECS task definition names a user other than root.

    Who breaks into a container that runs as root is one hole in the kernel away from the host and its neighbours.

    Fix: Register a revision with user set to one that the image has, other than root or ContainerAdministrator.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html
    """

    def judge(task: Definition) -> Verdict:
        root = _of(task, "runs {} as an administrator", lambda c: _is_root(c.get("user", ""), windows=_windows(task)))
        silent = _of(task, "leaves the user of {} to the image", lambda c: not c.get("user"))
        return " and ".join(filter(None, (root, silent))) or None

    return _judged(family, judge)


@check(families, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def task_definition_has_read_only_root(family: Family) -> Verdict:
    """ECS task definition keeps root file systems read-only.

    Where nothing can be written, whoever breaks in cannot leave a program behind or change the one that runs.

    Fix: Register a revision with readonlyRootFilesystem true, and volumes for what has to be written.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html
    """
    if all(map(_windows, family["definitions"])):
        raise NotApplicable("Windows containers have no such setting")

    def judge(task: Definition) -> Verdict:
        bad = "lets {} write to the root file system"
        return None if _windows(task) else _of(task, bad, lambda c: not c.get("readonlyRootFilesystem"))

    return _judged(family, judge)


@check(families, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def task_definition_keeps_no_secrets_in_variables(family: Family) -> Verdict:
    """ECS task definition keeps no secrets in variables.

    Every revision keeps them for ever, for all who may describe task definitions, a wide read-only role for example.

    Fix: Keep it in Secrets Manager or Parameter Store, name it under secrets in a new revision, change the secret.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html
    """

    def judge(task: Definition) -> Verdict:
        named = sorted({name for container in task["containerDefinitions"] for name in container["secrets"]})
        return f"has variables that look like secrets: {in_words(named)}" if named else None

    return _judged(family, judge)


@check(families, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def task_definition_keeps_logs(family: Family) -> Verdict:
    """ECS task definition sends its containers' logs somewhere.

    A task's output goes with the task: without a log driver nobody can tell afterwards what it did.

    Fix: Register a revision with a logConfiguration for each container, awslogs for example.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
    """

    def silent(container: Mapping[str, Any]) -> bool:  # the FireLens router carries the others' logs
        return not container["logConfiguration"] and not container.get("firelensConfiguration")

    return _judged(family, lambda task: _of(task, "keeps no logs of {}", silent))


@check(families, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def task_definition_encrypts_efs_traffic(family: Family) -> Verdict:
    """ECS task definition mounts EFS volumes over TLS.

    Without it, files travel in the clear between the task and the file system.

    Fix: Register a revision with transitEncryption ENABLED for each EFS volume.
    See: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-efs-config.html
    """
    if not any(map(_efs, family["definitions"])):
        raise NotApplicable("it mounts no EFS volume")

    def judge(task: Definition) -> Verdict:
        clear = [name for name, volume in _efs(task).items() if volume.get("transitEncryption") != "ENABLED"]
        return f"mounts {', '.join(sorted(clear))} without TLS" if clear else None

    return _judged(family, judge)


def _judged(family: Family, judge: Callable[[Definition], Verdict]) -> Verdict:
    found = [(judge(task), task["revision"]) for task in family["definitions"]]
    return "; ".join(f"{words} (revision {revision})" for words, revision in found if words) or None


def _of(task: Definition, words: str, bad: Callable[[Mapping[str, Any]], Any]) -> Verdict:
    """The words with the names of the containers that are bad in place of `{}`."""
    names = [container["name"] for container in task["containerDefinitions"] if bad(container)]
    return words.format(f"container{'s' * (len(names) > 1)} {', '.join(names)}") if names else None


def _windows(task: Definition) -> bool:
    return str(task.get("runtimePlatform", {}).get("operatingSystemFamily", "")).startswith("WINDOWS")


def _is_root(user: str, *, windows: bool) -> bool:
    return user.lower() == "containeradministrator" if windows else user.split(":", maxsplit=1)[0] in ROOT


def _efs(task: Definition) -> dict[str, Mapping[str, Any]]:
    volumes = task.get("volumes", [])
    return {one["name"]: one["efsVolumeConfiguration"] for one in volumes if one.get("efsVolumeConfiguration")}
