"""Imports a handler and calls it, as Lambda's runtime does; run by the target's own Python.

It is a program, not part of ours: the interpreter runs it from its text, together with that of the one
that it imports. By then it is confined. It keeps to the standard library of Python 3.10.
"""

import decimal
import importlib
import json
import logging
import os
import platform
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import Any

from layer_builder.prove.programs.host import Host
from layer_builder.prove.programs.import_modules import Watch, leave_if_forked, teller
from layer_builder.prove.programs.importing import Cache, file_of, set_paths
from layer_builder.runtime.programs.timer import Timer


class FaultError(Exception):
    """What Lambda says of a function that it cannot start, in its own words."""

    def __init__(self, kind: str, text: str) -> None:
        """Keep Lambda's name for it, such as `Runtime.ImportModuleError`."""
        super().__init__(text)
        self.kind = kind


def find_handler(name: str) -> Any:
    """Find a handler by its name as `awslambdaric` does.

    https://github.com/aws/aws-lambda-python-runtime-interface-client/blob/main/awslambdaric/bootstrap.py
    """
    try:
        module, function = name.rsplit(".", 1)
    except ValueError as error:
        text = f"Bad handler '{name}': {error}"
        raise FaultError("Runtime.MalformedHandlerName", text) from error
    if module.split(".")[0] in sys.builtin_module_names:
        text = f"Cannot use built-in module {module} as a handler module"
        raise FaultError("Runtime.BuiltInModuleConflict", text)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        text = f"Unable to import module '{module}': {error}"
        raise FaultError("Runtime.ImportModuleError", text) from error
    except SyntaxError as error:
        text = f"Syntax error in module '{module}': {error}"
        raise FaultError("Runtime.UserCodeSyntaxError", text) from error
    try:
        return getattr(loaded, function)
    except AttributeError as error:
        text = f"Handler '{function}' missing on module '{module}'"
        raise FaultError("Runtime.HandlerNotFound", text) from error


class LambdaContext:
    """What Lambda passes beside the event.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def __init__(self, deadline: float) -> None:
        """Take the time, of `time.monotonic`, when the call has to be over."""
        environ = os.environ
        self.function_name = environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        functions = f"arn:aws:lambda:{environ['AWS_REGION']}:123456789012:function"
        self.invoked_function_arn = f"{functions}:{self.function_name}"
        self.aws_request_id = "00000000-0000-4000-8000-000000000000"
        self.tenant_id = None
        self.client_context = None
        self.identity = type("CognitoIdentity", (), {"cognito_identity_id": None,
                             "cognito_identity_pool_id": None})()  # fmt: skip
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Say how many milliseconds are left."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


def module_of(handler: str) -> str:
    """Name the module that a handler is in."""
    return handler.rpartition(".")[0].replace("/", ".")


def marshal_answer(answer: Any) -> str:
    """Write an answer as the runtime does; raises FaultError for what is no JSON."""
    if isinstance(answer, bytes):
        return json.dumps(answer.decode("utf-8", "replace"))
    try:
        return json.dumps(answer, default=number)
    except Exception as error:
        text = f"Unable to marshal response: {error}"
        raise FaultError("Runtime.MarshalError", text) from error


def number(value: Any) -> Any:
    """Let decimals be numbers, which `json` knows not to write."""
    if isinstance(value, decimal.Decimal):
        return float(value) if value != value.to_integral_value() else int(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def describe(error: BaseException) -> dict[str, Any]:
    """Tell of an error: its text, its lines in files, the module that is missing."""
    cause = error.__cause__ if isinstance(error, FaultError) and error.__cause__ else error
    written: Any = traceback.TracebackException.from_exception(cause)
    text = "".join(without_machinery(written).format())
    frames = [
        [frame.f_code.co_filename, line]
        for frame, line in traceback.walk_tb(cause.__traceback__)
        if not frame.f_code.co_filename.startswith("<")
        and "importlib" not in frame.f_code.co_filename
    ]
    told: dict[str, Any] = {
        "kind": error.kind if isinstance(error, FaultError) else type(error).__name__,
        "text": str(error)[:2000],
        "trace": text[-4000:],
        "frames": frames[-40:],
        "lacks": None,
        "cause": type(cause).__name__,
    }
    if isinstance(cause, ImportError):
        told["lacks"] = [cause.name, getattr(cause, "name_from", None) or name_in(str(cause))]
    if isinstance(cause, SyntaxError):
        told["frames"].append([cause.filename, cause.lineno, cause.offset])
    return told


def without_machinery(written: Any) -> Any:
    """Leave out the lines of this program and of Python's own import."""
    part = written
    while part is not None:
        part.stack[:] = [
            frame
            for frame in part.stack
            if not frame.filename.startswith("<") and "importlib" not in frame.filename
        ]
        part = part.__cause__ or part.__context__
    return written


