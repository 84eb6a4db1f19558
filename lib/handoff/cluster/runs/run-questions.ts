import { HandoffError, keepNewest, shortened } from '../../../base/index.js';
import type { Membership } from '../../../nodes/index.js';
import type { Question, QuestionAboutRuns, Requests, WireMessage } from '../../../peer/index.js';
import type { RunSummary } from '../../../runner/index.js';
import { firstOf } from '../first-of.js';
import { mergedRuns, unpackRuns } from './run-list.js';
import { askUntil } from './withdrawable.js';

/** How long a member may take to list its runs, ms: for a list, and to find the driver of one. */
const LIST_MS = 2000;
const FIND_MS = 5000;

/** A node that passes a question on may take this much longer, ms: it may have to find the driver first. */
export const PASSED_ON_MS = 6000;

/** The drivers of so many runs are remembered. */
const MOST_DRIVERS = 10_000;

/** How often another way to a driver is tried, when the node that passes questions on is gone. */
const MOST_WAYS = 10;

/** A question about one run, without the way that it takes. */
export type AboutRun = { [K in QuestionAboutRuns['kind']]: Omit<Extract<QuestionAboutRuns, { kind: K }>, 'all'> }[Exclude<
  QuestionAboutRuns['kind'],
  'list-runs'
>];

/** How far a question may go: to members with a link, or also to those that only such a member has a link with. */
export type QuestionReach = 'links' | 'cluster';

/** A node to ask, and whether it is to ask its own links in turn. */
interface Way {
  readonly name: string;
  readonly all: boolean;
}

/**
 * Asks the drivers of runs. A driver that has no link with this node, as neither listens, is asked through a member that has links with
 * both. Only the first node passes a question on, so that it never goes in a circle.
 */
export class RunQuestions {
  readonly #deps: RunQuestionsDeps;
  /** By run, the node that drives it, or drove it last, and in which epoch. */
  readonly #drivers = new Map<string, { readonly driver: string; readonly epoch: number }>();

  constructor(deps: RunQuestionsDeps) {
    this.#deps = deps;
  }

  /** A node has said that it drives a run. Another one can take it over only in a higher epoch, or when the former is gone. */
  learnDriver(runId: string, driver: string, epoch: number): void {
    const known = this.#drivers.get(runId);
    const isForeign = known && known.driver !== driver && known.epoch >= epoch && this.#wayTo(known.driver, 'cluster');
    if (!isForeign) keepNewest(this.#drivers, runId, { driver, epoch }, MOST_DRIVERS);
  }

  /**
   * Asks the driver of a run, which is another node. Rejects with `HANDOFF_NOT_FOUND` if no node knows the run, with `HANDOFF_NODE_LOST` if
   * its driver is gone, with `HANDOFF_TIMEOUT` if it does not answer within `withinMs`, and with the reason of `signal`.
   */
  async ask<T>(
    question: AboutRun,
    reach: QuestionReach,
    { withinMs, signal, except }: AskedOfDriver,
  ): Promise<{ readonly driver: string; readonly answer: T }> {
    const { runId } = question;
    let driver = await this.#driverOf(runId, reach, signal, except);
    for (let ways = 1; ; ways += 1) {
      const way = this.#wayTo(driver, reach);
      if (!way) throw this.#lost(runId, driver);
      try {
        const within = withinMs + (way.all ? PASSED_ON_MS : 0);
        return { driver, answer: await this.#ask<T>(way.name, { ...question, all: way.all } as Question, within, signal) };
      } catch (error) {
        if (!HandoffError.is(error) || ways === MOST_WAYS) throw error;
        const isWayLost = way.name !== driver && error.code === 'HANDOFF_NODE_LOST' && error.node === way.name;
        if (isWayLost) continue;
        if (error.code !== 'HANDOFF_NOT_FOUND' || ways > 1) throw error;
        // It may be driven by another node by now.
        this.#drivers.delete(runId);
        const next = await this.#find(runId, reach, signal, except);
        if (next === undefined || next === driver) throw error;
        driver = next;
      }
    }
  }

  /** Returns the runs of all other drivers but `except`, or the one of that id. A member that does not answer in time is left out. */
  async list(runId: string | null, reach: QuestionReach, signal: AbortSignal, except?: string): Promise<RunSummary[]> {
    const lists = this.#ways(reach, except).map((way) => this.#listOf(way, runId, LIST_MS, signal).catch(() => []));
    return mergedRuns(await Promise.all(lists));
  }

  async #driverOf(runId: string, reach: QuestionReach, signal: AbortSignal, except?: string): Promise<string> {
    const known = this.#drivers.get(runId)?.driver;
    if (known !== undefined && this.#wayTo(known, reach)) return known;
    const found = await this.#find(runId, reach, signal, except);
    if (found !== undefined) return found;
    throw known === undefined ? unknownRun(runId) : this.#lost(runId, known);
  }

  /** Asks all members whether they drive a run. The first that does counts. */
  async #find(runId: string, reach: QuestionReach, signal: AbortSignal, except?: string): Promise<string | undefined> {
    let late: unknown;
    const driver = await firstOf(this.#ways(reach, except), async (way) => {
      try {
        return (await this.#listOf(way, runId, FIND_MS, signal))[0]?.driver;
      } catch (error) {
        if (HandoffError.is(error, 'HANDOFF_TIMEOUT')) late ??= error;
        return undefined;
      }
    });
    signal.throwIfAborted();
    if (driver !== undefined) this.learnDriver(runId, driver, 0);
    // It may be the driver.
    else if (late) throw late;
    return driver;
  }

  /** Returns the runs that one member tells of: its own, or those of the drivers that it is asked for. */
  async #listOf(way: WayToDrivers, runId: string | null, withinMs: number, signal: AbortSignal): Promise<readonly RunSummary[]> {
    const { name, all, drivers } = way;
    const within = withinMs + (all ? PASSED_ON_MS : 0);
    const answer = await this.#ask(name, { kind: 'list-runs', all, runId }, within, signal);
    return unpackRuns(name, answer).filter((run) => drivers.has(run.driver) && (runId === null || run.runId === runId));
  }

