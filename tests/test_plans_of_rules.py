"""Plans of rules and settings: what they do not name stays, and the way back leads where one came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import ec2_security_groups, elbv2_listeners, iam_account, network_acls
from checks.kit import Fix
from tests.test_plans import ACCOUNT, Account, made, names, run, there_and_back

# --- rules ------------------------------------------------------------------------------

cidrs = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/24", "203.0.113.7/32"])
numbers = st.integers(2, 32_000)
FREE = (1, 32_001)
LAST = {"RuleNumber": 32767, "Egress": False, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
OPENS = {"Protocol": "6", "RuleAction": "allow", "PortRange": {"From": 22, "To": 22}}


@st.composite
def entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rules of both ways, the last of AWS's own among them; some open an administration port to everyone."""
    found: list[dict[str, Any]] = []
    for way in (False, True):
        for number in draw(st.lists(numbers, max_size=5, unique=True)):
            one = {"RuleNumber": number, "Egress": way, "RuleAction": draw(st.sampled_from(["allow", "deny"]))}
            one |= {"CidrBlock": draw(cidrs)} if draw(st.booleans()) else {"Ipv6CidrBlock": "::/0"}
            one["Protocol"] = draw(st.sampled_from(["6", "6", "17", "1"]))
            if one["Protocol"] != "1":
                port = draw(st.sampled_from([22, 3389, 443]))
                one["PortRange"] = {"From": port, "To": port}
            found.append(one)
        found.append({**LAST, "Egress": way})
    found.append({**LAST, **OPENS, "RuleNumber": draw(st.sampled_from(FREE))})
    return draw(st.permutations(found))


def of_entry(one: Mapping[str, Any]) -> str:
    return f"{one['Egress']} {one['RuleNumber']}"


def delete_entry(account: Account, params: Mapping[str, Any]) -> None:
    del account[of_entry(params)]


def create_entry(account: Account, params: Mapping[str, Any]) -> None:
    assert of_entry(params) not in account, "NetworkAclEntryAlreadyExists"
    account[of_entry(params)] = {key: value for key, value in params.items() if key != "NetworkAclId"}


@given(entries())
def test_a_network_acl_keeps_its_other_rules(found: list[dict[str, Any]]) -> None:
    acl = {
        "NetworkAclId": "acl-1",
        "VpcId": "vpc-1",
        "IsDefault": False,
        "Associations": [{"SubnetId": "subnet-1"}],
        "Entries": found,
    }
    account = {of_entry(one): one for one in found}
    calls = {"ec2:DeleteNetworkAclEntry": delete_entry, "ec2:CreateNetworkAclEntry": create_entry}
    done = there_and_back(made(network_acls.remove_rules, acl, True), account, calls)
    assert done.items() <= account.items()
    removed = [account[key] for key in account.keys() - done.keys()]
    assert {(one["RuleAction"], one["Egress"]) for one in removed} == {("allow", False)}


sources = {
    "IpRanges": st.fixed_dictionaries({"CidrIp": cidrs}, optional={"Description": names}),
    "Ipv6Ranges": st.just({"CidrIpv6": "::/0"}),
    "PrefixListIds": st.just({"PrefixListId": "pl-1"}),
    "UserIdGroupPairs": st.fixed_dictionaries({"GroupId": names, "UserId": st.just(ACCOUNT)}),
}


