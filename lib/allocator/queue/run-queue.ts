// Brain: pure.
import { BandedQueue } from './banded-queue.js';
import type { ClaimClass, ClaimQueueClient } from './claim-class.js';
import type { Eligibility, Reserved } from './eligibility.js';
import type { PlacementChoice } from './placement-step.js';
import { compareFirst } from './urgency.js';

/** The ready functions of one run and one class. */
export interface ClassQueue<Client extends ClaimQueueClient> extends PlacementChoice<Client> {
  readonly run: RunQueue<Client>;
  /** It, and the others of its run that need the same of the same nodes: among them the run's order decides, however long they wait. */
  readonly alike: ClassQueue<Client>[];
  ready: BandedQueue;
  eligibility: Eligibility;
  /** The version of the queue when `eligibility` was made. */
  version: number;
  index: number;
  reserved: Reserved | undefined;
  /** Since when its first function has found no room. */
  waitingSinceMs: number | undefined;
}

/** The ready functions of one run. */
export interface RunQueue<Client extends ClaimQueueClient> {
  readonly client: Client;
  readonly classes: Map<ClaimClass, ClassQueue<Client>>;
  /** By what they need, the lists that `ClassQueue.alike` refers to. */
  readonly alike: Map<string, ClassQueue<Client>[]>;
  /** How many claims the run holds. */
  held: number;
  isRemoved: boolean;
  /** How many of its functions could run at once if nothing else did, by the class of which there is most room; as of `version`. */
  slots: number;
  version: number;
  /** The lowest band that is urgent, as of the last time that it was served. */
  urgentBand: number;
}

/** The queue of a run that has asked for nothing yet. */
export const newRunQueue = <Client extends ClaimQueueClient>(client: Client): RunQueue<Client> => ({
  client,
  classes: new Map(),
  alike: new Map(),
  held: 0,
  isRemoved: false,
  slots: 0,
  version: -1,
  urgentBand: 0,
});

/** Adds the queue of a class to that of its run. */
export function addClassQueue<Client extends ClaimQueueClient>(
  run: RunQueue<Client>,
  claim: ClaimClass,
  eligibility: Eligibility,
  version: number,
): ClassQueue<Client> {
  const { client } = run;
  const alike = alikeIn(run, claim);
  const queue: ClassQueue<Client> = {
    type: 'choice',
    client,
    run,
    claim,
    alike,
    ready: new BandedQueue(client),
    eligibility,
    version,
    index: -1,
    reserved: undefined,
    waitingSinceMs: undefined,
  };
  alike.push(queue);
  run.classes.set(claim, queue);
  return queue;
}

/** The members of a collocation group are placed together, so their class is like no other. */
function alikeIn<Client extends ClaimQueueClient>(run: RunQueue<Client>, claim: ClaimClass): ClassQueue<Client>[] {
  if (claim.group) return [];
  const key = needsOf(claim);
  const known = run.alike.get(key) ?? [];
  run.alike.set(key, known);
  return known;
}

/** What classes need, by which those are found that are alike. Most classes are those of many runs. */
const needs = new WeakMap<ClaimClass, string>();

function needsOf(claim: ClaimClass): string {
  let key = needs.get(claim);
  if (key === undefined) {
    const { slot, costs, pinnedTo } = claim;
    key = JSON.stringify([slot, pinnedTo, Object.entries(costs).sort(([one], [other]) => (one < other ? -1 : 1))]);
    needs.set(claim, key);
  }
  return key;
}

/** Whether a run holds as many claims as it may. */
export const isAtItsLimit = ({ held, client }: RunQueue<ClaimQueueClient>): boolean => held >= client.maxConcurrency;

/** Whether the first function of one queue goes before that of another of the same run. */
export const goesBefore = <Client extends ClaimQueueClient>({ run, ready }: ClassQueue<Client>, other: ClassQueue<Client>): boolean =>
  compareFirst(run.client, run.urgentBand, ready.peek(run.urgentBand), other.ready.peek(run.urgentBand)) < 0;
