"""What tracebacks of real packages say that they lack."""

import pytest

from layer_builder.prove.reasons import error_lines, likely_reason

FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n'
NOT_THERE = ": cannot open shared object file: No such file or directory"
BY = ", which neither Lambda nor the layer has"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (f"ImportError: libodbc.so.2{NOT_THERE}", f"it needs the shared library libodbc.so.2{BY}"),
        (
            "ImportError: failed to find libmagic.  Check your installation",
            f"it needs the shared library libmagic{BY}",
        ),
        (
            "ImportError: no pq wrapper available.\nAttempts made:\n- couldn't import psycopg 'c'"
            " implementation: No module named 'psycopg_c'\n- couldn't import psycopg 'python'"
            " implementation: libpq library not found",
            f"it needs the shared library libpq{BY}",
        ),
        (
            f"OSError: libgobject-2.0-0{NOT_THERE}.  Additionally, ctypes.util.find_library() did not"
            " manage to locate a library called 'libgobject-2.0-0'",
            f"it needs the shared library libgobject-2.0-0{BY}",
        ),
        (
            "ImportError: Failed to initialize: Bad git executable.\nThe git executable must be specified in one of the"
            " following ways:\n\nExample:\n    export GIT_PYTHON_REFRESH=quiet",
            f"it needs the program git{BY}",
        ),
        (
            '  File "/usr/lib/subprocess.py", line 1\n'
            "FileNotFoundError: [Errno 2] No such file or directory: 'gs'",
            f"it needs the program gs{BY}",
        ),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'notes.txt'", ""),
        (
            "django.core.exceptions.ImproperlyConfigured: Requested setting X, but settings are not"
            " configured. You must either define the environment variable DJANGO_SETTINGS_MODULE or",
            "it needs the environment variable DJANGO_SETTINGS_MODULE; a proof has none",
        ),
        ("KeyError: 'Name'", ""),
        (
            "ModuleNotFoundError: No module named 'psycopg_c.pq'",
            "it needs the module psycopg_c.pq, which nothing in the layer or below it brings;"
            " psycopg[c] asks for it",
        ),
        (
            "ModuleNotFoundError: No module named 'yaml'",
            "it needs the module yaml, which nothing in the layer or below it brings",
        ),
        ("ended the interpreter with exit code 3", ""),
        ("", ""),
    ],
)
def test_the_reason_is_read_from_the_error(error: str, reason: str) -> None:
    assert likely_reason(FRAMES + error, {"psycopg-c": "psycopg[c]"}) == reason


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (f"{FRAMES}ValueError: no", ("ValueError: no",)),
        (f"{FRAMES}ValueError: no\n  more\nlast", ("ValueError: no", "last")),
        (f"{FRAMES}demo.Strange", ("demo.Strange",)),
        ("was not imported within 5 s", ("was not imported within 5 s",)),
        ("", ("",)),
    ],
)
def test_the_lines_that_say_it_are_the_errors_own_and_the_last(
    error: str, lines: tuple[str, ...]
) -> None:
    assert error_lines(error) == lines


def test_a_library_that_only_this_machine_lacks_is_told_apart() -> None:
    error = f"{FRAMES}ImportError: libcrypt.so.2{NOT_THERE}"
    assert likely_reason(error, {}, {"libcrypt.so.2"}).endswith("Lambda has and this machine lacks")
