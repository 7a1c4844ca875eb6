"""AWS as a fix needs it: read and judge one resource again, make a plan of it, make exactly a plan's calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from botocore import xform_name
from botocore.config import Config

from bot import aws
from bot.aws_errors import AWS_ERRORS, CallError
from bot.fix_inputs import inputs_of
from bot.permissions import session_policy
from bot.scan import Status, given, identify, part_of, verdict
from bot.settings import Settings
from bot.write_resources import Place
from checks.kit import ACCOUNT_ARN, AnyCheck, Call, Fix, NotApplicable, Plan, Waits

WRITE_CONFIG = Config(
    # One attempt: whether a write that got no answer took effect is for the next read to say, not for a second write.
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="aws-sec",
)
TAG_CALL = "resourcegroupstaggingapi:GetResources"
BUCKET_TAG_CALL = "s3:GetBucketTagging"

Tags = Sequence[tuple[str, str]]
"""Keys and values: first those of what a resource is part of, then its own. One key may be there twice."""


@dataclass(frozen=True)
class Seen:
    """A resource as it is now. `status` is None when it is gone; `plan` None when there is nothing to change: `why`.

    `waits`: the plan's calls were made, and AWS does the rest later. It stands whether that was done yet or not.
    `within`: the ARN of what it is part of, where that one's tags speak for it too. `tags`: None unless the collector
    read them. `now`: the settings a plan would touch, where it has none to change and they can still drift.
    """

    status: Status | None
    text: str
    plan: Plan | None
    within: str = ""
    tags: Tags | None = None
    why: str = ""
    waits: bool = False
    now: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Mapping[str, str]:
        """The settings a plan touches as they are now, or else the verdict: what drift is measured by."""
        if self.plan:
            return dict(self.plan.before)
        if self.now:
            return dict(self.now)
        if self.waits:
            return {"": "made"}
        return {"": self.status.value if self.status else "gone"}

    @property
    def words(self) -> str:
        match self.status:
            case None:
                return "it is gone"
            case Status.PASS:
                return "it is as it should be"
            case Status.NOT_APPLICABLE:
                return f"the check does not apply ({self.text})"
            case Status.UNKNOWN:
                return f"it cannot be told ({self.text})"
            case _ if self.waits:
                return f"the change is made; {self.why}"
            case _:
                return f"it still {self.text}"


GONE = Seen(None, "it is gone", None)


class FixAws:
    """The account a fix works on: reads with the read role, writes with a session of one plan."""

    def __init__(self, settings: Settings, connect: Callable[[], aws.Region]) -> None:
        self._settings = settings
        self._connect = connect

    def connect(self) -> aws.Region:
        """Fresh reads (nothing shared with an earlier look). Raises CannotScan."""
        return self._connect()

    def look(self, home: aws.Region, fix: Fix, region: str, resource: str) -> Seen:
        """Read and judge the resource again, and plan its repair. Raises checks.kit.Unknown when it cannot be read."""
        return self.look_at_all(home, fix, region, {resource})[resource]

    def look_at_all(self, home: aws.Region, fix: Fix, region: str, resources: Collection[str]) -> dict[str, Seen]:
        """The same for several resources of one region, which is listed once."""
        check: AnyCheck = fix.repairs
        here = home.at(region)
        seen = dict.fromkeys(resources, GONE)
        for found in check.over.stream(here):
            resource = identify(here, check.over, found)[0]
            if seen.get(resource) is GONE:
                seen[resource] = self._judge(here, fix, found)
                if GONE not in seen.values():
                    break
        return seen

    def look_alike(self, home: aws.Region, fix: Fix, region: str, before: Mapping[str, str]) -> Seen:
        """A failing resource whose plan starts from `before`: AWS gives what is made again a new id (a rule, say)."""
        here = home.at(region)
        for found in fix.repairs.over.stream(here):
            seen = self._judge(here, fix, found)
            if seen.status is Status.FAIL and seen.plan and dict(seen.plan.before) == dict(before):
                return seen
        return GONE

    def _judge(self, here: Any, fix: Fix, found: Any) -> Seen:
        thresholds = self._settings.thresholds_of(fix.repairs)
        seen: dict[Any, Any] = {}
        why, waits, now = "", False, dict[str, str]()
        judged = given(here, fix.repairs.extras, found, seen)
        status, text = verdict(lambda: fix.repairs.judge(*judged, **thresholds))
        settled = [extra.later or extra for extra in fix.repairs.extras]
        try:
            asked = {name: thresholds[name] for name in signature(fix.plan).parameters if name in thresholds}
            asked |= inputs_of(fix, self._settings, here.region)
            plan = fix.plan(*given(here, [*settled, *fix.reads], found, seen), **asked)
        except NotApplicable as reason:
            plan, why, waits, now = None, str(reason), isinstance(reason, Waits), {**reason.now}
        tags = _tags(found["tags"]) if "tags" in found else None
        return Seen(status, text, plan, part_of(here, fix.repairs.over, found), tags, why, waits, now)

    def tags(self, home: aws.Region, region: str, resource: str, within: str = "") -> Tags | None:
        """A resource's tags and those of what it is part of, None when they cannot be read.

        The tagging API knows the resources of the region it is asked in. A bucket may be in any, so S3 is asked.
        Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
        """
        if resource == ACCOUNT_ARN.format(partition=home.partition, account=home.account):
            return []  # an account's own settings carry no tags
        here, bucket = home.at(region), resource.removeprefix(f"arn:{home.partition}:s3:::")
        try:
            if bucket != resource:
                got = here.call(BUCKET_TAG_CALL, Bucket=bucket, absent=("NoSuchTagSet", "NoSuchBucket"))
                return _tags(got.get("TagSet", []))
            wanted = [arn for arn in (within, resource) if arn]
            found = here.call(TAG_CALL, ResourceARNList=wanted)["ResourceTagMappingList"]
            found = sorted(found, key=lambda mapping: mapping["ResourceARN"] == resource)
            return [tag for mapping in found for tag in _tags(mapping["Tags"])]
        except (CallError, KeyError, TypeError):
            return None

    def fits(self, plan: Plan, home: aws.Region, region: str, resource: str) -> None:
        """Raise TooBig when one session could not make all of a half of the plan."""
        place = Place(home.partition, home.account, region, resource)
        for half in (plan.do, plan.undo):
            session_policy(half, place)

    def writer(self, name: str, plan: Plan, half: str, region: str, resource: str) -> Writer:
        """A session of the write role that can make this half of the plan and nothing else. Raises CallError, TooBig.

        `resource`: the ARN of the finding's resource, where a call's parameters do not name what it touches.
        """
        calls: Sequence[Call] = getattr(plan, half)
        _, partition, _, _, account, _ = self._settings.fix_role_arn.split(":", 5)
        session = aws.write_session(
            self._settings.fix_role_arn,
            policy=session_policy(calls, Place(partition, account, region, resource)),
            name=name,
            external_id=self._settings.fix_external_id,
        )
        return Writer(aws.Clients(session, config=WRITE_CONFIG), region, frozenset(call.call for call in calls))


@dataclass(frozen=True)
class Writer:
    """Makes a plan's calls, one by one."""

    clients: aws.Clients
    region: str
    allowed: frozenset[str]

    def make(self, call: Call) -> str:
        """AWS's request id. Raises CallError."""
        if call.call not in self.allowed:
            raise ValueError(f"{call.call} is not part of the plan")
        service, operation = call.call.split(":")
        where = call.region or self.region
        try:
            client = self.clients.get(service, where)
            answer = getattr(client, xform_name(operation))(**call.params)
        except AWS_ERRORS as error:
            raise CallError(call.call, where, error) from error
        return str(answer["ResponseMetadata"].get("RequestId", ""))


def _tags(found: Iterable[Mapping[str, str]]) -> Tags:
    return [(tag["Key"], tag["Value"]) for tag in found]
