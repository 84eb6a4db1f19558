import { doInTurns } from '../../base/index.js';
import {
  comparePlans,
  type ExpandedDag,
  FUNCTION_CHANGES,
  type GrowingPlan,
  isUnchanged,
  type Plan,
  type PlanFragment,
  type PlanRecord,
  placeOf,
  type Reuse,
  sinceEpoch,
} from '../../dag/index.js';
import type { RecordedFile } from '../../journal/index.js';
import type { StoredValue } from '../../value/index.js';
import type { RecalledFailure, RecalledSuccess, RerunReason } from '../brain/messages.js';
import type { GrowthRecord, KeepRecalled, RecalledValue, RecordedOfParts } from '../run/growth/growth-record.js';
import { askedOf } from '../run/values/asked-facts.js';
import { type GrownInsides, writeGrown } from './record/grown-entry.js';
import type { RecordedComposite } from './record/recorded-parts.js';
import type { Recorder } from './record/recorder.js';
import { type PastGrowth, rerunReasonOf, withFacts } from './record/run-record.js';

/**
 * What a durable run records of the functions that it adds, and finds of them in its record. A part keeps its record by its place in its
 * map, or by its id in the DAG of its expansion. An element is the same as long as its map is, and the array as long as it was. A function
 * of an expansion's DAG is compared as those of a run are, and is another one if its expansion is.
 */
export class GrownRecord implements GrowthRecord {
  readonly #plan: GrowingPlan;
  readonly #of: GrownRecordOf;
  /** By expansion, what its DAG is compared with what is recorded of it. */
  readonly #insides = new Map<number, Insides>();
  /** By map and expansion, what is recorded of it. */
  readonly #composites = new Map<number, RecordedComposite | undefined>();
  /** What was found for parts that the brain has not taken yet. */
  readonly #found = new WeakMap<PlanFragment, readonly FoundPart[]>();

  constructor(plan: GrowingPlan, of: GrownRecordOf) {
    this.#plan = plan;
    this.#of = of;
  }

  /** The epoch in which a function became what it is. */
  sinceOf(index: number): number {
    const { added } = this.#plan;
    let at = index;
    for (let by = added.parentOf[at]!; by >= 0; at = by, by = added.parentOf[at]!) {
      const insides = this.#insides.get(by);
      if (insides) return insides.since[insides.expanded.indexAt(placeOf(added.parts.get(by)!, at))]!;
    }
    return this.#of.since[at]!;
  }

  /** Compares the DAG that an expansion has given with what is recorded of it, before its functions are added. */
  async prepare(expansion: number, expanded: ExpandedDag): Promise<void> {
    const { epoch, past, reuse, planOf } = this.#of;
    const own = this.sinceOf(expansion);
    const taken = await planOf(expanded.plan);
    const before = this.#recordOf(expansion)?.plan;
    const comparison = before && (await doInTurns(comparePlans(before, taken, reuse)));
    const since = before && comparison ? sinceEpoch(before, comparison, epoch) : new Uint32Array(taken.ids.length).fill(epoch);
    for (let number = 0; number < since.length; number += 1) since[number] = Math.max(since[number]!, own);
    const plan: PlanRecord = { ...taken, since };
    const isSame =
      before !== undefined &&
      isUnchanged(before, plan, comparison!) &&
      comparison!.recordedAs.every((at, number) => at === number && before.since[number] === since[number]);
    const expansionReason = past && this.#reasonFor(expansion);
    const reasonFor = (number: number): RerunReason | undefined =>
      (comparison && rerunReasonOf(FUNCTION_CHANGES[comparison.changes[number]!]!)) ?? expansionReason;
    this.#insides.set(expansion, { expanded, plan, since, recordedAs: comparison?.recordedAs, isSame, reasonFor });
  }

