"""AWS Glue: the Data Catalog, connections, jobs and machine learning transforms.

What Glue writes to S3 and CloudWatch Logs these encrypt by themselves, so a security configuration is asked for only
where keys of one's own are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, cast

from checks import documents
from checks.inputs import must_be_in
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)
from checks.policy_edits import close

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import ConnectionTypeDef as Connection
    from types_boto3_glue.type_defs import DataCatalogEncryptionSettingsTypeDef as Settings
    from types_boto3_glue.type_defs import JobTypeDef as Job
    from types_boto3_glue.type_defs import MLTransformTypeDef as Transform
    from types_boto3_glue.type_defs import SecurityConfigurationTypeDef as SecurityConfiguration

SPARK = ("glueetl", "gluestreaming")
LOGS_BY_ITSELF = 5
"""The version of Glue from which on Spark jobs log as they run, whatever their arguments.
https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html"""


class Catalog(TypedDict):
    """A region's Data Catalog, which AWS makes whether anybody uses it or not: so the first thing in it counts.

    `connection`: the first that keeps a password in itself.
    """

    settings: Settings
    database: str
    connection: str


connections: Collector[Connection] = collect(
    "glue:GetConnections",
    "ConnectionList",
    arn="arn:{partition}:glue:{region}:{account}:connection/{Name}",
    name="{Name}",
    HidePassword=True,
)
"""Without passwords: nobody here has a use for them."""


@collector(
    "glue:GetDataCatalogEncryptionSettings",
    "glue:GetDatabases",
    arn="arn:{partition}:glue:{region}:{account}:catalog",
    name="{region}",
    needs=(connections,),
)
def catalogs(aws: Aws) -> Iterator[Catalog]:
    """One for each region."""
    settings = aws.call("glue:GetDataCatalogEncryptionSettings")["DataCatalogEncryptionSettings"]
    databases = aws.items("glue:GetDatabases", "DatabaseList")
    yield {
        "settings": settings,
        "database": next((one["Name"] for one in databases), ""),
        "connection": next((one["Name"] for one in aws.read(connections) if _keeps_password(one)), ""),
    }


jobs: Collector[Job] = collect(
    "glue:GetJobs", "Jobs", arn="arn:{partition}:glue:{region}:{account}:job/{Name}", name="{Name}"
)

transforms: Collector[Transform] = collect(
    "glue:GetMLTransforms",
    "Transforms",
    arn="arn:{partition}:glue:{region}:{account}:mlTransform/{TransformId}",
    name="{Name}",
)

security_configurations: Collector[SecurityConfiguration] = collect(
    "glue:GetSecurityConfigurations",
    "SecurityConfigurations",
    arn="arn:{partition}:glue:{region}:{account}:securityConfiguration/{Name}",
    name="{Name}",
)


@extra("glue:GetResourcePolicy")
def policy(aws: Aws, catalog: Catalog) -> str:
    return str(aws.call("glue:GetResourcePolicy", absent="EntityNotFoundException").get("PolicyInJson", ""))


@extra(needs=(security_configurations,))
def encryption(aws: Aws, job: Job) -> Mapping[str, Any]:
    """The EncryptionConfiguration that the job's security configuration makes; empty where the job has none."""
    named = {one["Name"]: one for one in aws.read(security_configurations)}
    found = named.get(job.get("SecurityConfiguration", ""))
    return cast("Mapping[str, Any]", found["EncryptionConfiguration"] if found else {})


