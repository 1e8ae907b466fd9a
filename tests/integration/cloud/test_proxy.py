"""The proxy itself: a fault that does not happen as it is named would prove nothing."""

import http.client
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from ..conftest import REGION
from .answers import Answer
from .calls import Call, recognise
from .faults import Fault, Trouble
from .proxy import Proxy

Connect: TypeAlias = Callable[..., Any]

LAYER: dict[str, Any] = {"LayerName": "a", "VersionNumber": 1}
FUNCTION: dict[str, Any] = {"FunctionName": "f"}
BUCKET: dict[str, Any] = {"Bucket": "ours"}
OBJECT: dict[str, Any] = {"Bucket": "ours", "Key": "k/l"}
UPLOAD: dict[str, Any] = {**OBJECT, "UploadId": "u"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("lambda", "list_layers", {}),
    ("lambda", "list_layer_versions", {"LayerName": "a"}),
    ("lambda", "get_layer_version", LAYER),
    ("lambda", "get_layer_version_by_arn", {"Arn": "arn:aws:lambda:eu-west-1:1:layer:a:1"}),
    ("lambda", "publish_layer_version", {"LayerName": "a", "Content": {"ZipFile": b"z"}}),
    ("lambda", "delete_layer_version", LAYER),
    ("lambda", "get_layer_version_policy", LAYER),
    ("lambda", "add_layer_version_permission",
     {**LAYER, "StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*"}),
    ("lambda", "remove_layer_version_permission", {**LAYER, "StatementId": "s"}),
    ("lambda", "list_functions", {}),
    ("lambda", "list_versions_by_function", FUNCTION),
    ("lambda", "list_aliases", FUNCTION),
    ("lambda", "get_function", FUNCTION),
    ("lambda", "get_function_configuration", FUNCTION),
    ("lambda", "update_function_configuration", FUNCTION),
    ("lambda", "get_account_settings", {}),
    ("s3", "head_bucket", BUCKET),
    ("s3", "get_bucket_versioning", BUCKET),
    ("s3", "get_bucket_policy", BUCKET),
    ("s3", "get_bucket_location", BUCKET),
    ("s3", "list_objects_v2", BUCKET),
    ("s3", "list_multipart_uploads", BUCKET),
    ("s3", "head_object", OBJECT),
    ("s3", "put_object", {**OBJECT, "Body": b"x"}),
    ("s3", "delete_object", OBJECT),
    ("s3", "create_multipart_upload", OBJECT),
    ("s3", "upload_part", {**UPLOAD, "PartNumber": 1, "Body": b"x"}),
    ("s3", "complete_multipart_upload", UPLOAD),
    ("s3", "abort_multipart_upload", UPLOAD),
    ("ssm", "get_parameters", {"Names": ["/a"]}),
    ("ssm", "get_parameter", {"Name": "/a"}),
    ("ssm", "put_parameter", {"Name": "/a", "Value": "v", "Type": "String"}),
    ("sts", "get_caller_identity", {}),
]  # fmt: skip


@pytest.fixture
def connect(proxy: Proxy) -> Iterator[Connect]:
    """Open clients that go through the proxy and try once."""
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    made: list[Any] = []

    def client(service: Any, seconds: float = 30) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        config = Config(retries={"total_max_attempts": 1}, read_timeout=seconds)
        made.append(session.client(service, endpoint_url=proxy.url, config=config))
        return made[-1]

    yield client
    for one in made:
        one.close()


class Slow:
    """Holds back what is listed until it may go."""

    def __init__(self) -> None:
        self.begun, self.passed, self.go = (threading.Event() for _ in range(3))

    def refuse(self, call: Call) -> None:
        pass

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation != "ListLayers":
            self.passed.set()
            return answer
        self.begun.set()
        assert self.go.wait(10)
        return answer


def publish(connect: Connect, seconds: float = 30) -> str:
    api = connect("lambda", seconds)
    answer = api.publish_layer_version(LayerName="a", Content={"ZipFile": b"z"})
    return str(answer["LayerVersionArn"])


