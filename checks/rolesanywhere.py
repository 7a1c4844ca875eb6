"""IAM Roles Anywhere: what machines outside of AWS may do with the roles they get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from checks.kit import Collector, NotApplicable, Practice, Severity, Verdict, check, collect, expect


class Profile(TypedDict, total=False):
    """A profile as AWS sends it."""

    name: str
    enabled: bool
    sessionPolicy: str
    managedPolicyArns: Sequence[str]


profiles: Collector[Profile] = collect("rolesanywhere:ListProfiles", "profiles", arn="{profileArn}", name="{name}")


@check(profiles, practice=Practice.ROLES, severity=Severity.LOW)
def profile_narrows_its_sessions(profile: Profile) -> Verdict:
    """Roles Anywhere profile narrows its sessions.

    A session policy keeps a stolen certificate to what such machines need, however much the role may do.

    Fix: Give the profile a session policy, or managed policies, that allow what its machines need.
    See: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/getting-started.html
    """
    if not profile.get("enabled"):
        raise NotApplicable("the profile is disabled")
    narrowed = profile.get("sessionPolicy") or profile.get("managedPolicyArns")
    return expect(narrowed, "lets its sessions do all that their roles may")
