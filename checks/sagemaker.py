"""Amazon SageMaker AI: notebook instances, models and endpoint configurations, as parts of a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

from checks.kit import (
    Aws,
    Collector,
    NotApplicable,
    Practice,
    Severity,
    Unknown,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
)

Notebook: TypeAlias = Mapping[str, Any]
"""AWS's NotebookInstanceSummary."""
Model: TypeAlias = Mapping[str, Any]
"""AWS's ModelSummary."""
Config: TypeAlias = Mapping[str, Any]
"""AWS's EndpointConfigSummary."""
Details: TypeAlias = Mapping[str, Any]
"""AWS's answer to Describe of any of the three."""

OLD_PLATFORMS = ("notebook-al1-", "notebook-al2-")
"""Beginnings of the platforms whose Amazon Linux gets no more fixes: that of 2018 since 2023, Amazon Linux 2 since June
2026. https://aws.amazon.com/amazon-linux-2/faqs/"""

notebooks: Collector[Notebook] = collect(
    "sagemaker:ListNotebookInstances", "NotebookInstances", arn="{NotebookInstanceArn}", name="{NotebookInstanceName}"
)
models: Collector[Model] = collect("sagemaker:ListModels", "Models", arn="{ModelArn}", name="{ModelName}")


@collector("sagemaker:ListEndpoints", "sagemaker:DescribeEndpoint", arn="{EndpointArn}", name="{EndpointName}")
def endpoints(aws: Aws) -> Iterator[Details]:
    """Those that are not being deleted: the list does not tell which configuration each has."""

    def described(endpoint: Mapping[str, Any]) -> Details:
        return cast("Details", aws.call("sagemaker:DescribeEndpoint", EndpointName=endpoint["EndpointName"]))

    listed = aws.items("sagemaker:ListEndpoints", "Endpoints")
    yield from aws.each(described, (one for one in listed if one["EndpointStatus"] != "Deleting"))


endpoint_configs: Collector[Config] = collect(
    "sagemaker:ListEndpointConfigs", "EndpointConfigs", arn="{EndpointConfigArn}", name="{EndpointConfigName}"
)


@extra("sagemaker:DescribeNotebookInstance")
def details(aws: Aws, notebook: Notebook) -> Details:
    name = notebook["NotebookInstanceName"]
    return cast("Details", aws.call("sagemaker:DescribeNotebookInstance", NotebookInstanceName=name))


@extra("sagemaker:DescribeModel")
def model_details(aws: Aws, model: Model) -> Details:
    """What tells of its network; not what its containers are given, which may be secrets."""
    got = aws.call("sagemaker:DescribeModel", ModelName=model["ModelName"])
    return {key: got[key] for key in ("EnableNetworkIsolation", "VpcConfig") if key in got}


@extra(needs=(endpoints,))
def in_use(aws: Aws, config: Config) -> bool:
    """Whether an endpoint has it: each change of one leaves a configuration behind."""
    return any(one.get("EndpointConfigName") == config["EndpointConfigName"] for one in aws.read(endpoints))


@extra("sagemaker:DescribeEndpointConfig")
def config_details(aws: Aws, config: Config) -> Details:
    name = config["EndpointConfigName"]
    return cast("Details", aws.call("sagemaker:DescribeEndpointConfig", EndpointConfigName=name))


