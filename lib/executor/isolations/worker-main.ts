import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { doAtOnce, safeThrown, systemClock, textOf } from '../../base/index.js';
import type { PlainPlace } from '../../files/index.js';
import {
  check,
  countShared,
  digestsOfChecked,
  type Packed,
  pack,
  packElements,
  packSurveyed,
  packThrown,
  type Survey,
  survey,
  unpack,
  unpackOwn,
  unpackThrown,
  type ValueFacts,
} from '../../value/index.js';
import type { AttemptContext, CallStep, NodePhases } from '../attempts/attempt.js';
import { attributeOutput } from '../attempts/attributed-output.js';
import { AttemptScope, currentScope, type OutputStream } from '../attempts/current-function.js';
import { explainFrozenWrite } from '../attempts/frozen-write.js';
import { packedDag } from '../attempts/packed-dag.js';
import { type StepHost, StepsRun } from '../attempts/steps-run.js';
import { hearStrays, howOf } from '../attempts/stray-errors.js';
import { LoadedFunctions } from '../code/code.js';
import { CodeRefs } from '../code/code-refs.js';
import { importCompiled } from '../code/typescript-loader.js';
import { activatorOf } from '../tracing/active-trace.js';
import { BuiltIns } from './built-ins.js';
import { processLink } from './process-link.js';
import { threadLink } from './thread-link.js';
import {
  type Blame,
  type Crossing,
  type CrossingInput,
  isPlain,
  isShort,
  type ShortAnswer,
  type ShortCall,
  type ToWorker,
  type WorkerAnswer,
  type WorkerCall,
} from './worker-messages.js';

// Runs in each thread or process of a pool: one call at a time.

const { root, node, freeze, threadSetup, sharesMemory, mayBegin, tell, listen } = isMainThread ? processLink() : threadLink();
const tellLine = (context: AttemptContext, stream: OutputStream, text: string): void => tell({ type: 'line', context, stream, text });
const functions = new LoadedFunctions({ root, node }, (url) => importCompiled(url, root));
const { refOf } = new CodeRefs();
const NONE: readonly never[] = [];
/** The exit code that a shell shows for SIGABRT. */
const ABORTED = 134;
let current: Current | undefined;
/** The calls that begin one after the other when the current one has ended, unless they are taken back. */
let lying: Lying | undefined;
let lastLying: Lying | undefined;
/** Whether no call begins here any more. */
let isRetired = false;
/** What was found about the result that was packed last. */
let lastSurvey: Survey | undefined;
let setUpState: 'loading' | 'failed' | 'over' = 'over';
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
    isDigested: own(step, 'isDigested'),
  }));

/** Returns the one step of a call in short. */
function stepOf(call: ShortCall): CallStep<CrossingInput> {
  const given = (value: CrossingInput['value']): CrossingInput => ({ value, place: undefined, freeze });
  const inputs = call[8];
  const constants = call[9];
  return {
    role: 'function',
    functionId: call[4],
    code: refOf(call[6], call[7]),
    inputs: inputs.length === 0 ? NONE : inputs.map(given),
    asList: false,
    extra: constants && given(constants),
    wanted: true,
    // Its own, as user code may have added fields of these names to `Object.prototype`.
    shape: undefined,
    gist: undefined,
    isDigested: undefined,
  };
}

/** What reads files: loaded with the first call that needs it. */
let read: ((place: PlainPlace) => readonly Uint8Array[] | string) | undefined;

/** Reads an input from its file. Where it is not what was written, its node looks after it. */
function ownBytes(place: PlainPlace): readonly Uint8Array[] {
  current!.isUnread = true;
  const parts = read!(place);
  if (typeof parts === 'string') throw new Error(parts);
  current!.isUnread = false;
  return parts;
}

