"""What the template says of each function, as this machine runs it.

A template as people write it is run from the source with this environment's packages; one that `sam build` made is run
on its own layers alone.
"""

import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import runtime
from local.errors import TemplateError
from local.log_delivery import DELIVERY_SECONDS
from local.names import local_name
from local.processes import Function
from local.template import Resolver, Resource, Template, resource_attributes

_MODELS = "/opt/models"
_DELIVERY = "REFRAIN_DELIVERY_SECONDS"
_NICE = 5
"""Here all share a few processors: functions for which nobody waits let the one go first that answers."""


@dataclass(frozen=True)
class FunctionHost:
    """Where functions run: the services' address, the model definitions, and a folder for what the runtime brings."""

    endpoint: str
    models: Path
    runtime: Path


def read_functions(template: Template, place: FunctionHost) -> list[Function]:
    """Every function of the template.

    Raises:
        TemplateError: a handler is not where the template says, or a variable cannot be resolved.
    """
    brought = (runtime.gather_runtime(place.runtime),) if _built(template) else ()
    resolver = Resolver(template, place.endpoint)
    return [
        _function(template, resource, _variables(template, resource, resolver, place), brought)
        for resource in template.of_type("AWS::Serverless::Function")
    ]


def gather_definitions(template: Template, extra: Path | None, into: Path) -> Path:
    """Put the template's model definitions, and those in `extra` over them, into one folder.

    Raises:
        TemplateError: there is no folder `extra`.
    """
    if extra and not extra.is_dir():
        raise TemplateError(f"There is no folder {extra} to take model definitions from.")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    layers = [_folder(template, layer) for layer in template.of_type("AWS::Serverless::LayerVersion")]
    for folder in [*layers, *(layer / "models" for layer in layers), *([extra] if extra else [])]:
        for definition in sorted(folder.glob("*.toml")):
            shutil.copy(definition, into)
    return into


def _function(
    template: Template, resource: Resource, environment: Mapping[str, str], brought: Iterable[Path]
) -> Function:
    said = {**template.function_globals, **resource.properties}
    folder = template.folder / said["CodeUri"]
    module = str(said["Handler"]).rpartition(".")[0]
    if not (folder / f"{module}.py").is_file():
        where = f"{said['CodeUri']}/{module}.py"
        raise TemplateError(f"{resource.logical_id} cannot run: its handler should be in {where}, which is not there.")
    logging = {**template.function_globals.get("LoggingConfig", {}), **resource.properties.get("LoggingConfig", {})}
    return Function(
        name=local_name(resource.logical_id),
        arn=resource_attributes(resource, "")["Arn"],
        handler=said["Handler"],
        folder=folder,
        path=(folder, *_layers(template, resource), *brought),
        timeout=int(said.get("Timeout", 3)),
        memory=int(said.get("MemorySize", 128)),
        environment=environment,
        json_logs=logging.get("LogFormat") == "JSON",
        python=runtime.bare_python() if _built(template) else (sys.executable,),
        nice=0 if _answers_callers(template, resource) else _NICE,
    )


def _answers_callers(template: Template, resource: Resource) -> bool:
    apis = template.of_type("AWS::Serverless::Api")
    return any(resource.logical_id in json.dumps(api.properties, default=str) for api in apis)


def _layers(template: Template, resource: Resource) -> list[Path]:
    """Where a function's layers have their packages; from the source, the wheels are those of this environment."""
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


def _variables(template: Template, resource: Resource, resolver: Resolver, place: FunctionHost) -> dict[str, str]:
    variables = {
        **template.function_globals.get("Environment", {}).get("Variables", {}),
        **resource.properties.get("Environment", {}).get("Variables", {}),
    }
    resolved = {name: str(resolver.resolve(value)) for name, value in variables.items()}
    here = {name: str(place.models) if value == _MODELS else value for name, value in resolved.items()}
    if _DELIVERY in here:
        here[_DELIVERY] = str(DELIVERY_SECONDS)
    return {**here, "AWS_ENDPOINT_URL": place.endpoint}
