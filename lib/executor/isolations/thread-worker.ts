import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { systemClock, textOf } from '../../base/index.js';
import type { AnyFunction, CodeRef } from '../../dag/index.js';
import { check, countShared, pack, packThrown, unpack, unpackThrown } from '../../value/index.js';
import type { Step } from '../attempt.js';
import { attributeOutput } from '../attributed-output.js';
import { LoadedFunctions, TYPESCRIPT } from '../code.js';
import { AttemptScope, currentScope } from '../current-function.js';
import { resolveModule } from '../module-resolution.js';
import { type StepPlace, StepsRun } from '../steps-run.js';
import {
  type Crossing,
  type CrossingInput,
  isPlain,
  type ThreadAnswer,
  type ThreadCall,
  type ThreadLine,
  type ThreadSetUp,
  type ThreadSignal,
} from './thread-messages.js';
import { loadsTypeScript } from './typescript-loader.js';

// Runs in each thread of the pool: one call at a time.

const { root, node, channel: channelName, strict, freeze } = threadSetUp();
const place = { root, node };
const functions = new LoadedFunctions(place);
const refs = new Map<string, CodeRef>();
const NONE: readonly never[] = [];
let current: Current | undefined;

/** The same reference for the same function each time, so that it is found again. */
function refOf(module: string, name: string): CodeRef {
  const id = `${module}\n${name}`;
  const known = refs.get(id);
  if (known) return known;
  const ref = { module, name };
  refs.set(id, ref);
  return ref;
}

const runnable = ({ functionId, steps }: ThreadCall): Step<CrossingInput>[] =>
  steps.map((step) => ({
    role: step.role ?? 'function',
    functionId: step.functionId ?? functionId,
    code: refOf(step.module, step.name),
    inputs: step.inputs ?? NONE,
    asList: step.asList ?? false,
    extra: step.extra,
    wanted: step.wanted ?? false,
  }));

const stepPlace: StepPlace<CrossingInput, Crossing> = {
  now: () => systemClock.now(),
  peek: (ref) => functions.peek(ref),
  async load(ref): Promise<AnyFunction> {
    if (TYPESCRIPT.test(resolveModule(ref.module, place))) await loadsTypeScript(root);
    return functions.load(ref);
  },
  open: ({ value, freeze: isFrozen }) => {
    if (isPlain(value)) return value;
    if (value.buffer instanceof SharedArrayBuffer) countShared(value.byteLength);
    return unpack(value, { freeze: isFrozen });
  },
  keep(value, wanted) {
    if (isPlain(value)) return value;
    if (wanted) return pack(value, { where: 'result', shared: true });
    if (strict || freeze) check(value, { where: 'result', freeze });
    return undefined;
  },
};

class Current {
  readonly key: number;
  readonly scope: AttemptScope;
  readonly #answer: (answer: ThreadAnswer) => void;
  #lines = 0;

  constructor({ key, dagId, runId, functionId, attempt }: ThreadCall, answer: (answer: ThreadAnswer) => void) {
    const context = { dagId, runId, functionId, attempt, node };
    this.key = key;
    this.#answer = answer;
    this.scope = new AttemptScope(context, (_context, stream, text) => {
      this.#lines += 1;
      const line: ThreadLine = { type: 'line', key, context, stream, text };
      parentPort!.postMessage(line);
    });
  }

  succeeded(values: readonly Crossing[], tookMs: number): void {
    this.scope.flush();
    this.#end({ type: 'succeeded', values, tookMs, lines: this.#lines });
  }

  failed(error: unknown, final: boolean, retire = false): void {
    this.scope.flush();
    this.#end({ type: 'failed', error: packThrown(error), final, retire, lines: this.#lines });
  }

  #end(answer: ThreadAnswer): void {
    if (current === this) current = undefined;
    this.#answer(answer);
  }
}

/** What the pool calls. Never rejects. */
export function run(call: ThreadCall): Promise<ThreadAnswer> {
  return new Promise((resolve) => {
    const mine = new Current(call, resolve);
    if (call.skip) return mine.succeeded([], 0);
    current = mine;
    return new StepsRun(runnable(call), mine.scope, stepPlace, mine).next();
  });
}

/**
 * An error that nobody caught is the failure of the attempt it comes from. One that an earlier attempt left behind must not be blamed on
 * the one that runs now: it is written to the earlier one's log.
 */
function onStray(error: unknown, what: string): void {
  const scope = currentScope();
  if (scope && scope !== current?.scope) {
    scope.write('stderr', `${what} after the attempt had ended: ${textOf(error)}\n`);
    return;
  }
  if (!current) return;
  current.failed(error, false, true);
}

process.on('uncaughtException', (error) => onStray(error, 'an error was thrown'));
process.on('unhandledRejection', (error) => onStray(error, 'a promise was rejected'));

attributeOutput();

const channel = new BroadcastChannel(channelName);
channel.onmessage = (event) => {
  const { data } = event as { data: ThreadSignal };
  if (data.type === 'abort' && data.key === current?.key) current.scope.abort(unpackThrown(data.reason) as Error);
};
channel.unref();
const listening: ThreadSignal = { type: 'listening' };
channel.postMessage(listening);

function threadSetUp(): ThreadSetUp {
  // The pool wraps what it passes on.
  const given = workerData as ThreadSetUp | readonly [unknown, ThreadSetUp];
  return Array.isArray(given) ? (given as readonly [unknown, ThreadSetUp])[1] : (given as ThreadSetUp);
}
