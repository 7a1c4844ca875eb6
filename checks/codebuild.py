"""AWS CodeBuild projects and report groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

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
from checks.secret_names import in_words, secrets_among

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import ReportGroupTypeDef as ReportGroup

Project: TypeAlias = Mapping[str, Any]
"""AWS's Project without values of variables and without what stands before the host of a source's URL.

Ours: `secrets`, names of variables; `signs_in`, sources whose URL holds a password or token.
"""

BATCH = 100
"""How many one call describes. https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html"""
UPDATE, VISIBILITY = "codebuild:UpdateProject", "codebuild:UpdateProjectVisibility"
NAMES_PEOPLE = ("bitbucket.org",)
"""Hosts whose URLs begin with the name of a user, who then signs in otherwise."""


@collector("codebuild:ListProjects", "codebuild:BatchGetProjects", arn="{arn}", name="{name}")
def projects(aws: Aws) -> Iterator[Project]:
    names = list(aws.items("codebuild:ListProjects", "projects"))
    for start in range(0, len(names), BATCH):
        got = aws.call("codebuild:BatchGetProjects", names=names[start : start + BATCH])
        yield from map(_without_values, got["projects"])


@collector("codebuild:ListReportGroups", "codebuild:BatchGetReportGroups", arn="{arn}", name="{name}")
def report_groups(aws: Aws) -> Iterator[ReportGroup]:
    arns = list(aws.items("codebuild:ListReportGroups", "reportGroups"))
    for start in range(0, len(arns), BATCH):
        got = aws.call("codebuild:BatchGetReportGroups", reportGroupArns=arns[start : start + BATCH])
        yield from (group for group in got["reportGroups"] if group.get("status") != "DELETING")


def _without_values(project: dict[str, Any]) -> Project:
    project.get("webhook", {}).pop("secret", None)
    environment = project.get("environment", {})
    plain = [
        (one["name"], one["value"])
        for one in environment.pop("environmentVariables", [])
        if one.get("type", "PLAINTEXT") == "PLAINTEXT"
    ]
    sources = [project.get("source", {}), *project.get("secondarySources", [])]
    signs_in = [one.get("sourceIdentifier", "the source") for one in sources if _signs_in(one.get("location", ""))]
    for one in sources:
        if "location" in one:
            one["location"] = re.sub(r"//[^/@]*@", "//", one["location"])
    return {**project, "secrets": secrets_among(plain), "signs_in": signs_in}


def _signs_in(location: str) -> bool:
    """Whether a URL holds a password or a token. A name alone is none where hosts put it there themselves."""
    if "://" not in location:
        return False
    parts = urlsplit(location)
    user, at, _ = parts.netloc.rpartition("@")
    return bool(at) and (":" in user or parts.hostname not in NAMES_PEOPLE)


@check(projects, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def project_source_holds_no_password(project: Project) -> Verdict:
    """CodeBuild project keeps no password in its source URL.

    Whoever may read the project, a wide read-only role for example, gets the password or token of your repositories.

    Fix: Connect the project to the provider, take the password out of the URL and change it.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/access-tokens.html
    """
    return f"signs in with a password in the URL of {', '.join(project['signs_in'])}" if project["signs_in"] else None


@check(projects, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def project_keeps_no_secrets_in_variables(project: Project) -> Verdict:
    """CodeBuild project keeps no secrets in plain variables.

    Whoever may read the project or one of its builds, a wide read-only role for example, reads the secret with it.

    Fix: Keep it in Secrets Manager or Parameter Store, set the variable's type to it, change the secret.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/change-project.html
    """
    named = project["secrets"]
    return f"has plain variables that look like secrets: {in_words(named)}" if named else None


@check(projects, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def project_is_private(project: Project) -> Verdict:
    """CodeBuild project keeps its builds to itself.

    Logs and artifacts of a public project, past ones too, are for everyone on the internet to read.

    Fix: Make the project private, and change whatever secret its logs have shown.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/public-builds.html
    """
    return expect(project.get("projectVisibility") != "PUBLIC_READ", "shows its logs and artifacts to everyone")


@fix(project_is_private, VISIBILITY, risk=Risk.CUTS_ACCESS)
def make_private(project: Project) -> Plan:
    """Make the project's builds private."""
    if project.get("projectVisibility") != "PUBLIC_READ":
        raise NotApplicable("it is private")
    role = {"resourceAccessRole": project["resourceAccessRole"]} if project.get("resourceAccessRole") else {}

    def show(to: str, **more: str) -> Call:
        return Call(VISIBILITY, {"projectArn": project["arn"], "projectVisibility": to} | more)

    return Plan(
        do=[show("PRIVATE")],
        undo=[show("PUBLIC_READ", **role)],
        before={"visibility": "PUBLIC_READ"},
        after={"visibility": "PRIVATE"},
        notes=["Links to its public page stop working: contributors from outside do not see why a build failed."],
    )


