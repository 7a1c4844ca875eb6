"""What fails each control, by both tools: speed must not be bought with blindness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.tools import Failing

KNOWN: Mapping[str, str] = {
    "1.10": "a manual control: aws-sec has no check for it",
    "1.15": "Prowler also counts AWS's own AdministratorAccess, once; aws-sec counts the account's policies",
    "2.1.2": "Prowler asks it of every bucket, aws-sec of those that keep a trail's logs",
    "2.2.3": "aws-sec goes by PubliclyAccessible alone, Prowler not",
    "2.2.4": "a cluster without instances: not applicable for aws-sec; Prowler fails it",
    "3.1": "aws-sec also wants the trail to log all management events",
    "3.3": "the same regions, named by account or by recorder",
    "3.6": "AWS's own keys (aws/ebs, aws/dynamodb), which moto says are the customer's; aws-sec knows them by alias",
    "3.8": "aws-sec counts a trail that records writes only",
    "4.16": "Prowler also fails a hub without standards or integrations",
    "5.1.1": "aws-sec judges the region's default, Prowler each volume too",
    "5.1.2": "aws-sec judges each rule, Prowler the instances behind it",
    "5.2": "an ACL that guards no subnet: not applicable for aws-sec; Prowler fails it",
    "5.3": "aws-sec judges each rule, Prowler each group",
    "5.4": "aws-sec judges each rule, Prowler each group",
    "5.5": "Prowler passes over default groups that it holds unused",
}
"""Control -> why the two differ, on the accounts of these benchmarks."""
ALARMS = "the trail's log group: aws-sec wants a trail of all events behind the filter"


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
        if self.agrees:
            return ""
        return KNOWN.get(self.control) or (ALARMS if self.control.startswith("4.") else "")


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
