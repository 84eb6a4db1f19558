import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { systemClock } from '../../base/index.js';
import {
  check,
  countShared,
  type Packed,
  pack,
  packElements,
  packThrown,
  survey,
  unpack,
  unpackThrown,
  type ValueFacts,
} from '../../value/index.js';
import type { AttemptContext, CallStep } from '../attempts/attempt.js';
import { attributeOutput } from '../attempts/attributed-output.js';
import { AttemptScope, currentScope, type OutputStream } from '../attempts/current-function.js';
import { explainFrozenWrite } from '../attempts/frozen-write.js';
import { packedDag } from '../attempts/packed-dag.js';
import { type StepHost, StepsRun } from '../attempts/steps-run.js';
import { hearStrays, howOf } from '../attempts/stray-errors.js';
import { LoadedFunctions } from '../code/code.js';
import { CodeRefs } from '../code/code-refs.js';
import { importCompiled } from '../code/typescript-loader.js';
import { BuiltIns } from './built-ins.js';
import { processLink } from './process-link.js';
import { threadLink } from './thread-link.js';
import {
  type Blame,
  type Crossing,
  type CrossingInput,
  isPlain,
  type ToWorker,
  type WorkerAnswer,
  type WorkerCall,
} from './worker-messages.js';

// Runs in each thread or process of a pool: one call at a time.

const { root, node, freeze, sharesMemory, tell, listen } = isMainThread ? processLink() : threadLink();
const tellLine = (context: AttemptContext, stream: OutputStream, text: string): void => tell({ type: 'line', context, stream, text });
const functions = new LoadedFunctions({ root, node }, (url) => importCompiled(url, root));
const { refOf } = new CodeRefs();
const NONE: readonly never[] = [];
/** The exit code that a shell shows for SIGABRT. */
const ABORTED = 134;
let current: Current | undefined;
/** The scope of the attempt that ended last. */
let lastScope: AttemptScope | undefined;

const hasOwn = Object.hasOwn;

/** Reads a field that may be missing. It must not be found in `Object.prototype`, where user code may have added one of that name. */
const own = <T extends object, F extends keyof T>(message: T, field: F): T[F] | undefined =>
  hasOwn(message, field) ? message[field] : undefined;

const runnable = ({ functionId, steps }: WorkerCall): CallStep<CrossingInput>[] =>
  steps.map((step) => ({
    role: own(step, 'role') ?? 'function',
    functionId: own(step, 'functionId') ?? functionId,
    code: refOf(step.module, step.name),
    inputs: own(step, 'inputs') ?? NONE,
    asList: own(step, 'asList') ?? false,
    extra: own(step, 'extra'),
    wanted: own(step, 'wanted') ?? false,
    shape: own(step, 'shape'),
    gist: own(step, 'gist'),
  }));

const stepPlace: StepHost<CrossingInput, Crossing> = {
  now: () => systemClock.now(),
  peek: (ref) => functions.peek(ref),
  load: (ref) => functions.load(ref),
  freezes: freeze,
  open: ({ value, freeze: isFrozen }) => {
    if (isPlain(value)) return value;
    if (value.buffer instanceof SharedArrayBuffer) countShared(value.byteLength);
    return unpack(value, { freeze: isFrozen });
  },
  keep(value, { isWanted, isSplit }) {
    if (isPlain(value)) return value;
    if (isWanted && isSplit) {
      const found = survey(value, { where: 'result', freeze: false });
      return packElements(value as readonly unknown[], found, 'result', sharesMemory);
    }
    if (isWanted) return pack(value, { where: 'result', shared: sharesMemory });
    if (freeze) check(value, { where: 'result', freeze });
    return undefined;
  },
  keepDag(dag) {
    const packed = packedDag(dag, root);
    return sharesMemory ? packed : packed.slice();
  },
  copier(value, kept) {
    if (!freeze) return undefined;
    const isPacked = kept instanceof Uint8Array;
    if (!isPacked && survey(value, { where: 'result', freeze }).freezesWhole) return undefined;
    const packed = isPacked ? kept : pack(value, { where: 'result' });
    return () => unpack(packed, { freeze });
  },
};

