"""The environment variables that Lambda gives a function."""

from layer_builder.model import Stack

REGION = "us-east-1"
"""For code that asks; nothing is sent there."""


def lambda_variables(stack: Stack, *, task: str, opt: str, temporary: str) -> dict[str, str]:
    """Give the variables of a function, its own over Lambda's; credentials are not among them.

    `task`, `opt` and `temporary` are the paths of /var/task, /opt and /tmp, which a system without
    mounts has elsewhere. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    name = stack.function_name or stack.key
    settings = stack.settings
    handler = settings.handler.text if settings.handler else "none.none"
    reserved = {
        "_HANDLER": handler,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{stack.target.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "1970/01/01/[$LATEST]00000000000000000000000000000000",
        "AWS_REGION": REGION,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": task,
    }
    usual = {
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": ":".join(
            (
                *("/var/lang/lib", "/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib"),
                *(task, f"{task}/lib", f"{opt}/lib"),
            )
        ),
        "PATH": f"/var/lang/bin:/usr/local/bin:/usr/bin:/bin:{opt}/bin",
        "PYTHONPATH": "/var/runtime",
        "TZ": ":UTC",
        **({} if temporary == "/tmp" else {"TMPDIR": temporary}),  # noqa: S108 (Lambda's own)
    }
    return {**usual, **dict(settings.environment or ()), **reserved}
