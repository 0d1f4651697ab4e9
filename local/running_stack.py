"""The whole template, running on this machine."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local.aws_server import AwsServer
from local.functions import FunctionHost, gather_definitions, read_functions
from local.gateway import Gateway
from local.guard import RECORD_FILE, Guard
from local.log_delivery import LogDelivery, read_subscriptions
from local.names import REGION, local_name
from local.outputs import publish_outputs
from local.processes import Pool
from local.queues import Poller, QueueSource
from local.resources import arn_of, create_resources
from local.rights import read_rights
from local.runtime_api import Answer
from local.schedules import Ticker, read_schedules
from local.template import Resolver, Template, read_template
from local.web_server import WebServer


@dataclass(frozen=True)
class Options:
    """How the local cloud is to be: which template, where it keeps its state, and what definitions to add.

    `tick` is how often its schedules are due, in seconds, 0 for never; unless given they are due as the template says.
    """

    template: Path
    folder: Path
    models: Path | None = None
    tick: float | None = None


@dataclass(frozen=True)
class Ports:
    """Where it answers: AWS's services and the API of the template."""

    services: WebServer
    api: WebServer


class RunningStack:
    """Everything made and answering; `stack` is what other programs need to know of it.

    Raises:
        LocalError: it cannot be made, with the sentence that says why.
    """

    def __init__(self, options: Options, ports: Ports) -> None:
        template = read_template(options.template)
        due = read_schedules(template, options.tick)
        self._pools: dict[str, Pool] = {}
        guard = Guard(read_rights(template, ports.services.url), options.folder / RECORD_FILE)
        self._machine = AwsServer(ports.services, self._invoke, guard)
        endpoint = self._machine.endpoint
        models = gather_definitions(template, options.models, options.folder / "models")
        logs = options.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        made = read_functions(template, FunctionHost(endpoint, models, options.folder / "runtime"))
        self._pools |= {function.name: Pool(function, logs) for function in made}
        create_resources(template, self._machine, made)
        self._pollers = _pollers(template, self._machine, self._pools)
        written = {name: pool.log for name, pool in self._pools.items()}
        self._delivery = LogDelivery(self._machine.client("s3"), written, read_subscriptions(template))
        api_key = secrets.token_urlsafe(24)
        self._gateway = Gateway(template, self._invoke, api_key, ports.api)
        self.stack: Mapping[str, str] = {
            "api_url": self._gateway.url,
            "api_key": api_key,
            "aws_endpoint_url": endpoint,
            "region": REGION,
            "inbox_bucket": local_name("InboxBucket"),
            "lake_bucket": local_name("LakeBucket"),
            "state_machine_arn": arn_of(template, "AWS::Serverless::StateMachine", endpoint),
        }
        publish_outputs(self._machine, self.stack)
        self._tickers = [Ticker(each, partial(Pool.call, self._pools[each.function])) for each in due]

    def stop(self) -> None:
        """Answer no more, and leave no process behind."""
        for ticker in self._tickers:
            ticker.stop()
        for poller in self._pollers:
            poller.stop()
        for pool in self._pools.values():
            pool.close()
        for ticker in self._tickers:
            ticker.join()
        self._delivery.stop()
        self._gateway.stop()
        self._machine.stop()

    def _invoke(self, name: str, event: bytes) -> Answer:
        return self._pools[name].call(event)


def _pollers(template: Template, machine: AwsServer, pools: Mapping[str, Pool]) -> list[Poller]:
    """One for each queue that a function says it is called for."""
    resolver = Resolver(template, machine.endpoint)
    by_arn = {
        resolver.resolve({"Fn::GetAtt": [queue.logical_id, "Arn"]}): queue
        for queue in template.of_type("AWS::SQS::Queue")
    }
    made = []
    for function in template.of_type("AWS::Serverless::Function"):
        for event in function.properties.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            said = event["Properties"]
            arn = resolver.resolve(said["Queue"])
            source = QueueSource(
                url=resolver.resolve({"Ref": by_arn[arn].logical_id}),
                arn=arn,
                batch_size=int(said.get("BatchSize", 10)),
                reports_failures="ReportBatchItemFailures" in said.get("FunctionResponseTypes", []),
            )
            made.append(
                Poller(machine.client("sqs"), source, partial(Pool.call, pools[local_name(function.logical_id)]))
            )
    return made
