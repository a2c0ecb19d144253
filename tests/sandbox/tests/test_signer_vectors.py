"""The hand-made signatures of these tests against examples that the providers publish."""

import base64
import json

from tests.sandbox.s3.cdn import type_a

from .s3_signer import EMPTY, request_signature
from .sms_signers import acs3_signature, rpc_signature, tc3_signature

AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
AWS_HOST = "examplebucket.s3.amazonaws.com"


def test_tencent_example():
    body = json.dumps({"Limit": 1, "Filters": [{"Values": ["未命名"], "Name": "instance-name"}]})
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
    }
    made = tc3_signature(
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm", 1551113065, headers, body.encode()
    )
    assert made == "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"


def test_aliyun_v3_example():
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    params = {
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        "RegionId": "cn-shanghai",
    }
    made = acs3_signature("YourAccessKeySecret", "POST", params, headers, b"")
    assert made == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def test_aliyun_rpc_example():
    params = {
        "Timestamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    assert rpc_signature("testsecret", "GET", params) == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_aws_header_example():
    headers = {
        "host": AWS_HOST,
        "range": "bytes=0-9",
        "x-amz-content-sha256": EMPTY,
        "x-amz-date": "20130524T000000Z",
    }
    made = request_signature(
        AWS_SECRET, "us-east-1", "20130524T000000Z", "GET", "/test.txt", {}, headers, EMPTY
    )
    assert made == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_aws_link_example():
    params = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request",
        "X-Amz-Date": "20130524T000000Z",
        "X-Amz-Expires": "86400",
        "X-Amz-SignedHeaders": "host",
    }
    made = request_signature(
        AWS_SECRET,
        "us-east-1",
        "20130524T000000Z",
        "GET",
        "/test.txt",
        params,
        {"host": AWS_HOST},
        "UNSIGNED-PAYLOAD",
    )
    assert made == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


def test_cdn_examples():
    key, moment = "aliyuncdnexp1234", "1444435200"
    video = type_a("/video/standard/test.mp4", moment, "0", "0", key)
    page = type_a("/video/standard/1K.html", moment, "0", "0", key)
    other = type_a(
        "/test.jpg", "1582791032", "im1acp76sx9sdqe601v", "0", "dimtm5evg50ijsx2hvuwyfoiu65"
    )

    assert video == "23bf85053008f5c0e791667a313e28ce"
    assert page == "80cd3862d699b7118eed99103f2a3a4f"
    assert other == "3fbb88382c9356b6faaf9d68c7b2ae3a"


def test_the_empty_body_has_the_published_hash():
    assert EMPTY == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert base64.b64encode(bytes.fromhex(EMPTY)).decode().startswith("47DEQpj8HBSa")