def name_in(text: str) -> Any:
    """Read the name from `cannot import name 'x' from …`; Python 3.12 has it as `name_from`."""
    begin, _, rest = text.partition("cannot import name '")
    return rest.partition("'")[0] if not begin and rest else None


def own_files(roots: list[str]) -> dict[str, list[str]]:
    """Name the files below each root that loaded modules are from."""
    paths = {file_of(name) for name in list(sys.modules)}
    return {
        root: sorted(path[len(root) + 1 :] for path in paths if path.startswith(root + os.sep))
        for root in roots
    }


def check_sources(paths: list[str], tell: Callable[..., None]) -> None:
    """Compile sources, as this Python reads them; tells of each that it refuses."""
    for path in paths:
        try:
            with open(path, "rb") as file:
                compile(file.read(), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line, column = getattr(error, "lineno", None), getattr(error, "offset", None)
            text = getattr(error, "msg", None) or str(error)
            tell(refused=path, text=text, line=line, column=column)


def import_own(modules: list[str], tell: Callable[..., None], hosts: list[Host]) -> None:
    """Import modules one after another."""
    me = os.getpid()
    for index, name in enumerate(modules):
        tell(begun=index)
        try:
            importlib.import_module(name)
            look_again(hosts, name)
        except BaseException as error:  # SystemExit too: all are answers
            leave_if_forked(me)
            tell(failed=index, **describe(error))
        else:
            leave_if_forked(me)
            tell(imported=index)


def look_again(hosts: list[Host], name: str) -> None:
    """Raise ImportError if a module had a library opened that Lambda and the layers lack."""
    for host in hosts:
        host.look_again(name)


def try_handler(
    orders: dict[str, Any],
    tell: Callable[..., None],
    timer: Timer,
    cache: Cache,
    hosts: list[Host],
) -> None:
    """Import the handler, and call it if there is an event."""
    me, roots = os.getpid(), [orders["opt"], orders["task"]]
    begin = time.perf_counter()
    try:
        handler = find_handler(orders["handler"])
        look_again(hosts, module_of(orders["handler"]))
    except BaseException as error:  # all are answers
        leave_if_forked(me)
        tell(fault="init", **describe(error))
        return
    leave_if_forked(me)
    seconds, loaded = time.perf_counter() - begin, own_files(roots)
    cached = max(0.0, seconds - cache.compiling + cache.reading())
    tell(init=round(cached, 5), source=round(seconds + cache.spared(), 5), modules=timer.count,
         imports=timer.roots, loaded=loaded, memory=memory())  # fmt: skip
    if orders["event"] is None:
        return
    begin = time.perf_counter()
    try:
        context = LambdaContext(time.monotonic() + orders["timeout"])
        answer = marshal_answer(handler(json.loads(orders["event"]), context))
        look_again(hosts, module_of(orders["handler"]))
    except BaseException as error:  # the same
        leave_if_forked(me)
        tell(fault="call", seconds=round(time.perf_counter() - begin, 5), **describe(error))
        return
    leave_if_forked(me)
    tell(answer=answer, seconds=round(time.perf_counter() - begin, 5), memory=memory(),
         loaded=own_files(roots))  # fmt: skip


def memory() -> int:
    """Give the most bytes that were resident, by https://man7.org/linux/man-pages/man2/getrusage.2.html."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Do as the orders say, and end with it."""
    orders = json.loads(sys.stdin.read())
    tell = teller(3, orders["secret"])
    tell(python=platform.python_version())
    try:
        os.chdir(orders["task"])
        root = os.path.join(orders["opt"], "python")
        own = [orders["opt"], orders["task"], *orders["others"], tempfile.gettempdir()]
        beside = [folder + "/lib" for folder in (orders["opt"], orders["task"])]
        beside = list(filter(os.path.isdir, beside))
        hosts = [] if orders["libraries"] is None else [Host(own, orders["libraries"], beside)]
        for host in hosts:
            host.install()
        set_paths(root, orders["others"])
        cache = Cache(root, orders["caches"])
        cache.install()
        # As awslambdaric does: code formats the root's one handler, or removes it.
        logging.basicConfig(stream=sys.stdout, format="[%(levelname)s]\t%(asctime)s\t%(message)s")
        watch = Watch(orders["opt"])
        if orders["watch"]:
            sys.addaudithook(watch)
        timer = Timer()
        timer.install()
        check_sources(orders["sources"], tell)
        if orders["handler"]:
            try_handler(orders, tell, timer, cache, hosts)
        import_own(orders["modules"], tell, hosts)
        if orders["watch"]:
            tell(opened=sorted(watch.opened))
    finally:
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
