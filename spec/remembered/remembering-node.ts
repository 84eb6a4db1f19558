import { realEnvironment, startNode } from '../../lib/handoff/index.js';
import { type DagLike, Handoff, type NodeOptions, type RunEvent } from '../../lib/index.js';
import { type Journal, type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { MemoryShelf } from '../support/memory-shelf.js';
import { spyLogger } from '../support/spy-logger.js';

/** Nodes, one after the other, that remember results in the same place, in memory. */
export class Remembering {
  readonly shelf = new MemoryShelf();
  readonly database = new MemoryDatabase();
  readonly logger = spyLogger();
  /** Puts something around the journals of nodes that start from now on. */
  wrap: (journal: Journal) => Journal = (journal) => journal;
  readonly #nodes: Handoff[] = [];

  /** `hasShelf`: whether it remembers anything. */
  async start(options: NodeOptions = {}, hasShelf = true): Promise<Handoff> {
    const openJournal = async (given: JournalOptions): Promise<Journal> => this.wrap(await journals.memory(this.database, given));
    const handoff = await Handoff[startNode](
      { name: `n${this.#nodes.length}`, capabilities: { cpu: 4 }, threads: 1, logger: this.logger, ...options },
      { ...realEnvironment, ...(hasShelf && { openJournal, openShelf: async () => this.shelf }) },
    );
    this.#nodes.push(handoff);
    return handoff;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await node.stop({ graceMs: 0 });
  }
}

/** Counts how often functions run, by what they call themselves. */
export class Counts {
  readonly all: Record<string, number> = {};

  /** Counts, and returns the result. */
  of<T>(id: string, result: T): T {
    this.all[id] = (this.all[id] ?? 0) + 1;
    return result;
  }
}

/** What became of a run. */
export interface Ran {
  readonly results: Readonly<Record<string, unknown>>;
  readonly events: readonly RunEvent[];
  /** The functions that were started, and those whose results were remembered, in order of time. */
  readonly started: readonly string[];
  readonly fromCache: readonly string[];
}

/** Runs a DAG to its end. */
export async function ran(handoff: Handoff, dag: object, options: object = {}): Promise<Ran> {
  const run = handoff.execute(dag as DagLike, options as never);
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  const { results } = (await run) as { results: Record<string, unknown> };
  const started = events.flatMap((event) => (event.type === 'function-started' ? [event.functionId] : []));
  const fromCache = events.flatMap((event) => (event.type === 'function-succeeded' && event.source === 'cache' ? [event.functionId] : []));
  return { results, events, started, fromCache };
}