class Current {
  readonly key: number;
  readonly scope: AttemptScope;

  constructor(call: WorkerCall) {
    const { key, dagId, runId, functionId, attempt } = call;
    this.key = key;
    this.scope = new AttemptScope(
      { dagId, runId, functionId, attempt, node, since: own(call, 'since'), element: own(call, 'element') },
      tellLine,
    );
  }

  succeeded(values: readonly Crossing[], tookMs: number, facts: ValueFacts | undefined): void {
    const answer = { type: 'succeeded', key: this.key, values, tookMs } as const;
    this.#answer(facts ? { ...answer, facts } : answer);
  }

  failed(error: unknown, final: boolean): void {
    this.fail(error, final, false, 'own');
  }

  fail(error: unknown, final: boolean, retire: boolean, blame: Blame): void {
    const { key } = this;
    const spoilt = builtIns.changed() ?? null;
    // The worker will not be used again. What packing needs may be restored.
    if (spoilt !== null) builtIns.restore();
    const packed = packedSafely(error);
    if (spoilt === null && packed !== null) this.#answer({ type: 'failed', key, error: packed, final, retire, blame, spoilt });
    else this.#answer({ type: 'failed', key, error: packed, final, retire: true, blame: 'unsure', spoilt });
  }

  #answer(answer: WorkerAnswer): void {
    // It may still settle, or throw, after its end.
    if (current !== this) return;
    current = undefined;
    lastScope = this.scope;
    try {
      this.scope.flush();
    } catch {
      // Built-ins are broken by user code: the answer goes without the rest of an unfinished line.
    }
    try {
      tell(answer);
    } catch {
      // The caller that waits for the answer receives the end of the worker instead.
      Reflect.apply(exit, process, [1]);
    }
  }
}

/** Works even if built-ins are broken on which packing relies. */
function packedSafely(error: unknown): Packed | null {
  try {
    return packThrown(error);
  } catch {
    return null;
  }
}

function hear(message: ToWorker): void {
  if (message.type === 'call') {
    current = new Current(message);
    new StepsRun(runnable(message), current.scope, stepPlace, current).next();
  } else if (message.key === current?.key) {
    current.scope.abort(unpackThrown(message.reason) as Error);
  }
}

/** Says whose code runs now: that of the current attempt, of an earlier one, or either. */
function blame(): Blame {
  const scope = currentScope();
  if (!scope) return 'unsure';
  return scope === current?.scope ? 'own' : 'other';
}

/**
 * An error that nothing caught is the failure of the attempt it comes from. One that an earlier attempt left behind must not be blamed on
 * the present one: it goes to the earlier one's log.
 */
function onStray(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const whose = blame();
  if (whose === 'other') {
    currentScope()!.strayed(error, howOf(origin));
  } else if (current) {
    if (freeze) explainFrozenWrite(error);
    current.fail(error, false, true, whose);
  } else {
    lastScope?.strayed(error, `${howOf(origin)}, by this function or an earlier one in its ${isMainThread ? 'process' : 'thread'},`);
  }
}

hearStrays(onStray);
// User code may remove all listeners. Then Node ends the worker by `process.exit`, which from Node 24 on is reported before the error.
process.on('uncaughtExceptionMonitor', (error, origin) => {
  if (process.listenerCount('uncaughtException') === 0) onStray(error, origin);
});

/** Reports whose code is about to end the worker. */
function announceExit(code: number, call: string): void {
  const whose = blame();
  if (whose === 'other') currentScope()!.write('stderr', `${call} was called after the attempt had ended\n`);
  else current?.scope.flush();
  tell({ type: 'exiting', code, blame: whose });
}

const { exit, abort } = process;
process.exit = (code) => {
  const given = Number(code ?? process.exitCode ?? 0);
  announceExit(given, `process.exit(${given})`);
  return Reflect.apply(exit, process, [code]) as never;
};
// Threads have none that ends anything.
if (isMainThread) {
  process.abort = () => {
    announceExit(ABORTED, 'process.abort()');
    return Reflect.apply(abort, process, []) as never;
  };
}
syncBuiltinESMExports();

attributeOutput();
const builtIns = new BuiltIns();
listen(hear);
tell({ type: 'ready' });
