import TinyQueue from 'tinyqueue';
import { HandoffError, textOf } from '../base/index.js';
import type { Claim, Ledger } from './ledger.js';
import { describe } from './resources.js';
import type { AllocationStrategy, Capabilities, NodeView } from './strategy.js';

/** From then on a claim that waits is not overtaken by a smaller one that needs the same resource. */
export const OVERTAKING_ENDS_MS = 1000;

/** A collocation group: all members run on one node, chosen when the first of them is placed. */
export interface Group {
  readonly claims: Claim[];
  node: string | undefined;
}

/** Functions of a run that are alike for the allocator: the same cost, slot and bounds. Made once per run and kind. */
export interface ClaimKind extends Claim {
  readonly costs: Capabilities;
  /** The only node allowed, where there is one. */
  readonly only: string | undefined;
  readonly group: Group | undefined;
}

/** A run, as the allocator knows it. Functions are numbers: their indices in the run's plan. */
export interface Asker {
  readonly runId: string;
  readonly dagId: string;
  readonly strategy: AllocationStrategy;
  /** Whether the strategy takes the only node that has room, so that it need not be asked. */
  readonly takesAnyRoom: boolean;
  readonly maxConcurrency: number;
  functionId(index: number): string;
  /** The run's order: below 0 when `a` goes first. */
  compare(a: number, b: number): number;
  bytesToMove(index: number, node: string): number;
}

/** A node that functions can be placed on. */
export interface Member {
  readonly name: string;
  readonly isSelf: boolean;
  readonly ledger: Ledger;
}

/** What came of asking. */
export type Answer =
  | { readonly type: 'granted'; readonly runId: string; readonly index: number; readonly node: string; readonly claim: ClaimKind }
  | { readonly type: 'refused'; readonly runId: string; readonly index: number; readonly error: HandoffError };

interface KindQueue {
  readonly demand: Demand;
  readonly kind: ClaimKind;
  readonly ready: TinyQueue<number>;
  /** The nodes that may hold the kind and could if they were idle; looked up anew when registrations or groups have changed. */
  eligible: readonly Member[];
  version: number;
  /** Since when its first function has found no room. */
  waitingSinceMs: number | undefined;
}

interface Demand {
  readonly asker: Asker;
  readonly kinds: Map<ClaimKind, KindQueue>;
  held: number;
}

/**
 * Which ready function goes next, and where: the brain of the allocator. Serves runs round-robin; within a run the order is the run's. A
 * claim that finds no room is overtaken by others for at most a second, then nothing that needs one of its resources passes it.
 */
export class Allocation {
  readonly #members: readonly Member[];
  readonly #demands = new Map<string, Demand>();
  #ring: Demand[] = [];
  #next = 0;
  readonly #waiting = new Set<KindQueue>();
  #version = 0;

  /** The first member is the driver's own node, the others follow by name. */
  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  enrol(asker: Asker): void {
    const demand: Demand = { asker, kinds: new Map(), held: 0 };
    this.#demands.set(asker.runId, demand);
    this.#ring.push(demand);
  }

  /** Forgets what a run asks for; what it holds it gives back itself. */
  leave(runId: string): void {
    const demand = this.#demands.get(runId);
    if (!demand) return;
    for (const queue of demand.kinds.values()) this.#waiting.delete(queue);
    this.#demands.delete(runId);
    this.#ring = this.#ring.filter((other) => other !== demand);
    this.#next = 0;
  }

  request(runId: string, index: number, kind: ClaimKind): void {
    const demand = this.#demands.get(runId)!;
    let queue = demand.kinds.get(kind);
    if (!queue) {
      const ready = new TinyQueue<number>([], (a, b) => demand.asker.compare(a, b));
      queue = { demand, kind, ready, eligible: [], version: -1, waitingSinceMs: undefined };
      demand.kinds.set(kind, queue);
    }
    queue.ready.push(index);
  }

  /** To be called after a node's capabilities were registered anew. */
  registered(): void {
    this.#version += 1;
  }

