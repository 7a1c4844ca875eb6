"""Amazon RDS: versions and certificates that AWS no longer looks after, or soon will not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from checks.databases import db_instances
from checks.kit import (
    Aws,
    Collector,
    NotApplicable,
    Practice,
    Severity,
    Unknown,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    now,
)

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance
    from types_boto3_rds.type_defs import DBMajorEngineVersionTypeDef as Major

STANDARD = "open-source-rds-standard-support"


class Version(TypedDict):
    """A version of an engine that some DB instance runs; `status` is empty where AWS does not list it."""

    engine: str
    version: str
    status: str


@collector(
    "rds:DescribeDBEngineVersions",
    arn="arn:{partition}:rds:{region}:{account}:version:{engine}/{version}",
    needs=(db_instances,),
)
def versions(aws: Aws) -> Iterator[Version]:
    """The versions in use, asked one by one: AWS's whole list is long."""
    used = sorted({(db["Engine"], db["EngineVersion"]) for db in aws.read(db_instances)})
    return aws.each(lambda one: _version(aws, *one), used)


def _version(aws: Aws, engine: str, version: str) -> Version:
    listed = aws.items(
        "rds:DescribeDBEngineVersions", "DBEngineVersions", Engine=engine, EngineVersion=version, IncludeAll=True
    )
    status = next((one["Status"] for one in listed), "")
    return {"engine": engine, "version": version, "status": status}


majors: Collector[Major] = collect(
    "rds:DescribeDBMajorEngineVersions",
    "DBMajorEngineVersions",
    arn="arn:{partition}:rds:{region}:{account}:version:{Engine}/{MajorEngineVersion}",
)


@extra(needs=(db_instances, versions))
def status(aws: Aws, db: DBInstance) -> str:
    """Of the instance's version: "available", "deprecated", or "" where AWS does not list it."""
    which = (db["Engine"], db["EngineVersion"])
    return next((one["status"] for one in aws.read(versions) if (one["engine"], one["version"]) == which), "")


@extra(needs=(majors,))
def standard_support(aws: Aws, db: DBInstance) -> datetime | None:
    """The end of standard support for the instance's major version; None where AWS names no date."""
    ends = [
        cycle["LifecycleSupportEndDate"]
        for major in aws.read(majors)
        if major["Engine"] == db["Engine"] and _is_of(db["EngineVersion"], major["MajorEngineVersion"])
        for cycle in major.get("SupportedEngineLifecycles", [])
        if cycle["LifecycleSupportName"] == STANDARD
    ]
    return max(ends, default=None)


@check(db_instances, status, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def db_instance_runs_supported_version(db: DBInstance, status: str) -> Verdict:
    """DB instance runs a version that AWS still offers.

    AWS takes back versions with known holes, and those that get no more fixes.

    Fix: Upgrade to a newer minor version of the engine, first on a copy restored from a snapshot.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
    """
    if db["Engine"].startswith("custom-"):
        raise NotApplicable("RDS Custom runs what its owner installs")
    if not status:
        raise Unknown(f"AWS does not list {db['Engine']} {db['EngineVersion']}")
    return expect(status != "deprecated", f"runs {db['Engine']} {db['EngineVersion']}, which AWS has deprecated")


@check(db_instances, standard_support, now, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def db_instance_is_in_standard_support(
    db: DBInstance, end: datetime | None, now: datetime, *, days: int = 30
) -> Verdict:
    """DB instance runs a major version in standard support.

    After its end AWS charges for Extended Support by the hour, or upgrades the database when that suits nobody.

    Fix: Upgrade to a newer major version, first on a copy; a blue/green deployment keeps the interruption short.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html
    """
    if end is None:
        raise NotApplicable("AWS names no end of support for its engine")
    runs = f"runs {db['Engine']} {db['EngineVersion']}"
    if end <= now:
        return f"{runs}, out of standard support since {end:%Y-%m-%d}"
    return expect(end - now > timedelta(days=days), f"{runs}, whose standard support ends on {end:%Y-%m-%d}")


@check(db_instances, now, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def db_instance_certificate_is_valid(db: DBInstance, now: datetime, *, days: int = 30) -> Verdict:
    """DB instance's certificate does not expire soon.

    Clients that check certificates refuse the database once it has expired, all at the same moment.

    Fix: Give clients AWS's newer certificate bundle, then change the instance's certificate authority to the newest.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL-certificate-rotation.html
    """
    if "CertificateDetails" not in db:
        raise NotApplicable("AWS says nothing of a certificate")
    end = db["CertificateDetails"]["ValidTill"]
    if end <= now:
        return f"has a certificate that expired on {end:%Y-%m-%d}"
    return expect(end - now > timedelta(days=days), f"has a certificate that expires on {end:%Y-%m-%d}")


def _is_of(version: str, major: str) -> bool:
    """Whether 16.3 is of major 16, and 8.0.mysql_aurora.3.05.2 of 8.0."""
    return version == major or version.startswith(f"{major}.")