@check(projects, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def project_keeps_logs(project: Project) -> Verdict:
    """CodeBuild project keeps logs of its builds.

    A build runs with a role of yours; without its log nobody can tell what it did with it.

    Fix: Turn on CloudWatch Logs or S3 logs for the project.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/change-project.html
    """
    return expect(_log(project, "cloudWatchLogs", default="ENABLED") or _log(project, "s3Logs"), "keeps no logs")


@fix(project_keeps_logs, UPDATE, risk=Risk.SAFE)
def log_builds(project: Project) -> Plan:
    """Send the project's logs to CloudWatch Logs."""
    config = _logs(project)
    was = config.get("cloudWatchLogs", {"status": "DISABLED"})
    on = config | {"cloudWatchLogs": was | {"status": "ENABLED"}}
    notes = ["Its role needs logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents, or builds fail."]
    return _relog(project, on, {"CloudWatch Logs": was["status"]}, {"CloudWatch Logs": "ENABLED"}, notes)


@check(projects, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def project_encrypts_s3_logs(project: Project) -> Verdict:
    """CodeBuild project encrypts its logs in S3.

    Logs of builds show names of servers, branches and sometimes secrets.

    Fix: Leave encryption of the project's S3 logs on.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/change-project.html
    """
    if not _log(project, "s3Logs"):
        raise NotApplicable("it keeps no logs in S3")
    return expect(not _logs(project)["s3Logs"].get("encryptionDisabled"), "does not encrypt its logs in S3")


@fix(project_encrypts_s3_logs, UPDATE, risk=Risk.SAFE)
def encrypt_logs(project: Project) -> Plan:
    """Encrypt the project's logs in S3."""
    if not _log(project, "s3Logs"):
        raise NotApplicable("it keeps no logs in S3")
    config, what = _logs(project), "encryption of S3 logs"
    on = config | {"s3Logs": config["s3Logs"] | {"encryptionDisabled": False}}
    is_off = config["s3Logs"].get("encryptionDisabled")
    return _relog(project, on, {what: "off" if is_off else "on"}, {what: "on"}, [])


@check(projects, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def project_webhook_anchors_people(project: Project) -> Verdict:
    """CodeBuild project's webhook names people from end to end.

    A pattern without ^ and $ also fits longer numbers: a stranger who gets one that fits runs code with your role.

    Fix: Write the ids of ACTOR_ACCOUNT_ID filters as ^(123|456)$, and ask for approval of builds of pull requests.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/github-webhook.html
    """
    groups = project.get("webhook", {}).get("filterGroups", [])
    patterns = [
        one["pattern"]
        for group in groups
        for one in group
        if one["type"] == "ACTOR_ACCOUNT_ID" and not one.get("excludeMatchedPattern")
    ]
    if not patterns:
        raise NotApplicable("no webhook of it builds for certain people only")
    loose = [one for one in patterns if not _anchored(one)]
    return f"builds for whoever has an id with a part that fits {', '.join(loose)}" if loose else None


@check(projects, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def project_builds_from_known_organizations(project: Project, *, organizations: Sequence[str] = ()) -> Verdict:
    """CodeBuild project builds from organizations you know.

    Whoever owns the repository decides what the build does with your role.

    Fix: Build from a repository of your organization, or name the organization in the settings.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/change-project.html
    """
    if not organizations:
        raise NotApplicable("the settings name no organizations")
    found = [owner for owner in map(_owner, [project.get("source", {}), *project.get("secondarySources", [])]) if owner]
    if not found:
        raise NotApplicable("it builds from no repository on GitHub")
    known = {one.lower() for one in organizations}
    strange = sorted({one for one in found if one.lower() not in known})
    return f"builds from {', '.join(strange)} on GitHub" if strange else None


@check(report_groups, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def report_group_export_is_encrypted(group: ReportGroup) -> Verdict:
    """CodeBuild report group encrypts what it exports.

    Reports of tests show how a program is built and where it fails.

    Fix: Leave encryption of the report group's export to S3 on.
    See: https://docs.aws.amazon.com/codebuild/latest/userguide/report-group-export-settings.html
    """
    export = group.get("exportConfig", {})
    if export.get("exportConfigType") != "S3":
        raise NotApplicable("it exports nothing")
    return expect(not export["s3Destination"].get("encryptionDisabled"), "does not encrypt what it exports to S3")


def _logs(project: Project) -> dict[str, Any]:
    return dict(project.get("logsConfig", {}))


def _log(project: Project, kind: str, default: str = "DISABLED") -> bool:
    """Whether it keeps logs there: in CloudWatch Logs, unless told otherwise."""
    return bool(_logs(project).get(kind, {}).get("status", default) == "ENABLED")


def _relog(
    project: Project,
    config: Mapping[str, Any],
    before: Mapping[str, str],
    after: Mapping[str, str],
    notes: Sequence[str],
) -> Plan:
    """Changes how a project keeps logs: given as a whole, everything else of the project stays."""
    return Plan(
        do=[Call(UPDATE, {"name": project["name"], "logsConfig": config})],
        undo=[Call(UPDATE, {"name": project["name"], "logsConfig": _logs(project)})],
        before=before,
        after=after,
        notes=[*notes, "It holds for builds that start from then on."],
    )


def _anchored(pattern: str) -> bool:
    """Whether each way to fit a pattern fits the whole text."""
    depth, ways = 0, [""]
    for char in pattern:
        depth += (char == "(") - (char == ")")
        if char == "|" and not depth:
            ways.append("")
        else:
            ways[-1] += char
    return all(way.startswith("^") and way.endswith("$") for way in ways)


def _owner(source: Mapping[str, Any]) -> str:
    """The organization or user of a repository on GitHub."""
    if source.get("type") != "GITHUB":
        return ""
    return str(urlsplit(source.get("location", "")).path).strip("/").partition("/")[0]