  #ask<T>(name: string, question: Question, withinMs: number, signal: AbortSignal): Promise<T> {
    this.#deps.refuse();
    return askUntil<T>(this.#deps, name, question, { withinMs, what: 'about runs', signal });
  }

  /** Returns the members to ask, such that each other member is asked once, itself or through one that has a link with it. */
  #ways(reach: QuestionReach, except?: string): WayToDrivers[] {
    const ways = new Map<string, WayToDrivers & { readonly drivers: Set<string> }>();
    for (const { name } of this.#deps.membership.members) {
      const way = name === this.#deps.node || name === except ? undefined : this.#wayTo(name, reach);
      if (!way) continue;
      const key = `${way.all} ${way.name}`;
      const known = ways.get(key);
      if (known) known.drivers.add(name);
      else ways.set(key, { ...way, drivers: new Set([name]) });
    }
    return [...ways.values()];
  }

  /** Returns whom to ask for a driver; `undefined` if it is no member, or out of reach. */
  #wayTo(driver: string, reach: QuestionReach): Way | undefined {
    const { membership } = this.#deps;
    const member = membership.find(driver);
    if (member?.reach === 'linked' || member?.reach === 'cut') return { name: driver, all: false };
    const [between] = member?.reach === 'told' && reach === 'cluster' ? membership.reportersOf(driver) : [];
    return between === undefined ? undefined : { name: between, all: true };
  }

  #lost(runId: string, node: string): HandoffError {
    return new HandoffError('HANDOFF_NODE_LOST', `Node "${node}" is gone: it drove run ${named(runId)}`, { node, runId });
  }
}

const named = (runId: string): string => JSON.stringify(shortened(runId, 100));

/** The error of a question about a run that nobody knows. */
export const unknownRun = (runId: string): HandoffError =>
  new HandoffError('HANDOFF_NOT_FOUND', `No node knows run ${named(runId)}: it never was, or it ended long ago`, { runId });

/** A member that is asked for the runs of drivers: itself, or others. */
interface WayToDrivers extends Way {
  readonly drivers: ReadonlySet<string>;
}

/** How a driver is asked. */
export interface AskedOfDriver {
  readonly withinMs: number;
  readonly signal: AbortSignal;
  /** The node that asks for this, which need not be asked whether it drives the run. */
  readonly except?: string;
}

/** The parts of a node that asking about runs needs. */
export interface RunQuestionsDeps {
  readonly node: string;
  readonly membership: Membership;
  readonly requests: Requests;
  readonly send: (to: string, message: WireMessage) => boolean;
  /** Throws if the node has stopped. */
  readonly refuse: () => void;
}
