"""Reads the functions of the template, as this machine runs them.

The template of the source runs with the packages of this environment. The template that `sam build` writes runs on its
own layers only.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import runtime
from local.errors import TemplateError
from local.log_delivery import DELIVERY_SECONDS
from local.processes import Function
from local.template import Resolver, Resource, Template, resource_attributes

_DELIVERY = "REFRAIN_DELIVERY_SECONDS"
_NICE = 5
"""All functions share a few processors, so those for which no caller waits give way to the one that answers."""


@dataclass(frozen=True)
class FunctionHost:
    """Where functions run: the address of the services, and a folder for the runtime's packages."""

    endpoint: str
    runtime: Path


def read_functions(template: Template, host: FunctionHost) -> list[Function]:
    """Read every function of the template.

    Raises:
        TemplateError: a handler is missing, or a variable cannot be resolved.
    """
    runtime_packages = (runtime.gather_runtime(host.runtime),) if _built(template) else ()
    resolver = Resolver(template, host.endpoint)
    return [
        _function(template, resource, _variables(template, resource, resolver, host), runtime_packages)
        for resource in template.of_type("AWS::Serverless::Function")
    ]


def _function(
    template: Template, resource: Resource, environment: Mapping[str, str], runtime_packages: Iterable[Path]
) -> Function:
    properties = {**template.function_globals, **resource.properties}
    folder = template.folder / properties["CodeUri"]
    module = str(properties["Handler"]).rpartition(".")[0]
    if not (folder / f"{module}.py").is_file():
        path = f"{properties['CodeUri']}/{module}.py"
        raise TemplateError(f"{resource.logical_id} cannot run: its handler should be in {path}, which is missing.")
    logging = {**template.function_globals.get("LoggingConfig", {}), **resource.properties.get("LoggingConfig", {})}
    return Function(
        name=resource.name,
        arn=resource_attributes(resource, "")["Arn"],
        handler=properties["Handler"],
        folder=folder,
        path=(folder, *_layers(template, resource), *runtime_packages),
        timeout=int(properties.get("Timeout", 3)),
        memory=template.memory_of(resource),
        environment=environment,
        json_logs=logging.get("LogFormat") == "JSON",
        python=runtime.bare_python() if _built(template) else (sys.executable,),
        snap_start=template.has_snap_start(resource),
        stack=template.stack,
        nice=0 if _answers_callers(template, resource) else _NICE,
    )


def _answers_callers(template: Template, resource: Resource) -> bool:
    apis = template.of_type("AWS::Serverless::Api")
    return any(resource.logical_id in json.dumps(api.properties, default=str) for api in apis)


def _layers(template: Template, resource: Resource) -> list[Path]:
    """List the folders of a function's layers; when run from the source, the wheels come from this environment."""
    folders = [_folder(template, template.resources[name]) for name in template.layers_of(resource)]
    if _built(template):
        return [folder / "python" for folder in folders]
    return [folder for folder in folders if not (folder / "requirements.txt").exists()]


def _built(template: Template) -> bool:
    layers = template.of_type("AWS::Serverless::LayerVersion")
    return any((_folder(template, layer) / "python").is_dir() for layer in layers)


def _folder(template: Template, layer: Resource) -> Path:
    folder: Path = template.folder / layer.properties["ContentUri"]
    return folder


def _variables(template: Template, resource: Resource, resolver: Resolver, host: FunctionHost) -> dict[str, str]:
    variables = {
        **template.function_globals.get("Environment", {}).get("Variables", {}),
        **resource.properties.get("Environment", {}).get("Variables", {}),
    }
    resolved = {name: str(resolver.resolve(value)) for name, value in variables.items()}
    if _DELIVERY in resolved:
        resolved[_DELIVERY] = str(DELIVERY_SECONDS)
    return {**resolved, "AWS_ENDPOINT_URL": host.endpoint}
