"""RDS: versions and certificates: what the judges say, and what AWS is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import rds_versions
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOW, Case

DB: Any = {"Engine": "postgres", "EngineVersion": "13.9"}
OFFERED, SUPPORTED = rds_versions.db_instance_runs_supported_version, rds_versions.db_instance_is_in_standard_support
CERTIFICATE = rds_versions.db_instance_certificate_is_valid


def certified(**left: int) -> dict[str, Any]:
    return {"CertificateDetails": {"CAIdentifier": "rds-ca-rsa2048-g1", "ValidTill": NOW + timedelta(**left)}}


CASES = [
    Case(OFFERED, [DB, "available"], None),
    Case(OFFERED, [DB, "deprecated"], "runs postgres 13.9, which AWS has deprecated"),
    Case(OFFERED, [DB | {"Engine": "custom-oracle-ee"}, ""], NotApplicable),
    Case(SUPPORTED, [DB, NOW + timedelta(days=31), NOW], None),
    Case(
        SUPPORTED, [DB, NOW + timedelta(days=30), NOW], "runs postgres 13.9, whose standard support ends on 2026-04-01"
    ),
    Case(SUPPORTED, [DB, NOW, NOW], "runs postgres 13.9, out of standard support since 2026-03-02"),
    Case(SUPPORTED, [DB, NOW + timedelta(days=1), NOW], None, {"days": 0}),
    Case(SUPPORTED, [DB, None, NOW], NotApplicable),
    Case(CERTIFICATE, [certified(days=31), NOW], None),
    Case(CERTIFICATE, [certified(days=30), NOW], "has a certificate that expires on 2026-04-01"),
    Case(CERTIFICATE, [certified(seconds=-1), NOW], "has a certificate that expired on 2026-03-02"),
    Case(CERTIFICATE, [{}, NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_version_that_aws_does_not_list_is_unknown() -> None:
    with pytest.raises(Unknown, match=r"AWS does not list postgres 13\.9"):
        OFFERED.judge(DB, "")


def listed(*versions: str) -> dict[str, Any]:
    return {
        "DBInstances": [
            {"DBInstanceStatus": "available", "Engine": "postgres", "EngineVersion": version} for version in versions
        ]
    }


def test_a_version_is_asked_for_once(aws: Region) -> None:
    with Stubber(aws.clients.get("rds", aws.region)) as stub:
        stub.add_response("describe_db_instances", listed("16.3", "13.9", "16.3"))
        for version, status in (("13.9", "deprecated"), ("16.3", "available")):
            stub.add_response(
                "describe_db_engine_versions",
                {"DBEngineVersions": [{"Engine": "postgres", "EngineVersion": version, "Status": status}]},
                {"Engine": "postgres", "EngineVersion": version, "IncludeAll": True},
            )
        assert rds_versions.status.read(aws, DB) == "deprecated"
        assert rds_versions.status.read(aws, DB | {"EngineVersion": "16.3"}) == "available"


def test_the_end_of_standard_support_is_that_of_the_major_version(aws: Region) -> None:
    def cycle(name: str, year: int) -> dict[str, Any]:
        start, end = datetime(2018, 1, 1, tzinfo=UTC), datetime(year, 2, 28, tzinfo=UTC)
        return {"LifecycleSupportName": name, "LifecycleSupportStartDate": start, "LifecycleSupportEndDate": end}

    def major(engine: str, version: str, *cycles: dict[str, Any]) -> dict[str, Any]:
        return {"Engine": engine, "MajorEngineVersion": version, "SupportedEngineLifecycles": [*cycles]}

    standard, extended = "open-source-rds-standard-support", "open-source-rds-extended-support"
    majors = [
        major("aurora-mysql", "8.0", cycle(standard, 2028)),
        major("postgres", "1", cycle(standard, 2020)),
        major("postgres", "13", cycle(standard, 2026), cycle(extended, 2029)),
        {"Engine": "db2-se", "MajorEngineVersion": "11.5"},
    ]
    with Stubber(aws.clients.get("rds", aws.region)) as stub:
        stub.add_response("describe_db_major_engine_versions", {"DBMajorEngineVersions": majors})
        ends = [
            rds_versions.standard_support.read(aws, {"Engine": engine, "EngineVersion": version})
            for engine, version in (
                ("postgres", "13.9"),
                ("aurora-mysql", "8.0.mysql_aurora.3.05.2"),
                ("db2-se", "11.5.9"),
                ("oracle-ee", "19.0.0"),
            )
        ]
    assert [end and end.year for end in ends] == [2026, 2028, None, None]
