import { setFlagsFromString } from 'node:v8';
import { blameFunctions, Handoff } from '../lib/index.js';
import { loadExtensions } from './dag/load-extensions.js';
import { type DurableFlags, givenPlace, isResumeAsked, neededPlace } from './durable-options.js';
import { ExitCode, UsageError, usage } from './exit-codes.js';
import { type NodeFlags, nodeOptions } from './node-options.js';
import { whenNpxIsGone } from './npx.js';
import { nodeLogger } from './report/node-logger.js';
import { isSystemError, systemErrorText } from './report/system-error.js';
import type { Session } from './session.js';
import { type WebFlags, webLines, webOptions } from './web-options.js';

/** The options of `handoff node`, as commander reads them. */
export interface NodeCommandFlags extends NodeFlags, DurableFlags, WebFlags {
  readonly listen?: string;
  readonly advertise?: string;
  readonly graceMs?: number;
  readonly resume?: boolean;
}

/**
 * How much the heap may grow before it is collected, percent: 4 times, V8's own maximum. After a rest V8 allows a heap of 11 MiB next to no
 * growth, counts values, which lie outside, and marks without end. That is more than half of the cost of receiving values of 1 MiB
 * (measured).
 */
const HEAP_GROWING_PERCENT = 300;

/** Runs a node until a signal drains it. Throws what prevented its start, or what ended it. */
export async function runNode(flags: NodeCommandFlags, session: Session): Promise<ExitCode> {
  const { output, interrupt } = session;
  session.attributeErrors(blameFunctions);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const listen = flags.listen ?? defaultListen(flags.join ?? []);
  const { advertise } = flags;
  const logger = nodeLogger(process.stderr);
  const resume = isResumeAsked(flags.resume);
  const place = resume ? neededPlace(flags, 'Cannot start with --resume') : givenPlace(flags);
  const options = {
    ...nodeOptions(flags),
    ...place,
    ...webOptions(flags),
    resume,
    ...(await loadExtensions(flags.extensions)),
    listen,
    ...(advertise !== undefined && { advertise }),
    ...(logger && { logger }),
  };
  const handoff = await usage('Cannot start', () => Handoff.start(options)).catch((error: unknown) => {
    throw isSystemError(error) ? new UsageError(`Cannot listen on ${listen}: ${systemErrorText(error)}`) : error;
  });
  interrupt.endsFirst(handoff);
  const { address } = handoff;
  const signal = new Promise<undefined>((resolve) => {
    interrupt.ends(() => resolve(undefined));
    whenNpxIsGone(() => resolve(undefined));
  });
  // A slow reader must not delay signals, and a failed write here is no reason to end.
  const lines = [address!, joinCommand(address!, listen, flags), ...webLines(flags, handoff)];
  void output.write(`${lines.join('\n')}\n`).then(() => output.forgive());
  const error = await Promise.race([handoff.stopped, signal]);
  if (error) throw error;
  await handoff.stop(flags.graceMs === undefined ? {} : { graceMs: flags.graceMs });
  return ExitCode.done;
}

const LOOPBACK = /^[a-z][a-z\d+.-]*:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])[:/]/;

/** A node that joins another machine must be reachable from there. */
const defaultListen = (join: readonly string[]): string => (join.every((url) => LOOPBACK.test(url)) ? '127.0.0.1:0' : '0.0.0.0:0');

/**
 * Returns the command that starts another node of this cluster, to be copied. The files are assumed to have the same paths on the other
 * machine.
 */
function joinCommand(address: string, listen: string, { cookieFile, tlsCert, tlsKey, tlsCa, extensions }: NodeCommandFlags): string {
  const isHere = LOOPBACK.test(address);
  const files = { '--cookie-file': cookieFile, '--tls-cert': tlsCert, '--tls-key': tlsKey, '--tls-ca': tlsCa, '--extensions': extensions };
  const parts = ['handoff', 'node', '--join', address];
  // Works on the same machine as well as on another.
  if (!isHere && !listen.startsWith('0.0.0.0:')) parts.push('--listen', '0.0.0.0:0');
  for (const [option, file] of Object.entries(files)) if (file !== undefined) parts.push(option, quoted(file));
  return parts.join(' ');
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
