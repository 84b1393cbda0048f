"""Counts with OpenTelemetry's SDK, exported as protobuf over HTTP. Arguments: URL, token, steps, pause in ms."""
import sys
import time

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

url, token, steps, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
exporter = OTLPMetricExporter(
    endpoint=f"{url}/metrics/otlp/v1/metrics",
    headers={"Authorization": f"Bearer {token}"},
    timeout=60,
    compression=Compression.Gzip,
)
reader = PeriodicExportingMetricReader(exporter, export_interval_millis=1_000, export_timeout_millis=60_000)
provider = MeterProvider(resource=Resource.create({"service.name": "opentelemetry"}), metric_readers=[reader])
counter = provider.get_meter("sender").create_counter("otlp.steps")
for _ in range(steps):
    counter.add(1)
    time.sleep(pause / 1000)
provider.shutdown()