@check(catalogs, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def catalog_is_not_public(catalog: Catalog, policy: str) -> Verdict:
    """Glue Data Catalog lets in nobody from outside.

    Everyone with an AWS account could read what data you have and where it lies, or change it under your queries.

    Fix: Name the accounts that need it in the catalog's resource policy, or an organization in a condition.
    See: https://docs.aws.amazon.com/glue/latest/dg/cross-account-access.html
    """
    return documents.opens_to_everyone(policy)


@fix(catalog_is_not_public, "glue:PutResourcePolicy", "glue:DeleteResourcePolicy", risk=Risk.CUTS_ACCESS)
def close_catalog(catalog: Catalog, policy: str) -> Plan:
    """Take the statements that let everyone in out of the catalog's policy.

    Source: https://docs.aws.amazon.com/glue/latest/webapi/API_PutResourcePolicy.html
    """

    def put(text: str) -> Call:
        return Call("glue:PutResourcePolicy", {"PolicyInJson": text})

    notes = ["Glue refuses, and changes nothing, where Lake Formation shares the catalog too: use the console there."]
    return close(policy, put, Call("glue:DeleteResourcePolicy", {}), notes)


@check(catalogs, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def catalog_is_encrypted(catalog: Catalog) -> Verdict:
    """Glue Data Catalog is encrypted.

    Names of tables, columns and places tell much about the data; encrypted, whoever reads them needs the key too.

    Fix: Turn on metadata encryption, and let every role that reads the catalog use the key.
    See: https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html
    """
    if not catalog["database"]:
        raise NotApplicable("there is no database in it")
    mode = catalog["settings"].get("EncryptionAtRest", {}).get("CatalogEncryptionMode", "DISABLED")
    return expect(mode != "DISABLED", "is not encrypted")


@check(catalogs, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def catalog_encrypts_connection_passwords(catalog: Catalog) -> Verdict:
    """Glue Data Catalog encrypts connection passwords.

    Without it whoever may read connections reads the passwords of your databases with them.

    Fix: Turn on encryption of connection passwords with a KMS key that only Glue's roles may use.
    See: https://docs.aws.amazon.com/glue/latest/dg/encrypt-connection-passwords.html
    """
    if not catalog["connection"]:
        raise NotApplicable("there is no connection in it that keeps a password")
    encrypts = catalog["settings"].get("ConnectionPasswordEncryption", {}).get("ReturnConnectionPasswordEncrypted")
    return expect(encrypts, "hands out connection passwords as they are")


@extra()
def region(aws: Aws, _: object) -> str:
    return aws.region


@fix(
    catalog_encrypts_connection_passwords,
    "glue:PutDataCatalogEncryptionSettings",
    risk=Risk.CUTS_ACCESS,
    reads=(region,),
)
def encrypt_connection_passwords(catalog: Catalog, region: str, *, kms_key: str) -> Plan:
    """Encrypt connection passwords with the key of the settings.

    Source: https://docs.aws.amazon.com/glue/latest/dg/encrypt-connection-passwords.html
    """
    if not catalog["connection"]:
        raise NotApplicable("there is no connection in it that keeps a password")
    was = catalog["settings"]
    password = was.get("ConnectionPasswordEncryption", {"ReturnConnectionPasswordEncrypted": False})
    if password["ReturnConnectionPasswordEncrypted"]:
        raise NotApplicable("it encrypts them", {"connection passwords": str(password.get("AwsKmsKeyId"))})
    must_be_in(region, kms_key)
    later = {"ReturnConnectionPasswordEncrypted": True, "AwsKmsKeyId": kms_key}

    def put(settings: Any) -> Call:
        return Call("glue:PutDataCatalogEncryptionSettings", {"DataCatalogEncryptionSettings": settings})

    return Plan(
        do=[put({**was, "ConnectionPasswordEncryption": later})],
        undo=[put({**was, "ConnectionPasswordEncryption": password})],  # what is not said might stay
        before={"connection passwords": "handed out as they are"},
        after={"connection passwords": f"encrypted with {kms_key}"},
        notes=[
            "Jobs, crawlers and people lose a connection unless their role may decrypt with the key.",
            "Whoever makes or changes one needs to be allowed to encrypt with it.",
            "Save each connection again, after an undo as well: its password is stored anew then.",
            "How the catalog itself is encrypted stays as it is.",
        ],
    )


@check(connections, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def connection_requires_tls(connection: Connection) -> Verdict:
    """Glue connection requires TLS.

    Over a plain connection, whoever gets into the network reads the password and every row on its way.

    Fix: Turn on Require SSL connection in the connection; the database must offer TLS.
    See: https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html
    """
    properties: Mapping[str, str] = cast("Mapping[str, str]", connection.get("ConnectionProperties", {}))
    if connection["ConnectionType"] == "KAFKA":
        return expect(properties.get("KAFKA_SSL_ENABLED", "true").lower() == "true", "does not require TLS")
    if connection["ConnectionType"] not in ("JDBC", "MONGODB"):
        raise NotApplicable(f"a connection of type {connection['ConnectionType']} has no such setting")
    return expect(properties.get("JDBC_ENFORCE_SSL", "false").lower() == "true", "does not require TLS")


@check(connections, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def connection_has_password_in_secrets_manager(connection: Connection) -> Verdict:
    """Glue connection takes its password from Secrets Manager.

    A password inside a connection is never rotated, and whoever may read connections may read it.

    Fix: Put the password into a secret, choose the secret in the connection, then change the password.
    See: https://docs.aws.amazon.com/glue/latest/dg/connection-properties-secrets-manager.html
    """
    if not (_keeps_password(connection) or _has_secret(connection)):
        raise NotApplicable("it signs in without a password")
    return expect(_has_secret(connection), "keeps its password in itself")


@check(jobs, practice=Practice.MONITORING, severity=Severity.LOW)
def job_logs_as_it_runs(job: Job) -> Verdict:
    """Glue job logs as it runs.

    With continuous logging you see what a job does while it does it, and what it did when it was killed.

    Fix: Turn on continuous logging: the job argument --enable-continuous-cloudwatch-log with true.
    See: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html
    """
    if job["Command"]["Name"] not in SPARK or _number(job.get("GlueVersion", "0")) >= (LOGS_BY_ITSELF,):
        raise NotApplicable("jobs of its kind log as they run by themselves")
    arguments = cast("Mapping[str, str]", job.get("DefaultArguments", {}))
    asked = arguments.get("--enable-continuous-cloudwatch-log", "false")
    return expect(asked.lower() == "true", "logs nothing while it runs")


@check(jobs, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def job_runs_supported_version(job: Job, *, oldest: str = "3.0") -> Verdict:
    """Glue job runs a version of Glue that AWS supports.

    Versions that AWS has given up get no security fixes for Spark, Python and Java, and one day start no more.

    Fix: Test the job with a newer version of Glue, then change it.
    See: https://docs.aws.amazon.com/glue/latest/dg/glue-version-support-policy.html
    """
    if job["Command"]["Name"] not in SPARK:
        raise NotApplicable("it runs no Spark")
    if "GlueVersion" not in job:
        raise Unknown("AWS does not say which version of Glue it runs")
    version = job["GlueVersion"]
    return expect(_number(version) >= _number(oldest), f"runs Glue {version}, which AWS has given up")


@check(jobs, encryption, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def job_encrypts_with_own_keys(
    job: Job, encryption: Mapping[str, Any], *, customer_managed_key: bool = False
) -> Verdict:
    """Glue job encrypts with KMS keys of yours.

    AWS encrypts what the job writes in any case; with keys of yours you decide who may decrypt it, and see who does.

    Fix: Give the job a security configuration with KMS keys for S3, CloudWatch Logs and job bookmarks.
    See: https://docs.aws.amazon.com/glue/latest/dg/encryption-security-configuration.html
    """
    if not customer_managed_key:
        raise NotApplicable("AWS encrypts with its own keys, and the settings ask for no other")
    modes = {
        "S3": {one.get("S3EncryptionMode") for one in encryption.get("S3Encryption", [])},
        "CloudWatch Logs": {encryption.get("CloudWatchEncryption", {}).get("CloudWatchEncryptionMode")},
        "job bookmarks": {encryption.get("JobBookmarksEncryption", {}).get("JobBookmarksEncryptionMode")},
    }
    without = [where for where, found in modes.items() if not found & {"SSE-KMS", "CSE-KMS"}]
    return expect(not without, f"has no KMS key for {', '.join(without)}")


@check(transforms, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def transform_is_encrypted(transform: Transform) -> Verdict:
    """Glue machine learning transform is encrypted.

    Its labels and samples are rows of your data; encrypted, they cannot be read without the key.

    Fix: It is chosen when the transform is made: make it again with encryption of user data, and teach it again.
    See: https://docs.aws.amazon.com/glue/latest/dg/encryption-security-configuration.html
    """
    if transform.get("Status") == "DELETING":
        raise NotApplicable("it is being deleted")
    data = cast("Mapping[str, Any]", transform.get("TransformEncryption", {})).get("MlUserDataEncryption", {})
    return expect(data.get("MlUserDataEncryptionMode") == "SSE-KMS", "is not encrypted")


def _has_secret(connection: Connection) -> bool:
    """Whether it takes its password from Secrets Manager."""
    in_it = connection.get("ConnectionProperties", {}).get("SECRET_ID")
    return bool(in_it or connection.get("AuthenticationConfiguration", {}).get("SecretArn"))


def _keeps_password(connection: Connection) -> bool:
    """Whether it signs in with a password of its own: one is never told."""
    return "USERNAME" in connection.get("ConnectionProperties", {}) and not _has_secret(connection)


def _number(version: str) -> tuple[int, ...]:
    """Parts of a version: 4.0 is (4, 0)."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
