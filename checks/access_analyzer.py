"""IAM Access Analyzer: whether it looks for resources that others can reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from checks.kit import ACCOUNT_ARN, Aws, Practice, Severity, Verdict, check, collector

if TYPE_CHECKING:
    from types_boto3_accessanalyzer.type_defs import AnalyzerSummaryTypeDef as Analyzer

EXTERNAL = ("ACCOUNT", "ORGANIZATION")
"""The types that look for access from outside; the others look for unused or internal access.
Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_AnalyzerSummary.html"""


@collector("accessanalyzer:ListAnalyzers", arn=ACCOUNT_ARN, name="{region}")
def analyzers(aws: Aws) -> Iterator[Mapping[str, list[Analyzer]]]:
    """All analyzers of a region together."""
    yield {"analyzers": list(aws.items("accessanalyzer:ListAnalyzers", "analyzers"))}


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
