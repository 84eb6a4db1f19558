import pino from 'pino';

/** Where a node writes what happens; pino's four methods, so that a pino logger can be given as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The logger of a node that was given none: JSON lines on standard error, from `HANDOFF_LOG_LEVEL` (default `info`) upwards. What functions
 * print with `console` is `info` and `warn`; the engine's own routine messages are `debug`.
 */
export function defaultLogger(node: string): Logger {
  return pino({ level: process.env.HANDOFF_LOG_LEVEL ?? 'info', base: { node } }, pino.destination({ dest: 2, sync: true }));
}
