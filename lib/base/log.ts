import type pino from 'pino';
import { systemClock } from './clock.js';
import { lazyPackage } from './lazy-package.js';
import { type LogState, type LogTarget, LogWriter, standardError } from './log-writer.js';
import { isThenable } from './thrown.js';

/** The log of a node. These are pino's four methods, so a pino logger can be given as it is. */
export interface Logger {
  /** Routine messages of the engine. */
  debug(fields: object, message: string): void;
  /** What functions print on standard output, and events of the node. */
  info(fields: object, message: string): void;
  /** What functions print on standard error, and events that may need attention. */
  warn(fields: object, message: string): void;
  /** Events that should not happen. */
  error(fields: object, message: string): void;
}

/**
 * Characters that a viewer hides, or that reverse the rest of the line. Names come from users and other nodes, and JSON leaves such
 * characters unescaped.
 */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

/** The same JSON, with such characters as `\uXXXX`. */
export const visibleJson = (json: string): string =>
  json.replace(UNSEEN, (one) => Array.from(one.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));

/** Logs nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A logger that never throws and never blocks the node, and reports whether its lines arrive. */
export interface NodeLogger extends Logger {
  readonly state: LogState;
}

/** pino's levels, and their numbers in its lines. */
const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;

/** Loaded with the first line that is written: most programs that start a node for a moment write none. */
const loadPino = lazyPackage<typeof pino>('pino');

/**
 * The default logger of a node: JSON lines on standard error, from `HANDOFF_LOG_LEVEL` (default `info`) upwards. What functions print with
 * `console` is logged as `info` and `warn`; routine messages of the engine are `debug`. A full disk, or a reader that is gone or does not
 * read, costs log lines but never the node: see `LogWriter`. `target` is for specs.
 */
export function defaultLogger(node: string, target: LogTarget = standardError()): NodeLogger {
  const notice = (lines: number): string =>
    `${JSON.stringify({ level: LEVELS.warn, time: systemClock.wallNow(), node, lines, msg: 'log lines were lost' })}\n`;
  const writer = new LogWriter(target, notice);
  const level = checkedLevel();
  const lowest = level === 'silent' ? Number.POSITIVE_INFINITY : LEVELS[level];
  let made: Logger | undefined;
  const lines = (): Logger => {
    made ??= loadPino()({ level, base: { node }, hooks: { streamWrite: visibleJson } }, writer);
    return made;
  };
  const guarded = guardedLogger(methods((at, fields, message) => lines()[at](fields, message)));
  return {
    ...methods((at, fields, message) => {
      if (LEVELS[at] >= lowest) guarded[at](fields, message);
    }),
    get state(): LogState {
      return guarded.state === 'lost' ? 'lost' : writer.state;
    },
  };
}

/**
 * Wraps a user's logger so that it is safe to call anywhere. When it throws, or returns a promise that rejects, the line counts as lost and
 * nothing else happens. A logger that is safe already is returned as it is.
 */
export function guardedLogger(logger: Logger): NodeLogger {
  if (guardedLoggers.has(logger)) return logger as NodeLogger;
  let state: LogState = 'ok';
  const lost = (): void => {
    state = 'lost';
  };
  const guarded: NodeLogger = {
    ...methods((level, fields, message) => {
      try {
        const returned: unknown = logger[level](fields, message);
        if (isThenable(returned)) {
          returned.then(() => {
            state = 'ok';
          }, lost);
        } else state = 'ok';
      } catch {
        lost();
      }
    }),
    get state(): LogState {
      return state;
    },
  };
  guardedLoggers.add(guarded);
  return guarded;
}

const guardedLoggers = new WeakSet<Logger>();

function methods(write: (level: keyof Logger, fields: object, message: string) => void): Logger {
  return {
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  };
}

/** Checked here, as pino throws for a level that it does not know. */
function checkedLevel(): keyof typeof LEVELS | 'silent' {
  const level = process.env.HANDOFF_LOG_LEVEL || 'info';
  if (level === 'silent' || Object.hasOwn(LEVELS, level)) return level as keyof typeof LEVELS | 'silent';
  throw new TypeError(`HANDOFF_LOG_LEVEL must be one of ${[...Object.keys(LEVELS), 'silent'].join(', ')}, not ${JSON.stringify(level)}`);
}
