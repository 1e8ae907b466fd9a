"""Which authorities are trusted: those that the caller's variables name, else the system's.

Each library reads a variable of its own, and has authorities of its own where it finds none:

- uv and OpenSSL: `SSL_CERT_FILE` (https://docs.astral.sh/uv/concepts/authentication/certificates/,
  https://docs.openssl.org/master/man3/SSL_CTX_load_verify_locations/);
- requests, which GitHub's API is asked with: `REQUESTS_CA_BUNDLE`, then `CURL_CA_BUNDLE`
  (https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification);
- botocore: `AWS_CA_BUNDLE`, then `ca_bundle` of the profile, then `REQUESTS_CA_BUNDLE`
  (https://github.com/boto/botocore/blob/develop/botocore/args.py);
- pip: `PIP_CERT`, then what requests reads; git: `GIT_SSL_CAINFO`.

Behind a proxy that looks into TLS each would need the same file. So whoever sets one has set all.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from layer_builder.errors import ManifestError, shortened

NAMING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
"""Variables that name a file of authorities; the first that is set is taken for the others."""

_FILLED = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""These two are enough: one of them is read by each, after what is more its own."""

# Of Debian, Fedora and Amazon Linux, RHEL, SUSE, Alpine: https://go.dev/src/crypto/x509/root_linux.go
SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def trust(environ: Mapping[str, str]) -> dict[str, str]:
    """Have every library of this process trust the same authorities; gives the environment so.

    Raises ManifestError where a variable names a file that is not there: it would be passed over by
    some, and others would be trusted than was meant.
    """
    added = certificate_variables(environ, system_file())
    # boto3, requests and urllib read the process's own environment.
    os.environ.update(added)
    return {**environ, **added}


def certificate_variables(environ: Mapping[str, str], system: str) -> dict[str, str]:
    """Say which variables to set besides, by what the caller has set. Raises ManifestError."""
    named = {name: environ[name] for name in NAMING if environ.get(name)}
    for name, path in named.items():
        if not Path(path).exists():
            raise ManifestError.because(
                f"the environment variable {name} is {shortened(path)}, and nothing is there",
                advice=("it names a PEM file with the authorities to trust; or unset it",),
            )
    files = [path for path in named.values() if not Path(path).is_dir()]
    chosen = files[0] if files else system
    # A folder of certificates, which only some of them read, stays what the caller said of it.
    lacking = [name for name in _FILLED if name not in named]
    if environ.get("SSL_CERT_DIR") and not files:
        lacking = [name for name in lacking if name != "SSL_CERT_FILE"]
    added = dict.fromkeys(lacking, chosen) if chosen else {}
    if files and not environ.get("GIT_SSL_CAINFO"):
        # Of itself git goes by the system's, or by what its configuration says.
        added["GIT_SSL_CAINFO"] = chosen
    return added


def system_file() -> str:
    """Find the file in which this system keeps the authorities that it trusts; empty for none."""
    return next((path for path in SYSTEM_FILES if Path(path).is_file()), "")
