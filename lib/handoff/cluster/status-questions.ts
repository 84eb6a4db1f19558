import { type Clock, type Logger, textOf } from '../../base/index.js';
import type { Membership } from '../../nodes/index.js';
import type { ClusterQuestions } from './cluster-questions.js';
import { mergedStatus, partOfStatus, type WireStatus } from './status.js';
import { statusFrom } from './status-answer.js';

/** How long a member has to say how it is, ms. One that asks its own links in turn has twice as long. */
const STATUS_MS = 1000;

/** Whose status is asked for: of the node itself, of its links too, or also of the members that only a link of it has a link with. */
export type StatusReach = 'node' | 'links' | 'cluster';

/** Asks the members how they are. What one of them does not say is no reason to hide the others. */
export class StatusQuestions {
  readonly #deps: StatusQuestionsDeps;

  constructor(deps: StatusQuestionsDeps) {
    this.#deps = deps;
  }

  /** Returns the status of as many members as `reach` says. */
  async status(reach: StatusReach): Promise<WireStatus> {
    const { cluster, own } = this.#deps;
    const linkMs = new Map<string, number>();
    const asked = reach === 'node' ? [] : cluster.others.map((name) => this.#ofLink(name, linkMs));
    const passed = reach === 'cluster' ? [...this.#beyond()].map(([between, names]) => this.#through(between, names)) : [];
    const [others, beyond] = await Promise.all([Promise.all(asked), Promise.all(passed)]);
    return mergedStatus(own(), [...others, ...beyond].flat(), linkMs);
  }

  async #ofLink(name: string, linkMs: Map<string, number>): Promise<readonly Told[]> {
    const { clock } = this.#deps;
    const askedMs = clock.now();
    const status = await this.#ask(name, false, STATUS_MS);
    if (status) linkMs.set(name, clock.now() - askedMs);
    return status ? [[name, status]] : [];
  }

  /** The members without a link to this node, by a member that has links with both. */
  #beyond(): Map<string, string[]> {
    const { membership } = this.#deps;
    const through = new Map<string, string[]>();
    for (const { name, reach } of membership.members) {
      const [between] = reach === 'told' ? membership.reportersOf(name) : [];
      if (between !== undefined) through.set(between, [...(through.get(between) ?? []), name]);
    }
    return through;
  }

  async #through(between: string, names: readonly string[]): Promise<readonly Told[]> {
    const status = await this.#ask(between, true, 2 * STATUS_MS);
    return status ? names.map((name): Told => [name, partOfStatus(status, name)]) : [];
  }

  async #ask(name: string, all: boolean, withinMs: number): Promise<WireStatus | undefined> {
    const { cluster, logger } = this.#deps;
    try {
      return statusFrom(name, await cluster.ask<unknown>(name, { kind: 'show-status', all }, withinMs));
    } catch (error) {
      logger.debug({ member: name, why: textOf(error) }, 'has not reported its status');
      return undefined;
    }
  }
}

/** A member, and what is told of it. */
type Told = readonly [string, WireStatus];

/** The parts of a node that asking for a status needs. */
export interface StatusQuestionsDeps {
  readonly clock: Clock;
  readonly membership: Membership;
  readonly cluster: Pick<ClusterQuestions, 'others' | 'ask'>;
  /** The status of this node. */
  readonly own: () => WireStatus;
  readonly logger: Logger;
}