@pytest.mark.parametrize(("service", "method", "words"), CALLS, ids=lambda value: str(value)[:30])
def test_a_call_is_recognised_by_what_goes_over_the_wire(
    proxy: Proxy, connect: Connect, service: str, method: str, words: dict[str, Any]
) -> None:
    api = connect(service)
    trouble_of(lambda: getattr(api, method)(**words))
    [heard] = proxy.heard
    wanted = api.meta.method_to_api_mapping[method]
    assert (heard.service, heard.region, heard.operation) == (service, REGION, wanted)


def test_an_arn_for_a_name_and_an_unsigned_request_are_understood() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:a"
    scope = {
        "authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/lambda/aws4_request"
    }
    target = f"/2018-10-31/layers/{arn.replace(':', '%3A')}/versions/3"
    assert recognise("GET", target, scope, b"").labels == {"LayerName": arn, "VersionNumber": "3"}
    assert recognise("GET", target, {}, b"").operation == "unknown"


def trouble_of(call: Callable[[], object]) -> str:
    """Tell what botocore makes of an answer; empty: nothing is wrong."""
    try:
        call()
    except botocore.exceptions.ClientError as error:
        answer = error.response["ResponseMetadata"]
        return f"{answer['HTTPStatusCode']} {error.response['Error']['Code']}"
    except Exception as error:  # noqa: BLE001 (whatever it is)
        return f"{error!r} from {error.__context__!r}"
    return ""


@pytest.mark.parametrize(
    ("fault", "said", "acts"),
    [
        (Fault.THROTTLED, "429 TooManyRequestsException", False),
        (Fault.INTERNAL, "500 ServiceException", False),
        (Fault.UNAVAILABLE, "503 ServiceUnavailableException", False),
        (Fault.EXPIRED, "403 ExpiredTokenException", False),
        (Fault.RESET_BEFORE, "Connection reset by peer", False),
        (Fault.RESET_AFTER, "Connection reset by peer", True),
        (Fault.TIMEOUT_AFTER, "Read timeout", True),
        # botocore takes what it can parse of an answer for the whole of it.
        (Fault.TRUNCATED, "KeyError('LayerVersionArn')", True),
        (Fault.MALFORMED, "KeyError('LayerVersionArn')", True),
        (Fault.TRICKLE, "", True),
        (Fault.REFUSED, "", True),
    ],
)
def test_a_fault_is_what_its_name_says(  # noqa: PLR0913 (the table's columns)
    proxy: Proxy, connect: Connect, client: Connect, fault: Fault, said: str, *, acts: bool
) -> None:
    proxy.troubles = (Trouble(fault=fault, operation="PublishLayerVersion"),)
    client("lambda").list_layers()
    found = trouble_of(lambda: publish(connect, seconds=1 if fault is Fault.TIMEOUT_AFTER else 30))
    assert said in found
    assert bool(said) is bool(found)
    assert [str(heard) for heard in proxy.heard] == ["PublishLayerVersion #1"]
    assert bool(client("lambda").list_layers()["Layers"]) is acts
    if fault is Fault.REFUSED:
        with pytest.raises(botocore.exceptions.EndpointConnectionError):
            publish(connect)
        proxy.listen()
    assert publish(connect).endswith(":2" if acts else ":1")


def test_a_kept_connection_is_refused_too_once_nothing_listens(
    proxy: Proxy, connect: Connect
) -> None:
    api = connect("lambda")
    api.list_layers()
    proxy.vanish()
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        api.list_layers()


def test_a_call_on_its_way_is_answered_before_nothing_listens(
    proxy: Proxy, connect: Connect
) -> None:
    slow = Slow()
    proxy.rules = (slow,)
    proxy.troubles = (Trouble(fault=Fault.REFUSED, operation="PublishLayerVersion"),)
    with ThreadPoolExecutor() as pool:
        listing = pool.submit(lambda: trouble_of(connect("lambda").list_layers))
        assert slow.begun.wait(10)
        publishing = pool.submit(lambda: publish(connect))
        assert slow.passed.wait(10)
        time.sleep(0.2)
        slow.go.set()
        assert (listing.result(20), publishing.result(20)[-2:]) == ("", ":1")
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        publish(connect)


