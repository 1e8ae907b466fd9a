"""A caller with things to lose: launches the attack confined, and tells what that reached."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from layer_builder.isolation import Policy, launch, prefixes


def main() -> None:
    python, attack, base, required, leave_out = sys.argv[1:]
    os.environ["CANARY"] = "token"
    folder = Path(base, "victim")
    home, cache, own = folder / "home", folder / "cache", Path(base, "own")
    prefix = folder / "prefix"
    opt, task = Path(base, "opt"), Path(base, "task")
    for path in (folder, home, cache, prefix, own, opt, task):
        path.mkdir()
    for name in ("file", "removable", "movable", "command_file"):
        (folder / name).write_text("secret")
    os.mkfifo(folder / "fifo")
    reader = os.open(folder / "fifo", os.O_RDWR | os.O_NONBLOCK)
    tcp = socket.create_server(("127.0.0.1", 0))
    tcp6 = socket.create_server(("::1", 0), family=socket.AF_INET6) if socket.has_ipv6 else tcp
    local, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    local.bind(str(folder / "socket"))
    abstract.bind(f"\0{os.getpid()}-attack")
    for one in (local, abstract):
        one.listen()
    orders = {
        "pid": os.getpid(), "folder": str(folder), "home": str(home), "cache": str(cache),
        "file": str(folder / "file"), "removable": str(folder / "removable"), "movable": str(folder / "movable"),
        "command_file": str(folder / "command_file"), "fifo": str(folder / "fifo"),
        "port": tcp.getsockname()[1], "port6": tcp6.getsockname()[1],
        "socket": str(folder / "socket"), "abstract": f"{os.getpid()}-attack",
        "prefix": str(prefix) if required == "bare" else "", "leave_out": json.loads(leave_out),
    }  # fmt: skip
    at_lambdas = {"/opt": opt, "/var/task": task, "/tmp": own}
    policy = Policy(
        read=(*prefixes(Path(python)), Path(attack), own),
        write=(own,),
        mounts=at_lambdas if required == "mounted" else {},
        required=required in {"yes", "mounted"},
    )
    words = [python, "-I", attack, json.dumps(orders)]
    if required == "bare":
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        done = subprocess.run(words, cwd=own, capture_output=True, check=False)
        print(json.dumps({"reached": json.loads(done.stdout), "error": done.stderr.decode()}))
        return
    confined = launch(words, policy, environ={"HOME": str(own)}, folder=own, stdout=subprocess.PIPE)
    assert confined.process.stdout
    out = confined.process.stdout.read()
    code = confined.wait()
    os.close(reader)
    print(json.dumps({
        "reached": json.loads(out) if out.strip() else None, "code": code,
        "held": confined.isolation.held, "namespaces": confined.isolation.namespaces,
        "landlock": confined.isolation.landlock,
        "command file": (folder / "command_file").read_text(),
        "file": (folder / "file").read_text(),
        "left": sorted(path.name for path in folder.iterdir()),
    }))  # fmt: skip


main()