const stepPlace: StepHost<CrossingInput, Crossing> = {
  now: () => systemClock.now(),
  peek: (ref) => functions.peek(ref),
  load: (ref) => functions.load(ref),
  freezes: freeze,
  open: (input) => {
    const { value, freeze: isFrozen } = input;
    const place = own(input, 'place');
    if (place) return unpackOwn(ownBytes(place), { freeze: isFrozen });
    if (isPlain(value) || isShort(value)) return value;
    if (value.buffer instanceof SharedArrayBuffer) countShared(value.byteLength);
    return unpack(value, { freeze: isFrozen });
  },
  opensAtOnce: (input) => (isPlain(input.value) || isShort(input.value)) && !own(input, 'place'),
  keepsAtOnce: isPlain,
  keep(value, { isWanted, isSplit }) {
    if (isPlain(value)) return value;
    if (isWanted) {
      const found = survey(value, { where: 'result', freeze: false });
      lastSurvey = found;
      if (isSplit) return packElements(value as readonly unknown[], found, 'result', sharesMemory);
      return packSurveyed(value, found, 'result', sharesMemory);
    }
    if (freeze) check(value, { where: 'result', freeze });
    return undefined;
  },
  digest(value, _kept, isSplit) {
    try {
      return doAtOnce(digestsOfChecked(value, isSplit, isPlain(value) ? undefined : lastSurvey));
    } catch {
      return {};
    }
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

/** A call that lies here, and the one behind it. No array, as user code may have changed what arrays can do. */
interface Lying {
  readonly call: WorkerCall | ShortCall;
  next: Lying | undefined;
}

class Current {
  readonly key: number;
  readonly scope: AttemptScope;
  /** Whether an input is being read from its file, or could not be read. */
  isUnread = false;

  constructor(key: number, context: AttemptContext) {
    this.key = key;
    this.scope = new AttemptScope(context, tellLine);
  }

  succeeded(values: readonly Crossing[], tookMs: number, facts: ValueFacts | undefined, phases: NodePhases | undefined): void {
    const { key } = this;
    if (!(facts || phases) && values.length === 1) this.#answer([key, tookMs, values[0]]);
    else this.#answer({ type: 'succeeded', key, values, tookMs, ...(facts && { facts }), ...(phases && { phases }) });
  }

  failed(error: unknown, final: boolean, phases: NodePhases): void {
    if (this.isUnread) this.#answer({ type: 'unread', key: this.key });
    else this.fail(error, final, false, 'own', phases);
  }

  fail(error: unknown, final: boolean, retire: boolean, blame: Blame, phases?: NodePhases): void {
    const { key } = this;
    const spoilt = builtIns.changed() ?? null;
    // The worker will not be used again. What packing needs may be restored.
    if (spoilt !== null) builtIns.restore();
    const packed = packedSafely(error);
    const measured = phases && { phases };
    if (spoilt === null && packed !== null) this.#answer({ type: 'failed', key, error: packed, final, retire, blame, spoilt, ...measured });
    else this.#answer({ type: 'failed', key, error: packed, final, retire: true, blame: 'unsure', spoilt, ...measured });
  }

  #answer(answer: WorkerAnswer | ShortAnswer): void {
    // It may still settle, or throw, after its end.
    if (current !== this) return;
    current = undefined;
    lastScope = this.scope;
    if (!isShort(answer) && answer.type === 'failed' && answer.retire) isRetired = true;
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
    // Not within this turn: the end of a call may be the middle of other code.
    if (lying) queueNext();
  }
}

/** Taken before user code can change it. */
const later = queueMicrotask;

function queueNext(): void {
  later(() => {
    while (lying && !current) {
      const { call } = lying;
      lying = lying.next;
      if (beginLying(call)) return;
    }
  });
}

function lie(last: Lying): void {
  if (lying) lastLying!.next = last;
  else lying = last;
  lastLying = last;
}

/** Begins a call that lay here. Returns false if it was taken back, or nothing begins here any more. */
function beginLying(call: WorkerCall | ShortCall): boolean {
  if (isRetired || !(isShort(call) ? mayBegin!(call[1], call[0]) : mayBegin!(call.lies!, call.key))) return false;
  begin(call);
  return true;
}

function begin(call: WorkerCall | ShortCall): void {
  if (isShort(call)) {
    const context = { dagId: call[2], runId: call[3], functionId: call[4], attempt: call[5], node, since: undefined, element: undefined };
    current = new Current(call[0], context);
    new StepsRun([stepOf(call)], current.scope, stepPlace, current).next();
  } else beginLong(call);
}

function beginLong(call: WorkerCall): void {
  const { key, dagId, runId, functionId, attempt } = call;
  const begun = new Current(key, { dagId, runId, functionId, attempt, node, since: own(call, 'since'), element: own(call, 'element') });
  const trace = own(call, 'trace');
  if (trace) begun.scope.activate = activatorOf(trace);
  current = begun;
  const run = (): void => new StepsRun(runnable(call), begun.scope, stepPlace, begun).next();
  if (own(call, 'readsFiles') && !read) loadFiles().then(run, run);
  else run();
}

/** Works even if built-ins are broken on which packing relies. */
function packedSafely(error: unknown): Packed | null {
  try {
    return packThrown(error);
  } catch {
    return null;
  }
}

/** Without it nothing can be read, and the node does that. */
async function loadFiles(): Promise<void> {
  const { readOwn } = await import('../../files/index.js');
  read = readOwn;
}

function hear(message: ToWorker): void {
  if (isShort(message) || message.type === 'call') {
    const lies = isShort(message) ? message[1] >= 0 : own(message, 'lies') !== undefined;
    if (!lies) begin(message);
    else if (current || lying) lie({ call: message, next: undefined });
    else beginLying(message);
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
  if (setUpState === 'loading') return notReady(error);
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

/** The worker cannot be called: no function runs where its set-up has failed. */
function notReady(thrown: unknown): void {
  if (setUpState === 'failed') return;
  setUpState = 'failed';
  const error = safeThrown(thrown);
  const where = isMainThread ? 'process' : 'thread';
  const message = `threadSetup ${threadSetup} failed in a ${where} of node "${node}": ${textOf(error)}`;
  tell({ type: 'not-ready', error: packedSafely(new Error(message, { cause: error })) });
}

/** Before the built-ins are looked at: what wraps them in the set-up, as tracing does, is no harm. */
if (threadSetup !== undefined) {
  setUpState = 'loading';
  await importCompiled(threadSetup, root).catch(notReady);
}

attributeOutput();
const builtIns = new BuiltIns();
listen(hear);
// One whose set-up has failed waits for its end.
if ((setUpState as string) !== 'failed') {
  setUpState = 'over';
  tell({ type: 'ready' });
}
