import { NO_WIRE, type PlanRecord, WireRows } from '../../../dag/index.js';
import type { RunHistory } from '../record/record-reader.js';

/** Where one function of a run is in its record. */
export interface RecordedFunction {
  readonly id: string;
  /** Its number in the plan of the DAG, or `~part` for one that the run has added. */
  readonly entry: number;
  /** The plan that describes it, and its number there: for an element, those of its map. */
  readonly plan: PlanRecord;
  readonly number: number;
  /** The epoch in which it became what it is. */
  readonly since: number;
  /** The map or the expansion that added it, as an index. */
  readonly by: number | undefined;
  /** Of a function of an expansion, the index of the first one beside it. */
  readonly first: number;
  /** Of an element, its place in its map. */
  readonly place: number | undefined;
}

/** The functions of a recorded run: those of its DAG, then those that it has added, level by level. Inline functions are none. */
export class RecordedFunctions {
  readonly all: RecordedFunction[] = [];
  /** By map or expansion, the index of its first part, and how many it has. */
  readonly parts = new Map<number, { readonly first: number; readonly count: number }>();
  readonly #rows = new Map<PlanRecord, WireRows>();

  constructor({ plan, parts }: RunHistory) {
    for (let number = 0; number < plan.size; number += 1) {
      const since = plan.since[number]!;
      this.all.push({ id: plan.ids[number]!, entry: number, plan, number, since, by: undefined, first: 0, place: undefined });
    }
    // Those that are added are looked at in their turn.
    for (let index = 0; index < this.all.length; index += 1) {
      const composite = this.all[index]!;
      const known = parts.of(composite.entry);
      if (!known) continue;
      const first = this.all.length;
      this.parts.set(index, { first, count: known.total });
      for (let place = 0; place < known.total; place += 1) {
        const insides = known.plan;
        this.all.push({
          id: insides ? `${composite.id}/${insides.ids[place]!}` : `${composite.id}[${place}]`,
          entry: ~(known.start + place),
          plan: insides ?? composite.plan,
          number: insides ? place : composite.number,
          since: Math.max(composite.since, insides?.since[place] ?? 0),
          by: index,
          first: insides ? first : composite.first,
          place: insides ? undefined : place,
        });
      }
    }
  }

  /**
   * The functions whose values a function needs, directly or through inline functions, each once, as indices. Those of a map or an
   * expansion are followed by its parts.
   */
  producersOf(index: number): readonly number[] {
    const { plan, number, first, place } = this.all[index]!;
    const found = new Set<number>();
    const { over, on } = this.#rowsOf(plan).of(number);
    // Each element of a map over a map takes the element in the same place.
    const source = over === NO_WIRE || over < 0 ? undefined : first + over;
    const stages = place === undefined || source === undefined ? undefined : this.parts.get(source);
    if (source !== undefined) found.add(stages && place! < stages.count ? stages.first + place! : source);
    if (on !== NO_WIRE && on >= 0) found.add(first + on);
    this.#addArguments(plan, number, first, found);
    const parts = place === undefined ? this.parts.get(index) : undefined;
    for (let at = 0; at < (parts?.count ?? 0); at += 1) found.add(parts!.first + at);
    found.delete(index);
    return [...found];
  }

  /** Inline functions are followed to what they need; their numbers are behind those of the others. */
  #addArguments({ args, argsStart, size }: PlanRecord, number: number, first: number, found: Set<number>): void {
    const toFollow = [number];
    const seen = new Set<number>();
    for (let next = toFollow.pop(); next !== undefined; next = toFollow.pop()) {
      for (let at = argsStart[next]!; at < argsStart[next + 1]!; at += 1) {
        const producer = args[at]!;
        if (producer < 0) continue;
        if (producer < size) found.add(first + producer);
        else if (!seen.has(producer)) {
          seen.add(producer);
          toFollow.push(producer);
        }
      }
    }
  }

  /** The code of a function, for people. */
  codeOf(index: number): string {
    const { plan, number } = this.all[index]!;
    const code = plan.codes[plan.code[number]!];
    if (code?.kind === 'reference') return `${plan.modules[code.module]!}#${code.name}`;
    return code?.kind === 'plain' ? nameIn(code.text) : 'a bound function';
  }

  /** Whether its code is a function of the driver's process. */
  isPlain(index: number): boolean {
    const { plan, number } = this.all[index]!;
    return plan.codes[plan.code[number]!]?.kind !== 'reference';
  }

  #rowsOf(plan: PlanRecord): WireRows {
    let rows = this.#rows.get(plan);
    if (!rows) {
      rows = new WireRows(plan);
      this.#rows.set(plan, rows);
    }
    return rows;
  }
}

/** The name that a plain function has in its text. */
const nameIn = (text: string): string => /^(?:async\s+)?function\s*\*?\s*([\w$]+)/.exec(text)?.[1] ?? 'a function';
