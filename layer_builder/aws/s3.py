"""The bucket for zips that do not go into the request.

API: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html and its neighbours.
"""

import base64
import hashlib
from contextlib import suppress
from typing import Any

import boto3.s3.transfer
import botocore.exceptions

from layer_builder.aws import errors, permissions
from layer_builder.aws.permissions import LAMBDA
from layer_builder.aws.session import Aws
from layer_builder.aws.transport import FAILURES, Client
from layer_builder.errors import AwsError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import INLINE_ZIP_BYTES, Built, S3Mode, StoredObject

_PART_BYTES = 8 * 1024 * 1024


_NOT_FOUND, _FORBIDDEN = 404, 403


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where zips go that do not go into the request; `{region}` in the name is filled in."""

    name: str
    prefix: str = ""

    def key(self, built: Built) -> str:
        """Name the object after its content: the same zip is uploaded once."""
        return f"{self.folder}{built.layer.name}/{built.archive.sha256}.zip"

    @property
    def folder(self) -> str:
        """What all keys begin with: nothing, or a prefix and a slash."""
        return f"{self.prefix.strip('/')}/" if self.prefix.strip("/") else ""

    def name_in(self, region: str) -> str:
        """Name the bucket of a region."""
        return self.name.format(region=region)

    def takes(self, built: Built) -> bool:
        """Tell whether a zip goes through the bucket."""
        is_large = built.archive.weight.zip_bytes > INLINE_ZIP_BYTES
        return is_large or built.layer.delivery.mode is S3Mode.REFERENCE

    def check(self, aws: Aws, *, for_reference: bool) -> None:
        """Raise AwsError when the bucket is missing, in another region, or not ours to use.

        Whether we may write is not among it: S3 has no dry run. With `for_reference` Lambda is to
        keep reading there, which takes versioning, and a policy that lets it.
        """
        name = self.name_in(aws.region)
        with aws.translated(None):
            answer = aws.repeated(lambda: self._s3(aws).head_bucket(Bucket=name))
            # S3 tells the region also to those who asked in another one:
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
            region = answer.get("BucketRegion") or headers.get("x-amz-bucket-region")
        if region and region != aws.region:
            raise AwsError(errors.bucket_elsewhere(name, region, aws.region))
        if for_reference:
            self._require_versioning(aws, name)
            self._require_policy(aws, name)

    def _require_versioning(self, aws: Aws, name: str) -> None:
        with aws.translated(None):
            answer = aws.repeated(lambda: self._s3(aws).get_bucket_versioning(Bucket=name))
        if answer.get("Status") != "Enabled":
            raise AwsError.because(
                f"the S3 bucket {name} keeps no versions",
                details=(f"its versioning is {answer.get('Status') or 'off'}",),
                advice=(
                    "s3: {mode: reference} has Lambda read one version of the object as long as the"
                    " layer version lives: turn versioning on, or take mode: copy",
                    f"aws s3api put-bucket-versioning --bucket {name}"
                    " --versioning-configuration Status=Enabled",
                ),
            )

    def _require_policy(self, aws: Aws, name: str) -> None:
        # Another partition has another prefix, and no call tells the bucket's own ARN:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        resource = f"arn:{aws.partition}:s3:::{name}/{self.folder}*"
        policy = ""
        try:
            with aws.translated(None):
                answer = aws.repeated(lambda: self._s3(aws).get_bucket_policy(Bucket=name))
            policy = answer.get("Policy") or ""
        except AwsError as error:
            if error.code != "NoSuchBucketPolicy":
                raise
        if lacking := permissions.bucket_lacks(policy, resource):
            raise AwsError.because(
                f"the policy of the S3 bucket {name} does not let Lambda read there",
                details=(f"it lacks {' and '.join(lacking)} for {LAMBDA}",),
                advice=(f"add this statement: {permissions.bucket_statement(resource)}",),
            )

    def upload(self, aws: Aws, built: Built) -> None:
        """Put a zip there, unless it is there whole; leaves no parts of an upload behind."""
        if self._head(aws, built) is not None:
            return
        # Parts that a killed run left cost storage until somebody removes them:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
        self._abort(aws, built)
        try:
            aws.repeated(lambda: self._upload(aws, built))
        finally:
            # Also after success: a try without an answer may have begun an upload of its own.
            self._abort(aws, built)

    def _upload(self, aws: Aws, built: Built) -> None:
        if self._head(aws, built) is not None:
            return
        self._s3(aws).upload_file(
            str(built.archive.path),
            self.name_in(aws.region),
            self.key(built),
            ExtraArgs={"ChecksumAlgorithm": "SHA256"},
            Config=boto3.s3.transfer.TransferConfig(
                multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES
            ),
        )

    def _head(self, aws: Aws, built: Built) -> dict[str, Any] | None:
        """Look at the object; None when it is missing, or is not this zip."""
        try:
            answer: dict[str, Any] = aws.repeated(
                lambda: self._s3(aws).head_object(**self._named(aws, built), ChecksumMode="ENABLED")
            )
        except botocore.exceptions.ClientError as error:
            match error.response["ResponseMetadata"]["HTTPStatusCode"]:
                case status if status == _NOT_FOUND:
                    return None
                case status if status == _FORBIDDEN:
                    self._explain(aws, built)
            raise
        if answer.get("ContentLength") != built.archive.weight.zip_bytes:
            return None
        # Of an upload in parts it ends in their number:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
        checksum = str(answer.get("ChecksumSHA256") or "").partition("-")[0]
        # One without says nothing of its bytes: whoever may write to the bucket could have put it.
        return answer if checksum in _checksums(built) else None

    def _explain(self, aws: Aws, built: Built) -> None:
        """Raise AwsError where it is the object's key that may not be used, and not the object.

        An answer to HEAD has no body that says it. With checksums asked for it takes kms:Decrypt,
        without them it does not: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        """
        key = self.key(built)
        with suppress(*FAILURES):
            answer = self._s3(aws).head_object(**self._named(aws, built))
            if str(answer.get("ServerSideEncryption") or "").startswith("aws:kms"):
                raise AwsError(
                    errors.undecipherable(
                        f"s3://{self.name_in(aws.region)}/{key}", str(answer.get("SSEKMSKeyId"))
                    ),
                    code="AccessDenied",
                )

    def _abort(self, aws: Aws, built: Built) -> None:
        """Abort uploads of this very zip: another run that is at one begins anew.

        Where that is not allowed, parts stay until a lifecycle rule of the bucket removes them.
        """
        s3, named = self._s3(aws), self._named(aws, built)
        name, key = named["Bucket"], named["Key"]
        with suppress(*FAILURES):
            answer = aws.repeated(lambda: s3.list_multipart_uploads(Bucket=name, Prefix=key))
            for upload in answer.get("Uploads", ()):
                if upload["Key"] == key:
                    s3.abort_multipart_upload(**named, UploadId=upload["UploadId"])

    def content(self, aws: Aws, built: Built) -> dict[str, Any]:
        """Name an uploaded zip as PublishLayerVersion wants its content.

        By its version, where the bucket has versions: what somebody puts there between this look and
        Lambda's is not taken.
        """
        named = {"S3Bucket": self.name_in(aws.region), "S3Key": self.key(built)}
        answer = self._head(aws, built)
        by_reference = built.layer.delivery.mode is S3Mode.REFERENCE
        version = (answer or {}).get("VersionId")
        if answer is None or (by_reference and not version):
            what = "no version that Lambda could refer to" if by_reference else "not this zip"
            raise AwsError.because(
                f"s3://{named['S3Bucket']}/{named['S3Key']} has {what}",
                layer=built.layer.key,
                advice=("run it again; somebody changed the object, or turned versioning off",),
            )
        # "null" is the version of what was there before versioning:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
        pinned = {"S3ObjectVersion": version} if version and version != "null" else {}
        mode = {"S3ObjectStorageMode": S3Mode.REFERENCE.upper()} if by_reference else {}
        return {**named, **pinned, **mode}

    def remove(self, aws: Aws, built: Built) -> bool:
        """Remove a zip that Lambda has copied; False when it is not there."""
        with aws.translated(built):
            answer = self._head(aws, built)
            if answer is None:
                return False
            # Without its version a versioned bucket would keep the bytes, behind a delete marker:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
            version = {"VersionId": answer["VersionId"]} if answer.get("VersionId") else {}
            aws.repeated(lambda: self._s3(aws).delete_object(**self._named(aws, built), **version))
            return True

    def create(self, aws: Aws) -> None:
        """Create it, in a sandbox: there is nobody else who could."""
        name, s3 = self.name_in(aws.region), self._s3(aws)
        # us-east-1 is the one region that may not be named:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        where = {} if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        extra = {"CreateBucketConfiguration": where} if where else {}
        try:
            s3.create_bucket(Bucket=name, **extra)
        except s3.exceptions.BucketAlreadyOwnedByYou:
            return  # by an earlier region; the check tells that it is elsewhere
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        resource = f"arn:{aws.partition}:s3:::{name}/*"
        s3.put_bucket_policy(Bucket=name, Policy=permissions.bucket_policy(resource))

    def _named(self, aws: Aws, built: Built) -> dict[str, str]:
        return {"Bucket": self.name_in(aws.region), "Key": self.key(built)}

    @staticmethod
    def _s3(aws: Aws) -> Client:
        # botocore repeats parts of an upload by itself; done twice, all of this is done once.
        return aws.client("s3", attempts=5)


def discard(aws: Aws, stored: StoredObject) -> None:
    """Remove one version of an object for good."""
    s3 = aws.client("s3", attempts=5)
    aws.repeated(
        lambda: s3.delete_object(
            Bucket=stored.bucket,
            Key=stored.key,
            VersionId=stored.version,
        )
    )


def _checksums(built: Built) -> set[str]:
    """Give a zip's SHA-256 as S3 tells it: of the whole, or of the checksums of its parts.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    parts = hashlib.sha256()
    with built.archive.path.open("rb") as stream:
        while part := stream.read(_PART_BYTES):
            parts.update(hashlib.sha256(part).digest())
    digests = (bytes.fromhex(built.archive.sha256), parts.digest())
    return {base64.b64encode(digest).decode() for digest in digests}
