"""Serves AWS on this machine: moto's server, changed to call functions in processes instead of Docker."""

import io
import json
import logging
import os
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

from moto import backends
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3 import notifications
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local.aws_client import aws_client
from local.errors import TooManyCalls
from local.guard import Guard
from local.runtime_api import Answer
from local.web_server import KeepAlive, WebServer

type Invoke = Callable[[str, bytes], Answer]
"""Calls a function by its name with an event."""


class _Handler(KeepAlive, MotoRequestHandler):
    """moto's own handler with kept connections; without them every upload waits a second for a `100 Continue`."""


class _Throttled(LambdaClientError):
    code = 429


class AwsServer:
    """Serves moto on a port. A process can have one, since moto keeps its state in modules."""

    def __init__(self, web: WebServer, invoke: Invoke, guard: Guard) -> None:
        self._web = web
        self.endpoint = self._web.url
        os.environ["MOTO_PORT"] = str(self._web.port)  # where its Step Functions find its Lambda
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        logging.getLogger("moto.stepfunctions").setLevel(
            logging.CRITICAL
        )  # it logs pages for each error that a run catches
        modules = tuple(backends.list_of_moto_modules())  # moto lists its folder again for every request
        backends.list_of_moto_modules = lambda: modules
        LambdaFunction._invoke_lambda = _invoke_by(invoke)  # type: ignore[method-assign]
        notifications._get_s3_event = _with_version(notifications._get_s3_event)
        CodeDeployResponse.put_lifecycle_event_hook_execution_status = _accept_hook_status  # type: ignore[attr-defined]
        StepFunctionsParserBackend.start_execution = _with_name(StepFunctionsParserBackend.start_execution)  # type: ignore[method-assign]
        StateTaskServiceAwsSdk._normalise_parameters = _as_boto_names  # type: ignore[assignment]
        self._web.serve(guard.before(DomainDispatcherApplication(create_backend_app)), _Handler)

    def client(self, service: str) -> Any:
        """Make a boto3 client for one of its services."""
        return aws_client(service, self.endpoint)

    def stop(self) -> None:
        """Stop answering."""
        self._web.stop()


def empty_package() -> bytes:
    """Make the package that moto requires as a function's code, but never reads."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "")
    return package.getvalue()


def _invoke_by(invoke: Invoke) -> Callable[..., tuple[str, bool, str]]:
    """Replace moto's way of running a function, which needs Docker."""

    def invoke_lambda(self: Any, event: Any = None) -> tuple[str, bool, str]:
        try:
            answer = invoke(self.function_name, json.dumps({} if event is None else event).encode())
        except TooManyCalls as error:
            raise _Throttled("TooManyRequestsException", str(error)) from error
        return answer.payload.decode(), answer.failed, ""

    return invoke_lambda


def _accept_hook_status(self: Any) -> str:
    """Answer a hook as CodeDeploy does; moto does not support it, and nothing is deployed on this machine."""
    return json.dumps({"lifecycleEventHookExecutionId": json.loads(self.body)["lifecycleEventHookExecutionId"]})


def _with_version(make_event: Callable[..., Any]) -> Callable[..., Any]:
    """Add the object's version to an event, as S3 does in a bucket with versioning."""

    def make(event_name: str, bucket: Any, key: Any, notification_id: str) -> Any:
        event = make_event(event_name, bucket, key, notification_id)
        if bucket.is_versioned:
            event["Records"][0]["s3"]["object"]["versionId"] = key.version_id
        return event

    return make


def _as_boto_names(_service: Any, parameters: dict[str, Any], *_: Any) -> None:
    """Name a call's parameters as Step Functions' own API does; a state writes them with capitals, as AWS asks for."""
    for name in list(parameters):
        parameters[name[0].lower() + name[1:]] = parameters.pop(name)


def _with_name(start_execution: Callable[..., Any]) -> Callable[..., Any]:
    """Name an execution as AWS does when its caller does not; moto calls all of those `None`."""

    def start(self: Any, state_machine_arn: str, name: str | None = None, *arguments: Any, **options: Any) -> Any:
        return start_execution(self, state_machine_arn, name or str(uuid.uuid4()), *arguments, **options)

    return start
