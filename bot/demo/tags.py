"""The tags of Northwind Traders: who owns a resource, which environment and team it belongs to."""

from __future__ import annotations

OWNERS = {"platform": "ben.okafor", "shop": "chiara.conti", "finance": "dan.kowalski", "data": "ana.ribeiro"}
PROTECTED = {"do-not-touch": "true"}  # the demo's bot is told never to change what carries it


def tags(team: str, env: str = "production", **more: str) -> dict[str, str]:
    """What every resource of a team carries. `managed_by="terraform"` becomes the tag `managed-by`."""
    return {"owner": OWNERS[team], "team": team, "env": env} | {
        key.replace("_", "-"): value for key, value in more.items()
    }


def pairs(given: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags in the form most AWS APIs take."""
    return [{key: name, value: text} for name, text in given.items()]


def named(name: str, given: dict[str, str]) -> list[dict[str, str]]:
    """Tags with the Name that EC2's console shows."""
    return pairs({"Name": name} | given)
