import os
import socket
import subprocess
import sys

import boto3
import pytest

REACHED = "a unit test reached for the world"


def test_a_process_cannot_be_started() -> None:
    with pytest.raises(AssertionError, match=REACHED):
        subprocess.run([sys.executable, "-c", ""], check=False)
    with pytest.raises(AssertionError, match=REACHED):
        os.system("true")


def test_a_socket_cannot_be_connected() -> None:
    with socket.socket() as plain, pytest.raises(AssertionError, match=REACHED):
        plain.connect(("127.0.0.1", 9))
    with pytest.raises(AssertionError, match=REACHED):
        socket.create_connection(("127.0.0.1", 9))


def test_aws_cannot_be_called() -> None:
    client = boto3.client(
        "sts", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with pytest.raises(AssertionError, match=REACHED):
        client.get_caller_identity()
