import { expect } from 'chai';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import type { PlacementClient } from '../../lib/allocator/placement/placer.js';
import type { ClaimClass } from '../../lib/allocator/queue/claim-class.js';
import { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import type { Capabilities } from '../../lib/allocator/strategy.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import { asker, kindOf, placeAll } from './claims.js';

const SEEDS = 400;
const STEPS = 120;
/** More passes than any change takes: what is granted and recalled without end takes more. */
const MOST_PASSES = 40;

/** A function that runs or lies. */
interface Held {
  readonly runId: string;
  readonly index: number;
  readonly claim: ClaimClass;
  readonly node: string;
}

/** Two nodes, and runs that ask for functions of all kinds, some of which may lie. Every change is followed by passes until nothing comes. */
class World {
  readonly #random: () => number;
  readonly #nodes: { readonly name: string; readonly isSelf: boolean; readonly isOpen: boolean; readonly capacity: Ledger }[];
  readonly #queue: ClaimQueue<PlacementClient>;
  readonly #kinds: readonly ClaimClass[];
  readonly #runs = new Map<string, Map<number, ClaimClass>>();
  #running: Held[] = [];
  #lying: Held[] = [];
  /** Those that are on their way back from another node. */
  #returning: Held[] = [];
  #count = 0;
  #nowMs = 0;
  lain = 0;
  lainElsewhere = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const count = this.#below(4) > 0 ? 2 : 1;
    this.#nodes = ['a', 'b'].slice(0, count).map((name) => ({
      ...{ name, isSelf: name === 'a', isOpen: true },
      capacity: new Ledger({ cpu: 1 + this.#below(3), gpu: this.#below(2) }, { thread: 1 + this.#below(3), loop: 4, process: 1 }),
    }));
    this.#queue = new ClaimQueue(this.#nodes, new Set(['thread']));
    this.#kinds = Array.from({ length: 5 }, () =>
      kindOf(this.#one<Capabilities>([{}, { cpu: 1 }, { cpu: 1 }, { cpu: 0.5 }, { cpu: 2 }, { gpu: 1 }, { cpu: 1, gpu: 1 }]), {
        slot: this.#one(['thread', 'thread', 'thread', 'loop', 'process']),
        pinnedTo: this.#one([undefined, undefined, 'a', this.#nodes.at(-1)!.name]),
        growsMemory: this.#below(3) === 0,
      }),
    );
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)]!;
  }

  #addRun(): void {
    const runId = `r${this.#count++}`;
    const priorities = Array.from({ length: 50 }, () => (this.#below(6) === 0 ? 5 : 0));
    const priorityOf = (index: number): number => priorities[index % 50]!;
    const declines = this.#below(5) === 0;
    const most = 1 + this.#below(3);
    const lies = (_index: number, behind: number): boolean => behind < most;
    const mayLie = this.#one([lies, lies, () => false, (index: number, behind: number) => behind < most && index % 2 === 0]);
    this.#runs.set(runId, new Map());
    this.#queue.addRun(
      asker(runId, {
        compare: (a, b) => priorityOf(b) - priorityOf(a) || a - b,
        maxConcurrency: this.#one([Number.POSITIVE_INFINITY, 3]),
        ...(this.#below(2) === 0 && { urgency: { priorityOf, pathMsOf: () => 0, workLeftMs: 0 } }),
        ...(this.#below(4) > 0 && {
          ahead: {
            isPossible: true,
            isWorthMoving: (index: number) => index % 3 > 0,
            mayLie,
            lies() {},
            promoted: () => true,
            recalled() {},
          },
        }),
        ...(declines && { takesAnyRoom: false, strategy: { name: 'picky', place: ({ nodes }) => this.#one([undefined, nodes[0]?.name]) } }),
      }),
    );
  }

  #request(): void {
    const [runId, asked] = this.#one([...this.#runs]);
    const index = this.#count++;
    const claim = this.#one(this.#kinds);
    if (this.#queue.impossible(claim, 'f')) return;
    asked.set(index, claim);
    this.#queue.request(runId, index, claim);
  }

  /** One of those that run ends; another that lies may begin by its claim. */
  #end(): void {
    const ended = this.#running.splice(this.#below(this.#running.length), 1)[0]!;
    this.#queue.free(ended.runId, ended.node, ended.claim);
    const at = this.#lying.findIndex(({ node, claim }) => node === ended.node && claim.slot === ended.claim.slot);
    const next = this.#lying[at];
    // On another node it may not have been told in time.
    if (!next || (next.node !== 'a' && this.#below(4) === 0)) return;
    this.#lying.splice(at, 1);
    this.#queue.begun(next.runId, next.index, next.node, next.claim);
    this.#running.push(next);
  }

  #comesBack({ runId, index, claim }: Held): void {
    this.#queue.freeAhead(runId, index);
    this.#queue.request(runId, index, claim);
  }

  change(): void {
    const what = this.#below(20);
    if (this.#runs.size === 0 || (what === 0 && this.#runs.size < 3)) this.#addRun();
    else if (what < 10) this.#request();
    else if (what < 18 && this.#running.length > 0) this.#end();
    else if (what === 19 && this.#returning.length > 0) this.#comesBack(this.#returning.shift()!);
    else if (what === 18) this.#nodes[0]!.capacity.setValueLoad({ heldBytes: this.#below(2) * 2 ** 30, limitBytes: 1, isSpilling: false });
    this.#nowMs += this.#below(300);
    this.#passes();
    if (this.#below(4) > 0) return;
    // Nothing else happens for a while.
    for (let rounds = 0; this.#returning.length > 0; rounds += 1) {
      expect(rounds, 'rounds until nothing is on its way back').to.be.below(MOST_PASSES);
      for (const back of this.#returning.splice(0, 1 + this.#below(this.#returning.length))) this.#comesBack(back);
      this.#passes();
    }
  }

  #passes(): void {
    for (let passes = 0; this.#pass() > 0; passes += 1) expect(passes, 'passes until nothing comes').to.be.below(MOST_PASSES);
  }

  #pass(): number {
    const answers = placeAll(this.#queue, this.#nowMs);
    for (const answer of answers) {
      const { index } = answer;
      const { runId } = answer.client;
      const asked = this.#runs.get(runId)!;
      if (answer.type === 'granted') {
        const { claim, node } = answer;
        (answer.isAhead ? this.#lying : this.#running).push({ runId, index, claim, node });
        asked.delete(index);
        if (answer.isAhead) this.lain += 1;
        if (answer.isAhead && node !== 'a') this.lainElsewhere += 1;
        continue;
      }
      const [held] = this.#lying.splice(
        this.#lying.findIndex((one) => one.runId === runId && one.index === index),
        1,
      );
      if (answer.type === 'promoted') this.#running.push(held!);
      if (answer.type !== 'recalled') continue;
      if (held!.node === 'a' || this.#below(2) === 0) this.#comesBack(held!);
      else this.#returning.push(held!);
    }
    for (const { capacity } of this.#nodes) {
      for (const [name, used] of Object.entries(capacity.used)) expect(used).to.be.most(capacity.capabilities[name] ?? 0);
    }
    return answers.length;
  }
}

describe('functions that are granted ahead of room, whatever is asked', () => {
  it('come to rest after each change, and hold no more than there is', () => {
    let lain = 0;
    let lainElsewhere = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const world = new World(seed);
      for (let step = 0; step < STEPS; step += 1) world.change();
      lain += world.lain;
      lainElsewhere += world.lainElsewhere;
    }
    expect(lain).to.be.above(SEEDS);
    expect(lainElsewhere).to.be.above(SEEDS);
  });
});
