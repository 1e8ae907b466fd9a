"""Where a workflow makes a secret of the account id."""

import pytest

from layer_builder import masking

ACCOUNT = "123456789012"
SHA = "e6de054238d6b7531b4efff3b6587d9aade6a06c"


def workflow(uses: str, inputs: str = "{aws-region: eu-west-1}", env: str = "") -> str:
    return (
        "on: push\n"
        "jobs:\n"
        "  other:\n"
        f"    steps: [{{uses: '{masking.LOGIN}@v1'}}]\n"
        "  layers:\n"
        f"    env: {{{env}}}\n"
        "    steps:\n"
        f"      - uses: {masking.LOGIN}@{uses}\n"
        f"        with: {inputs}\n"
    )


@pytest.mark.parametrize(
    ("text", "environ", "line", "why"),
    [
        (workflow("v1"), {}, 8, "masks the account id up to version 2"),
        (workflow("v2.2.0"), {}, 8, "masks the account id up to version 2"),
        (workflow(f"{SHA} # v1.7.0"), {}, 8, "masks the account id up to version 2"),
        (workflow("v2", '{mask-aws-account-id: "true"}'), {}, 9, "mask-aws-account-id is true"),
        (workflow("v6", "{mask-aws-account-id: true}"), {}, 9, "mask-aws-account-id is true"),
        (workflow("v6", '{role-to-assume: "arn:aws:iam::${{ secrets.ACCOUNT }}:role/x"}'), {}, 9,
         "the account id in role-to-assume is a secret"),
        (workflow("v6", env="OURS: '${{ secrets.OUR_ID }}'"), {"OURS": ACCOUNT}, 6,
         "OURS is the secret OUR_ID, and the account id"),
        ("", {"ACCOUNT": "***"}, None, "the variable ACCOUNT is *** here"),
    ],
)  # fmt: skip
def test_what_makes_a_secret_of_the_account_id_is_told_with_its_place(
    text: str, environ: dict[str, str], line: int | None, why: str
) -> None:
    found = masking.find(text, "x.yml", {"GITHUB_JOB": "layers", **environ}, ACCOUNT)
    assert found
    assert (found.place.line if found.place else None) == line
    assert why in found.details[0]
    assert ACCOUNT not in "".join(found.lines())


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("", {}),
        ("{", {}),
        ("on: push", {}),
        (workflow("v3"), {}),
        (workflow("v6"), {}),
        (workflow("v20"), {}),
        (workflow(SHA), {}),
        (workflow(f"1{SHA[1:]} # v6.2.3"), {}),
        (workflow("v2", '{mask-aws-account-id: "false"}'), {}),
        (workflow("v2", "{mask-aws-account-id: '${{ inputs.mask }}'}"), {}),
        (workflow("v6", "{role-to-assume: '${{ secrets.ROLE }}'}"), {}),
        (workflow("v6", "{role-to-assume: 'arn:aws:iam::${{ vars.ACCOUNT }}:role/x'}"), {}),
        (workflow("v6", env="OURS: '${{ vars.OUR_ID }}'"), {"OURS": ACCOUNT}),
        (workflow("v6", env="OURS: '${{ secrets.OTHER }}'"), {"OURS": "x"}),
    ],
)
def test_nothing_is_told_where_nothing_shows_it(text: str, environ: dict[str, str]) -> None:
    assert masking.find(text, "x.yml", {"GITHUB_JOB": "layers", **environ}, ACCOUNT) is None
