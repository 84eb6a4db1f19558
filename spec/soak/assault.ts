import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkFaults, TestCluster } from '../../lib/testing/index.js';
import { shuffled } from '../../lib/testing/seeded-random.js';

/** How long there is nothing wrong before the next thing, ms, and how much is wrong at once. */
const REST_MS = [200, 4000] as const;
const MAX_WRONG = 3;

/** A fourth crash within 5 s would end a node, a third of a DagRunner its run: that is not what is looked for. */
const CRASHES = 2;
const CRASHES_WITHIN_MS = 6000;
const ACTORS = ['LocalStore', 'PeerHub', 'NodeRegistry', 'Allocator', 'Executor', 'DagRunner'] as const;

/** What is to be done about one fault, and what until then nothing else may be done to. */
export interface Harm {
  readonly kind: string;
  readonly holds: readonly string[];
  readonly wrong: () => Promise<void>;
  readonly repair?: () => Promise<void>;
  readonly forMs?: readonly [number, number];
}

/**
 * Harms a cluster at random, as long as it is told to: nodes other than the first are killed, stopped, cut off and started again; links are slow, stall
 * and break; actors crash, those of the first node too. `random` decides what and when.
 */
export class Assault {
  /** How often there was what. */
  readonly counts = new Map<string, number>();
  /** What could not be done, and why. */
  readonly refused = new Map<string, number>();
  /** Nodes that died although nobody had killed them. */
  readonly surprises: string[] = [];
  readonly #cluster: TestCluster;
  readonly #random: () => number;
  readonly #others: readonly Harm[];
  readonly #held = new Set<string>();
  /** Nodes that are dead because of what was done here. */
  readonly #slain = new Set<string>();
  readonly #repairs = new Set<() => Promise<void>>();
  readonly #crashes = new Map<string, readonly number[]>();
  readonly #ending = new AbortController();

  /** `others`: what else may be done to it, drawn as often as everything else together. */
  constructor(cluster: TestCluster, random: () => number, others: readonly Harm[] = []) {
    this.#cluster = cluster;
    this.#random = random;
    this.#others = others;
  }

  /** Goes on until `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(this.#between(REST_MS), undefined, { signal }).catch(() => {});
      this.#lookForSurprises();
      if (!signal.aborted && this.#repairs.size < MAX_WRONG) await this.#harm(this.#draw());
    }
  }

  /** Harms no more, and mends everything. Rejects when a node cannot be started any more. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#repairs].map((repair) => repair()));
    this.#lookForSurprises();
    const { names, living } = this.#cluster;
    for (const name of names) if (!living.includes(name)) await this.#restart(name);
  }

  async #kill(name: string): Promise<void> {
    this.#slain.add(name);
    await this.#cluster.kill(name);
  }

  async #restart(name: string): Promise<void> {
    this.#slain.add(name);
    await this.#cluster.restart(name);
    this.#slain.delete(name);
  }

  /** Starts again who is dead, and says so when it should not be. */
  #lookForSurprises(): void {
    const { names, living } = this.#cluster;
    for (const name of names) {
      if (living.includes(name) || this.#held.has(name)) continue;
      if (!this.#slain.has(name)) this.surprises.push(`${name} at ${new Date().toISOString()}`);
      // Whom nobody has let in is tried again.
      void this.#harm({ kind: 'restart', holds: [name], wrong: () => this.#restart(name) });
    }
  }

  #draw(): Harm | undefined {
    if (this.#others.length > 0 && this.#random() < 0.5) return this.#one(this.#others);
    const cluster = this.#cluster;
    const { names } = cluster;
    const [first, ...others] = names;
    const victim = this.#one(others)!;
    const [a, b] = shuffled(names, this.#random) as [string, string];
    const die = this.#random();
    if (die < 0.2) {
      const restart = (): Promise<void> => this.#restart(victim);
      return { kind: 'kill', holds: [victim], wrong: () => this.#kill(victim), repair: restart, forMs: [200, 9000] };
    }
    if (die < 0.27) return { kind: 'restart', holds: [victim], wrong: () => this.#restart(victim) };
    if (die < 0.45) {
      const resume = (): Promise<void> => cluster.resume(victim);
      return { kind: 'pause', holds: [victim], wrong: () => cluster.pause(victim), repair: resume, forMs: [300, 12_000] };
    }
    if (die < 0.6) {
      const side = names.filter((name) => name === victim || (name !== first && this.#random() < 0.3));
      const rest = names.filter((name) => !side.includes(name));
      const cut = (): Promise<void> => cluster.partition(side, rest);
      return { kind: 'partition', holds: ['partition'], wrong: cut, repair: () => cluster.heal(), forMs: [500, 12_000] };
    }
    if (die < 0.85) {
      const [kind, faults] = this.#linkFaults();
      const link = cluster.link(a, b);
      const holds = [[a, b].sort().join(' ')];
      return { kind, holds, wrong: () => link.set(faults), repair: () => link.set({}), forMs: [500, 12_000] };
    }
    const node = this.#one(names)!;
    const actor = node === first ? this.#one(ACTORS)! : this.#one(ACTORS.slice(0, -1))!;
    return this.#mayCrash(node)
      ? { kind: `crash ${actor}`, holds: [node], wrong: () => cluster.faults.crashActor(node, actor) }
      : undefined;
  }

  /** Does it, and sees to it that it is mended after a while, or when the assault ends. */
  async #harm(harm: Harm | undefined): Promise<void> {
    if (!harm || harm.holds.some((held) => this.#held.has(held))) return;
    const { kind, holds, wrong, repair, forMs } = harm;
    for (const held of holds) this.#held.add(held);
    const release = (): void => {
      for (const held of holds) this.#held.delete(held);
    };
    if (await this.#tolerated(kind, wrong)) this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    if (!repair || !forMs) return release();
    let mending: Promise<void> | undefined;
    const mend = (): Promise<void> => {
      mending ??= this.#tolerated(`mend ${kind}`, repair).then(() => {
        this.#repairs.delete(mend);
        release();
      });
      return mending;
    };
    this.#repairs.add(mend);
    void sleep(this.#between(forMs), undefined, { signal: this.#ending.signal }).then(mend, () => {});
  }

  #linkFaults(): readonly [string, LinkFaults] {
    const die = this.#random();
    if (die < 0.25) return ['link delayed', { delayMs: Math.floor(this.#random() * 500) }];
    if (die < 0.5) return ['link slow', { bytesPerSecond: 20_000 + Math.floor(this.#random() * 2_000_000) }];
    if (die < 0.7) return ['link stalled', { stall: true }];
    return ['link reset', { resetAfterBytes: Math.floor(this.#random() * 300_000) }];
  }

  #mayCrash(node: string): boolean {
    const nowMs = performance.now();
    const recent = (this.#crashes.get(node) ?? []).filter((atMs) => nowMs - atMs < CRASHES_WITHIN_MS);
    if (recent.length >= CRASHES) return false;
    this.#crashes.set(node, [...recent, nowMs]);
    return true;
  }

  /** What cannot be done to a node as it is now (it is dead, it has no such actor, nobody lets it in) is not done. */
  async #tolerated(what: string, action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      const why = `${what}: ${(error as Error).message.split('\n')[0]}`;
      this.refused.set(why, (this.refused.get(why) ?? 0) + 1);
      return false;
    }
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random() * (most - least);
  }

  #one<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#random() * of.length)];
  }
}
