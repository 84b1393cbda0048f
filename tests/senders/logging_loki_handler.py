"""Sends lines with python-logging-loki: one request a line. It makes no second attempt itself, but the session it sends with
does if it is told to. Arguments: URL, token, lines, pause in ms."""
import logging
import sys
import time

import logging_loki
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

url, token, lines, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
handler = logging_loki.LokiHandler(
    url=f"{url}/loki/api/v1/push", tags={"app": "python-logging-loki"}, auth=("any", token), version="1"
)
retry = Retry(total=10, status_forcelist=[429, 503], allowed_methods=None, backoff_factor=0.5)
handler.emitter.session.mount(url, HTTPAdapter(max_retries=retry))
logger = logging.getLogger("sender")
logger.addHandler(handler)
logger.setLevel(logging.INFO)
for index in range(lines):
    logger.info("line %d", index)
    time.sleep(pause / 1000)
