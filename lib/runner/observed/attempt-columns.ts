// Brain: pure.
import {
  ATTEMPT_OUTCOMES,
  type AttemptHistory,
  type AttemptRow,
  type AttemptTotals,
  type Phases,
  type SeeAttempt,
} from './attempt-history.js';
import {
  ATTEMPT,
  DOUBLES,
  FETCH,
  HAND_OVER,
  INDEX,
  LOAD,
  MOST_SLOT,
  NO_ROWS,
  NODE,
  OUTCOME_BITS,
  OUTCOME_MASK,
  PACK,
  type RowBlock,
  RUN,
  SLOT,
  sharedRows,
  WAIT,
  WORDS,
} from './attempt-rows.js';
import { groupNameOf, isInGroup } from './group-name.js';

/** How many attempts of a run are kept one by one. */
export const ATTEMPTS_KEPT = 100_000;

/** The first room, in rows, where nothing is expected. */
const FIRST_ROOM = 8;

/** The nodes of all runs before their first attempt. */
const NO_NODES: readonly string[] = [];

/** Takes in rows that follow each other in a block: those from `from` on, up to `to`. */
export interface RowMeter {
  seeRows(block: RowBlock, from: number, to: number): void;
}

/**
 * The attempts of a run in rows of 48 bytes, in one piece that doubles up to `most` rows. From then on each row takes the place of the
 * oldest, which is added to the totals of its group. Nothing is allocated before the first attempt.
 */
export class AttemptColumns implements AttemptHistory {
  readonly #idOf: (index: number) => string;
  readonly #most: number;
  readonly #meter: RowMeter | undefined;
  readonly #expected: number;
  /** The rows before this one have been metered. */
  #metered = 0;
  #room = 0;
  #count = 0;
  #block = NO_ROWS;
  /** Its first row in the block, which it may share with other runs. */
  #start = 0;
  #last = 0;
  #nodes = NO_NODES;
  #numbers: Map<string, number> | undefined;
  #lastNode = 0;
  #totals: Map<string, GroupTotals> | undefined;
  #lastGroup: GroupTotals | undefined;

  /**
   * `idOf` returns the id of a function, by which attempts that are not kept any more are grouped. `meter` sees each row once: when it is
   * asked to, or when the row gives up its place. The first attempt makes room for as many as are `expected`.
   */
  constructor(idOf: (index: number) => string, most = ATTEMPTS_KEPT, meter?: RowMeter, expected = FIRST_ROOM) {
    this.#expected = expected;
    this.#idOf = idOf;
    this.#most = most;
    this.#meter = meter;
  }

