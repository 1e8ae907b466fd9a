import pytest

from layer_builder.sources.secrets import is_left_out, is_secret


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".ENV",
        "src/.env.production",
        "prod.env",
        ".envrc",
        ".npmrc",
        ".git-credentials",
        ".netrc",
        "_netrc",
        ".pypirc",
        "pip.conf",
        ".aws/credentials",
        "deep/.aws/config",
        ".docker/config.json",
        "deep/.docker/config.json",
        ".dockercfg",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "deploy_rsa",
        "server.pem",
        "server.KEY",
        "server.key",
        "a.p12",
        "a.pfx",
        "a.jks",
        "a.keystore",
        "a.ppk",
        "a.kdbx",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "prod.tfstate",
        "prod.tfvars",
        ".terraformrc",
        ".htpasswd",
        "kubeconfig",
        ".kube/config",
        "prod.kubeconfig",
        "gha-creds-0123456789abcdef.json",
        "my-service-account.json",
        "service_account_key.json",
        "shop-firebase-adminsdk-x1.json",
        "application_default_credentials.json",
        "client_secret_1.apps.json",
        ".vault-token",
        ".ssh/",
        ".ssh/config",
        ".gnupg/",
        ".pgpass",
        ".my.cnf",
        "credentials",
        "credentials.json",
        "secrets.yaml",
        ".bash_history",
        ".config/gh/hosts.yml",
        ".cargo/credentials.toml",
        "kaggle.json",
        ".boto",
        ".s3cfg",
        "a.ovpn",
        "a.keytab",
    ],
)
def test_a_name_of_credentials_is_known(path: str) -> None:
    assert is_secret(path)
    assert is_left_out(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/environment.py",
        "src/credentials/",
        "src/credentials/aws.py",
        "src/secrets.py",
        "src/keys.py",
        "token.py",
        "src/my_rsa/",
        "src/my_rsa/a.py",
        "public.crt",
        "id_rsa.pub",
        "config.json",
        "src/docker/config.json",
        "database.yml",
        ".gitignore",
        ".github/",
        "keyboard.md",
        "monkey",
        "kubeconfig_reader.py",
        "src/aws/credentials.py",
        "history.py",
    ],
)
def test_an_applications_own_files_are_none(path: str) -> None:
    assert not is_left_out(path)


@pytest.mark.parametrize(
    "path", [".git", ".git/", "sub/.GIT/", ".git/config", "__pycache__/", "a.PYC"]
)
def test_clutter_is_left_out_but_no_secret(path: str) -> None:
    assert (is_left_out(path), is_secret(path)) == (True, False)
