import type { AttemptOrigin, TraceContext } from '../../executor/index.js';
import { MOST_LINKS } from '../../peer/index.js';
import type { RunState } from '../brain/run-state.js';

/** The spans of a run that is traced, by function: those of the attempts that made the values. */
export class RunSpans {
  readonly #parent: TraceContext;
  readonly #plan: RunState['plan'];
  /** By function, the `traceparent`; with holes. */
  readonly #spans: (string | undefined)[] = [];

  constructor(parent: TraceContext, plan: RunState['plan']) {
    this.#parent = parent;
    this.#plan = plan;
  }

  /** An attempt has made the value of the function. `span`: its own, if it has one. */
  made(index: number, span: string | undefined): void {
    if (span !== undefined) this.#spans[index] = span;
  }

  /** Returns where an attempt at the function belongs. Of what maps and expansions made, those that made the parts are named. */
  originOf(index: number): AttemptOrigin {
    const links: string[] = [];
    const { producersStart, producers } = this.#plan;
    for (let at = producersStart[index]!; at < producersStart[index + 1]! && links.length < MOST_LINKS; at += 1)
      this.#link(producers[at]!, links);
    return { parent: this.#parent, links };
  }

  /** Parts may be maps and expansions themselves, as deep as the DAG nests them. */
  #link(index: number, links: string[]): void {
    const span = this.#spans[index];
    if (span !== undefined) links.push(span);
    const { ranges = [] } = this.#plan.added?.parts.get(index) ?? {};
    for (let at = 0; at < ranges.length; at += 2)
      for (let part = ranges[at]!; part < ranges[at + 1]! && links.length < MOST_LINKS; part += 1) this.#link(part, links);
  }
}
