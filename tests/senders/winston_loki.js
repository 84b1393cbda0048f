// Sends lines with winston-loki, in batches as snappy protobuf. Arguments: URL, token, lines, pause in ms.
const winston = require('winston')
const LokiTransport = require('winston-loki')

const [url, token, lines, pause] = process.argv.slice(2)
const transport = new LokiTransport({
  host: url,
  basicAuth: `any:${token}`,
  labels: { app: 'winston-loki' },
  interval: 1,
  format: winston.format.printf(entry => entry.message),
  onConnectionError: error => console.error(String(error))
})
const logger = winston.createLogger({ transports: [transport] })
const wait = ms => new Promise(resolve => setTimeout(resolve, ms))

async function main () {
  for (let index = 0; index < Number(lines); index++) {
    logger.info(`line ${index}`)
    await wait(Number(pause))
  }
  // After a failure it pauses for a minute; closing it sends what is waiting at once.
  await new Promise(resolve => transport.batcher.close(resolve))
  process.exit(0)
}
main()
