import pino from 'pino';

/** Where a node writes what happens; pino's four methods, so that a pino logger can be given as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a viewer would not show, or would turn the rest of the line with: names come from users and from other nodes. JSON leaves these as they are. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

/** The same JSON, in which these stand as `\uXXXX`. */
export const visibleJson = (json: string): string =>
  json.replace(UNSEEN, (one) => Array.from(one.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The logger of a node that was given none: JSON lines on standard error, from `HANDOFF_LOG_LEVEL` (default `info`) upwards. What functions
 * print with `console` is `info` and `warn`; the engine's own routine messages are `debug`.
 */
export function defaultLogger(node: string): Logger {
  const options = { level: process.env.HANDOFF_LOG_LEVEL ?? 'info', base: { node }, hooks: { streamWrite: visibleJson } };
  return pino(options, pino.destination({ dest: 2, sync: true }));
}
