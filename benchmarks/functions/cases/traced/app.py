"""Tells what it does with OpenTelemetry and structlog."""

import structlog
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
resource = Resource.create({"service.name": "shop"})
provider = TracerProvider(resource=resource)
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader], resource=resource))
counter = metrics.get_meter("shop").create_counter("orders")
logs = structlog.testing.LogCapture()
structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, logs])


def handler(event, context):
    with trace.get_tracer("shop").start_as_current_span("order", attributes={"item": event["item"]}) as span:
        structlog.get_logger().bind(item=event["item"]).info("taken", count=event["count"])
        counter.add(event["count"], {"item": event["item"]})
        try:
            share = 1 / event["count"]
        except ZeroDivisionError as error:
            span.record_exception(error)
            span.set_status(trace.StatusCode.ERROR)
            share = None
    (finished,) = spans.get_finished_spans()
    point = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0]
    return {"share": share, "span": finished.name, "status": finished.status.status_code.name, "attributes": dict(finished.attributes),
            "events": [one.name for one in finished.events], "sdk": resource.attributes["telemetry.sdk.language"], "count": point.value, "logs": logs.entries}