  /** Returns what is recorded of parts that are about to be added. */
  recordedOf(fragment: PlanFragment): RecordedOfParts {
    const { past } = this.#of;
    if (!past || !this.#recordOf(fragment.by)) return {};
    const { successes, failed } = past.parts;
    const found: FoundPart[] = [];
    const failures: RecalledFailure[] = [];
    const reasons: [number, RerunReason][] = [];
    const first = this.#plan.added.parts.get(fragment.by)?.count ?? 0;
    for (let k = 0; k < fragment.ids.length; k += 1) {
      const { part, since, reason, isOptional } = this.#partAt(fragment, first, k);
      const index = fragment.from + k;
      const epoch = part < 0 ? 0 : successes.epochOf(part);
      const hasFailed = part >= 0 && failed.has(part);
      if (epoch === 0 && !hasFailed) continue;
      const failure = isOptional ? failed.get(part) : undefined;
      if (epoch > 0 && epoch >= since && !hasFailed) {
        const success = this.#find(fragment, k, part);
        if (success) found.push(success);
        // The DAG of an expansion was not recorded if it has plain functions.
        if (!success || (!success.success.hasValue && fragment.growth?.expansions.has(index))) reasons.push([index, 'value-lost']);
      } else if (failure && failure.epoch >= since) failures.push({ index, attempt: failure.attempt, failure: failure.failure });
      else reasons.push([index, reason ?? (hasFailed ? 'failed' : 'producer')]);
    }
    this.#found.set(fragment, found);
    return { recalled: found.map(({ success }) => success), failures, reasons };
  }

  /** Parts have been added to the plan: their values are taken over, and their numbers recorded before anything of them is. */
  added(fragment: PlanFragment): void {
    const { recorder, keep } = this.#of;
    for (const { value, file } of this.#found.get(fragment) ?? []) keep(value, file);
    const { by, from, ids, total, sinks } = fragment;
    const count = ids.length;
    const first = Math.max(0, placeOf(this.#plan.added.parts.get(by)!, from));
    if (!recorder) return;
    const insides = this.#insides.get(by);
    const grown = { by, from, count, first, total, insides: insides && this.#grownInsides(insides, by, first, count, sinks ?? []) };
    recorder.beforeNext((group) => writeGrown(group, grown));
  }

  #grownInsides({ expanded, plan, isSame }: Insides, by: number, first: number, count: number, sinks: readonly number[]): GrownInsides {
    const parts = this.#plan.added.parts.get(by)!;
    const numbers = Array.from({ length: count }, (_, k) => expanded.indexAt(first + k));
    return {
      numbers: numbers.every((number, k) => number === first + k) ? undefined : numbers,
      sinks: sinks.map((index) => expanded.indexAt(placeOf(parts, index))),
      plan: first === 0 && !isSame ? plan : undefined,
    };
  }

  /** Returns what decides about the record of the kth part of a fragment. Its record has number `part`, or -1. */
  #partAt({ by, total, growth, from }: PlanFragment, first: number, k: number): DecidedPart {
    const known = this.#recordOf(by)!;
    const insides = this.#insides.get(by);
    if (!insides) {
      const { optionals } = this.#plan.growth!;
      const part = first + k < known.total ? known.start + first + k : -1;
      const isSame = known.total === total;
      const since = isSame ? this.sinceOf(by) : Number.POSITIVE_INFINITY;
      return { part, since, reason: isSame ? this.#reasonFor(by) : 'producer', isOptional: optionals.has(by) };
    }
    const number = insides.expanded.indexAt(first + k);
    const recordedAs = insides.recordedAs?.[number] ?? -1;
    const part = recordedAs < 0 ? -1 : known.start + recordedAs;
    const isOptional = growth?.optionals.has(from + k) === true;
    return { part, since: insides.since[number]!, reason: insides.reasonFor(number), isOptional };
  }

  /** Returns the recorded success of a part, if it can be used. */
  #find(fragment: PlanFragment, k: number, part: number): FoundPart | undefined {
    const { past, node, freeze } = this.#of;
    const { successes } = past!.parts;
    const index = fragment.from + k;
    const isRecorded = successes.hasValue(part);
    const epoch = successes.epochOf(part);
    const file = successes.fileOf(part);
    const isFiled = file !== undefined && past!.filesHere.has(part);
    const id = fragment.ids[k]!;
    const isExpansion = fragment.growth?.expansions.has(index) === true;
    const own = isRecorded || isFiled || isExpansion ? undefined : this.#of.valueHere(id, epoch);
    const elsewhere = isExpansion ? undefined : this.#of.placeOf(id, epoch, file);
    const place = isRecorded || isFiled || own ? node : elsewhere;
    const sizeBytes = successes.sizeOf(part);
    const told: RecalledSuccess = {
      index,
      attempt: successes.attemptOf(part),
      node: successes.nodeOf(part),
      tookMs: successes.tookMsOf(part),
      sizeBytes,
      hasValue: place !== undefined,
      ...(isFiled && { isFiled }),
      ...(place !== undefined && place !== node && { isElsewhere: true }),
    };
    const asked = askedOf(fragment.growth, index);
    const known: KnownPart | undefined = asked ? withFacts(successes, part, told, asked, freeze) : { success: told };
    if (!known) return undefined;
    const held = isRecorded ? (known.held ?? successes.valueOf(part)) : own;
    const value = { index, sizeBytes, held, place, file: place === undefined || place === node ? undefined : file, epoch };
    return { success: known.success, value, file: isFiled ? file : undefined };
  }

  /** Returns what is recorded of a map or expansion. */
  #recordOf(composite: number): RecordedComposite | undefined {
    const { past } = this.#of;
    if (!past) return undefined;
    if (!this.#composites.has(composite)) {
      const number = this.#numberOf(composite);
      this.#composites.set(composite, number === undefined ? undefined : past.parts.of(number));
    }
    return this.#composites.get(composite);
  }

  /** Returns the number that a function has in the record: that in the recorded plan, or `~part`. */
  #numberOf(index: number): number | undefined {
    const { added } = this.#plan;
    const by = added.parentOf[index]!;
    const recordedAs = by < 0 ? this.#of.past!.recordedAs[index]! : 0;
    if (by < 0) return recordedAs < 0 ? undefined : recordedAs;
    const known = this.#recordOf(by);
    if (!known) return undefined;
    const place = placeOf(added.parts.get(by)!, index);
    const insides = this.#insides.get(by);
    const number = insides ? (insides.recordedAs?.[insides.expanded.indexAt(place)] ?? -1) : place;
    return number < 0 || number >= known.total ? undefined : ~(known.start + number);
  }

  /** Returns why what is recorded of the parts of a map or expansion does not hold any more, if that is known. */
  #reasonFor(composite: number): RerunReason | undefined {
    const { added } = this.#plan;
    let at = composite;
    for (let by = added.parentOf[at]!; by >= 0; at = by, by = added.parentOf[at]!) {
      const insides = this.#insides.get(by);
      if (insides) return insides.reasonFor(insides.expanded.indexAt(placeOf(added.parts.get(by)!, at)));
    }
    return this.#of.past!.reasonFor(at);
  }
}

