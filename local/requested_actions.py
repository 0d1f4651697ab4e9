"""Reads which IAM actions a request to AWS needs, and on which resources.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import io
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from local.names import ACCOUNT, REGION, STACK

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

type RequestedAction = tuple[str, ...]
"""An action and its resource, and of an event to send its source."""

_SIGNED = re.compile(r"Credential=([^/]+)/\d+/[^/]*/([^/]+)/aws4_request")
_CALL = re.compile(r"/2015-03-31/functions/(.+)/invocations")
_RESOURCE_FIELDS = ("stateMachineArn", "executionArn", "TopicArn")


def signer(environ: "WSGIEnvironment") -> tuple[str, str]:
    """Return whose key signed a request, and for which service; both are empty when it is not signed."""
    signature = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (signature[1], signature[2]) if signature else ("", "")


def requested_actions(environ: "WSGIEnvironment", service: str, stack: str = STACK) -> list[RequestedAction]:
    """Return what must be allowed for a request; a request that is not understood needs an action that no role has."""
    if service == "s3":
        return _of_s3(environ)
    if service == "lambda":
        return _of_lambda(environ)
    fields, action = _fields(environ)
    if service == "events":
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
        return [(f"events:{action}", bus, entry["Source"]) for entry in fields.get("Entries", [{"Source": ""}])]
    return [(f"{service}:{action}", resource) for resource in _resources(service, fields, stack)]


def _of_s3(environ: "WSGIEnvironment") -> list[RequestedAction]:
    bucket, _, key = unquote(environ["PATH_INFO"].encode("latin-1").decode()).lstrip("/").partition("/")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    method = environ["REQUEST_METHOD"]
    arn = f"arn:aws:s3:::{bucket}"
    if not key:
        return [("s3:ListBucket" if method == "GET" and "list-type" in query else f"s3:{method}-of-a-bucket", arn)]
    actions = {
        "GET": ["s3:GetObjectVersion" if "versionId" in query else "s3:GetObject"],
        "HEAD": ["s3:GetObjectVersion" if "versionId" in query else "s3:GetObject"],
        # A conditional write also needs the right to read:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        "PUT": ["s3:PutObject", *(["s3:GetObject"] if "HTTP_IF_MATCH" in environ else [])],
        "POST": ["s3:PutObject"],
        "DELETE": ["s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"],
    }
    return [(action, f"{arn}/{key}") for action in actions.get(method, [f"s3:{method}-of-an-object"])]


def _fields(environ: "WSGIEnvironment") -> tuple[Mapping[str, Any], str]:
    """Read the fields and the action of a request by the JSON or the query protocol."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)  # so that the application can read it again
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return json.loads(body or b"{}"), target.rpartition(".")[2]
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return form, form.get("Action", "unknown")


def _of_lambda(environ: "WSGIEnvironment") -> list[RequestedAction]:
    call = _CALL.fullmatch(unquote(environ["PATH_INFO"]))
    if not call:
        return [("", "")]
    prefix = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    return [("lambda:InvokeFunction", prefix + call[1].removeprefix(prefix))]


def _resources(service: str, fields: Mapping[str, Any], stack: str) -> list[str]:
    if service == "dynamodb":
        tables = fields.get("RequestItems", {fields.get("TableName", "")})
        return [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}" for table in tables]
    if service == "sqs":
        return [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{str(fields.get('QueueUrl', '')).rpartition('/')[2]}"]
    if service == "codedeploy":  # the request names a deployment, and no stack
        application = f"{stack}-ServerlessDeploymentApplication-local"
        return [f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:{application}/local"]
    return [next((str(fields[name]) for name in _RESOURCE_FIELDS if name in fields), "")]
