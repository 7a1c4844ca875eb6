"""The kinds of values that settings have, each with the words of its refusal, and the tables of digests."""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _like(pattern: str, words: str) -> AfterValidator:
    """Text of one form; `words` are what a person reads when it has another. Never the value: it may be a secret."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(check)


SlackChannel = Annotated[
    str, _like(r"([CGD][A-Z0-9]{2,})?", "a channel's id, as C012AB3CD; Slack shows it in the channel's details")
]
SlackApprover = Annotated[str, _like(r"[UWS][A-Z0-9]{2,}", "the id of a user (U012AB3CD) or user group (S012AB3CD)")]
RoleArn = Annotated[
    str, _like(r"(arn:aws[a-z-]*:iam::\d{12}:role/\S+)?", "a role's ARN, as arn:aws:iam::123456789012:role/aws-sec")
]
RegionName = Annotated[str, _like(r"[a-z]{2}(-[a-z]+)+-\d", "a region's name, as eu-west-1")]
AccountId = Annotated[str, _like(r"\d{12}", "an account's id, twelve digits")]
TagOrKey = Annotated[str, _like(r"[^=]+(=.*)?", "a tag's key, or key=value")]
BucketAndPrefix = Annotated[
    str,
    _like(
        r"([a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.=-]+)*)?", "a bucket's name, or bucket/prefix without a / at its end"
    ),
]
LogStream = Annotated[
    str, _like(r"([\w./#-]{1,512}:[^:*]{1,512})?", "a log group and a stream in it, as aws-sec:audit")
]
WebAddress = Annotated[str, _like(r"https?://\S+/", "an address that begins with http(s):// and ends with /")]
SlackUser = Annotated[str, _like(r"[UW][A-Z0-9]{2,}", "the id of a user, as U012AB3CD")]
OwnerName = Annotated[str, _like(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,256}", "the value of an owner's tag, as team-a")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order of `datetime.weekday`."""


def local_time(value: time) -> time:
    """A time of day without a zone of its own. Raises ValueError."""
    if value.tzinfo:
        raise ValueError("must be a time such as 09:00; its zone is AWS_SEC_TIMEZONE's")
    return value


LocalTime = Annotated[time, AfterValidator(local_time)]


class Quiet(StrEnum):
    """What becomes of a digest when nothing changed."""

    LINE = "line"
    NONE = "none"


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be a time zone; use a name such as Europe/London") from error
    return value


class DigestTable(BaseModel):
    """One more digest: of some accounts, or of what one owner has, in a channel of its own."""

    model_config = ConfigDict(extra="forbid")

    channel: SlackChannel = Field(min_length=1)
    accounts: list[AccountId] = []
    owner: OwnerName | None = None
    time: LocalTime | None = None
    off: list[Weekday] = []

    @model_validator(mode="after")
    def _about_something(self) -> DigestTable:
        if not self.accounts and not self.owner:
            raise ValueError("name accounts, an owner, or both: a digest of everything is AWS_SEC_DIGEST_CHANNEL's")
        return self


def _each_once(value: list[DigestTable]) -> list[DigestTable]:
    told = [(one.channel, one.owner) for one in value]
    if twice := next((one for one in told if told.count(one) > 1), None):
        raise ValueError(f"channel {twice[0]} has two digests of the same")
    return value


ZoneName = Annotated[str, AfterValidator(_known_zone)]
DigestTables = Annotated[list[DigestTable], AfterValidator(_each_once)]
