"""Where Northwind Traders keeps, moves and asks what it knows: caches, a warehouse, search, queues, pipelines."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.aws import ACCOUNT, REGIONS, Emulated
from bot.demo.tags import pairs, tags

PASSWORD = "Placeholder-4-the-demo"  # nobody can sign in to what is emulated


def fill_stores(aws: Emulated, keys: dict[str, str]) -> None:
    """`keys`: the ARNs of the KMS keys by alias."""
    _caches(aws)
    _warehouse(aws, keys)
    _search(aws, keys)
    _streams(aws, keys)
    _migration(aws)
    _catalog(aws)
    _clusters(aws)
    _forecasts(aws)
    _agency(aws)


def _caches(aws: Emulated) -> None:
    cache = aws.client("elasticache")
    common = {"Engine": "redis", "CacheNodeType": "cache.t4g.small"}
    secure = {"TransitEncryptionEnabled": True, "AtRestEncryptionEnabled": True, "AuthToken": PASSWORD}
    spread = {"NumNodeGroups": 1, "ReplicasPerNodeGroup": 1, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True}
    kept = {"AutoMinorVersionUpgrade": True, "SnapshotRetentionLimit": 7}
    cache.create_replication_group(
        ReplicationGroupId="shop-sessions",
        ReplicationGroupDescription="Sessions of the shop",
        Tags=pairs(tags("shop")),
        **common,
        **secure,
        **spread,
        **kept,
    )
    cache.create_replication_group(  # made in a hurry before a sale
        ReplicationGroupId="price-cache",
        ReplicationGroupDescription="Prices",
        NumNodeGroups=1,
        ReplicasPerNodeGroup=1,
        AutomaticFailoverEnabled=False,
        MultiAZEnabled=False,
        AutoMinorVersionUpgrade=False,
        SnapshotRetentionLimit=0,
        Tags=pairs(tags("shop")),
        **common,
    )
    cache.create_cache_cluster(
        CacheClusterId="page-fragments",
        Engine="memcached",
        CacheNodeType="cache.t4g.small",
        NumCacheNodes=1,
        CacheSubnetGroupName="default",
        TransitEncryptionEnabled=True,
        Tags=pairs(tags("shop")),
    )
    carts = {"NodeType": "db.t4g.small", "Tags": pairs(tags("shop"))}
    memory = aws.client("memorydb")
    memory.create_cluster(ClusterName="carts", ACLName="shop", TLSEnabled=True, SnapshotRetentionLimit=7, **carts)
    memory.create_cluster(
        ClusterName="carts-trial", ACLName="open-access", TLSEnabled=False, AutoMinorVersionUpgrade=False, **carts
    )


def _warehouse(aws: Emulated, keys: dict[str, str]) -> None:
    redshift = aws.client("redshift")
    for group in ("strict", "loose"):
        redshift.create_cluster_parameter_group(
            ParameterGroupName=group, ParameterGroupFamily="redshift-1.0", Description=group
        )
    tls = {"ParameterName": "require_ssl", "ParameterValue": "true"}
    redshift.modify_cluster_parameter_group(ParameterGroupName="strict", Parameters=[tls])
    common = {"NodeType": "ra3.large", "ClusterType": "multi-node", "NumberOfNodes": 2, "MasterUserPassword": PASSWORD}
    redshift.create_cluster(
        ClusterIdentifier="sales",
        MasterUsername="northwind",
        Encrypted=True,
        KmsKeyId=keys["shop-data"],
        PubliclyAccessible=False,
        EnhancedVpcRouting=True,
        AllowVersionUpgrade=True,
        AutomatedSnapshotRetentionPeriod=14,
        ClusterParameterGroupName="strict",
        Tags=pairs(tags("data")),
        **common,
    )
    redshift.enable_logging(ClusterIdentifier="sales", LogDestinationType="cloudwatch", LogExports=["connectionlog"])
    redshift.create_cluster(  # a consultant wanted to reach it from home
        ClusterIdentifier="finance-reports",
        MasterUsername="awsuser",
        Encrypted=False,
        PubliclyAccessible=True,
        EnhancedVpcRouting=False,
        AllowVersionUpgrade=False,
        AutomatedSnapshotRetentionPeriod=1,
        ClusterParameterGroupName="loose",
        Tags=pairs(tags("finance")),
        **common,
    )
    serverless = aws.client("redshift-serverless")
    labels = pairs(tags("data"), "key", "value")
    for name, admin, logs, public in (
        ("reports", "northwind", ["connectionlog", "userlog"], False),
        ("trial", "admin", [], True),
    ):
        serverless.create_namespace(namespaceName=name, adminUsername=admin, logExports=logs, tags=labels)
        serverless.create_workgroup(
            workgroupName=name,
            namespaceName=name,
            publiclyAccessible=public,
            enhancedVpcRouting=not public,
            configParameters=[{"parameterKey": "require_ssl", "parameterValue": str(not public).lower()}],
            tags=labels,
        )
    subnets = aws.client("ec2").describe_subnets()["Subnets"]
    by_zone = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in subnets}
    for name, count in (("warehouse", 2), ("warehouse-trial", 1)):
        redshift.create_cluster_subnet_group(
            ClusterSubnetGroupName=name,
            Description="Subnets of the warehouse",
            SubnetIds=list(by_zone.values())[:count],
            Tags=pairs(tags("data")),
        )


def _search(aws: Emulated, keys: dict[str, str]) -> None:
    opensearch = aws.client("opensearch")
    log = {"CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGIONS[0]}:{ACCOUNT}:log-group:/search", "Enabled": True}
    opensearch.create_domain(
        DomainName="product-search",
        EngineVersion="OpenSearch_2.17",
        ClusterConfig={
            "InstanceType": "r6g.large.search",
            "InstanceCount": 3,
            "ZoneAwarenessEnabled": True,
            "DedicatedMasterEnabled": True,
            "DedicatedMasterCount": 3,
        },
        VPCOptions={"SubnetIds": [aws.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]]},
        EncryptionAtRestOptions={"Enabled": True, "KmsKeyId": keys["shop-data"]},
        NodeToNodeEncryptionOptions={"Enabled": True},
        DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        AdvancedSecurityOptions={"Enabled": True},
        LogPublishingOptions={"AUDIT_LOGS": log, "ES_APPLICATION_LOGS": log},
        TagList=pairs(tags("shop")),
    )
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": "*"}
    opensearch.create_domain(  # log analysis that nobody remembers
        DomainName="old-logs",
        EngineVersion="Elasticsearch_7.10",
        ClusterConfig={"InstanceType": "t3.small.search", "InstanceCount": 1},
        EncryptionAtRestOptions={"Enabled": False},
        NodeToNodeEncryptionOptions={"Enabled": False},
        DomainEndpointOptions={"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"},
        AccessPolicies=json.dumps({"Version": "2012-10-17", "Statement": [anyone]}),
        TagList=pairs(tags("platform")),
    )


def _streams(aws: Emulated, keys: dict[str, str]) -> None:
    def cluster(name: str, team: str, version: str, **more: Any) -> None:
        aws.client("kafka").create_cluster(
            ClusterName=name, KafkaVersion=version, NumberOfBrokerNodes=3, Tags=tags(team), **more
        )

    brokers = {"ClientSubnets": ["subnet-1", "subnet-2"], "InstanceType": "kafka.m5.large"}
    private, public = ({"PublicAccess": {"Type": kind}} for kind in ("DISABLED", "SERVICE_PROVIDED_EIPS"))
    cluster(
        "orders",
        "shop",
        "3.9.x",
        BrokerNodeGroupInfo=brokers | {"ConnectivityInfo": private},
        EncryptionInfo={
            "EncryptionAtRest": {"DataVolumeKMSKeyId": keys["shop-data"]},
            "EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True},
        },
        ClientAuthentication={"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}},
        EnhancedMonitoring="PER_TOPIC_PER_BROKER",
    )
    cluster(
        "clickstream",
        "data",
        "2.8.1",
        BrokerNodeGroupInfo=brokers | {"ConnectivityInfo": public},
        EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT", "InCluster": True}},
        ClientAuthentication={"Unauthenticated": {"Enabled": True}},
        EnhancedMonitoring="DEFAULT",
    )
    common = {"EngineType": "ACTIVEMQ", "HostInstanceType": "mq.t3.micro"}
    users = [{"Username": "erp", "Password": PASSWORD}]
    mq = aws.client("mq")
    mq.create_broker(
        BrokerName="suppliers",
        DeploymentMode="ACTIVE_STANDBY_MULTI_AZ",
        EngineVersion="5.18",
        AutoMinorVersionUpgrade=True,
        PubliclyAccessible=False,
        Logs={"General": True, "Audit": True},
        Users=users,
        Tags=tags("shop"),
        **common,
    )
    mq.create_broker(
        BrokerName="erp-bridge",
        DeploymentMode="SINGLE_INSTANCE",
        EngineVersion="5.17.6",
        AutoMinorVersionUpgrade=False,
        PubliclyAccessible=True,
        Logs={"General": False, "Audit": False},
        Users=users,
        Tags=tags("finance"),
        **common,
    )


def _migration(aws: Emulated) -> None:
    """The ERP system is being moved, and has been for two years."""
    dms = aws.client("dms")
    labels = pairs(tags("finance"))
    made = dms.create_replication_instance(
        ReplicationInstanceIdentifier="erp-migration",
        ReplicationInstanceClass="dms.t3.medium",
        AutoMinorVersionUpgrade=False,
        PubliclyAccessible=True,
        MultiAZ=False,
        Tags=labels,
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    dms.create_replication_instance(
        ReplicationInstanceIdentifier="orders-to-warehouse",
        ReplicationInstanceClass="dms.t3.medium",
        AutoMinorVersionUpgrade=True,
        PubliclyAccessible=False,
        MultiAZ=True,
        Tags=pairs(tags("data")),
    )
    source, target, _, _ = (
        dms.create_endpoint(EndpointIdentifier=name, EndpointType=kind, EngineName=engine, Tags=labels, **more)[
            "Endpoint"
        ]["EndpointArn"]
        for name, kind, engine, more in (
            ("erp", "source", "oracle", {"SslMode": "none", "ServerName": "erp.northwind.example"}),
            ("invoices", "target", "postgres", {"SslMode": "require", "ServerName": "invoices.northwind.example"}),
            ("catalog", "source", "mongodb", {"SslMode": "require", "MongoDbSettings": {"AuthType": "no"}}),
            ("suppliers", "target", "neptune", {"SslMode": "none", "NeptuneSettings": _NEPTUNE}),
        )
    )
    for name, on in (("erp-invoices", False), ("erp-suppliers", True)):
        dms.create_replication_task(
            ReplicationTaskIdentifier=name,
            SourceEndpointArn=source,
            TargetEndpointArn=target,
            ReplicationInstanceArn=made,
            MigrationType="full-load-and-cdc",
            TableMappings=json.dumps({"rules": []}),
            ReplicationTaskSettings=json.dumps({"Logging": {"EnableLogging": on}}),
            Tags=labels,
        )


_NEPTUNE = {"S3BucketName": "northwind-traders-exports", "S3BucketFolder": "neptune", "IamAuthEnabled": False}


def _catalog(aws: Emulated) -> None:
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "sales"})
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "glue:GetTables", "Resource": "*"}
    glue.put_resource_policy(PolicyInJson=json.dumps({"Version": "2012-10-17", "Statement": [anyone]}))
    url = {"JDBC_CONNECTION_URL": "jdbc:postgresql://invoices.northwind.example:5432/erp"}
    for name, more in (
        ("erp", {"USERNAME": "glue", "PASSWORD": PASSWORD, "JDBC_ENFORCE_SSL": "false"}),
        ("invoices", {"SECRET_ID": "shop/database", "JDBC_ENFORCE_SSL": "true"}),
    ):
        properties = {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": url | more}
        glue.create_connection(ConnectionInput=properties, Tags=tags("data"))
    log = {"--enable-continuous-cloudwatch-log": "true"}
    for name, version, arguments in (("load-sales", "4.0", log), ("load-erp", "2.0", {})):
        command = {"Name": "glueetl", "ScriptLocation": f"s3://northwind-traders-exports/{name}.py"}
        role = f"arn:aws:iam::{ACCOUNT}:role/glue"
        glue.create_job(
            Name=name, Role=role, Command=command, GlueVersion=version, DefaultArguments=arguments, Tags=tags("data")
        )
    athena = aws.client("athena")
    place = {"ResultConfiguration": {"OutputLocation": "s3://northwind-traders-exports/results/"}}
    for name, on in (("reports", True), ("analysts", False)):
        settings = place | {"EnforceWorkGroupConfiguration": on, "PublishCloudWatchMetricsEnabled": on}
        athena.create_work_group(Name=name, Configuration=settings, Tags=pairs(tags("data")))
        athena.start_query_execution(QueryString="SELECT 1", WorkGroup=name)


def _clusters(aws: Emulated) -> None:
    for region, ranges in zip(REGIONS, ([(22, 22)], [(22, 22), (8088, 8088)]), strict=True):
        exceptions = [{"MinRange": low, "MaxRange": high} for low, high in ranges]
        block = {"BlockPublicSecurityGroupRules": True, "PermittedPublicSecurityGroupRuleRanges": exceptions}
        aws.client("emr", region).put_block_public_access_configuration(BlockPublicAccessConfiguration=block)
    emr = aws.client("emr")
    both = {"EncryptionConfiguration": {"EnableInTransitEncryption": True, "EnableAtRestEncryption": True}}
    emr.create_security_configuration(Name="encrypted", SecurityConfiguration=json.dumps(both))
    for name, more in (("recommendations", {"SecurityConfiguration": "encrypted"}), ("click-reports", {})):
        emr.run_job_flow(
            Name=name,
            ReleaseLabel="emr-7.5.0",
            Instances={"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True},
            JobFlowRole="EMR_EC2_DefaultRole",
            ServiceRole="EMR_DefaultRole",
            Tags=pairs(tags("data")),
            **more,
        )


def _forecasts(aws: Emulated) -> None:
    sagemaker = aws.client("sagemaker")
    role, labels = f"arn:aws:iam::{ACCOUNT}:role/forecasts", pairs(tags("data"))
    subnet = {"SubnetId": "subnet-1", "SecurityGroupIds": ["sg-1"], "DirectInternetAccess": "Disabled"}
    for name, platform, more in (
        ("demand", "notebook-al2023-v1", subnet | {"RootAccess": "Disabled"}),
        ("demand-2021", "notebook-al1-v1", {"DirectInternetAccess": "Enabled", "RootAccess": "Enabled"}),
    ):
        sagemaker.create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType="ml.t3.medium",
            RoleArn=role,
            PlatformIdentifier=platform,
            Tags=labels,
            **more,
        )
    image = {"Image": f"{ACCOUNT}.dkr.ecr.{REGIONS[0]}.amazonaws.com/shop:latest"}
    vpc: dict[str, Any] = {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}
    for name, more, count in (("demand", vpc, 2), ("returns", {}, 1)):
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=image, Tags=labels, **more)
        variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large"}
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant | {"InitialInstanceCount": count}], Tags=labels
        )
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=labels)
    sagemaker.create_model(
        ModelName="fraud", ExecutionRoleArn=role, PrimaryContainer=image, EnableNetworkIsolation=True, Tags=labels
    )


def _agency(aws: Emulated) -> None:
    """What an agency made outside of everything else: a blog of recipes, and desktops for its people."""
    lightsail, labels = aws.client("lightsail"), pairs(tags("shop"), "key", "value")
    lightsail.create_instances(
        instanceNames=["recipes"],
        availabilityZone=f"{REGIONS[0]}a",
        blueprintId="wordpress",
        bundleId="nano_3_0",
        tags=labels,
    )
    for name, public in (("recipes", True), ("recipes-staging", False)):
        lightsail.create_relational_database(
            relationalDatabaseName=name,
            relationalDatabaseBlueprintId="mysql_8_0",
            relationalDatabaseBundleId="micro_2_0",
            masterDatabaseName="recipes",
            masterUsername="recipes",
            publiclyAccessible=public,
            tags=labels,
        )
    for name, internet in (("accounting", False), ("agency", True)):
        aws.client("appstream").create_fleet(
            Name=name, InstanceType="stream.standard.medium", EnableDefaultInternetAccess=internet, Tags=tags("finance")
        )
