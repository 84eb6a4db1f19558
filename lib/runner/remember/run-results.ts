import type { Clock, Logger } from '../../base/index.js';
import { type Fetches, isRemote } from '../../executor/index.js';
import type { Flight, RememberedFile, RememberedResult } from '../../journal/index.js';
import type { ValueStore } from '../../store/index.js';
import {
  type AwayBytes,
  digestOfHeld,
  type Packed,
  StoredValue,
  type ValueFacts,
  type WantedFacts,
  withFactsOf,
} from '../../value/index.js';
import type { RecalledSuccess, RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';
import type { RunDeps, RunJob } from '../run/run-job.js';
import { askedOf, isKnown } from '../run/values/asked-facts.js';
import type { RunValues } from '../run/values/run-values.js';
import { ttlMsOf } from './asked-digests.js';
import type { FoundResult } from './found-result.js';
import { type DigestsOf, KnownDigests } from './known-digests.js';
import type { RememberedPlace, ValueOfRun } from './remembered-place.js';
import { ResultKeys } from './result-keys.js';
import { writeLarge } from './write-large.js';

/** A value up to this size lies in its entry, bytes; a larger one in a file. */
const IN_ENTRY_BYTES = 64 * 1024;

/** A value above this size is not packed just to see whether it goes into an entry, bytes. */
const PACKED_TO_SEE_BYTES = 2 * IN_ENTRY_BYTES;

/** So much is read at a time of a value that is only checked, bytes. */
const CHECKED_AT_ONCE_BYTES = 1 << 20;

/** A function whose result is looked up, or was not found and is being made. */
interface Wanted {
  key: string;
  /** Its place among those that want the key; `undefined` in runs that functions have started. */
  flight: Flight | undefined;
  /** As of when its arguments had the digests of the key. */
  readonly changes: number;
}

/**
 * Looks up whether results of a run's functions are remembered, and remembers those that are made. Look-ups of a turn go together, and so
 * do their answers. Whatever fails here is a miss, or is not remembered: it fails no function.
 */
export class RunResults {
  readonly #of: RunOfResults;
  readonly #place: RememberedPlace;
  readonly #deps: RunResultsDeps;
  #asked: number[] = [];
  readonly #wanted = new Map<number, Wanted>();
  #answers: RunHappening[] = [];
  #isClosed = false;

  constructor(of: RunOfResults, place: RememberedPlace, deps: RunResultsDeps) {
    this.#of = of;
    this.#place = place;
    this.#deps = deps;
  }

  /** Looks the result of a function up, with the next `flush`. Asked for again, it is looked up once. */
  lookUp(index: number): void {
    this.#asked.push(index);
  }

  /** Looks up what has been asked for. */
  flush(): void {
    if (this.#asked.length === 0) return;
    const asked = this.#asked;
    this.#asked = [];
    for (const index of asked) if (!this.#wanted.has(index)) void this.#begin(index);
  }

  /** Others that wait for the result of a function may make it. */
  freeKey(index: number): void {
    this.#leave(this.#wanted.get(index));
  }

  /** The run may start nothing for a while: others may make what it has looked up and not begun. */
  paused(): void {
    for (const [index, wanted] of this.#wanted) if (this.#of.state.states[index] === 'ready') this.#leave(wanted);
  }

  /** The run is over: nothing is waited for any more. What is being written is remembered. */
  close(): void {
    this.#isClosed = true;
    for (const wanted of this.#wanted.values()) this.#leave(wanted);
    this.#wanted.clear();
  }

  /** Successes have been taken over from the record of the run. */
  recalled(successes: readonly RecalledSuccess[] = []): void {
    for (const success of successes) if (success.digest !== undefined) this.#of.digests.note(success.index, success);
  }

  /** A function has made its value: it is remembered, if it was looked up before. */
  made(index: number, made: MadeResult): void {
    this.#of.digests.note(index, made.facts);
    const wanted = this.#wanted.get(index);
    this.#wanted.delete(index);
    if (!wanted) return;
    const { underWay } = this.#place;
    const remembering = this.#remember(index, wanted, made).then((isRemembered) => {
      underWay.delete(remembering);
      wanted.flight?.end(isRemembered);
    });
    underWay.add(remembering);
  }

  #leave(wanted: Wanted | undefined): void {
    wanted?.flight?.end(false);
    if (wanted) wanted.flight = undefined;
  }

  async #begin(index: number): Promise<void> {
    const { keys, digests } = this.#of;
    const wanted: Wanted = { key: '', flight: undefined, changes: digests.changes };
    this.#wanted.set(index, wanted);
    try {
      const found = keys.keyOf(index);
      const key = found instanceof Promise ? await found : found;
      if (this.#isClosed) return;
      if (key === undefined) {
        this.#wanted.delete(index);
        return this.#answer({ type: 'result-not-remembered', index });
      }
      wanted.key = key;
      if (this.#of.isInner()) await this.#find(index, wanted);
      else await this.#enter(index, wanted);
    } catch (error) {
      this.#failed(index, wanted, error);
    }
  }

  /** A bug of ours must not leave a function waiting. */
  #failed(index: number, wanted: Wanted, error: unknown): void {
    const { runId, plan } = this.#of.state;
    this.#deps.logger.error({ runId, dagId: plan.dagId, err: error }, 'a remembered result could not be looked up');
    this.#leave(wanted);
    this.#wanted.delete(index);
    this.#answer({ type: 'result-not-remembered', index });
  }

  /** Of several that want a key one looks it up and makes it. The others wait for it. */
  async #enter(index: number, wanted: Wanted): Promise<void> {
    wanted.flight = this.#place.flights.enter(wanted.key, (news) => {
      if (this.#isClosed) return this.#leave(wanted);
      const next = news === 'turn' ? this.#find(index, wanted) : this.#landed(index, wanted);
      next.catch((error: unknown) => this.#failed(index, wanted, error));
    });
    if (wanted.flight.isFlying) await this.#find(index, wanted);
  }

  /** Another one has found or made it. */
  async #landed(index: number, wanted: Wanted): Promise<void> {
    if (await this.#hit(index, wanted)) return;
    if (!this.#isClosed) await this.#enter(index, wanted);
  }

  async #find(index: number, wanted: Wanted): Promise<void> {
    if (await this.#hit(index, wanted)) return wanted.flight?.end(true);
    if (this.#isClosed || !this.#of.mayStart()) this.#leave(wanted);
    if (!this.#isClosed) this.#answer({ type: 'result-not-remembered', index });
  }

  /** Looks a key up, and takes the result over if there is one that can be had. */
  async #hit(index: number, { key }: Wanted): Promise<boolean> {
    const { shelf } = this.#place;
    const ttlMs = this.#of.ttlOf(index);
    const result = await shelf.find(key, ttlMs === Number.POSITIVE_INFINITY ? 0 : this.#deps.clock.wallNow() - ttlMs);
    const found = result && (await this.#taken(index, result));
    if (!found || this.#isClosed) return false;
    this.#wanted.delete(index);
    const { state, digests, values } = this.#of;
    // Otherwise it is not waited for any more.
    if (state.states[index] === 'looking-up') {
      values.remembered(index, found);
      digests.note(index, { digest: result.digest, ...found.facts });
    }
    const { gist, split } = found.facts;
    const told = split && 'count' in split ? { count: split.count } : split;
    const { node, sizeBytes, held } = found;
    const facts = { ...(gist && { gist }), ...(told && { split: told }) };
    this.#answer({ type: 'result-remembered', index, node, sizeBytes, isHere: held !== undefined, ...facts });
    return true;
  }

  /** Finds the value of a result: nothing of it is read, unless the plan must know more of it. `undefined` if it cannot be had. */
  async #taken(index: number, { digest, held }: RememberedResult): Promise<FoundResult | undefined> {
    const { node } = this.#deps;
    const wanted = this.#of.wantedFacts(index);
    if ('packed' in held) return this.#looked(StoredValue.packed(held.packed), wanted, digest);
    if (!held.bytes) return this.#elsewhere(index, held.file, wanted, digest);
    if (!wanted) {
      // An attempt that cannot read it has it made again, but nobody would for the run's caller.
      const isCollected = this.#of.state.policy.collected[index] === 1;
      if (isCollected && !(await this.#place.checking.run(() => isWhole(held.bytes!)))) return undefined;
      return { node, sizeBytes: held.file.sizeBytes, held: withDigest(StoredValue.away(held.bytes), digest), facts: {} };
    }
    try {
      return this.#looked(StoredValue.packed(await held.bytes.read()), wanted, digest);
    } catch {
      return undefined;
    }
  }

  /** What the plan must know of a value of another node is found out here. */
  async #elsewhere(index: number, file: RememberedFile, wanted: WantedFacts | undefined, digest: string): Promise<FoundResult | undefined> {
    const node = await this.#place.holderOf(file);
    if (node === undefined) return undefined;
    const { sizeBytes } = file;
    if (!wanted) return { node, sizeBytes, file, facts: {} };
    const value = { kind: 'remembered', ...this.#of.nameOf(index), origin: node, file, part: null } as const;
    const held = await new Promise<StoredValue | undefined>((resolve) => {
      this.#deps.fetches.fetch({ from: node, value, sizeBytes }, undefined, { found: resolve, missing: () => resolve(undefined) });
    });
    return held && this.#looked(held, wanted, digest);
  }

  #looked(given: StoredValue, wanted: WantedFacts | undefined, digest: string): FoundResult {
    const { node, freeze } = this.#deps;
    const { held, facts } = wanted ? withFactsOf(given, wanted, freeze) : { held: given, facts: {} };
    if (wanted && !isKnown(wanted, facts)) throw new Error('a remembered value does not tell what the plan must know of it');
    return { node, sizeBytes: held.sizeBytes, held: withDigest(held, digest), facts };
  }

  /** All that is found out in one turn is told together. */
  #answer(happening: RunHappening): void {
    if (this.#answers.push(happening) > 1) return;
    queueMicrotask(() => {
      const answers = this.#answers;
      this.#answers = [];
      if (!this.#isClosed) this.#of.feedAll(answers);
    });
  }

  /** Never rejects. What is large is read, or asked for, at once: it may be dropped in the next moment. */
  async #remember(index: number, { key, changes }: Wanted, { node, facts, value }: MadeResult): Promise<boolean> {
    const { digests } = this.#of;
    const { shelf } = this.#place;
    try {
      // An argument was made again meanwhile, and is another one: nobody knows with which of them the function ran.
      if (digests.changes !== changes) return false;
      const small = value && smallIn(value);
      const large = value && !small;
      const file = large
        ? writeLarge(value, (parts) => shelf.writeFile(parts, false), { writing: this.#place.writing, store: this.#deps.store })
        : small
          ? undefined
          : this.#place.writeAt(node, this.#of.nameOf(index));
      // It is waited for below.
      file?.catch(() => {});
      const digest = facts?.digest ?? (value && (await digestOfHeld(value)));
      if (digest === undefined || !(await this.#isSameCode(index, node))) return false;
      if (small) return await shelf.remember(key, { digest, held: { packed: small } });
      const written = await file;
      return written !== undefined && (await shelf.remember(key, { digest, held: { file: written } }));
    } catch {
      // It is no value that can be packed.
      return false;
    }
  }

  /** Whether what ran was the code of the key: on the node of the function, and serializers where its arguments were made. */
  async #isSameCode(index: number, node: string): Promise<boolean> {
    const { keys, state } = this.#of;
    const asked = [this.#place.isSameCode(keys.modulesOf(index), node)];
    for (const [producer, modules] of keys.serializedOf(index)) {
      const at = state.nodes[producer];
      if (at !== undefined && at !== node) asked.push(this.#place.isSameCode(modules, at));
    }
    return (await Promise.all(asked)).every(Boolean);
  }
}

/** Whether a run may look results up. An expansion may add functions with `cache`. With `reuse: 'none'` everything runs again. */
export const mayRemember = ({ options, plan }: RunJob, { remembered }: Pick<RunDeps, 'remembered'>): boolean =>
  remembered !== undefined &&
  options.usesCache &&
  options.reuse !== 'none' &&
  (plan.caching !== undefined || (plan.growth?.expansions.size ?? 0) > 0);

/** Returns what looks the results of a run up; `undefined` if it looks none up. */
export function runResultsOf(
  job: RunJob,
  { state, values, inputs, feedAll }: Pick<RunOfResults, 'state' | 'feedAll'> & { readonly values: RunValues } & Pick<DigestsOf, 'inputs'>,
  deps: RunDeps,
): RunResults | undefined {
  if (!mayRemember(job, deps)) return undefined;
  const { plan, constants, isInner, recorder } = job;
  const place = deps.remembered!;
  const held = (index: number): StoredValue | undefined => values.held(index);
  const digests = new KnownDigests({
    ...{ plan, state, inputs, held },
    isComposite: (index) => values.isComposite(index),
    farValue: (index) => {
      const value = values.ofFunction(index, deps.node);
      return isRemote(value) ? value : undefined;
    },
    digestElsewhere: (value) => place.digestElsewhere(value),
  });
  const contentOf = (module: string): Promise<string> => place.contentOf(module);
  const keys = new ResultKeys({ plan, root: deps.root, constants, digests, contentOf });
  const ttlOf = (index: number): number => ttlMsOf(plan.shape, index)!;
  const wantedFacts = (index: number): WantedFacts | undefined => {
    const asked = askedOf(plan.growth, index);
    return asked && { ...asked, isDigested: asked.isSplit };
  };
  const { runId, epoch } = job;
  const nameOf = (index: number): ValueOfRun => ({ runId, epoch, functionId: plan.ids[index]! });
  const mayStart = (): boolean => recorder?.mayStart !== false;
  const of = { state, keys, digests, values, nameOf, ttlOf, wantedFacts, isInner, mayStart, feedAll };
  return new RunResults(of, place, deps);
}

/** Returns the packed bytes of a small value; `undefined` for a large one. */
function smallIn(value: StoredValue): Packed | undefined {
  if (value.sizeBytes > (value.away ? IN_ENTRY_BYTES : PACKED_TO_SEE_BYTES)) return undefined;
  const packed = value.pack('result');
  return packed.byteLength <= IN_ENTRY_BYTES ? packed : undefined;
}

/** Whether bytes can be read from the first to the last, and are what was written. They are not kept. */
async function isWhole(bytes: AwayBytes): Promise<boolean> {
  const reader = bytes.reader();
  try {
    for (let left = bytes.sizeBytes; left > 0; ) left -= (await reader.read(CHECKED_AT_ONCE_BYTES)).byteLength;
    return true;
  } catch {
    return false;
  } finally {
    reader.close();
  }
}

function withDigest(held: StoredValue, digest: string): StoredValue {
  held.digest = digest;
  return held;
}

/** A value that a function has made. */
export interface MadeResult {
  readonly node: string;
  readonly facts: ValueFacts | undefined;
  /** The value, if the driver has it; else it is in the memory of that node. */
  readonly value: StoredValue | undefined;
}

/** The run whose results they are. */
export interface RunOfResults {
  readonly state: Pick<RunState, 'states' | 'nodes' | 'plan' | 'runId' | 'absent' | 'policy'>;
  readonly keys: ResultKeys;
  readonly digests: KnownDigests;
  readonly values: { remembered(index: number, found: FoundResult): void };
  /** Names the value of a function on the node that has made it now. */
  nameOf(index: number): ValueOfRun;
  /** How old the result of a function may be, ms. */
  ttlOf(index: number): number;
  /** What the plan must know of the value of a function, besides its digest. */
  wantedFacts(index: number): WantedFacts | undefined;
  /** Whether a function has started the run. */
  isInner(): boolean;
  /** Whether the run may start functions now. */
  mayStart(): boolean;
  feedAll(happenings: readonly RunHappening[]): void;
}

/** The parts of the node that it needs. */
export interface RunResultsDeps {
  readonly node: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly freeze: boolean;
  readonly fetches: Pick<Fetches, 'fetch'>;
  readonly store: Pick<ValueStore, 'keepFor'>;
}
