"""Action ids, modal ids and the typed values that buttons and modals carry.

Here and not in handlers, because blocks draw them and handlers answer them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LARGEST = 2**63 - 1
"""SQLite's largest number."""


class Action(StrEnum):
    """What a button asks for."""

    TRY = "help.try"
    SCAN = "status.scan"
    STOP = "status.stop"
    STATUS = "status.open"
    TREND = "trend.open"
    PRACTICE = "status.practice"
    OPEN = "spot.open"
    FILTER = "spot.filter"
    PAGE = "findings.page"
    EXPLAIN = "finding.explain"
    FIX = "fix.plan"
    STEPS = "steps.open"
    RECHECK = "steps.recheck"
    MUTE = "finding.mute"
    UNMUTE = "finding.unmute"
    MUTES = "mutes.open"
    END_MUTE = "mute.end"
    APPROVE = "fix.approve"
    DENY = "fix.deny"
    CANCEL = "fix.cancel"
    UNDO = "fix.undo"
    GLASS = "fix.glass"
    UNFREEZE = "freeze.end"
    FIX_ALL = "batch.plan"
    APPROVE_ALL = "batch.approve"
    DENY_ALL = "batch.deny"
    CANCEL_ALL = "batch.cancel"
    UNDO_ALL = "batch.undo"
    AUDIT = "audit.request"
    STOP_NOTES = "owner.stop"
    RESUME_NOTES = "owner.resume"


class View(StrEnum):
    """Which modal is submitted."""

    REQUEST = "fix.request"
    DENY = "fix.deny.reason"
    UNDO = "fix.undo.reason"
    GLASS = "fix.glass.reason"
    REQUEST_ALL = "batch.request"
    DENY_ALL = "batch.deny.reason"
    UNDO_ALL = "batch.undo.reason"
    MUTE = "finding.mute.reason"
    MUTE_TAG = "tag.mute.reason"
    STEPS = "steps.send"
    WAIT = "wait"
    SAY = "say"


class Shortcut(StrEnum):
    """What is in Slack's menus: of the workspace, and of a message."""

    STATUS = "shortcut.status"
    EXPLAIN = "shortcut.explain"


class Input(StrEnum):
    """Inputs of modals; block id and action id are the same."""

    REASON = "reason"
    UNTIL = "until"
    SCOPE = "scope"
    CHOSEN = "chosen"
    DIRECTLY = "directly"
    PERSON = "person"


class Stale(Exception):
    """A button or modal that this version of the bot did not make, or that somebody forged."""


class Value(BaseModel):
    """What a button or modal carries: never trusted, only a pointer to what the database says."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def pack(self) -> str:
        return self.model_dump_json(exclude_defaults=True)


class OfFinding(Value):
    finding: int = Field(ge=1, le=LARGEST)
    origin: str = Field(default="", max_length=40)
    """The channel in which the person was when they opened the modal."""
    plan: str = Field(default="", max_length=64)
    """Hash of the plan that was shown, so that what is asked for is what was seen."""


class OfRequest(Value):
    request: int = Field(ge=1, le=LARGEST)
    origin: str = Field(default="", max_length=40)
    plan: str = Field(default="", max_length=64)


class OfCheck(Value):
    check: str = Field(max_length=120)
    origin: str = Field(default="", max_length=40)
    plan: str = Field(default="", max_length=64)


class OfBatch(Value):
    batch: int = Field(ge=1, le=LARGEST)
    origin: str = Field(default="", max_length=40)
    plan: str = Field(default="", max_length=64)


class OfCommand(Value):
    """What a person could have typed after the command."""

    text: str = Field(max_length=200)


class OfPerson(Value):
    user: str = Field(pattern=r"^[UW][A-Z0-9]{1,40}$")


class OfTag(Value):
    tag: str = Field(min_length=1, max_length=400)
    origin: str = Field(default="", max_length=40)


class OfTrend(Value):
    """So many days."""

    days: int = Field(ge=1, le=1_000)


class OfFreeze(Value):
    freeze: int = Field(ge=1, le=LARGEST)


class OfMute(Value):
    mute: int = Field(ge=1, le=LARGEST)


def _word(length: int) -> object:
    """What fits a button however it is escaped: no control characters, of which JSON makes six each."""
    return Field(default="", max_length=length, pattern=r"^[^\x00-\x1f\x7f]*$")


class OfList(Value):
    """One page of findings."""

    practice: Annotated[str, _word(40)] = ""
    check: Annotated[str, _word(120)] = ""
    severity: int = Field(default=0, ge=0, le=4)
    muted: bool = False
    text: Annotated[str, _word(100)] = ""
    account: Annotated[str, _word(30)] = ""
    region: Annotated[str, _word(30)] = ""
    service: Annotated[str, _word(40)] = ""
    owner: Annotated[str, _word(100)] = ""
    whole: bool = False
    """Whether `owner` is all of an owner's name, to the letter, and not part of it in any case."""
    days: int = Field(default=0, ge=0, le=10_000)
    """Only what began in so many days; 0: whenever."""
    page: int = Field(default=0, ge=0, le=10_000)

    @property
    def filters(self) -> OfList:
        """What narrows the list, and neither what it is a list of nor its page."""
        return self.model_copy(update={"practice": "", "check": "", "page": 0})


class Spot(Value):
    """Where a person is between a status and one resource, and the way back.

    A finding, else a check's findings, else all findings (`flat`), else a practice's checks, else the status.
    """

    asked: OfList = OfList()
    """Filters, practice and check; its page is that of the list of findings."""
    flat: bool = False
    checks_page: int = Field(default=0, ge=0, le=1_000)
    finding: int = Field(default=0, ge=1, le=LARGEST)
    menus: bool = False
    """Whether the menus that filter are shown."""

    def moved(self, **changes: object) -> Spot:
        """Another spot: fields of this one, or of what is asked for, are others; menus are closed."""
        asked = {name: value for name, value in changes.items() if name in OfList.model_fields}
        own = {"menus": False} | {name: value for name, value in changes.items() if name not in asked}
        return self.model_copy(update={"asked": self.asked.model_copy(update=asked), **own})

    def up(self) -> Spot:
        """The spot that this one was opened from, at the page it showed."""
        if self.finding:
            return self.moved(finding=0)
        if self.asked.check:
            return self.moved(check="", page=0)
        return Spot(asked=self.asked.filters)


V = TypeVar("V", bound=Value)


def number_in(text: str) -> int | None:
    """The number of a finding, request or batch as people type it and menus carry it; None when it is none."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) else None
    return number if number is not None and number <= LARGEST else None


def unpack(kind: type[V], text: str | None) -> V:
    """The value behind a button's or a modal's text; raises Stale."""
    try:
        return kind.model_validate_json(text or "")
    except ValidationError:
        raise Stale from None
