"""CloudTrail: what the judges say, what is read of whose trails, and the trail that the fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import Outcome, Status, scan
from checks import cloudtrail
from checks.kit import Unknown
from tests.checks.cases import Case

ALL: dict[str, Any] = {
    "EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All"}],
    "AdvancedEventSelectors": [],
}
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


def trail(name: str = "everything", **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:cloudtrail:eu-west-1:123456789012:trail/{name}"
    return {"Name": name, "TrailARN": arn, "HomeRegion": "eu-west-1", "IsMultiRegionTrail": True} | more


def watched(selectors: Any = ALL, *, logging: bool = True, error: str = "", unread: str = "", **more: Any) -> Any:
    status = {} if unread else {"IsLogging": logging} | ({"LatestDeliveryError": error} if error else {})
    return {"trail": trail(**more), "status": status, "selectors": {} if unread else selectors, "unread": unread}


def basic(*selectors: dict[str, Any]) -> dict[str, Any]:
    return {"EventSelectors": [{"IncludeManagementEvents": True} | one for one in selectors]}


def advanced(*selectors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"FieldSelectors": one} for one in selectors]}


HAS_NONE = "has no trail that logs all management events in all regions"
PARTIAL = f"{HAS_NONE}: everything leaves out some management events"
HAS = cloudtrail.account_has_multi_region_trail
DELIVERS = cloudtrail.trail_delivers_to_cloudwatch_logs
READS, WRITES = {"Field": "readOnly", "Equals": ["true"]}, {"Field": "readOnly", "Equals": ["false"]}
KMS_EXCLUDED = {"ReadWriteType": "All", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
NOT_RDS_DATA = {"Field": "eventSource", "NotEquals": ["rdsdata.amazonaws.com"]}

WRITTEN, READ = cloudtrail.account_records_object_writes, cloudtrail.account_records_object_reads
NO_WRITES = "has no trail that records writes to the objects of all buckets"
NO_READS = "has no trail that records reads of the objects of all buckets"
DATA, OBJECTS = (
    {"Field": "eventCategory", "Equals": ["Data"]},
    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
)
ANY_BUCKET = {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::"]}
ONE_BUCKET = {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::northwind-exports/"]}


def objects(what: str, values: str = "arn:aws:s3") -> dict[str, Any]:
    """What a trail of basic selectors records of S3 objects, and of nothing else."""
    resources = [{"Type": "AWS::S3::Object", "Values": [values]}]
    return {"EventSelectors": [{"IncludeManagementEvents": False, "ReadWriteType": what, "DataResources": resources}]}


CASES = [
    Case(HAS, [{"trails": []}], HAS_NONE),
    Case(HAS, [{"trails": [watched()]}], None),
    Case(HAS, [{"trails": [watched(IsMultiRegionTrail=False)]}], f"{HAS_NONE}: everything covers one region"),
    Case(HAS, [{"trails": [watched(logging=False)]}], f"{HAS_NONE}: everything does not log"),
    Case(
        HAS,
        [{"trails": [watched(error="NoSuchBucket")]}],
        f"{HAS_NONE}: everything cannot deliver its log files (NoSuchBucket)",
    ),
    Case(HAS, [{"trails": [watched(logging=False, name="old"), watched()]}], None),
    Case(HAS, [{"trails": [watched(unread="denied", name="organization"), watched()]}], None),
    Case(HAS, [{"trails": [watched(basic({"ReadWriteType": "WriteOnly"}))]}], PARTIAL),
    Case(HAS, [{"trails": [watched(basic({"ReadWriteType": "WriteOnly"}, {"ReadWriteType": "ReadOnly"}))]}], None),
    Case(HAS, [{"trails": [watched(basic({"ReadWriteType": "All", "IncludeManagementEvents": False}))]}], PARTIAL),
    Case(HAS, [{"trails": [watched(basic(KMS_EXCLUDED))]}], PARTIAL),
    Case(HAS, [{"trails": [watched(advanced([MANAGEMENT]))]}], None),
    Case(HAS, [{"trails": [watched(advanced([MANAGEMENT, WRITES]))]}], PARTIAL),
    Case(HAS, [{"trails": [watched(advanced([MANAGEMENT, WRITES], [MANAGEMENT, READS]))]}], None),
    Case(HAS, [{"trails": [watched(advanced([MANAGEMENT, NOT_RDS_DATA]))]}], PARTIAL),
    Case(HAS, [{"trails": [watched(advanced([{"Field": "eventCategory", "Equals": ["Data"]}]))]}], PARTIAL),
    Case(cloudtrail.trail_validates_log_files, [trail(LogFileValidationEnabled=True)], None),
    Case(
        cloudtrail.trail_validates_log_files,
        [trail(LogFileValidationEnabled=False)],
        "does not validate its log files",
    ),
    Case(DELIVERS, [trail(CloudWatchLogsLogGroupArn="arn:aws:logs:..."), {"IsLogging": True}], None),
    Case(DELIVERS, [trail(), {}], "does not deliver to CloudWatch Logs"),
    Case(
        DELIVERS,
        [trail(CloudWatchLogsLogGroupArn="arn:aws:logs:..."), {"LatestCloudWatchLogsDeliveryError": "AccessDenied"}],
        "cannot deliver to CloudWatch Logs (AccessDenied)",
    ),
    Case(cloudtrail.trail_is_encrypted_with_kms, [trail(KmsKeyId="arn:aws:kms:...")], None),
    Case(cloudtrail.trail_is_encrypted_with_kms, [trail()], "does not encrypt its log files with a KMS key"),
    Case(cloudtrail.trail_bucket_has_mfa_delete, [{}, {"Status": "Enabled", "MFADelete": "Enabled"}], None),
    Case(
        cloudtrail.trail_bucket_has_mfa_delete,
        [{}, {"Status": "Enabled"}],
        "holds a trail's logs and lets them be deleted without MFA",
    ),
    Case(cloudtrail.trail_bucket_logs_access, [{}, {"target": "access-logs", "delivered": False}], None),
    Case(cloudtrail.trail_bucket_logs_access, [{}, {"target": "", "delivered": True}], None),
    Case(
        cloudtrail.trail_bucket_logs_access,
        [{}, {"target": "", "delivered": False}],
        "holds a trail's logs and keeps no log of access to them",
    ),
    Case(WRITTEN, [{"trails": []}], NO_WRITES),
    Case(READ, [{"trails": []}], NO_READS),
    Case(WRITTEN, [{"trails": [watched()]}], f"{NO_WRITES}: everything leaves some or all out"),
    Case(
        WRITTEN, [{"trails": [watched(objects("WriteOnly"), logging=False)]}], f"{NO_WRITES}: everything does not log"
    ),
    Case(WRITTEN, [{"trails": [watched(objects("WriteOnly"))]}], None),
    Case(READ, [{"trails": [watched(objects("WriteOnly"))]}], f"{NO_READS}: everything leaves some or all out"),
    Case(READ, [{"trails": [watched(objects("ReadOnly"))]}], None),
    Case(READ, [{"trails": [watched(objects("All", "arn:aws-us-gov:s3:::"))]}], None),
    Case(
        READ,
        [{"trails": [watched(objects("All", "arn:aws:s3:::one/"))]}],
        f"{NO_READS}: everything leaves some or all out",
    ),
    Case(READ, [{"trails": [watched(advanced([DATA, OBJECTS]))]}], None),
    Case(READ, [{"trails": [watched(advanced([DATA, OBJECTS, READS]))]}], None),
    Case(READ, [{"trails": [watched(advanced([DATA, OBJECTS, ANY_BUCKET]))]}], None),
    Case(
        READ,
        [{"trails": [watched(advanced([DATA, OBJECTS, WRITES]))]}],
        f"{NO_READS}: everything leaves some or all out",
    ),
    Case(
        READ,
        [{"trails": [watched(advanced([DATA, OBJECTS, ONE_BUCKET]))]}],
        f"{NO_READS}: everything leaves some or all out",
    ),
    Case(
        READ,
        [{"trails": [watched(advanced([DATA, {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]}]))]}],
        f"{NO_READS}: everything leaves some or all out",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_trail_that_cannot_be_read_leaves_the_account_unknown_when_no_other_is_enough() -> None:
    with pytest.raises(Unknown, match="organization could not be read: denied"):
        HAS.judge({"trails": [watched(logging=False), watched(unread="denied", name="organization")]})


def make_trail(aws: boto3.Session, name: str, region: str, *, everywhere: bool) -> None:
    s3, trails = aws.client("s3", region_name="us-east-1"), aws.client("cloudtrail", region_name=region)
    s3.create_bucket(Bucket=f"{name}-logs")
    trails.create_trail(Name=name, S3BucketName=f"{name}-logs", IsMultiRegionTrail=everywhere)
    trails.put_event_selectors(TrailName=name, EventSelectors=ALL["EventSelectors"])
    trails.start_logging(Name=name)


def outcomes(aws: Region, *checks: Any) -> dict[tuple[str, str, str], Status]:
    found = scan(aws.at("us-east-1"), checks, ["eu-west-1", "us-east-1"])  # type: ignore[arg-type]  # as scans start
    return {(o.check.id, o.region, o.name): o.status for o in found if isinstance(o, Outcome)}


def test_each_trail_is_judged_once_in_its_home_region_and_counts_for_the_account_from_there(aws: Region) -> None:
    make_trail(aws.clients.session, "everywhere", "eu-west-1", everywhere=True)
    make_trail(aws.clients.session, "local", "us-east-1", everywhere=False)
    validates = cloudtrail.trail_validates_log_files
    assert outcomes(aws, HAS, validates) == {
        (HAS.id, "us-east-1", "123456789012"): Status.PASS,
        (validates.id, "eu-west-1", "everywhere"): Status.FAIL,
        (validates.id, "us-east-1", "local"): Status.FAIL,
    }


def test_a_bucket_of_trails_of_several_regions_is_looked_at_once_and_one_of_another_account_is_unknown(
    aws: Region,
) -> None:
    make_trail(aws.clients.session, "everywhere", "eu-west-1", everywhere=True)
    for region in ("eu-west-1", "us-east-1"):
        there = aws.clients.session.client("cloudtrail", region_name=region)
        there.create_trail(Name=f"second-{region}", S3BucketName="everywhere-logs")
    s3 = aws.clients.session.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="log-archive")
    there.create_trail(Name="third", S3BucketName="log-archive")
    s3.delete_bucket(Bucket="log-archive")  # as good as another account's: it is not in the list of ours
    found = list(cloudtrail.trail_buckets.stream(aws.at("us-east-1")))
    assert found == [
        {"name": "everywhere-logs", "ours": True, "region": "eu-west-1"},
        {"name": "log-archive", "ours": False, "region": "us-east-1"},
    ]
    made = outcomes(aws, cloudtrail.trail_bucket_has_mfa_delete)
    assert [name for _, _, name in made] == ["everywhere-logs", "log-archive"]


def test_access_logs_that_cloudwatch_logs_delivers_are_logs(aws: Region) -> None:
    make_trail(aws.clients.session, "everywhere", "eu-west-1", everywhere=True)
    bucket: cloudtrail.TrailBucket = {"name": "everywhere-logs", "ours": True, "region": "eu-west-1"}
    assert cloudtrail.access_logging.read(aws, bucket) == {"target": "", "delivered": False}
    fresh = Region(aws.clients, aws.account, aws.region)
    source = {"name": "trail-bucket", "logType": "S3_SERVER_ACCESS_LOGS"}
    with Stubber(aws.clients.get("logs", "eu-west-1")) as stub:
        stub.add_response("describe_deliveries", {"deliveries": [{"deliverySourceName": "trail-bucket"}]}, {})
        source |= {"resourceArns": ["arn:aws:s3:::everywhere-logs"]}  # type: ignore[dict-item]
        stub.add_response("describe_delivery_sources", {"deliverySources": [source]}, {})
        assert cloudtrail.access_logging.read(fresh, bucket) == {"target": "", "delivered": True}


def test_every_trail_is_asked_how_it_goes(aws: Region) -> None:
    make_trail(aws.clients.session, "everywhere", "eu-west-1", everywhere=True)
    make_trail(aws.clients.session, "local", "eu-west-1", everywhere=False)
    found = {trail["Name"]: cloudtrail.status.read(aws, trail) for trail in cloudtrail.trails.stream(aws)}
    assert found["everywhere"]["IsLogging"]
    assert found["local"]["IsLogging"]


def test_an_organizations_trail_is_read_in_its_home_region_from_a_member_account(aws: Region) -> None:
    """The emulator shows no shadow of another account's trail, so AWS's answers are played back."""
    shadow = trail() | {"TrailARN": "arn:aws:cloudtrail:eu-west-1:999999999999:trail/everything"}
    with Stubber(aws.clients.get("cloudtrail", "eu-west-1")) as stub:
        stub.add_response("describe_trails", {"trailList": [shadow]}, {"includeShadowTrails": True})
        stub.add_response("describe_trails", {"trailList": []}, {"includeShadowTrails": False})
        stub.add_response("get_trail_status", {"IsLogging": True}, {"Name": shadow["TrailARN"]})
        stub.add_response("get_event_selectors", ALL, {"TrailName": shadow["TrailARN"]})
        [seen] = cloudtrail.watch.stream(aws)
    assert HAS.judge(seen) is None


class Refusing:
    """A region where no call is allowed."""

    partition, region = "aws", "eu-west-1"

    def at(self, _: str) -> Any:
        return self

    def call(self, call: str, /, **_: Any) -> Any:
        raise Unknown(f"{call} was denied")

    once = call


@pytest.mark.parametrize("read", [cloudtrail.versioning, cloudtrail.access_logging])
@pytest.mark.parametrize(("ours", "words"), [(True, "s3:GetBucket.* was denied"), (False, "another account")])
def test_a_bucket_that_cannot_be_read_says_whose_it_is(read: Any, ours: bool, words: str) -> None:
    bucket: cloudtrail.TrailBucket = {"name": "log-archive", "ours": ours, "region": "eu-west-1"}
    with pytest.raises(Unknown, match=words):
        read.read(Refusing(), bucket)


def without_validation(aws: boto3.Session) -> None:
    make_trail(aws, "everything", "eu-west-1", everywhere=True)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {cloudtrail.trail_validates_log_files.id: without_validation}
