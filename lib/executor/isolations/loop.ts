import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { HandoffError, PassingMap, safeThrown, type Timer } from '../../base/index.js';
import { expandedSnapshot } from '../../dag/index.js';
import {
  digestsOfHeld,
  pack,
  packSurveyed,
  StoredValue,
  splitLive,
  surfaceSize,
  survey,
  unpack,
  type ValueFacts,
} from '../../value/index.js';
import { type CallOutcome, type IsolationCall, type NodePhases, type RunningCall, succeededOutcome } from '../attempts/attempt.js';
import { attributeOutput } from '../attempts/attributed-output.js';
import { AttemptScope } from '../attempts/current-function.js';
import { explainFrozenWrite } from '../attempts/frozen-write.js';
import { packedDag } from '../attempts/packed-dag.js';
import { isFinalFailure, type StepHost, StepsRun } from '../attempts/steps-run.js';
import { type Imported, importNamespace, LoadedFunctions, mayBeCommonJs } from '../code/code.js';
import { isBetterCompiled, loadsTypeScript, mayNeedCompiler } from '../code/typescript-loader.js';
import type { IsolationOptions, IsolationRunner } from '../isolation.js';

/** What a function of a DAG takes in memory, bytes; an estimate. */
const LIVE_FUNCTION_BYTES = 200;
/** The digest of a value that is packed in so many bytes takes less than a turn of the loop. */
const DIGESTED_AT_ONCE_BYTES = 16 * 1024;

/**
 * The node's own event loop, for functions that are cheap, wait for I/O, or share the state of the process. Values that can be frozen are
 * passed without a copy. Code cannot be stopped: what it does after the end of its attempt is ignored.
 */
export function loopIsolation(options: IsolationOptions): IsolationRunner {
  const { freeze, root, node, clock, importModule } = options;
  const functions = new LoadedFunctions({ root, node }, async (url) =>
    importModule ? { namespace: (await importModule(url)) as object } : importHere(url, root),
  );
  const place: StepHost<StoredValue, StoredValue> = {
    now: () => clock.now(),
    peek: (ref) => functions.peek(ref),
    load: (ref) => functions.load(ref),
    freezes: freeze,
    open: (held) => held.open(freeze),
    opensAtOnce: (held) => held.opensAtOnce(freeze),
    keepsAtOnce: (value, isSplit) => (freeze ? typeof value !== 'object' || value === null : !isSplit),
    keep(value, { isWanted, isSole, isSplit, isDigested }) {
      if (!freeze) return isSplit ? splitLive(value as readonly unknown[], undefined) : StoredValue.live(value, surfaceSize(value));
      const found = survey(value, { where: 'result', freeze });
      if (isSplit) return splitLive(value as readonly unknown[], found);
      if (found.freezesWhole || !isWanted) return StoredValue.live(value, found.sizeBytes);
      // What takes several turns to digest must not change meanwhile.
      if (isSole && !(isDigested && found.sizeBytes > DIGESTED_AT_ONCE_BYTES)) return StoredValue.original(value, found.sizeBytes);
      // Packed now: the function that made it may keep it and change it.
      return StoredValue.packed(packSurveyed(value, found, 'result', true));
    },
    digest: (_value, kept) => digestsOfHeld(kept),
    keepDag(dag, isPlain) {
      if (!isPlain) return StoredValue.packed(packedDag(dag, root));
      const snapshot = expandedSnapshot(dag);
      return StoredValue.live(snapshot, snapshot.graph.size * LIVE_FUNCTION_BYTES);
    },
    copier(value, kept) {
      if (!freeze) return undefined;
      if (kept?.isPacked) return () => kept.open(freeze);
      if (survey(value, { where: 'result', freeze }).freezesWhole) return undefined;
      const packed = pack(value, { where: 'result' });
      return () => unpack(packed, { freeze });
    },
  };
  const running = new PassingMap<number, LoopCall>();
  let last = 0;
  const unattribute = attributeOutput();
  return {
    slots: options.loopConcurrency,
    start(call, settle) {
      const number = ++last;
      const started = new LoopCall(call, place, options, (outcome) => {
        running.delete(number);
        settle(outcome);
      });
      started.begin();
      // Most calls have ended by now.
      if (!started.isOver) running.set(number, started);
      return started;
    },
    async close() {
      for (const call of [...running.values()]) call.end({ type: 'stopped' });
      unattribute();
      return 0;
    },
  };
}