@st.composite
def rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Permissions of a group as AWS tells them: with lists that are empty."""
    found = []
    for protocol in draw(st.lists(st.sampled_from(["-1", "tcp", "udp", "icmp"]), max_size=3, unique=True)):
        one: dict[str, Any] = {"IpProtocol": protocol} | ({} if protocol == "-1" else {"FromPort": 22, "ToPort": 22})
        one |= {kind: draw(st.lists(source, max_size=2, unique_by=str)) for kind, source in sources.items()}
        if any(one[kind] for kind in sources):
            found.append(one)
    return found


def flat(params: Mapping[str, Any]) -> list[str]:
    """Rule by rule, as AWS counts them."""
    found = []
    for one in params["IpPermissions"]:
        ports = [one.get(key) for key in ("IpProtocol", "FromPort", "ToPort")]
        found += [json.dumps([*ports, kind, source]) for kind in sources for source in one.get(kind, [])]
    return found


def revoke(way: str) -> Callable[[Account, Mapping[str, Any]], None]:
    def call(account: Account, params: Mapping[str, Any]) -> None:
        for rule in flat(params):
            account[way].remove(rule)

    return call


def authorize(way: str) -> Callable[[Account, Mapping[str, Any]], None]:
    def call(account: Account, params: Mapping[str, Any]) -> None:
        assert not set(flat(params)) & set(account[way]), "InvalidPermission.Duplicate"
        account[way] = sorted([*account[way], *flat(params)])

    return call


@given(rules(), rules())
def test_a_default_group_loses_all_its_rules_and_gets_all_of_them_back(
    inbound: list[dict[str, Any]], outbound: list[dict[str, Any]]
) -> None:
    group = {"GroupId": "sg-1", "GroupName": "default", "IpPermissions": inbound, "IpPermissionsEgress": outbound}
    ways = {"Ingress": inbound, "Egress": outbound}
    account = {way: sorted(flat({"IpPermissions": given})) for way, given in ways.items()}
    calls = {f"ec2:RevokeSecurityGroup{way}": revoke(way) for way in ways}
    calls |= {f"ec2:AuthorizeSecurityGroup{way}": authorize(way) for way in ways}
    done = there_and_back(made(ec2_security_groups.empty_default_group, group, []), account, calls)
    assert done == {"Ingress": [], "Egress": []}


# --- settings ---------------------------------------------------------------------------

password_policies: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"MinimumPasswordLength": st.integers(6, 128)},
        optional={
            "RequireSymbols": st.booleans(), "RequireNumbers": st.booleans(), "ExpirePasswords": st.booleans(),
            "RequireUppercaseCharacters": st.booleans(), "RequireLowercaseCharacters": st.booleans(),
            "AllowUsersToChangePassword": st.booleans(), "HardExpiry": st.booleans(),
            "MaxPasswordAge": st.integers(0, 1095), "PasswordReusePrevention": st.integers(1, 24),
        },
    ),
)  # fmt: skip


def update_password_policy(account: Account, params: Mapping[str, Any]) -> None:
    """What is left out goes back to the default: off."""
    account["policy"] = {key: value for key, value in params.items() if value}


def no_password_policy(account: Account, _: Mapping[str, Any]) -> None:
    account["policy"] = {}


@pytest.mark.parametrize(
    "fix", [iam_account.want_length, iam_account.prevent_reuse, iam_account.want_all_kinds, iam_account.let_expire]
)
@given(password_policies)
def test_a_password_policy_is_no_weaker_in_any_setting(fix: Fix, policy: dict[str, Any]) -> None:
    account = {"policy": {key: value for key, value in policy.items() if value and key != "ExpirePasswords"}}
    calls = {
        "iam:UpdateAccountPasswordPolicy": update_password_policy,
        "iam:DeleteAccountPasswordPolicy": no_password_policy,
    }
    planned = made(fix, policy)
    done = run([*planned.do], account, calls)["policy"]
    assert run([*planned.undo], {"policy": done}, calls) == account
    for name, value in account["policy"].items():
        weaker = done.get(name, 0) > value if name == "MaxPasswordAge" else done.get(name, 0) < value
        assert not weaker, name


TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{}/1"
actions = st.lists(
    st.one_of(
        st.fixed_dictionaries({"Type": st.just("forward"), "TargetGroupArn": names.map(TARGETS.format)}),
        st.fixed_dictionaries(
            {"Type": st.just("fixed-response"), "FixedResponseConfig": st.just({"StatusCode": "200"})}
        ),
    ),
    min_size=1,
    max_size=2,
)


def modify_listener(account: Account, params: Mapping[str, Any]) -> None:
    assert params["ListenerArn"] == "l"
    account |= {key: value for key, value in params.items() if key != "ListenerArn"}


@given(actions, st.lists(st.integers(1, 65535), min_size=1, max_size=3, unique=True))
def test_a_listener_that_redirects_gets_its_actions_back(found: list[dict[str, Any]], ports: list[int]) -> None:
    listener = {"ListenerArn": "l", "Protocol": "HTTP", "DefaultActions": found}
    https = [{"Port": port, "Protocol": "HTTPS"} for port in ports]
    default = [{"IsDefault": True, "Actions": found}]
    plan = made(elbv2_listeners.redirect_to_https, listener, default, https)
    done = there_and_back(
        plan,
        {"DefaultActions": found},
        {"elasticloadbalancing:ModifyListener": modify_listener, "elbv2:ModifyListener": modify_listener},
    )
    (action,) = done["DefaultActions"]
    assert int(action["RedirectConfig"]["Port"]) in ports


@given(st.sampled_from(["ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-1-2017-01", "anything"]))
def test_a_listener_gets_its_security_policy_back(policy: str) -> None:
    listener = cast("Any", {"ListenerArn": "l", "Protocol": "HTTPS", "SslPolicy": policy})
    plan = made(elbv2_listeners.use_secure_tls_policy, listener)
    there_and_back(plan, {"SslPolicy": policy}, {"elbv2:ModifyListener": modify_listener})
