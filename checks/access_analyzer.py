"""IAM Access Analyzer: whether it looks for resources that others can reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from checks.iam import OF_AWS
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_accessanalyzer.type_defs import AnalyzerSummaryTypeDef as Analyzer
    from types_boto3_accessanalyzer.type_defs import FindingSummaryV2TypeDef as Finding

EXTERNAL = ("ACCOUNT", "ORGANIZATION")
"""The types that look for access from outside; the others look for unused or internal access.
Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_AnalyzerSummary.html"""
NAME = "external-access"
MOST, NAMED = 100, 5
"""Findings that are counted, and resources that are named."""


@collector("accessanalyzer:ListAnalyzers", arn=ACCOUNT_ARN, name="{region}")
def analyzers(aws: Aws) -> Iterator[Mapping[str, list[Analyzer]]]:
    """All analyzers of a region together."""
    yield {"analyzers": list(aws.items("accessanalyzer:ListAnalyzers", "analyzers"))}


@collector(arn="{arn}", name="{name}", needs=(analyzers,))
def external_analyzers(aws: Aws) -> Iterator[Analyzer]:
    """Those of access from outside that are at work."""
    [found] = aws.read(analyzers)
    yield from (one for one in found["analyzers"] if one["type"] in EXTERNAL and one["status"] == "ACTIVE")


@extra("accessanalyzer:ListFindingsV2")
def open_findings(aws: Aws, analyzer: Analyzer) -> Sequence[Finding]:
    """Its findings on this account that nobody has settled; enough of them to tell how many there are.

    Every role that IAM Identity Center makes is one, as it trusts the provider: nobody can change it.
    """
    asked = {"status": {"eq": ["ACTIVE"]}, "resourceOwnerAccount": {"eq": [aws.account]}}
    found = aws.items("accessanalyzer:ListFindingsV2", "findings", analyzerArn=analyzer["arn"], filter=asked)
    ours = (one for one in found if not any(path in one.get("resource", "") for path in OF_AWS))
    return list(islice(ours, MOST + 1))


@check(analyzers, practice=Practice.POLICIES, severity=Severity.LOW)
def region_has_external_access_analyzer(found: Mapping[str, list[Analyzer]]) -> Verdict:
    """Region has an analyzer of external access.

    It reports each bucket, role, key or queue that somebody outside can reach, and costs nothing.

    Fix: Create an analyzer for external access in the region, for the organization or the account. An organization's
    does not show in its member accounts: where it looks at this one, mute this.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-getting-started.html
    """
    external = [analyzer for analyzer in found["analyzers"] if analyzer["type"] in EXTERNAL]
    if any(analyzer["status"] == "ACTIVE" for analyzer in external):
        return None
    states = ", ".join(f"{analyzer['name']} is {analyzer['status']}" for analyzer in external)
    return f"has no active analyzer of external access ({states})" if states else "has no analyzer of external access"


@fix(
    region_has_external_access_analyzer,
    "accessanalyzer:CreateAnalyzer",
    "accessanalyzer:DeleteAnalyzer",
    risk=Risk.SAFE,
)
def create_analyzer(found: Mapping[str, list[Analyzer]]) -> Plan:
    """Create an analyzer of external access."""
    external = [analyzer["name"] for analyzer in found["analyzers"] if analyzer["type"] in EXTERNAL]
    if external:
        raise NotApplicable(f"there is one already, {', '.join(external)}: see why it is not active")
    if NAME in {analyzer["name"] for analyzer in found["analyzers"]}:
        raise NotApplicable(f"there is another analyzer named {NAME}")
    return Plan(
        do=[Call("accessanalyzer:CreateAnalyzer", {"analyzerName": NAME, "type": "ACCOUNT"})],
        undo=[Call("accessanalyzer:DeleteAnalyzer", {"analyzerName": NAME})],
        before={"analyzer of external access": "none"},
        after={"analyzer of external access": NAME},
        notes=["Analyzers of external access cost nothing. The first findings come within half an hour."],
    )


@check(external_analyzers, open_findings, practice=Practice.POLICIES, severity=Severity.MEDIUM)
def analyzer_has_no_open_findings(analyzer: Analyzer, findings: Sequence[Finding]) -> Verdict:
    """Access Analyzer has no open findings.

    Each is a resource that somebody outside of the account can reach; one that nobody looked at may be a mistake.

    Fix: Look at each finding: archive what is meant to be so, and change the policy of what is not.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-work-with-findings.html
    """
    names = list(dict.fromkeys(finding.get("resource", finding["id"]).rpartition(":")[2] for finding in findings))
    if not names:
        return None
    count = f"more than {MOST}" if len(findings) > MOST else str(len(findings))
    more = " and more" if len(names) > NAMED else ""
    return f"has {count} open findings: {', '.join(names[:NAMED])}{more}"
