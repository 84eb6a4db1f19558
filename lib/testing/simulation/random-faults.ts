import type { Clock } from '../../base/index.js';
import type { LinkFaults } from '../cluster-options.js';
import { shuffled } from '../seeded-random.js';
import type { TestCluster } from '../test-cluster.js';

/** The bounds of a time without a fault, and of a fault's duration, virtual ms. */
const REST_MS = [20, 2000] as const;
const WRONG_MS = [50, 12_000] as const;

/** When faults stop in a simulation of liveness, virtual ms. */
const LIVELY_AFTER_MS = [5000, 60_000] as const;

/** The most faults at once: a cluster that never works shows nothing. */
const MAX_WRONG = 3;

const ACTORS = ['LocalStore', 'PeerHub', 'NodeRegistry', 'Allocator', 'Executor', 'DagRunner'] as const;

/**
 * Harms a cluster at random: nodes die and come back, pause, are cut off; links are slow, stall, break; actors crash. The first node, the
 * driver, is spared, except that its actors crash and its links break. `random` decides everything.
 */
export class RandomFaults {
  readonly #cluster: TestCluster;
  readonly #random: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #now: () => number;
  readonly #crashes = new Map<string, readonly number[]>();
  readonly #repairs = new Set<() => Promise<void>>();
  #isOver = false;

  constructor(cluster: TestCluster, random: () => number, clock: Clock) {
    this.#cluster = cluster;
    this.#random = random;
    this.#sleep = (ms) => new Promise((resolve) => void clock.after(ms, resolve));
    this.#now = () => clock.now();
  }

  /** Runs until `stop`, or with `mode` `'liveness'` until everything is repaired for good some time later. */
  async run(mode: 'safety' | 'liveness'): Promise<void> {
    const untilMs = mode === 'safety' ? Number.POSITIVE_INFINITY : this.#between(LIVELY_AFTER_MS);
    for (let spentMs = 0; !this.#isOver && spentMs < untilMs; ) {
      const restMs = this.#between(REST_MS);
      spentMs += restMs;
      await this.#sleep(restMs);
      if (!this.#isOver && this.#repairs.size < MAX_WRONG) await this.#harm();
    }
    await this.stop();
  }

  /** Repairs all faults, and causes no more. */
  async stop(): Promise<void> {
    this.#isOver = true;
    for (const repair of [...this.#repairs]) await repair();
    // Nodes that could not join while their links were broken can now.
    const { names, living } = this.#cluster;
    for (const name of names) if (!living.includes(name)) await tolerated(() => this.#cluster.restart(name));
  }

  async #harm(): Promise<void> {
    const { names } = this.#cluster;
    const [first, ...others] = names;
    const victim = this.#one(others);
    const [a, b] = shuffled(names, this.#random);
    if (victim === undefined || a === undefined || b === undefined) return;
    const die = this.#random();
    if (die < 0.2)
      return this.#for(
        () => this.#cluster.kill(victim),
        () => this.#cluster.restart(victim),
      );
    if (die < 0.35)
      return this.#for(
        () => this.#cluster.pause(victim),
        () => this.#cluster.resume(victim),
      );
    if (die < 0.5) {
      const side = names.filter((name) => name === victim || (name !== first && this.#random() < 0.3));
      const rest = names.filter((name) => !side.includes(name));
      return this.#for(
        () => this.#cluster.partition(side, rest),
        () => this.#cluster.heal(),
      );
    }
    if (die < 0.8) {
      const link = this.#cluster.link(a, b);
      return this.#for(
        () => link.set(this.#linkFaults()),
        () => link.set({}),
      );
    }
    await this.#crash(this.#one(names)!);
  }

  /** A fourth crash within 5 s would end the node, a third of a DagRunner its run. Simulations do not look for that. */
  async #crash(node: string): Promise<void> {
    const nowMs = this.#now();
    const recent = (this.#crashes.get(node) ?? []).filter((atMs) => nowMs - atMs < 6000);
    if (recent.length >= 2) return;
    this.#crashes.set(node, [...recent, nowMs]);
    await tolerated(() => this.#cluster.faults.crashActor(node, this.#one(ACTORS)!));
  }

  #linkFaults(): LinkFaults {
    const die = this.#random();
    if (die < 0.3) return { delayMs: Math.floor(this.#random() * 500) };
    if (die < 0.5) return { bytesPerSecond: 1000 + Math.floor(this.#random() * 1_000_000) };
    if (die < 0.7) return { stall: true };
    return { resetAfterBytes: Math.floor(this.#random() * 100_000) };
  }

  /** Does something and undoes it after a while, at the latest when the harming ends. */
  async #for(wrong: () => Promise<void>, repair: () => Promise<void>): Promise<void> {
    await tolerated(wrong);
    const mend = async (): Promise<void> => {
      if (this.#repairs.delete(mend)) await tolerated(repair);
    };
    this.#repairs.add(mend);
    void this.#sleep(this.#between(WRONG_MS)).then(mend);
  }

  #between([least, most]: readonly [number, number]): number {
    return Math.floor(least + this.#random() * (most - least));
  }

  #one<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#random() * of.length)];
  }
}

/** Ignores harm that is impossible for a node's present state: it is dead, or has no such actor. */
async function tolerated(harm: () => Promise<void>): Promise<void> {
  try {
    await harm();
  } catch {}
}
