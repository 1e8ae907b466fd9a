"""What a function may do in Lambda, it may do where it is proven."""

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from .conftest import APP, MANIFEST, Write

Run: TypeAlias = Callable[..., CompletedProcess[str]]

BODIES = {
    "copies a file with its mode": "import shutil; shutil.copy(__file__, '/tmp/copy.py')",
    "copies a folder with its dates": "import shutil; shutil.copytree('/var/task', '/tmp/all')",
    "unpacks an archive": (
        "import shutil;"
        " shutil.unpack_archive(shutil.make_archive('/tmp/x', 'gztar', '/opt/python'), '/tmp/y')"
    ),
    "makes a file of 500 MiB": "open('/tmp/large', 'wb').truncate(500 << 20)",
    "formats what it logs": (
        "import logging; root = logging.getLogger(); root.setLevel('INFO');"
        " root.handlers[0].setFormatter(logging.Formatter('%(message)s')); root.info('hello')"
    ),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_handler_may_do_what_it_may_in_lambda(run: Run, write: Write, body: str) -> None:
    write({"api/app.py": APP.replace("    return", f"    {body}\n    return")})
    done = run("build")
    assert done.returncode == 0, done.stderr


def test_a_test_command_may_do_what_a_handler_may(run: Run, write: Write) -> None:
    command = (
        "import shutil; shutil.copy('/opt/python/shop.py', 'x'); open('y', 'w').truncate(500 << 20)"
    )
    write({"layers.yml": MANIFEST + f'    test-command: python -c "{command}"\n'})
    done = run("build")
    assert done.returncode == 0, done.stderr
