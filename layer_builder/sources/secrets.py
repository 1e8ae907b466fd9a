"""Files that hold credentials, by their names: none of them goes into a layer.

A layer can be read by all who may use it. The names are those that scanners for secrets look for:
gitrob's signatures (https://github.com/michenriksen/gitrob/blob/master/core/signatures.go), the
paths in gitleaks' rules (https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml),
and those in the documentation of the tools that write them. Left out of these: names that
applications have for files of their own, such as `database.yml`, and public keys.
"""

from pathlib import PurePosixPath

from layer_builder.patterns import PathPatterns

NEVER_INCLUDED = (
    ".git", ".hg/", ".svn/", ".venv/", "venv/", "__pycache__/", "*.pyc", "*.pyo", ".ds_store",
    ".mypy_cache/", ".pytest_cache/", ".ruff_cache/", ".tox/", "node_modules/",
)  # fmt: skip
"""Left out of every include: of no use in a layer. `.git` may be a file, of a submodule."""


_ENVIRONMENTS = (
    ".env", ".env.*", "*.env", ".envrc", ".flaskenv", ".dev.vars", "secrets.yml", "secrets.yaml",
    "secrets.json", "secrets.toml", ".secrets", "credentials", "credentials.yml", "credentials.yaml",
    "credentials.json", "credentials.xml", "credentials.csv", ".credentials", "accesskeys.csv",
    "*_accesskeys.csv", "rootkey.csv",
)  # fmt: skip


_KEYS = (
    "*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.pkcs12", "*.jks", "*.keystore", "*.bks", "*.ppk",
    "*.keychain", "*.keychain-db", "*.kdb", "*.kdbx", "*.agilekeychain", "*.ovpn", "*.tblk", "*.keytab",
    "krb5cc_*", "id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "*_rsa",
    "*_dsa", "*_ecdsa", "*_ed25519", "secring.*", "wallet.dat", "*.mobileprovision", "*.fve", "*.bek",
    "*.pse", "*.cscfg", "otr.private_key", ".credentials_rsaparams",
)  # fmt: skip


_CLOUDS = (
    ".boto", ".s3cfg", ".passwd-s3fs", "gha-creds-*.json", "application_default_credentials.json",
    "*service-account*.json", "*service_account*.json", "*serviceaccount*.json", "client_secret*.json",
    "*-firebase-adminsdk-*.json", "*.publishsettings", "azureprofile.json", "accesstokens.json",
    "msal_token_cache.*", "terraform.tfstate*", "*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json",
    ".terraformrc", "terraform.rc", "credentials.tfrc.json", ".vault-token", ".vault_pass*",
    "vault_pass*.txt", "kubeconfig", "kubeconfig.yml", "kubeconfig.yaml", "*.kubeconfig", ".dockercfg",
    ".dockerconfigjson", ".serverlessrc", ".modal.toml", ".databrickscfg", "kaggle.json",
)  # fmt: skip


_TOOLS = (
    ".netrc", "_netrc", ".pypirc", "pip.conf", "pip.ini", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmrc",
    "nuget.config", ".git-credentials", ".gitconfig", ".hgrc", ".htpasswd", ".htdigest", ".pgpass",
    "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".mongorc.js", ".rediscli_auth", ".fetchmailrc", ".muttrc",
    ".msmtprc", ".esmtprc", "rclone.conf", ".smbcredentials", ".ftpconfig", ".ftppass", "sftp-config.json",
    ".remote-sync.json", "filezilla.xml", "recentservers.xml", "sitemanager.xml", "winscp.ini", "*.rdp",
    ".*_history", ".*history", "proftpdpasswd", "jenkins.plugins.publish_over_ssh.*.xml", "key3.db",
    "key4.db", "signons.sqlite", "cookies.sqlite", ".wgetrc", ".curlrc",
)  # fmt: skip


_ALL_NAMES = frozenset((*_ENVIRONMENTS, *_KEYS, *_CLOUDS, *_TOOLS))
_NAME_PATTERNS = frozenset(name for name in _ALL_NAMES if "*" in name)
_NAMES = _ALL_NAMES - _NAME_PATTERNS
_SECRET_NAMES = PathPatterns(sorted(_NAME_PATTERNS))


_SECRET_PATHS = PathPatterns(
    f"**/{path}"
    for path in (
        ".ssh/", ".gnupg/", ".password-store/", ".aws/", ".azure/", ".config/gcloud/", ".gcloud/", ".oci/",
        ".aliyun/", ".chef/", ".kube/", ".docker/config.json", ".config/containers/auth.json",
        ".config/gh/", ".config/hub", ".config/glab-cli/", ".config/git/credentials", ".config/configstore/",
        ".netlify/config.json", ".fly/config.yml", ".pulumi/credentials.json", ".terraform.d/", ".snowsql/",
        ".gem/credentials", ".bundle/config", ".cargo/credentials*", ".composer/auth.json",
        ".m2/settings*.xml", ".remmina/", ".kaggle/", ".huggingface/token", ".cache/huggingface/token",
    )
)  # fmt: skip


_NEVER = PathPatterns(NEVER_INCLUDED)


def is_secret(path: str) -> bool:
    """Tell whether a file or folder (with a slash at its end) is known to hold credentials.

    Case does not count, as on the file systems that many laptops have.

    >>> is_secret("src/server.KEY"), is_secret("src/credentials/"), is_secret("src/.ssh/")
    (True, False, True)
    """
    lower = path.lower()
    name = "" if path.endswith("/") else PurePosixPath(lower).name
    return _SECRET_PATHS.matches(lower) or name in _NAMES or _SECRET_NAMES.matches(name)


def is_left_out(path: str) -> bool:
    """Tell whether a file or folder (with a slash at its end) goes into no layer."""
    return _NEVER.matches(path.lower()) or is_secret(path)
