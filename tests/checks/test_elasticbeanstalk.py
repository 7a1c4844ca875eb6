"""Elastic Beanstalk. The emulator has no settings of environments, so AWS's answers are played back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import elasticbeanstalk
from checks.elasticbeanstalk import HEALTH, LOGS, UPDATES
from checks.kit import NotApplicable
from tests.checks.cases import Case

ENVIRONMENT: Any = {"ApplicationName": "shop", "EnvironmentName": "shop-live", "Status": "Ready"}
ENHANCED, UPDATED = (
    elasticbeanstalk.environment_reports_enhanced_health,
    elasticbeanstalk.environment_takes_managed_updates,
)
STREAMED, PLATFORM = elasticbeanstalk.environment_streams_logs, elasticbeanstalk.environment_runs_supported_platform
SECRETS = elasticbeanstalk.environment_keeps_no_secrets_in_properties


def options(**named: str) -> dict[str, Any]:
    keys = {"health": HEALTH, "updates": UPDATES, "logs": LOGS}
    return {"options": {keys[name]: value for name, value in named.items()}, "secrets": []}


def branch(state: str) -> dict[str, str]:
    return {"PlatformBranchName": "PHP 8.0 running on 64bit Amazon Linux 2", "PlatformBranchLifecycleState": state}


CASES = [
    Case(ENHANCED, [ENVIRONMENT, options(health="enhanced")], None),
    Case(ENHANCED, [ENVIRONMENT, options(health="basic")], "reports basic health"),
    Case(ENHANCED, [ENVIRONMENT, options()], "reports basic health"),
    Case(UPDATED, [ENVIRONMENT, options(updates="true")], None),
    Case(UPDATED, [ENVIRONMENT, options(updates="false")], "takes no platform updates by itself"),
    Case(STREAMED, [ENVIRONMENT, options(logs="true")], None),
    Case(STREAMED, [ENVIRONMENT, options(logs="false")], "keeps its logs on its instances alone"),
    Case(PLATFORM, [ENVIRONMENT, {}], NotApplicable),
    Case(PLATFORM, [ENVIRONMENT, branch("Supported")], None),
    Case(PLATFORM, [ENVIRONMENT, branch("Beta")], None),
    Case(
        PLATFORM,
        [ENVIRONMENT, branch("Retired")],
        "runs on PHP 8.0 running on 64bit Amazon Linux 2, which AWS does not support any more",
    ),
    Case(
        PLATFORM,
        [ENVIRONMENT, branch("Deprecated")],
        "runs on PHP 8.0 running on 64bit Amazon Linux 2, which AWS supports for a short time only",
    ),
    Case(SECRETS, [ENVIRONMENT, options()], None),
    Case(
        SECRETS,
        [ENVIRONMENT, options() | {"secrets": ["DB_PASSWORD"]}],
        "has properties that look like secrets: DB_PASSWORD",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_environments_that_come_or_go_are_left_out(aws: Region) -> None:
    others = [
        {"EnvironmentName": "shop-new", "Status": "Launching"},
        {"EnvironmentName": "shop-old", "Status": "Terminating"},
    ]
    with Stubber(aws.clients.get("elasticbeanstalk", aws.region)) as stub:
        answer = {"Environments": [ENVIRONMENT, *others]}
        stub.add_response("describe_environments", answer, {"IncludeDeleted": False})
        assert [one["EnvironmentName"] for one in elasticbeanstalk.environments.stream(aws)] == ["shop-live"]


def option(namespace: str, name: str, value: str) -> dict[str, str]:
    return {"Namespace": namespace, "OptionName": name, "Value": value}


def test_values_of_properties_are_not_kept(aws: Region) -> None:
    given = [
        option("aws:elasticbeanstalk:healthreporting:system", "SystemType", "enhanced"),
        option("aws:autoscaling:asg", "MinSize", "2"),
        option("aws:elasticbeanstalk:application:environment", "DB_PASSWORD", "hunter2"),
    ]
    with Stubber(aws.clients.get("elasticbeanstalk", aws.region)) as stub:
        stub.add_response(
            "describe_configuration_settings",
            {"ConfigurationSettings": [{"OptionSettings": given}]},
            {"ApplicationName": "shop", "EnvironmentName": "shop-live"},
        )
        found = elasticbeanstalk.settings.read(aws, ENVIRONMENT)
    assert found == {"options": {HEALTH: "enhanced"}, "secrets": ["DB_PASSWORD"]}


def test_the_platform_is_asked_for_by_its_arn(aws: Region) -> None:
    arn = "arn:aws:elasticbeanstalk:eu-west-1::platform/PHP 8.0/1"
    with Stubber(aws.clients.get("elasticbeanstalk", aws.region)) as stub:
        answer = {"PlatformDescription": branch("Retired")}
        stub.add_response("describe_platform_version", answer, {"PlatformArn": arn})
        found = elasticbeanstalk.platform.read(aws, ENVIRONMENT | {"PlatformArn": arn})
    assert found["PlatformBranchLifecycleState"] == "Retired"
    assert elasticbeanstalk.platform.read(aws, ENVIRONMENT) == {}
