"""AWS Elastic Beanstalk environments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypedDict

from checks.kit import (
    Aws,
    NotApplicable,
    Practice,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
)
from checks.secret_names import in_words, secrets_among

if TYPE_CHECKING:
    from types_boto3_elasticbeanstalk.type_defs import EnvironmentDescriptionTypeDef as Environment

VARIABLES = "aws:elasticbeanstalk:application:environment"
HEALTH = "aws:elasticbeanstalk:healthreporting:system SystemType"
UPDATES = "aws:elasticbeanstalk:managedactions ManagedActionsEnabled"
LOGS = "aws:elasticbeanstalk:cloudwatch:logs StreamLogs"
KEPT = (HEALTH, UPDATES, LOGS)
"""Namespace and name of options.
https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html"""

ENDED = {"deprecated": "AWS supports for a short time only", "retired": "AWS does not support any more"}


class Settings(TypedDict):
    """Options by namespace and name, without values of variables. `secrets`: names of variables."""

    options: dict[str, str]
    secrets: list[str]


@collector("elasticbeanstalk:DescribeEnvironments", arn="{EnvironmentArn}", name="{EnvironmentName}")
def environments(aws: Aws) -> Iterator[Environment]:
    """Those that are there: AWS lists terminated ones for about an hour."""
    listed = aws.items("elasticbeanstalk:DescribeEnvironments", "Environments", IncludeDeleted=False)
    yield from (one for one in listed if one["Status"] not in ("Launching", "Terminating", "Terminated"))


@extra("elasticbeanstalk:DescribeConfigurationSettings")
def settings(aws: Aws, environment: Environment) -> Settings:
    got = aws.call(
        "elasticbeanstalk:DescribeConfigurationSettings",
        ApplicationName=environment["ApplicationName"],
        EnvironmentName=environment["EnvironmentName"],
    )
    given = [option for one in got["ConfigurationSettings"] for option in one["OptionSettings"]]
    named = [(f"{one['Namespace']} {one['OptionName']}", one.get("Value", "")) for one in given]
    variables = [(one["OptionName"], one.get("Value", "")) for one in given if one["Namespace"] == VARIABLES]
    return {
        "options": {name: value for name, value in named if name in KEPT},
        "secrets": secrets_among(variables),
    }


@extra("elasticbeanstalk:DescribePlatformVersion")
def platform(aws: Aws, environment: Environment) -> dict[str, Any]:
    """Of what AWS calls a platform branch; empty for a custom platform or one too old to have any."""
    if not environment.get("PlatformArn"):
        return {}
    got = aws.call("elasticbeanstalk:DescribePlatformVersion", PlatformArn=environment["PlatformArn"])
    return dict(got["PlatformDescription"])


@check(environments, settings, practice=Practice.MONITORING, severity=Severity.LOW)
def environment_reports_enhanced_health(environment: Environment, settings: Settings) -> Verdict:
    """Beanstalk environment reports enhanced health.

    Basic health only asks whether the load balancer gets an answer; managed updates need to know more.

    Fix: Set health reporting of the environment to enhanced.
    See: https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/health-enhanced.html
    """
    return expect(settings["options"].get(HEALTH) == "enhanced", "reports basic health")


@check(environments, settings, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def environment_takes_managed_updates(environment: Environment, settings: Settings) -> Verdict:
    """Beanstalk environment takes managed platform updates.

    Platform updates bring patches for the system, the web server and the language; they arrive in a window you choose.

    Fix: Turn on managed platform updates, with a weekly window. They need enhanced health.
    See: https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/environment-platform-update-managed.html
    """
    return expect(settings["options"].get(UPDATES) == "true", "takes no platform updates by itself")


@check(environments, settings, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def environment_streams_logs(environment: Environment, settings: Settings) -> Verdict:
    """Beanstalk environment streams its logs to CloudWatch.

    Logs go with the instance, and instances come and go: afterwards nobody can tell what happened on one.

    Fix: Turn on instance log streaming to CloudWatch Logs, which bills what is ingested.
    See: https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/AWSHowTo.cloudwatchlogs.html
    """
    return expect(settings["options"].get(LOGS) == "true", "keeps its logs on its instances alone")


@check(environments, platform, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def environment_runs_supported_platform(environment: Environment, platform: dict[str, Any]) -> Verdict:
    """Beanstalk environment runs on a supported platform.

    A retired platform branch, an old PHP for example, gets no patches for known holes.

    Fix: Move to a supported platform branch with a blue/green deployment: a new environment, then swap the URLs.
    See: https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/platforms-support-policy.html
    """
    state = str(platform.get("PlatformBranchLifecycleState", "")).lower()
    if not state:
        raise NotApplicable("it runs on a custom platform")
    branch = platform.get("PlatformBranchName", "a platform")
    return f"runs on {branch}, which {ENDED[state]}" if state in ENDED else None


@check(environments, settings, practice=Practice.PASSWORDS, severity=Severity.HIGH)
def environment_keeps_no_secrets_in_properties(environment: Environment, settings: Settings) -> Verdict:
    """Beanstalk environment keeps no secrets in its properties.

    Whoever may describe the environment, a wide read-only role for example, reads the secret with it.

    Fix: Keep it in Secrets Manager or Parameter Store, name it as an environment secret, change the secret.
    See: https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/AWSHowTo.secrets.env-vars.html
    """
    named = settings["secrets"]
    return f"has properties that look like secrets: {in_words(named)}" if named else None
