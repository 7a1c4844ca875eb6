"""SageMaker AI: what the judges say of notebooks, models and endpoint configurations, and how these are read."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from checks import sagemaker
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

INTERNET, VPC, ROOT, PLATFORM, KEY = (
    sagemaker.notebook_has_no_direct_internet,
    sagemaker.notebook_is_in_vpc,
    sagemaker.notebook_has_no_root,
    sagemaker.notebook_runs_supported_platform,
    sagemaker.notebook_encrypts_with_own_key,
)
ISOLATED, MODEL_VPC = sagemaker.model_is_isolated, sagemaker.model_is_in_vpc
SEVERAL, ENDPOINT_KEY = (
    sagemaker.endpoint_config_has_several_instances,
    sagemaker.endpoint_config_encrypts_with_own_key,
)
ASKED = {"customer_managed_key": True}
OWN = "is encrypted with AWS's own key"


def variants(*counts: int) -> dict[str, Any]:
    return {"ProductionVariants": [{"VariantName": "v", "InitialInstanceCount": count} for count in counts]}


CASES = [
    Case(INTERNET, [{}, {"DirectInternetAccess": "Disabled"}], None),
    Case(INTERNET, [{}, {"DirectInternetAccess": "Enabled"}], "has direct internet access"),
    Case(VPC, [{}, {"SubnetId": "subnet-1"}], None),
    Case(VPC, [{}, {}], "is in no VPC of yours"),
    Case(ROOT, [{}, {"RootAccess": "Disabled"}], None),
    Case(ROOT, [{}, {"RootAccess": "Enabled"}], "gives its users root access"),
    Case(PLATFORM, [{}, {"PlatformIdentifier": "notebook-al2023-v1"}], None),
    Case(PLATFORM, [{}, {"PlatformIdentifier": "notebook-al2-v3"}], "runs notebook-al2-v3, which AWS has given up"),
    Case(PLATFORM, [{}, {"PlatformIdentifier": "notebook-al1-v1"}], "runs notebook-al1-v1, which AWS has given up"),
    Case(KEY, [{}, {"KmsKeyId": "arn"}], None, ASKED),
    Case(KEY, [{}, {}], OWN, ASKED),
    Case(KEY, [{}, {}], NotApplicable),
    Case(ISOLATED, [{}, {"EnableNetworkIsolation": True}], None),
    Case(ISOLATED, [{}, {"EnableNetworkIsolation": False}], "has no network isolation"),
    Case(MODEL_VPC, [{}, {"VpcConfig": {"Subnets": ["subnet-1"]}}], None),
    Case(MODEL_VPC, [{}, {}], "is in no VPC of yours"),
    Case(MODEL_VPC, [{}, {"EnableNetworkIsolation": True}], NotApplicable),
    Case(SEVERAL, [{}, variants(2, 3), True], None),
    Case(SEVERAL, [{}, variants(2, 1), True], "has 1 instance for a variant, not 2"),
    Case(SEVERAL, [{}, variants(2, 1), False], NotApplicable),
    Case(SEVERAL, [{}, {"ProductionVariants": [{"ServerlessConfig": {}}]}, True], NotApplicable),
    Case(ENDPOINT_KEY, [{}, {"KmsKeyId": "arn"}, True], None, ASKED),
    Case(ENDPOINT_KEY, [{}, {}, True], OWN, ASKED),
    Case(ENDPOINT_KEY, [{}, {}, False], NotApplicable, ASKED),
    Case(ENDPOINT_KEY, [{}, {}, True], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_notebook_of_no_known_platform_is_unknown() -> None:
    with pytest.raises(Unknown):
        PLATFORM.judge({}, {})


def test_what_the_emulator_has(aws: Region) -> None:
    client = aws.clients.session.client("sagemaker")
    role = "arn:aws:iam::123456789012:role/notebooks"
    client.create_notebook_instance(
        NotebookInstanceName="forecast", InstanceType="ml.t3.medium", RoleArn=role, DirectInternetAccess="Enabled"
    )
    container: Any = {"Image": "image", "Environment": {"TOKEN": "hunter2"}}
    client.create_model(ModelName="demand", ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "v", "ModelName": "demand", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="demand", ProductionVariants=[variant])
    [notebook], [model] = sagemaker.notebooks.stream(aws), sagemaker.models.stream(aws)
    [config] = sagemaker.endpoint_configs.stream(aws)
    assert VPC.judge(notebook, sagemaker.details.read(aws, notebook)) == "is in no VPC of yours"
    assert ISOLATED.judge(model, sagemaker.model_details.read(aws, model)) == "has no network isolation"
    assert "hunter2" not in str(sagemaker.model_details.read(aws, model))
    client.create_endpoint(EndpointName="demand", EndpointConfigName="demand")
    assert sagemaker.in_use.read(aws, config) is True
    assert sagemaker.in_use.read(aws, {"EndpointConfigName": "old"}) is False
    assert SEVERAL.judge(config, sagemaker.config_details.read(aws, config), True)
