# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "opentelemetry-sdk==1.45.2",
# ]
# ///
"""Records a span."""

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
e = InMemorySpanExporter(); p = TracerProvider(); p.add_span_processor(SimpleSpanProcessor(e))
with p.get_tracer("t").start_as_current_span("s"): pass
print([s.name for s in e.get_finished_spans()])