  /** Shows the meter each row that it has not seen. */
  measure(): void {
    const from = Math.max(this.#metered, this.first);
    const count = this.#count - from;
    this.#metered = this.#count;
    if (count === 0 || !this.#meter) return;
    const start = this.#start;
    const first = from % this.#room;
    const end = first + count;
    this.#meter.seeRows(this.#block, start + first, start + Math.min(end, this.#room));
    if (end > this.#room) this.#meter.seeRows(this.#block, start, start + end - this.#room);
  }

  get count(): number {
    return this.#count;
  }

  get first(): number {
    return Math.max(0, this.#count - this.#most);
  }

  get nodes(): readonly string[] {
    return this.#nodes;
  }

  /** The block of the last row. */
  get block(): RowBlock {
    return this.#block;
  }

  /** Where the numbers of 4 bytes of the last row begin in its block. */
  get lastWord(): number {
    return this.#last;
  }

  /**
   * Adds a row for the attempt that has ended last, without its times, and returns its number. `outcome` is an index into
   * `ATTEMPT_OUTCOMES`. The times are written into the block by the caller: as arguments of a call each would be an object.
   */
  addRow(index: number, attempt: number, node: string, slot: number, outcome: number): number {
    const number = this.#count;
    if (number >= this.#room) this.#makeRoom(number);
    const at = (this.#start + (number % this.#room)) * WORDS;
    const { words } = this.#block;
    this.#last = at;
    this.#count = number + 1;
    words[at + INDEX] = index;
    words[at + ATTEMPT] = attempt;
    words[at + NODE] = this.#nodes[this.#lastNode] === node ? this.#lastNode : this.#numberOf(node);
    words[at + SLOT] = (Math.min(slot, MOST_SLOT) << OUTCOME_BITS) | outcome;
    return number;
  }

  /** The same with its times. */
  add(
    index: number,
    attempt: number,
    node: string,
    slot: number,
    outcome: number,
    endMs: number,
    waitMs: number,
    fetchMs: number,
    loadMs: number,
    runMs: number,
    packMs: number,
    handOverMs: number,
  ): number {
    const number = this.addRow(index, attempt, node, slot, outcome);
    const at = this.lastWord;
    const { ends, phases } = this.#block;
    ends[(at / WORDS) * DOUBLES] = endMs;
    phases[at + WAIT] = waitMs;
    phases[at + FETCH] = fetchMs;
    phases[at + LOAD] = loadMs;
    phases[at + RUN] = runMs;
    phases[at + PACK] = packMs;
    phases[at + HAND_OVER] = handOverMs;
    return number;
  }

  each(from: number, to: number, see: SeeAttempt): void {
    const end = Math.min(to, this.#count);
    const { ends, phases, words } = this.#block;
    for (let number = Math.max(from, this.first); number < end; number += 1) {
      const row = this.#start + (number % this.#room);
      const at = row * WORDS;
      const last = words[at + SLOT]!;
      see(
        number,
        words[at + INDEX]!,
        words[at + ATTEMPT]!,
        words[at + NODE]!,
        last >>> OUTCOME_BITS,
        last & OUTCOME_MASK,
        ends[row * DOUBLES]!,
        phases[at + WAIT]!,
        phases[at + FETCH]!,
        phases[at + LOAD]!,
        phases[at + RUN]!,
        phases[at + PACK]!,
        phases[at + HAND_OVER]!,
      );
    }
  }

  /** Throws `RangeError` for a row that is not kept. */
  row(number: number): AttemptRow {
    const phases = this.phasesOf(number);
    if (!phases) throw new RangeError(`Cannot read attempt ${number}: those from ${this.first} up to ${this.#count} are kept`);
    const row = this.#start + (number % this.#room);
    const at = row * WORDS;
    const { ends, words } = this.#block;
    return {
      index: words[at + INDEX]!,
      attempt: words[at + ATTEMPT]!,
      node: this.#nodes[words[at + NODE]!]!,
      slot: words[at + SLOT]! >>> OUTCOME_BITS,
      outcome: ATTEMPT_OUTCOMES[words[at + SLOT]! & OUTCOME_MASK]!,
      endMs: ends[row * DOUBLES]!,
      phases,
    };
  }

  /** Returns the phases of a row, or `undefined` if it is not kept. */
  phasesOf(number: number): Phases | undefined {
    if (!Number.isInteger(number) || number < this.first || number >= this.#count) return undefined;
    const at = (this.#start + (number % this.#room)) * WORDS;
    const { phases } = this.#block;
    return {
      waitMs: phases[at + WAIT]!,
      fetchMs: phases[at + FETCH]!,
      loadMs: phases[at + LOAD]!,
      runMs: phases[at + RUN]!,
      packMs: phases[at + PACK]!,
      handOverMs: phases[at + HAND_OVER]!,
    };
  }

  totals(): readonly AttemptTotals[] {
    return [...(this.#totals?.values() ?? [])].map(({ group, attempts, outcomes, phases }) => {
      const [succeeded, failed, timedOut, cancelled, lost] = outcomes;
      const [waitMs, fetchMs, loadMs, runMs, packMs, handOverMs] = phases;
      return {
        group,
        attempts,
        outcomes: { succeeded, failed, 'timed-out': timedOut, cancelled, lost },
        phases: { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs },
      };
    });
  }

  /** Doubles the block, or gives up the oldest row. */
  #makeRoom(number: number): void {
    if (this.#room === this.#most) {
      // All of them together: one by one costs more.
      if (this.#metered <= number - this.#most) this.measure();
      return this.#fold(this.#start + (number % this.#room));
    }
    const room = Math.min(this.#most, Math.max(1, this.#room === 0 ? this.#expected : 2 * this.#room));
    const start = sharedRows.take(room);
    const { block } = sharedRows;
    const from = this.#start * WORDS;
    block.words.set(this.#block.words.subarray(from, from + this.#room * WORDS), start * WORDS);
    this.#block = block;
    this.#start = start;
    this.#room = room;
  }

  #fold(row: number): void {
    const at = row * WORDS;
    const { words, phases } = this.#block;
    const id = this.#idOf(words[at + INDEX]!);
    const last = this.#lastGroup;
    const totals = last && isInGroup(id, last.group) ? last : this.#totalsOf(groupNameOf(id));
    this.#lastGroup = totals;
    totals.attempts += 1;
    totals.outcomes[words[at + SLOT]! & OUTCOME_MASK]! += 1;
    for (let phase = 0; phase < totals.phases.length; phase += 1) totals.phases[phase]! += phases[at + WAIT + phase]!;
  }

  #totalsOf(group: string): GroupTotals {
    this.#totals ??= new Map();
    const known = this.#totals.get(group);
    if (known) return known;
    const totals: GroupTotals = { group, attempts: 0, outcomes: [0, 0, 0, 0, 0], phases: [0, 0, 0, 0, 0, 0] };
    this.#totals.set(group, totals);
    return totals;
  }

  #numberOf(node: string): number {
    this.#numbers ??= new Map();
    let number = this.#numbers.get(node);
    if (number === undefined) {
      number = this.#nodes.length;
      this.#nodes = [...this.#nodes, node];
      this.#numbers.set(node, number);
    }
    this.#lastNode = number;
    return number;
  }
}

/** What is left of the attempts of a group: by outcome, and by phase, in the order of `Phases`. */
interface GroupTotals {
  readonly group: string;
  attempts: number;
  readonly outcomes: [number, number, number, number, number];
  readonly phases: [number, number, number, number, number, number];
}
