"""What fails each control, by both tools: speed must not be bought with blindness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.tools import Failing

OURS_MORE: Mapping[str, str] = {
    "2.2.3": "PubliclyAccessible is on, which is all that aws-sec asks",
    "3.1": "aws-sec also wants the trail to log all management events",
    "5.1.2": "aws-sec judges each rule, Prowler the instances behind it",
    "5.3": "aws-sec judges each rule, Prowler each group",
    "5.4": "aws-sec judges each rule, Prowler each group",
    "5.5": "Prowler says nothing of some default groups; aws-sec judges each",
}
THEIRS_MORE: Mapping[str, str] = {
    "1.15": "AWS's own AdministratorAccess; aws-sec judges the account's policies",
    "2.1.2": "the control speaks of every bucket; aws-sec asks it of those with a trail's logs, once in each region",
    "2.2.4": "clusters without instances, not applicable for aws-sec",
    "3.6": "aws/ebs and aws/dynamodb, which moto gives out as the customer's; aws-sec knows AWS's keys by alias",
    "3.8": "the trail records all writes but no reads; the control asks for writes",
    "4.16": "Prowler also fails a hub without standards or integrations",
    "5.1.1": "aws-sec judges the region's default, Prowler each volume too",
    "5.2": "ACLs that guard no subnet, not applicable for aws-sec",
}
"""Control -> why the one fails more than the other, where that was looked into on the recorded accounts."""
ALARMS = "the trail behind the filter leaves out events; aws-sec wants one of all events"


@dataclass(frozen=True)
class Row:
    """One control. `same`: resources that both name."""

    control: str
    ours: int
    theirs: int
    same: int

    @property
    def agrees(self) -> bool:
        """Whether both name as many; one resource of an account goes by different names."""
        return self.ours == self.theirs

    @property
    def note(self) -> str:
        """Why they differ, where that is known."""
        if self.ours < self.theirs:
            return THEIRS_MORE.get(self.control, "")
        if self.ours > self.theirs:
            return ALARMS if self.control.startswith("4.") else OURS_MORE.get(self.control, "")
        return ""


def compare(ours: tuple[set[str], Failing], theirs: tuple[set[str], Failing]) -> tuple[list[Row], set[str], set[str]]:
    """A row for each control that both judge, and the controls that only the one or only the other judges."""
    both = ours[0] & theirs[0]
    rows = [_row(control, {*ours[1].get(control, ())}, {*theirs[1].get(control, ())}) for control in in_order(both)]
    return rows, ours[0] - both, theirs[0] - both


def _row(control: str, ours: set[str], theirs: set[str]) -> Row:
    return Row(control, len(ours), len(theirs), len(ours & theirs))


def in_order(controls: set[str]) -> Iterator[str]:
    """1.9 before 1.10."""
    return iter(sorted(controls, key=lambda control: [int(part) for part in control.split(".")]))