@check(notebooks, details, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def notebook_has_no_direct_internet(notebook: Notebook, details: Details) -> Verdict:
    """SageMaker notebook reaches the internet through your VPC.

    With its own way out, a package or a person in the notebook can send data anywhere, past every control of yours.

    Fix: It is chosen when the notebook is made: make one in a VPC without direct internet access, and a NAT gateway.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/appendix-notebook-and-internet-access.html
    """
    return expect(details["DirectInternetAccess"] == "Disabled", "has direct internet access")


@check(notebooks, details, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def notebook_is_in_vpc(notebook: Notebook, details: Details) -> Verdict:
    """SageMaker notebook is in a VPC of yours.

    In a VPC its traffic obeys your security groups and endpoint policies, and shows in your flow logs.

    Fix: It is chosen when the notebook is made: make one in a subnet of yours and move the files.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/appendix-notebook-and-internet-access.html
    """
    return expect(details.get("SubnetId"), "is in no VPC of yours")


@check(notebooks, details, practice=Practice.LEAST_PRIVILEGE, severity=Severity.LOW)
def notebook_has_no_root(notebook: Notebook, details: Details) -> Verdict:
    """SageMaker notebook gives no root access.

    As root, whoever uses the notebook can read every file on it and take out what you installed to watch it.

    Fix: Stop the notebook, turn off root access and start it; lifecycle configurations still run as root.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-root-access.html
    """
    return expect(details["RootAccess"] == "Disabled", "gives its users root access")


@check(notebooks, details, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def notebook_runs_supported_platform(notebook: Notebook, details: Details) -> Verdict:
    """SageMaker notebook runs a platform that AWS supports.

    Platforms that AWS has given up get no more security fixes for the system and JupyterLab.

    Fix: Make a notebook on Amazon Linux 2023 and move the files to it.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html
    """
    if "PlatformIdentifier" not in details:
        raise Unknown("AWS does not say which platform it runs")
    platform = details["PlatformIdentifier"]
    return expect(not platform.startswith(OLD_PLATFORMS), f"runs {platform}, which AWS has given up")


@check(notebooks, details, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def notebook_encrypts_with_own_key(
    notebook: Notebook, details: Details, *, customer_managed_key: bool = False
) -> Verdict:
    """SageMaker notebook is encrypted with a KMS key of yours.

    AWS encrypts its volume in any case; with a key of yours you decide who may decrypt it, and can take that away.

    Fix: It is chosen when the notebook is made: make one with a KMS key of yours and move the files.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html
    """
    if not customer_managed_key:
        raise NotApplicable("SageMaker encrypts with AWS's own key, and the settings ask for no other")
    return expect(details.get("KmsKeyId"), "is encrypted with AWS's own key")


@check(models, model_details, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def model_is_isolated(model: Model, details: Details) -> Verdict:
    """SageMaker model has no way out of its container.

    A model is a program, often of others: isolated, it cannot send away what it is asked, nor fetch more programs.

    Fix: Make the model again with network isolation; what it needs has to be in its image and its artifacts.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html
    """
    return expect(details.get("EnableNetworkIsolation"), "has no network isolation")


@check(models, model_details, practice=Practice.NETWORK, severity=Severity.LOW)
def model_is_in_vpc(model: Model, details: Details) -> Verdict:
    """SageMaker model is in a VPC of yours.

    In a VPC the model reaches your data over endpoints of yours, and its traffic shows in your flow logs.

    Fix: Make the model again with subnets and security groups of yours.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html
    """
    if details.get("EnableNetworkIsolation"):
        raise NotApplicable("it has no network at all: it is isolated")
    return expect(details.get("VpcConfig"), "is in no VPC of yours")


@check(endpoint_configs, config_details, in_use, practice=Practice.BACKUP, severity=Severity.LOW)
def endpoint_config_has_several_instances(
    config: Config, details: Details, in_use: bool, *, instances: int = 2
) -> Verdict:
    """SageMaker endpoint configuration has several instances.

    With two instances SageMaker spreads them over zones, and the model answers while one of them is away.

    Fix: Make an endpoint configuration with two instances or more for each variant, and give it to the endpoint.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-best-practices.html
    """
    _has_endpoint(in_use=in_use)
    counts = [one["InitialInstanceCount"] for one in details["ProductionVariants"] if "InitialInstanceCount" in one]
    if not counts:
        raise NotApplicable("it is serverless: AWS sees to it")
    return expect(min(counts) >= instances, f"has {min(counts)} instance for a variant, not {instances}")


@check(endpoint_configs, config_details, in_use, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def endpoint_config_encrypts_with_own_key(
    config: Config, details: Details, in_use: bool, *, customer_managed_key: bool = False
) -> Verdict:
    """SageMaker endpoint is encrypted with a KMS key of yours.

    AWS encrypts its volumes in any case; with a key of yours you decide who may decrypt them, and can take that away.

    Fix: Make an endpoint configuration with a KMS key of yours, and give it to the endpoint.
    See: https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html
    """
    if not customer_managed_key:
        raise NotApplicable("SageMaker encrypts with AWS's own key, and the settings ask for no other")
    _has_endpoint(in_use=in_use)
    return expect(details.get("KmsKeyId"), "is encrypted with AWS's own key")


def _has_endpoint(*, in_use: bool) -> None:
    if not in_use:
        raise NotApplicable("no endpoint has it")
