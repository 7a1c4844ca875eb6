"""GuardDuty's protection plans: what it watches in a region beside CloudTrail, DNS and flow logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checks import inhabitants
from checks.guardduty import UPDATE, Detection, detection, switched_on
from checks.kit import Aws, Call, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, extra, fix

if TYPE_CHECKING:
    from types_boto3_guardduty.type_defs import DetectorFeatureConfigurationResultTypeDef as Feature

RUNTIME, OLD_RUNTIME = "RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"

AGENTS = {
    "EKS_ADDON_MANAGEMENT": inhabitants.has_eks_clusters,
    "ECS_FARGATE_AGENT_MANAGEMENT": inhabitants.has_ecs_clusters,
    "EC2_AGENT_MANAGEMENT": inhabitants.has_instances,
}
"""Settings by which GuardDuty installs its agents -> what they are for.
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-features-activation-model.html"""


@extra(needs=tuple(need for kind in AGENTS.values() for need in kind.needs))
def agents_wanted(aws: Aws, detection: Detection) -> list[str]:
    """The settings for agents of which the region holds something to put them on."""
    return [name for name, kind in AGENTS.items() if kind.read(aws, detection)]


@check(detection, inhabitants.has_buckets, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def detector_watches_s3(detection: Detection, inhabited: bool) -> Verdict:
    """GuardDuty watches what is read and written in S3.

    Somebody who copies or deletes a bucket's objects with stolen keys shows only in the data events of S3.

    Fix: Turn on S3 Protection in GuardDuty. It costs money by the number of events.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/s3-protection.html
    """
    return _watches(detection, "S3_DATA_EVENTS", inhabited, "S3 Protection", "bucket")


@check(detection, inhabitants.has_eks_clusters, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def detector_watches_eks_audit_logs(detection: Detection, inhabited: bool) -> Verdict:
    """GuardDuty watches the audit logs of EKS clusters.

    Who breaks into a cluster gives themselves rights through the Kubernetes API; its audit log shows it.

    Fix: Turn on EKS Protection in GuardDuty. It costs money by the number of log events.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/kubernetes-protection.html
    """
    return _watches(detection, "EKS_AUDIT_LOGS", inhabited, "EKS Protection", "EKS cluster")


@check(detection, inhabitants.has_watched_databases, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def detector_watches_database_sign_ins(detection: Detection, inhabited: bool) -> Verdict:
    """GuardDuty watches sign-ins to databases.

    Guessed and stolen passwords of Aurora and RDS for PostgreSQL show in who signs in from where, and how often.

    Fix: Turn on RDS Protection in GuardDuty. It costs money by the size of the databases.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/rds-protection.html
    """
    return _watches(detection, "RDS_LOGIN_EVENTS", inhabited, "RDS Protection", "database it can watch")


@check(detection, inhabitants.has_functions, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def detector_watches_lambda(detection: Detection, inhabited: bool) -> Verdict:
    """GuardDuty watches the network traffic of Lambda functions.

    A function whose code or dependency was tampered with mines, or calls home.

    Fix: Turn on Lambda Protection in GuardDuty. It costs money by the amount of traffic.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/lambda-protection.html
    """
    return _watches(detection, "LAMBDA_NETWORK_LOGS", inhabited, "Lambda Protection", "Lambda function")


@check(detection, inhabitants.has_instances, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def detector_scans_for_malware(detection: Detection, inhabited: bool) -> Verdict:
    """GuardDuty scans disks of suspicious instances for malware.

    When an instance behaves as if it was taken over, a scan of its volumes tells what it carries.

    Fix: Turn on Malware Protection for EC2 in GuardDuty. It costs money by the gigabyte scanned.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/malware-protection.html
    """
    return _watches(detection, "EBS_MALWARE_PROTECTION", inhabited, "Malware Protection for EC2", "instance")


@check(detection, inhabitants.has_machines, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def detector_watches_runtime(detection: Detection, inhabited: bool) -> Verdict:
    """GuardDuty watches what runs on instances and in containers.

    Processes, files and connections inside a machine show an attack that its network traffic alone hides.

    Fix: Turn on Runtime Monitoring in GuardDuty, with agents that GuardDuty manages. It costs money by the vCPU.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring.html
    """
    problem = _watches(detection, RUNTIME, inhabited, "Runtime Monitoring", "instance or cluster")
    return f"{problem}, but for EKS alone" if problem and _is_on(detection, OLD_RUNTIME) else problem


@check(detection, agents_wanted, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def detector_installs_its_agents(detection: Detection, wanted: Sequence[str]) -> Verdict:
    """GuardDuty installs its own agents where it watches runtime.

    Runtime Monitoring sees nothing without an agent, and one that people install is missing on the next machine.

    Fix: Turn on automated agent configuration for EKS, Fargate and EC2 in Runtime Monitoring.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works.html
    """
    feature = _feature(detection, RUNTIME)
    if feature["Status"] != "ENABLED":
        raise NotApplicable("Runtime Monitoring is off there: another check tells of it")
    if not wanted:
        raise NotApplicable("the region holds no instance or cluster")
    managed = {one["Name"] for one in feature.get("AdditionalConfiguration", []) if one["Status"] == "ENABLED"}
    off = [name for name in wanted if name not in managed]
    return f"has GuardDuty leave its agents to people ({', '.join(off)})" if off else None


@check(detection, practice=Practice.MONITORING, severity=Severity.LOW)
def detector_watches_ai_workloads(detection: Detection, *, uses_ai: bool = False) -> Verdict:
    """GuardDuty watches calls to AI models.

    Stolen credentials are sold to run models at your cost; prompts that attack a model show in its data events.

    Fix: Turn on AI Protection in GuardDuty. Whether you use models is for uses_ai of this check, in AWS_SEC_THRESHOLDS.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/findings-ai-protection.html
    """
    if not uses_ai:
        raise NotApplicable("the settings do not say that you use models")
    return _watches(detection, "AI_PROTECTION", True, "AI Protection", "model")


def _features(detection: Detection) -> list[Feature]:
    return list(switched_on(detection).get("Features", []))


def _feature(detection: Detection, name: str) -> Feature:
    """AWS names every feature of the region, whether it is on or off."""
    for one in _features(detection):
        if one.get("Name") == name:
            return one
    raise NotApplicable("AWS does not offer it in the region")


def _watches(detection: Detection, feature: str, inhabited: bool, plan: str, what: str) -> Verdict:
    found = _feature(detection, feature)
    if not inhabited:
        raise NotApplicable(f"the region holds no {what}")
    return expect(found["Status"] == "ENABLED", f"has GuardDuty's {plan} off")


def _is_on(detection: Detection, feature: str) -> bool:
    return any(one.get("Name") == feature and one["Status"] == "ENABLED" for one in _features(detection))


def _turn_on(detection: Detection, feature: str, plan: str, cost: str) -> Plan:
    """Turn one feature of the detector on; the others, and how agents are installed, stay as they are.

    Source: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateDetector.html
    """
    found = _feature(detection, feature)
    switched = switched_on(detection)
    if found.get("ManagedBy"):
        raise NotApplicable("a policy of the organization decides on it")
    id = detection["ids"][detection["detectors"].index(switched)]
    kept = [{"Name": one["Name"], "Status": one["Status"]} for one in found.get("AdditionalConfiguration", [])]

    def update(status: str) -> Call:
        wanted = {"Name": feature, "Status": status} | ({"AdditionalConfiguration": kept} if kept else {})
        return Call(UPDATE, {"DetectorId": id, "Features": [wanted]})

    return Plan(
        do=[update("ENABLED")],
        undo=[update(found["Status"])],
        before={plan: "on" if found["Status"] == "ENABLED" else "off"},
        after={plan: "on"},
        notes=[
            f"It costs money by {cost}; the first 30 days are free where it was never on.",
            "In a member account AWS refuses: the organization's GuardDuty administrator account decides there.",
        ],
    )


@fix(detector_watches_s3, UPDATE, risk=Risk.SAFE)
def watch_s3(detection: Detection, inhabited: bool) -> Plan:
    """Turn on S3 Protection in GuardDuty."""
    return _turn_on(detection, "S3_DATA_EVENTS", "S3 Protection", "the number of events")


@fix(detector_watches_eks_audit_logs, UPDATE, risk=Risk.SAFE)
def watch_eks_audit_logs(detection: Detection, inhabited: bool) -> Plan:
    """Turn on EKS Protection in GuardDuty."""
    return _turn_on(detection, "EKS_AUDIT_LOGS", "EKS Protection", "the number of log events")


@fix(detector_watches_database_sign_ins, UPDATE, risk=Risk.SAFE)
def watch_database_sign_ins(detection: Detection, inhabited: bool) -> Plan:
    """Turn on RDS Protection in GuardDuty."""
    return _turn_on(detection, "RDS_LOGIN_EVENTS", "RDS Protection", "the size of the databases")


@fix(detector_watches_lambda, UPDATE, risk=Risk.SAFE)
def watch_lambda(detection: Detection, inhabited: bool) -> Plan:
    """Turn on Lambda Protection in GuardDuty."""
    return _turn_on(detection, "LAMBDA_NETWORK_LOGS", "Lambda Protection", "the amount of traffic")


@fix(detector_scans_for_malware, UPDATE, risk=Risk.SAFE)
def scan_for_malware(detection: Detection, inhabited: bool) -> Plan:
    """Turn on Malware Protection for EC2 in GuardDuty."""
    return _turn_on(detection, "EBS_MALWARE_PROTECTION", "Malware Protection for EC2", "the gigabyte scanned")


@fix(detector_watches_runtime, UPDATE, risk=Risk.SAFE)
def watch_runtime(detection: Detection, inhabited: bool) -> Plan:
    """Turn on Runtime Monitoring in GuardDuty."""
    if _is_on(detection, OLD_RUNTIME):
        raise NotApplicable("EKS Runtime Monitoring is on: move to Runtime Monitoring as AWS describes it")
    plan = _turn_on(detection, RUNTIME, "Runtime Monitoring", "the vCPU")
    note = "It sees nothing where no agent runs: who installs them is for another check and its fix."
    return replace(plan, notes=[*plan.notes, note])
