import { Dag, type DynamicDag, functionsIn, type RunEvent } from '../../lib/index.js';

export const tasks = functionsIn<typeof import('../support/modules/map-tasks.js')>(
  new URL('../support/modules/map-tasks.js', import.meta.url),
);
export const THREE = [1, 2, 3];
export const list = (): number[] => [...THREE];
export const twice = (n: number): number => 2 * n;

/** A DAG whose function `xs` makes an array, for maps over it. */
export const over = (array: unknown): DynamicDag => Dag.dynamic().add({ id: 'xs', code: () => array });

/** All events of a run, once it has ended. */
export async function eventsOf(run: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const one of run) events.push(one);
  return events;
}

/** The types of the events of a function, in order. */
export const typesOf = (events: readonly RunEvent[], id: string): string[] =>
  events.filter((one) => 'functionId' in one && one.functionId === id).map(({ type }) => type);
