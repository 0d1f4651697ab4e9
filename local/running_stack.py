"""Runs all that the template describes on this machine."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from local.aws_server import AwsServer
from local.concurrency import NEW_ACCOUNT, Concurrency
from local.functions import FunctionHost, read_functions
from local.gateway import Gateway
from local.guard import RECORD_FILE, Guard
from local.kept_state import keep_state, read_addresses, restore_state
from local.log_delivery import LogDelivery, read_subscriptions
from local.names import REGION, STACK
from local.outputs import publish_outputs
from local.pool import Pool
from local.queues import Poller, QueueSource
from local.resources import create_resources
from local.rights import read_rights
from local.runtime_api import Answer
from local.schedules import Ticker, read_schedules
from local.template import Resolver, Template, read_template, resource_attributes
from local.web_server import WebServer


@dataclass(frozen=True)
class Options:
    """Settings of the local cloud.

    These are the template with values of its parameters, the folder for its state, the name of the stack, and the limit
    of the account on running calls. Schedules are due every `tick` seconds, as the template says (None), or never (0).
    In the folder `keep` its data stays while it is stopped.
    """

    template: Path
    folder: Path
    tick: float | None = None
    stack: str = STACK
    parameters: Mapping[str, str] = field(default_factory=dict)
    concurrency: int = NEW_ACCOUNT
    keep: Path | None = None


@dataclass(frozen=True)
class Ports:
    """The servers of AWS's services and of the template's API."""

    services: WebServer
    api: WebServer


class RunningStack:
    """The resources of a template, created and running; `stack` holds the addresses that other programs need.

    Raises:
        LocalError: the stack cannot be created; the message says why.
    """

    def __init__(self, options: Options, ports: Ports) -> None:
        template = read_template(options.template, options.parameters, options.stack)
        due = read_schedules(template, options.tick)
        self._pools: dict[str, Pool] = {}
        self._ports = [ports.services.port, ports.api.port]
        guard = Guard(read_rights(template, ports.services.url), options.folder / RECORD_FILE, options.stack)
        self._server = AwsServer(ports.services, self._invoke, guard)
        endpoint = self._server.endpoint
        functions = read_functions(template, FunctionHost(endpoint, options.folder / "runtime"))
        concurrency = Concurrency(options.concurrency)
        self._pools |= {function.name: Pool(function, options.folder, concurrency) for function in functions}
        create_resources(template, self._server, functions)
        self._keep = options.keep
        if self._keep:
            restore_state(self._server, self._keep, template.resources["InboxBucket"].name)
        self._pollers = _pollers(template, self._server, self._pools)
        log_files = {name: pool.log for name, pool in self._pools.items()}
        self._delivery = LogDelivery(self._server.client("s3"), log_files, read_subscriptions(template))
        machines = {
            machine.logical_id: resource_attributes(machine, endpoint)["Arn"]
            for machine in template.of_type("AWS::Serverless::StateMachine")
        }
        kept = read_addresses(self._keep) if self._keep else {}
        api_key = kept.get("api_key") or secrets.token_urlsafe(24)
        self._gateway = Gateway(template, self._invoke, api_key, ports.api)
        self.stack: Mapping[str, str] = {
            "api_url": self._gateway.url,
            "api_key": api_key,
            "aws_endpoint_url": endpoint,
            "region": REGION,
            "inbox_bucket": template.resources["InboxBucket"].name,
            "lake_bucket": template.resources["LakeBucket"].name,
            "history_table": template.resources["HistoryTable"].name,
            "state_machine_arn": machines["RetrainingStateMachine"],
            "monitoring_state_machine_arn": machines["MonitoringStateMachine"],
        }
        publish_outputs(self._server, options.stack, self.stack)
        stepfunctions = self._server.client("stepfunctions")
        self._tickers = [Ticker(schedule, stepfunctions, machines[schedule.machine]) for schedule in due]

    def stop(self) -> None:
        """Stop answering and end every process."""
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
        if self._keep:
            keep_state(self._server, self._keep, {"api_key": self.stack["api_key"], "ports": self._ports})
        self._server.stop()

    def _invoke(self, name: str, event: bytes) -> Answer:
        return self._pools[name].call(event)


def _pollers(template: Template, server: AwsServer, pools: Mapping[str, Pool]) -> list[Poller]:
    """Start a poller for each queue that calls a function."""
    resolver = Resolver(template, server.endpoint)
    by_arn = {
        resolver.resolve({"Fn::GetAtt": [queue.logical_id, "Arn"]}): queue
        for queue in template.of_type("AWS::SQS::Queue")
    }
    pollers = []
    for function in template.of_type("AWS::Serverless::Function"):
        for event in function.properties.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            properties = event["Properties"]
            arn = resolver.resolve(properties["Queue"])
            source = QueueSource(
                url=resolver.resolve({"Ref": by_arn[arn].logical_id}),
                arn=arn,
                batch_size=int(properties.get("BatchSize", 10)),
                visibility=float(by_arn[arn].properties.get("VisibilityTimeout", 30)),
                reports_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
            )
            pollers.append(Poller(server.client("sqs"), source, partial(Pool.call, pools[function.name])))
    return pollers
