"""Sends lines with OpenTelemetry's SDK, as protobuf over HTTP. Arguments: URL, token, lines, pause in ms."""
import logging
import sys
import time

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

url, token, lines, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
exporter = OTLPLogExporter(
    endpoint=f"{url}/logs/otlp/v1/logs",
    headers={"Authorization": f"Bearer {token}"},
    timeout=60,
    compression=Compression.Gzip,
)
provider = LoggerProvider(resource=Resource.create({"service.name": "opentelemetry"}))
provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=500))
logger = logging.getLogger("sender")
logger.addHandler(LoggingHandler(logger_provider=provider))
logger.setLevel(logging.INFO)
for index in range(lines):
    logger.info("line %d", index)
    time.sleep(pause / 1000)
provider.force_flush(60_000)
provider.shutdown()
