import { realEnvironment, startNode } from '../../lib/handoff/index.js';
import { Handoff, type NodeOptions, type Run, type RunEvent } from '../../lib/index.js';
import { type Journal, type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { spyLogger } from '../support/spy-logger.js';

/** A place in memory where durable runs of several nodes, one after the other, are recorded. */
export class DurablePlaces {
  readonly database = new MemoryDatabase();
  /** Comes between a node and its journal. */
  wrap: (journal: Journal) => Journal = (journal) => journal;
  readonly #nodes: Handoff[] = [];

  /** Starts a node that records its durable runs here. */
  async start(name = 'here', options: NodeOptions = {}): Promise<Handoff> {
    const openJournal = async (given: JournalOptions): Promise<Journal> => this.wrap(await journals.memory(this.database, given));
    const handoff = await Handoff[startNode](
      { name, capabilities: { cpu: 4 }, logger: spyLogger(), ...options },
      { ...realEnvironment, openJournal },
    );
    this.#nodes.push(handoff);
    return handoff;
  }

  /** Stops what was started. */
  async stop(): Promise<void> {
    for (const node of this.#nodes) await node.stop({ graceMs: 0 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Called in a `describe`: a place of its own for each of its specs, in which the node `here` is started. */
export function placesForEach(): { readonly places: DurablePlaces; readonly here: Handoff } {
  let places: DurablePlaces;
  let here: Handoff;
  beforeEach(async () => {
    places = new DurablePlaces();
    here = await places.start();
  });
  afterEach(() => places.stop());
  return {
    get places() {
      return places;
    },
    get here() {
      return here;
    },
  };
}

/** All events of a run. */
export async function eventsOf(run: Run<unknown>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

/** The functions that really ran, in order. */
export const startedIn = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'function-started' ? [event.functionId] : []));

/** The functions that were taken from the record. */
export const recalledIn = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'function-succeeded' && event.source === 'journal' ? [event.functionId] : []));

/** By function, why it ran although it had a record. */
export const reasonsIn = (events: readonly RunEvent[]): Record<string, string> =>
  Object.fromEntries(
    events.flatMap((event) => (event.type === 'function-ready' && event.because ? [[event.functionId, event.because]] : [])),
  );