  free(runId: string, node: string, claim: Claim): void {
    this.#members.find((member) => member.name === node)?.ledger.free(claim);
    const demand = this.#demands.get(runId);
    if (demand) demand.held -= 1;
  }

  /** What `kind` waits for on the first node that could hold it. */
  shortOf(kind: ClaimKind): Capabilities {
    return this.#couldHold(kind)[0]?.ledger.shortOf(kind) ?? kind.costs;
  }

  /** Grants whatever can be granted now. Every grant is taken in the ledger before it is answered. */
  pump(nowMs: number): readonly Answer[] {
    const answers: Answer[] = [];
    if (this.#ring.length === 0) return answers;
    const declined = new Set<KindQueue>();
    const reserved = this.#waiting.size > 0 ? this.#serveSeniors(nowMs, declined, answers) : undefined;
    for (let fruitless = 0; fruitless < this.#ring.length; ) {
      const demand = this.#ring[this.#next]!;
      this.#next = (this.#next + 1) % this.#ring.length;
      if (this.#serve(demand, nowMs, reserved, declined, answers)) fruitless = 0;
      else fruitless += 1;
    }
    return answers;
  }

  /** The error of a kind that no member could ever hold, or `undefined`. */
  impossible(kind: ClaimKind, functionId: string): HandoffError | undefined {
    if (kind.only !== undefined && !this.#members.some((member) => member.name === kind.only)) {
      return new HandoffError('HANDOFF_NODE_UNKNOWN', `Cannot place function "${functionId}": node "${kind.only}" is not a member`, {
        functionId,
        node: kind.only,
      });
    }
    if (this.#couldHold(kind).length > 0) return undefined;
    const allowed = this.#members.filter((member) => kind.only === undefined || member.name === kind.only);
    const best = allowed.reduce((a, b) => (closeness(b, kind) > closeness(a, kind) ? b : a));
    const group = kind.group ? ' with all functions it is collocated with' : '';
    return new HandoffError(
      'HANDOFF_ALLOCATION_FAILED',
      `Cannot place function "${functionId}"${group}: needs ${describe(kind.costs)}, the best node "${best.name}" has ${describe(best.ledger.capabilities)}`,
      { functionId, node: best.name },
    );
  }

  /** Those who have waited long go first, the longest first; what they still lack is kept from everybody else. */
  #serveSeniors(nowMs: number, declined: Set<KindQueue>, answers: Answer[]): Set<string> | undefined {
    const seniors = [...this.#waiting].filter((queue) => nowMs - queue.waitingSinceMs! >= OVERTAKING_ENDS_MS);
    if (seniors.length === 0) return undefined;
    const reserved = new Set<string>();
    for (const queue of seniors.sort((a, b) => a.waitingSinceMs! - b.waitingSinceMs!)) {
      if (queue.demand.held >= queue.demand.asker.maxConcurrency || this.#eligible(queue).length === 0) continue;
      if (!needsOneOf(queue.kind, reserved) && this.#hasRoom(queue) && this.#grant(queue, declined, answers)) continue;
      for (const name of queue.kind.cost.keys()) reserved.add(name);
    }
    return reserved;
  }

  /** Gives the run one more claim, the first in its order that has room. */
  #serve(demand: Demand, nowMs: number, reserved: Set<string> | undefined, declined: Set<KindQueue>, answers: Answer[]): boolean {
    if (demand.held >= demand.asker.maxConcurrency) return false;
    for (;;) {
      let best: KindQueue | undefined;
      for (const queue of demand.kinds.values()) {
        if (queue.ready.length === 0 || declined.has(queue) || (reserved && needsOneOf(queue.kind, reserved))) continue;
        if (!this.#hasRoom(queue)) this.#waits(queue, nowMs);
        else if (!best || demand.asker.compare(queue.ready.peek()!, best.ready.peek()!) < 0) best = queue;
      }
      if (!best) return false;
      if (this.#grant(best, declined, answers)) return true;
    }
  }

  /** Slots are all alike: only a lack of resources makes a claim age. */
  #waits(queue: KindQueue, nowMs: number): void {
    if (queue.waitingSinceMs !== undefined || this.#eligible(queue).some(({ ledger }) => ledger.hasResources(queue.kind.cost))) return;
    queue.waitingSinceMs = nowMs;
    this.#waiting.add(queue);
  }

  /** Takes the first of the queue off it and answers it; false when the strategy would rather wait, or chose a node without room. */
  #grant(queue: KindQueue, declined: Set<KindQueue>, answers: Answer[]): boolean {
    const { kind, ready, demand } = queue;
    const { asker } = demand;
    const index = ready.peek()!;
    let member: Member | undefined;
    try {
      member = this.#place(queue, index);
    } catch (error) {
      ready.pop();
      answers.push({ type: 'refused', runId: asker.runId, index, error: strategyFailed(asker, index, error) });
      return true;
    }
    if (!member?.ledger.hasSlot(kind.slot) || !member.ledger.hasResources(kind.cost)) {
      declined.add(queue);
      return false;
    }
    ready.pop();
    if (queue.waitingSinceMs !== undefined) {
      queue.waitingSinceMs = undefined;
      this.#waiting.delete(queue);
    }
    member.ledger.take(kind);
    demand.held += 1;
    if (kind.group && kind.group.node === undefined) {
      kind.group.node = member.name;
      this.#version += 1;
    }
    answers.push({ type: 'granted', runId: asker.runId, index, node: member.name, claim: kind });
    return true;
  }

  #place(queue: KindQueue, index: number): Member | undefined {
    const { kind } = queue;
    const { asker } = queue.demand;
    const eligible = this.#eligible(queue);
    if (eligible.length === 1 && (asker.takesAnyRoom || kind.only !== undefined)) return eligible[0];
    const nodes = eligible.map(({ name, isSelf, ledger }): NodeView => {
      const room = ledger.hasSlot(kind.slot) && ledger.hasResources(kind.cost);
      return {
        name,
        isSelf,
        capabilities: ledger.capabilities,
        used: ledger.used,
        fits: room,
        bytesToMove: asker.bytesToMove(index, name),
      };
    });
    const chosen = asker.strategy.place({ dagId: asker.dagId, functionId: asker.functionId(index), cost: kind.costs, nodes });
    const member = eligible.find((one) => one.name === chosen);
    if (chosen !== undefined && !member) {
      throw new Error(`it chose ${JSON.stringify(chosen)}, which is not among ${nodes.map((node) => `"${node.name}"`).join(', ')}`);
    }
    return member;
  }

  #hasRoom(queue: KindQueue): boolean {
    const { kind } = queue;
    for (const { ledger } of this.#eligible(queue)) if (ledger.hasSlot(kind.slot) && ledger.hasResources(kind.cost)) return true;
    return false;
  }

  #eligible(queue: KindQueue): readonly Member[] {
    if (queue.version !== this.#version) {
      queue.eligible = this.#couldHold(queue.kind);
      queue.version = this.#version;
    }
    return queue.eligible;
  }

  #couldHold(kind: ClaimKind): readonly Member[] {
    const only = kind.group?.node ?? kind.only;
    const claims = kind.group?.claims ?? [kind];
    return this.#members.filter(
      (member) => (only === undefined || member.name === only) && claims.every((claim) => member.ledger.canEverHold(claim.cost)),
    );
  }
}

const needsOneOf = (kind: ClaimKind, reserved: ReadonlySet<string>): boolean => {
  for (const name of kind.cost.keys()) if (reserved.has(name)) return true;
  return false;
};

/** How many of the resources a node could hold, for the message that says what the best one lacks. */
function closeness(member: Member, kind: ClaimKind): number {
  return [...kind.cost].filter(([name, amount]) => member.ledger.canEverHold(new Map([[name, amount]]))).length;
}

function strategyFailed(asker: Asker, index: number, cause: unknown): HandoffError {
  const functionId = asker.functionId(index);
  const message = `Cannot place function "${functionId}": strategy "${asker.strategy.name}" failed: ${textOf(cause)}`;
  return new HandoffError('HANDOFF_ALLOCATION_FAILED', message, { dagId: asker.dagId, runId: asker.runId, functionId, cause });
}