/**
 * Imports as this process does. What it cannot import, TypeScript or code that needs its `tsconfig.json`, is loaded with tsx, as in
 * threads.
 */
async function importHere(url: string, root: string): Promise<Imported> {
  if (isBetterCompiled(url)) await loadsTypeScript(root);
  try {
    return await importNamespace(url);
  } catch (error) {
    if (!mayNeedCompiler(url, error) || !(await loadsTypeScript(root))) throw error;
    return loadAgain(url);
  }
}

/** Imports again a module that Node remembers as failed: by URL, and for CommonJS by path. */
async function loadAgain(url: string): Promise<Imported> {
  const path = fileURLToPath(url);
  if (!mayBeCommonJs(path)) return importNamespace(`${url}?tsx`);
  const require = createRequire(url);
  delete require.cache[path];
  return { namespace: { default: require(path) as unknown } };
}

class LoopCall implements RunningCall {
  readonly #options: IsolationOptions;
  readonly #settle: (outcome: CallOutcome) => void;
  readonly #scope: AttemptScope;
  readonly #steps: StepsRun<StoredValue, StoredValue>;
  #stopping: { readonly atMs: number; readonly timer: Timer } | undefined;
  isOver = false;

  constructor(
    { context, steps, trace }: IsolationCall,
    place: StepHost<StoredValue, StoredValue>,
    options: IsolationOptions,
    settle: (outcome: CallOutcome) => void,
  ) {
    this.#options = options;
    this.#settle = settle;
    this.#scope = new AttemptScope(context, options.onOutput);
    this.#scope.owner = this;
    this.#scope.ownsRuns = true;
    this.#scope.lender = options.lender;
    this.#scope.activate = trace?.activate;
    this.#steps = new StepsRun(steps, this.#scope, place, this);
  }

  begin(): void {
    this.#steps.next();
  }

  succeeded(values: readonly StoredValue[], tookMs: number, facts: ValueFacts | undefined, phases: NodePhases | undefined): void {
    this.end(succeededOutcome(values, tookMs, facts, phases));
  }

  failed(error: unknown, final: boolean, phases?: NodePhases): void {
    this.end(phases ? { type: 'failed', error, final, phases } : { type: 'failed', error, final });
  }

  takeStray(error: unknown): void {
    const safe = safeThrown(error);
    if (this.#options.freeze) explainFrozenWrite(safe);
    this.failed(safe, isFinalFailure(safe));
  }

  stop(reason: HandoffError, graceMs: number): void {
    void this.#scope.endRuns(reason, graceMs);
    if (this.isOver) return;
    const atMs = this.#options.clock.now() + graceMs;
    if (this.#stopping && this.#stopping.atMs <= atMs) return;
    this.#stopping?.timer.cancel();
    const isFirst = !this.#stopping;
    this.#stopping = { atMs, timer: this.#options.clock.after(graceMs, () => this.end({ type: 'stopped' })) };
    if (isFirst) this.#scope.abort(reason);
  }

  end(outcome: CallOutcome): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#stopping?.timer.cancel();
    this.#scope.owner = undefined;
    this.#scope.lender = undefined;
    this.#scope.flush();
    const settled: CallOutcome = this.#stopping ? { type: 'stopped' } : outcome;
    const ending = settled.type === 'succeeded' ? undefined : this.#endRuns(settled);
    if (ending) void ending.then(() => this.#settle(settled));
    else this.#settle(settled);
  }

  /** Runs that the code has started are over before the attempt is: the next one may start them again. */
  #endRuns(outcome: Exclude<CallOutcome, { type: 'succeeded' }>): Promise<unknown> | undefined {
    if (outcome.type === 'failed') return this.#scope.endRuns(outcome.error, Number.POSITIVE_INFINITY);
    const { node } = this.#options;
    return this.#scope.endRuns(new HandoffError('HANDOFF_STOPPED', `Node "${node}" no longer runs this`, { node }), 0);
  }
}
