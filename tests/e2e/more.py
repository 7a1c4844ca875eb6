"""What the tests put into the demo's account: open buckets to fix, and names made to be read as markup."""

from __future__ import annotations

from bot.demo.aws import Emulated

NAME = "<!channel> *pay* `now` <https://evil.example|click> \u202eexe"
WHY = "<!here> *bold* _slant_ <@U02BOB> :fire:"


def fill(url: str, count: int) -> list[str]:
    """Makes so many buckets without Block Public Access, and a group with an open port; returns the buckets."""
    aws = Emulated(url)
    s3, ec2 = aws.client("s3"), aws.client("ec2")
    spare = [f"spare-{number:03}" for number in range(count)]
    for name in spare:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName=NAME, Description=WHY, VpcId=vpc)["GroupId"]
    everyone = [{"CidrIp": "0.0.0.0/0", "Description": WHY}]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": everyone}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    ec2.create_tags(Resources=[group], Tags=[{"Key": "Name", "Value": NAME}, {"Key": "terraform", "Value": WHY}])
    return spare
