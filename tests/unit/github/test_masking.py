import pytest

from layer_builder.github.masking import Workflow, find_masking

ACTION = "aws-actions/configure-aws-credentials"
SHA = "e6de054238d6b7531b4efff3b6587d9aade6a06c"
ROLE = "arn:aws:iam::${{ secrets.AWS_ACCOUNT_ID }}:role/x"
JOB = """\
on: push
jobs:
  layers:
    runs-on: ubuntu-24.04
    outputs: {arns: "${{ steps.layers.outputs.layer-arns }}"}
    steps:
      - uses: actions/checkout@v6
"""


def said(text: str, job: str = "layers") -> list[str]:
    """Give the warning as lines."""
    problem = find_masking(Workflow(file=".github/workflows/x.yml", text=text, job=job))
    return problem.lines() if problem else []


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (f"- uses: {ACTION}@v1", "8:15: configure-aws-credentials v1 masks it unless told not to"),
        (f"- uses: {ACTION}@v2.2.0", "8:15: configure-aws-credentials v2.2.0 masks it"),
        (f"- uses: {ACTION}@v1-node16", "8:15: configure-aws-credentials v1-node16 masks it"),
        (f"- uses: AWS-Actions/configure-aws-credentials@{SHA} # v2", "credentials v2 masks it"),
        (f"- uses: {ACTION}@v2\n        with: {{aws-region: eu-west-1}}", "v2 masks it"),
        (f"- uses: {ACTION}@v6\n        with: {{mask-aws-account-id: true}}", "9:37: mask-aws-"),
        (f'- uses: {ACTION}@v2\n        with: {{mask-aws-account-id: "True"}}', "is true"),
        (f"- uses: {ACTION}@v6\n        with: {{role-to-assume: '{ROLE}'}}",
         "9:33: the secret AWS_ACCOUNT_ID is an account id"),
        ("- run: |\n          echo\n          echo ${{secrets.aws_account_id}}",
         "10:16: the secret aws_account_id is an account id"),
        ("- env: {ID: \"${{ secrets['PROD_AWS_ACCOUNT_ID'] }}\"}", "secret PROD_AWS_ACCOUNT_ID"),
        ("- run: aws x --role arn:aws-cn:iam::${{ secrets.OURS }}:role/x", "secret OURS"),
        ("- run: docker push ${{ secrets.OURS }}.dkr.ecr.eu-west-1.amazonaws.com/x", "secret OURS"),
    ],
)  # fmt: skip
def test_a_masked_account_id_is_found_with_its_place(step: str, why: str) -> None:
    lines = said(f"{JOB}      {step}\n")
    assert lines[0].startswith(".github/workflows/x.yml:")
    assert lines[0].endswith(
        ": the account id is masked here: outputs with ARNs arrive empty in other jobs"
    )
    assert why in lines[1]
    assert lines[-1].startswith("  → or hand the ARNs on without outputs: ssm: in the manifest")


@pytest.mark.parametrize(
    "step",
    [
        f"- uses: {ACTION}@v3",
        f"- uses: {ACTION}@v6.2.3",
        f"- uses: {ACTION}@v10",
        f"- uses: {ACTION}@main",
        f"- uses: {ACTION}@{SHA}",
        f"- uses: {ACTION}@{SHA} # v6.2.3",
        f"- uses: {ACTION}@v2\n        with: {{mask-aws-account-id: false}}",
        f"- uses: {ACTION}@v2\n        with: {{mask-aws-account-id: 'no'}}",
        f"- uses: {ACTION}@v6\n        with: {{mask-aws-account-id: '${{{{ inputs.mask }}}}'}}",
        f"- uses: {ACTION}@v6\n        with: {{role-to-assume: '${{{{ secrets.AWS_ROLE_ARN }}}}'}}",
        f"- uses: {ACTION}@v6\n        with: {{role-to-assume: '{ROLE.replace('secrets', 'vars')}'}}",
        "- run: echo ${{ secrets.CLOUDFLARE_ACCOUNT_ID }} ${{ secrets.GCP_SERVICE_ACCOUNT }}",
        "# - run: echo ${{ secrets.AWS_ACCOUNT_ID }}",
        "- uses: ./own",
        "- [not, a, step]",
    ],
)
def test_what_masks_no_account_id_is_not_warned_of(step: str) -> None:
    assert said(f"{JOB}      {step}\n") == []


def test_only_the_job_that_runs_and_what_is_above_it_counts() -> None:
    other = f"  other:\n    steps:\n      - uses: {ACTION}@v1\n"
    assert said(JOB + other) == []
    assert said(JOB + other, "other") == []  # it hands nothing on
    assert said(JOB + other, "called") == []
    assert "2:" not in said(f"env: {{ROLE: '{ROLE}'}}\n{JOB}")[0]
    assert "x.yml:1:14: the secret" in said(f"env: {{ROLE: '{ROLE}'}}\n{JOB}")[1]


def test_all_places_are_told_at_once_and_each_advice_once() -> None:
    steps = f"      - uses: {ACTION}@v1\n      - uses: {ACTION}@v2\n      - run: echo {ROLE}\n"
    lines = said(JOB + steps)
    assert [line.split(": ")[0].strip() for line in lines[1:4]] == [
        f".github/workflows/x.yml:{place}" for place in ("8:15", "9:15", "10:19")
    ]
    assert len(lines) == 7
    assert lines[5] == "  → make AWS_ACCOUNT_ID a variable: ${{ vars.AWS_ACCOUNT_ID }}"


@pytest.mark.parametrize("text", ["", "a: [", "- 1\n", "jobs: 1\n", "jobs: {layers: 1}\n", "\t"])
def test_what_is_no_workflow_is_passed_over(text: str) -> None:
    assert said(text) == []
