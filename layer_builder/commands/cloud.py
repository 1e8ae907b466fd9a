"""AWS as the story gets it, the real one or the sandbox; loaded only by runs that call it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from layer_builder.archive.output_dir import OutputDir
from layer_builder.attach import preflight
from layer_builder.aws import sandbox as rehearsal
from layer_builder.aws import session
from layer_builder.aws.catalog import Catalog
from layer_builder.aws.functions import LambdaFunctions
from layer_builder.aws.layer_versions import LayerVersions, Policies
from layer_builder.aws.s3 import Bucket
from layer_builder.aws.ssm import Parameters
from layer_builder.inputs import Inputs
from layer_builder.model.stack import Stack
from layer_builder.publish import region_state

_SANDBOX_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Reaches regions, as the inputs say."""

    default_regions: tuple[str, ...]
    """Where to publish when neither input nor manifest says."""
    is_sandbox: bool
    bucket: Bucket | None

    @classmethod
    def of(cls, asked: Inputs) -> "Cloud":
        """Ask the caller's environment and AWS profile for a region, before a sandbox hides them."""
        named = session.default_region() or (_SANDBOX_REGION if asked.sandbox else None)
        return cls(
            default_regions=(named,) if named else (),
            is_sandbox=asked.sandbox,
            bucket=Bucket(name=asked.s3_bucket, prefix=asked.s3_prefix)
            if asked.s3_bucket
            else None,
        )

    def entered(self) -> AbstractContextManager[None]:
        """Answer all calls of this process from the sandbox, as long as the context lasts."""
        return session.sandbox()

    def connect(self, region: str) -> region_state.Region:
        """Reach what publishing needs of a region."""
        reached = session.Aws(region, paced=not self.is_sandbox)
        if self.is_sandbox and self.bucket:
            self.bucket.create(reached)
        return region_state.Region(
            name=region,
            versions=LayerVersions(reached, self.bucket),
            policies=Policies(reached),
            parameters=Parameters(reached),
            catalog=Catalog(reached),
        )

    def reach(self, region: str) -> preflight.Region:
        """Reach what attaching needs of a region."""
        reached = session.Aws(region, paced=not self.is_sandbox)
        return preflight.Region(
            name=region, catalog=Catalog(reached), functions=LambdaFunctions(reached)
        )

    def seed(self, region: str, stacks: Sequence[Stack], output_dir: OutputDir) -> None:
        """Make up functions and layers in a region of the sandbox."""
        rehearsal.seed(session.Aws(region, paced=False), stacks, output_dir)