@pytest.mark.parametrize(
    ("service", "method", "words", "fault", "said"),
    [
        ("s3", "create_bucket", BUCKET, Fault.THROTTLED, "503 SlowDown"),
        ("s3", "create_bucket", BUCKET, Fault.EXPIRED, "400 ExpiredToken"),
        ("s3", "create_bucket", BUCKET, Fault.MALFORMED, "500 500"),
        ("s3", "head_bucket", BUCKET, Fault.INTERNAL, "500 500"),
        ("s3", "head_bucket", BUCKET, Fault.MALFORMED, "BadStatusLine"),
        ("ssm", "get_parameters", {"Names": ["/a"]}, Fault.THROTTLED, "400 ThrottlingException"),
        ("ssm", "get_parameters", {"Names": ["/a"]}, Fault.MALFORMED, ""),
        ("sts", "get_caller_identity", {}, Fault.THROTTLED, "400 Throttling"),
        ("sts", "get_caller_identity", {}, Fault.MALFORMED, "invalid XML received"),
    ],
)
def test_each_service_refuses_in_its_own_format(  # noqa: PLR0913, PLR0917 (the table's columns)
    proxy: Proxy, connect: Connect, service: str, method: str, words: dict[str, Any],
    fault: Fault, said: str,
) -> None:  # fmt: skip
    api = connect(service)
    operation = api.meta.method_to_api_mapping[method]
    proxy.troubles = (Trouble(fault=fault, operation=operation),)
    found = trouble_of(lambda: getattr(api, method)(**words))
    assert said in found
    assert bool(said) is bool(found)


@pytest.mark.parametrize(
    ("trouble", "hit"),
    [
        (Trouble(fault=Fault.INTERNAL, operation="ListLayers", nth=2), [2]),
        (Trouble(fault=Fault.INTERNAL, operation="ListLayers", nth=2, times=2), [2, 3]),
        (Trouble(fault=Fault.INTERNAL, operation="ListLayers", nth=3, times=None), [3, 4]),
    ],
)
def test_a_fault_hits_the_calls_it_is_for(
    proxy: Proxy, connect: Connect, trouble: Trouble, hit: list[int]
) -> None:
    proxy.troubles = (trouble,)
    api = connect("lambda")
    for _ in range(4):
        trouble_of(api.list_layers)
    assert [heard.nth for heard in proxy.heard if heard.fault] == hit


def test_an_outage_goes_on_for_other_operations(proxy: Proxy, connect: Connect) -> None:
    proxy.troubles = (
        Trouble(fault=Fault.EXPIRED, operation="ListLayers", times=None, everywhere=True),
    )
    api = connect("lambda")
    assert api.list_functions()["Functions"] == []
    for method in ("list_layers", "list_functions"):
        with pytest.raises(botocore.exceptions.ClientError, match="ExpiredToken"):
            getattr(api, method)()


def test_a_request_in_chunks_is_handed_on_whole(proxy: Proxy, client: Connect) -> None:
    where = {"LocationConstraint": REGION}
    client("s3").create_bucket(Bucket="ours", CreateBucketConfiguration=where)
    url = client("s3").generate_presigned_url("put_object", OBJECT).split("/ours/")[1]
    request = urllib.request.Request(
        f"{proxy.url}/ours/{url}", iter([b"x" * 10, b"y"]), {"Content-Type": "x/y"}, method="PUT"
    )
    urllib.request.urlopen(request).close()
    stored = client("s3").get_object(**OBJECT)["Body"]
    assert stored.read() == b"x" * 10 + b"y"
    stored.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.TRUNCATED, http.client.IncompleteRead),
        (Fault.RESET_AFTER, ConnectionResetError),
        (Fault.MALFORMED, ValueError),
    ],
)
def test_what_is_broken_is_broken_on_the_wire(
    proxy: Proxy, fault: Fault, error: type[Exception]
) -> None:
    proxy.troubles = (Trouble(fault=fault, operation="ListLayers"),)
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port)
    scope = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/lambda/aws4_request"
    }
    connection.request("GET", "/2018-10-31/layers", headers=scope)
    with pytest.raises(error):
        json.loads(connection.getresponse().read())
    connection.close()


def test_nobody_else_gets_the_port_while_nothing_listens(proxy: Proxy) -> None:
    proxy.vanish()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", proxy.port))
