"""A function that would die in Lambda is refused before anything is written to AWS."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..conftest import REPOSITORY
from .conftest import APP, HEAD, MANIFEST, SHOP, Write

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Versions: TypeAlias = Callable[..., list[str]]

TWO_LAYERS = (
    HEAD
    + """layers:
  code: {include: {from: src/, to: python/}}
  deps: {packages: [fabric]}
functions:
  api: {layers: [code], code: api/, handler: app.handler}
  other: {layers: [deps]}
"""
)
RULES = """from pathlib import Path


def rules():
    return Path(__file__).with_name("READ" + "ME").with_suffix(".txt").read_text()
"""
WITH_DEPS = MANIFEST.replace(
    "functions:", "  deps: {packages: [fabric], prune: aggressive}\nfunctions:"
)
BROKEN = {
    "a module that no layer has": (
        {"src/shop.py": "import nowhere\n" + SHOP},
        "src/shop.py:1: function api: Runtime.ImportModuleError: Unable to import module 'app': No"
        " module named 'nowhere'",
        "    none of its layers (code) has nowhere; no layer of the manifest has it",
        {},
    ),
    "a module that only another function's layer has": (
        {"layers.yml": TWO_LAYERS, "api/app.py": "import fabric\n" + APP},
        "api/app.py:1: function api: Runtime.ImportModuleError: Unable to import module 'app': No"
        " module named 'fabric'",
        "    none of its layers (code) has fabric; deps has it",
        {"layers.yml": TWO_LAYERS.replace("layers: [code]", "layers: [code, deps]")},
    ),
    "a name that an older copy in an upper layer does not have": (
        {
            "layers.yml": HEAD + "layers:\n  code: {include: {from: src/, to: python/}}\n"
            "  upper: {include: {from: old/, to: python/lib/python3.11/site-packages/}}\n"
            "functions:\n  api: {layers: [code, upper], code: api/, handler: app.handler}\n",
            "old/shop.py": "OLD = True\n",
            "api/app.py": "from shop import greet\n" + APP,
        },
        "api/app.py:1: function api: Runtime.ImportModuleError: Unable to import module 'app': cannot"
        " import name 'greet' from 'shop'",
        "    shop is in code, without greet",
        {"old/shop.py": SHOP},
    ),
    "a handler's wrong name": (
        {"layers.yml": MANIFEST.replace("app.handler", "app.handle")},
        "layers.yml:10:14: function api: Runtime.HandlerNotFound: Handler 'handle' missing on module"
        " 'app'",
        "  → nothing was published",
        {"layers.yml": MANIFEST},
    ),
    "a handler that lies in a sub-folder": (
        {"layers.yml": MANIFEST.replace("code: api/", "code: {from: api/, to: api/}")},
        "layers.yml:10:14: function api: Runtime.ImportModuleError: Unable to import module 'app': No"
        " module named 'app'",
        "    none of its layers (code) has app; no layer of the manifest has it",
        {"layers.yml": MANIFEST.replace("code: api/", "code: {from: api/, to: api/}")
         .replace("app.handler", "api/app.handler")},
    ),
    "a data file that was pruned, and that only a call reads": (
        {
            "layers.yml": WITH_DEPS.replace("layers: [code]", "layers: [deps, code]"),
            "api/app.py": APP.replace("    return", "    import fabric\n    fabric.rules()\n    return"),
        },
        "api/app.py:6: function api: event events/one.json: FileNotFoundError: [Errno 2] No such file or"
        " directory: '/opt/python/fabric/README.txt'; on the unpruned layers it works",
        "    it opened python/fabric/README.txt, which was removed",
        {"layers.yml": WITH_DEPS.replace("layers: [code]", "layers: [deps, code]")
         .replace("prune: aggressive", 'prune: aggressive, keep: ["fabric/README.txt"]')},
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fabric(add_wheel: Add) -> None:
    add_wheel("fabric", "1.0", {"fabric/__init__.py": RULES, "fabric/README.txt": "soft"})


@pytest.mark.parametrize("what", BROKEN)
def test_what_would_die_in_lambda_is_refused(
    run: Run, write: Write, versions: Versions, what: str
) -> None:
    files, headline, detail, mended = BROKEN[what]
    write(files)
    done = run("publish")
    assert done.returncode == 4, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith(f"error: {headline}")
    assert f"{detail}\n" in done.stderr
    assert "  → nothing was published\n" in done.stderr
    assert versions() == []
    write({**files, **(mended or {"src/shop.py": SHOP})})
    again = run("publish")
    assert again.returncode == 0, again.stderr
    assert versions() != []


def test_what_a_function_shows_is_in_the_report(
    run: Run, write: Write, proof: Callable[[], dict[str, Any]]
) -> None:
    manifest = MANIFEST.replace(
        "    events: events/*.json\n",
        "    events:\n      - events/*.json\n"
        "      - {event: {name: 1.5}, expect: {statusCode: 200, body: Hello 1.5}}\n",
    )
    write({"layers.yml": manifest})
    done = run("build")
    assert done.returncode == 0, done.stderr
    shown = proof()
    assert [(item["name"], item["verdict"]) for item in shown["events"]] == [
        ("events/one.json", "answered"), ("#2", "answered"),
    ]  # fmt: skip
    assert json.loads(shown["events"][0]["answer"]) == {"statusCode": 200, "body": "Hello Ann"}
    assert shown["own_modules"] == ["shop"]
    assert shown["isolated"] == ["files", "network", "processes"]
    assert shown["init_seconds"]["source"] > 0 < shown["init_seconds"]["bytecode"]
    assert shown["memory_bytes"] > 1_000_000
    assert "api: app.handler imported" in done.stderr


def test_an_answer_other_than_expected_is_refused(run: Run, write: Write) -> None:
    write({"layers.yml": MANIFEST.replace(
        "events: events/*.json", "events: [{event: {name: Ann}, expect: {statusCode: 404, x: 1}}]"
    )})  # fmt: skip
    done = run("build")
    assert done.returncode == 4
    assert "function api: event #1: answered otherwise than expected\n" in done.stderr
    assert "    statusCode: 404 was expected, the answer has 200\n" in done.stderr
    assert "    x: 1 was expected, the answer has no such key\n" in done.stderr


HOSTILE = {
    "hangs": ("    import time\n    time.sleep(60)\n", "timed out after 1 s (Sandbox.Timedout)"),
    "exits": ("    import os\n    os._exit(0)\n", "(Runtime.ExitError)"),
    "leaves": ("    raise SystemExit(3)\n", "SystemExit: 3"),
    "forks and returns": (
        "    import os\n    if os.fork() == 0:\n        return {'child': True}\n"
        "    os.wait()\n    raise ValueError('parent')\n",
        "ValueError: parent",
    ),
    "prints commands": (
        "    print('::set-output name=x::y')\n    print('::error::forged')\n    raise ValueError('no')\n",
        "ValueError: no",
    ),
    "writes to /opt": (
        "    open(shop.__file__, 'a').write('x')\n",
        "PermissionError: [Errno 13] Permission denied",
    ),
    "writes to its layer where the build has it": (
        "    import os\n    for folder, _, names in os.walk('/tmp'):\n"
        "        for name in names:\n            if name == 'shop.py':\n"
        "                open(os.path.join(folder, name), 'a')\n",
        "OSError: [Errno 30] Read-only file system",
    ),
    "reads credentials": (
        "    import os\n    env = open(f'/proc/{os.getppid()}/environ').read()\n"
        "    return {'env': env}\n",
        "Error",
    ),
    "has no JSON": ("    return {1, 2}\n", "Runtime.MarshalError: Unable to marshal response"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_handler_gets_nothing_and_costs_its_own_time(
    run: Run, write: Write, workspace: Path, what: str
) -> None:
    body, words = HOSTILE[what]
    write({
        "layers.yml": MANIFEST + "    timeout: 1\n",
        "api/app.py": "import shop\n\n\ndef handler(event, context):\n" + body,
    })  # fmt: skip
    # Below /tmp, where a function may write, and not in memory.
    env = {"AWS_SECRET_ACCESS_KEY": "canary", "GITHUB_ACTIONS": "true", "TMPDIR": "/tmp"}
    done = run("build", env=env)
    assert done.returncode == 4, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert words in said
    assert "canary" not in said
    assert not any(
        line.startswith(("::set-output", "::error::forged")) for line in said.splitlines()
    )
    assert "canary" not in (workspace / "dist/layers/report.json").read_text()


def test_a_test_command_is_run_on_the_layers(run: Run, write: Write, add_wheel: Add) -> None:
    add_wheel(
        "checker",
        "1.0",
        {"checker.py": "import sys\n\n\ndef main(name):\n    sys.exit(name != 'Hello x')\n"},
    )
    settings = (
        "    test-command: python check.py\n    test-requires: checker\n"
        "    test-sources: {from: tests/api/, to: ./}\n"
    )
    check = "import app, checker\nchecker.main(app.handler({'name': 'x'}, None)['body'])\n"
    write({"layers.yml": MANIFEST + settings, "tests/api/check.py": check})
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "api: test-command ended with 0: python check.py\n" in done.stderr
    write({"layers.yml": MANIFEST + settings, "tests/api/check.py": check.replace("'x'", "'y'")})
    done = run("build")
    assert done.returncode == 4
    assert "test-command 'python check.py' ended the interpreter with exit code 1\n" in done.stderr


def test_a_function_may_be_proven_alone(run: Run, write: Write) -> None:
    write(
        {"layers.yml": MANIFEST + "  broken: {layers: [code], code: api/, handler: app.nothing}\n"}
    )
    done = run("prove", "api")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "api: 1 module of the workspace imported\napi: app.handler imported"
    )
    assert run("prove").returncode == 4
    unknown = run("prove", "apo")
    assert unknown.returncode == 2
    assert "there is no function 'apo'" in unknown.stderr


def test_events_that_are_not_there_are_a_mistake(run: Run, write: Write) -> None:
    write({"layers.yml": MANIFEST.replace("events/*.json", "[events/two.json, events/bad.json]"),
           "events/bad.json": "{"})  # fmt: skip
    done = run("build")
    assert done.returncode == 2
    assert "layers.yml:11:14: function api: there is no event at events/two.json\n" in done.stderr
    assert "layers.yml:11:31: event events/bad.json cannot be read: " in done.stderr


def test_nothing_is_proven_twice(run: Run, write: Write, workspace: Path) -> None:
    known = {
        "LAYER_BUILDER_NO_CACHE": None,
        "LAYER_BUILDER_CACHE_DIR": str(workspace.parent / "kept"),
    }
    earlier = "api: an earlier run proved it, with the same zips, code and events\n"
    write({})
    assert earlier not in run("build", env=known).stderr
    again = run("build", env=known)
    assert again.returncode == 0
    assert earlier in again.stderr
    assert "api: app.handler imported" in again.stderr
    for changed in (
        {"events/one.json": '{"name": "Bob"}'},
        {"api/app.py": APP + "\n# changed\n"},
        {"src/shop.py": SHOP + "\n# changed\n"},
        {"layers.yml": MANIFEST + "    environment: {NAME: x}\n"},
    ):
        write(changed)
        assert earlier not in run("build", env=known).stderr
    write({"events/one.json": '{"no": "name"}'})
    assert [run("build", env=known).returncode for _ in range(2)] == [4, 4]
    for note in (workspace.parent / "kept" / "functions").iterdir():
        note.write_bytes(note.read_bytes().replace(b"Hello Ann", b"Hello Eve"))
    write({})
    assert earlier not in run("build", env=known).stderr


def test_where_all_is_proven_no_zip_is_unpacked(run: Run, write: Write, workspace: Path) -> None:
    write({})
    trap = workspace.parent / "trap"
    trap.mkdir()
    (trap / "sitecustomize.py").write_text(
        "import os\n"
        "from layer_builder.builder import scheduler\n"
        "scheduler.extract_zip = lambda *_: os._exit(99)\n"
    )
    known = {
        "LAYER_BUILDER_NO_CACHE": None,
        "LAYER_BUILDER_CACHE_DIR": str(workspace.parent / "kept"),
    }
    trapped = {**known, "PYTHONPATH": f"{trap}{os.pathsep}{REPOSITORY}"}
    assert run("build", env=known).returncode == 0
    done = run("build", env=trapped)
    assert done.returncode == 0, done.stderr
    assert "api: an earlier run proved it" in done.stderr
    write({"events/one.json": '{"name": "Bob"}'})
    assert run("build", env=trapped).returncode == 99


def test_what_may_be_in_a_layer_of_others_is_not_proven(
    run: Run, write: Write, workspace: Path
) -> None:
    others = "external: [{arn: 'arn:aws:lambda:eu-west-1:123456789012:layer:x:1', unzipped: 1 MiB}]"
    write({"layers.yml": MANIFEST + f"    {others}\n", "api/app.py": "import theirs\n" + APP})
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert (
        "No module named 'theirs'; not proven: it may be in"
        " arn:aws:lambda:eu-west-1:123456789012:layer:x:1, which is not here\n"
    ) in done.stderr
    (function,) = json.loads((workspace / "dist/layers/report.json").read_text())["functions"]
    assert function["proof"] is None
    assert "not proven in this run" in (workspace / "dist/layers/report.md").read_text()
