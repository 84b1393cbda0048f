"""Sends lines with python-logging-loki: one request a line, no second attempt. Arguments: URL, token, lines, pause in ms."""
import logging
import sys
import time

import logging_loki

url, token, lines, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
handler = logging_loki.LokiHandler(
    url=f"{url}/loki/api/v1/push", tags={"app": "python-logging-loki"}, auth=("any", token), version="1"
)
logger = logging.getLogger("sender")
logger.addHandler(handler)
logger.setLevel(logging.INFO)
for index in range(lines):
    logger.info("line %d", index)
    time.sleep(pause / 1000)