/** The DAG of an expansion, and how it differs from the recorded one. */
interface Insides {
  readonly expanded: ExpandedDag;
  readonly plan: PlanRecord;
  /** By number in the DAG. */
  readonly since: Uint32Array;
  readonly recordedAs: Int32Array | undefined;
  /** Whether the record describes it already. */
  readonly isSame: boolean;
  reasonFor(number: number): RerunReason | undefined;
}

/** The number of a part in the record, and what decides whether that holds. */
interface DecidedPart {
  readonly part: number;
  readonly since: number;
  readonly reason: RerunReason | undefined;
  readonly isOptional: boolean;
}

/** A recorded success that is used, its value, and its file, if that is here. */
interface FoundPart {
  readonly success: RecalledSuccess;
  readonly value: RecalledValue;
  readonly file: RecordedFile | undefined;
}

interface KnownPart {
  readonly success: RecalledSuccess;
  readonly held?: StoredValue;
}

/** The run, and its past. */
export interface GrownRecordOf {
  readonly epoch: number;
  /** The driver. */
  readonly node: string;
  /** Whether values are frozen on this node. */
  readonly freeze: boolean;
  readonly reuse: Reuse;
  /** By function of the DAG itself, the epoch in which it became what it is. */
  readonly since: Readonly<Uint32Array>;
  /** Missing in a run that is new. */
  readonly past: PastGrowth | undefined;
  /** Missing in a run that is only read again. */
  readonly recorder: Recorder | undefined;
  /** Records what each function of a DAG is. */
  planOf(plan: Plan): Promise<PlanRecord>;
  /** Returns a value of this epoch that this node has in memory. */
  valueHere(functionId: string, epoch: number): StoredValue | undefined;
  /** Returns another node that has a value of this epoch, in memory or in this file. */
  placeOf(functionId: string, epoch: number, file: RecordedFile | undefined): string | undefined;
  readonly keep: KeepRecalled;
}
