"""Counts with OpenTelemetry's SDK, exported as remote write 1.0. Arguments: URL, token, steps, pause in ms."""
import sys
import time

from opentelemetry.exporter.prometheus_remote_write import PrometheusRemoteWriteMetricsExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

url, token, steps, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
exporter = PrometheusRemoteWriteMetricsExporter(
    endpoint=f"{url}/metrics/api/v1/push", headers={"X-Token": token}, timeout=30
)
reader = PeriodicExportingMetricReader(exporter, export_interval_millis=1_000)
provider = MeterProvider(resource=Resource.create({"service.name": "opentelemetry"}), metric_readers=[reader])
counter = provider.get_meter("sender").create_counter("remote_write.steps")
for _ in range(steps):
    counter.add(1)
    time.sleep(pause / 1000)
provider.shutdown()
