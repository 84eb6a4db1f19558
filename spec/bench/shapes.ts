import { Dag, type DynamicDag, type Handoff } from 'handoff-dag';

/** What functions do in all of them: nothing. What is measured is everything around it. */
export const nothing = (): number => 1;

/** A graph of so many functions. */
export interface Shape {
  readonly name: string;
  /** How many of them can be in flight at once: the floor has no more either. */
  readonly inFlight: number;
  /** `codeAt`: what another function does than nothing, by its number. */
  make(count: number, codeAt?: ReadonlyMap<number, () => unknown>): DynamicDag;
}

/** Ten functions wide; each takes the results of the first `inputs` (at most ten) of the layer before. */
export const layers = (inputs: number): Shape => ({
  name: `layers of 10, ${inputs} input${inputs === 1 ? '' : 's'} each`,
  inFlight: 16,
  make(count, codeAt) {
    const dag = Dag.dynamic(`layers of ${count}`);
    for (let index = 0; index < count; index += 1) {
      const layer = Math.floor(index / 10);
      const args = layer === 0 ? [] : Array.from({ length: inputs }, (_, at) => `f${(layer - 1) * 10 + at}`);
      dag.add({ id: `f${index}`, code: codeAt?.get(index) ?? nothing, args });
    }
    return dag;
  },
});

/** Each takes the result of the one before. */
export const chain: Shape = {
  name: 'chain',
  inFlight: 1,
  make(count, codeAt) {
    const dag = Dag.dynamic(`chain of ${count}`);
    for (let index = 0; index < count; index += 1)
      dag.add({ id: `f${index}`, code: codeAt?.get(index) ?? nothing, args: index === 0 ? [] : [`f${index - 1}`] });
    return dag;
  },
};

/** All but the first take the result of the first. */
export const fanOut: Shape = {
  name: 'fan-out',
  inFlight: 16,
  make(count, codeAt) {
    const dag = Dag.dynamic(`fan-out of ${count}`);
    for (let index = 0; index < count; index += 1)
      dag.add({ id: `f${index}`, code: codeAt?.get(index) ?? nothing, args: index === 0 ? [] : ['f0'] });
    return dag;
  },
};

/** Milliseconds of one run. Throws unless it came to what its functions give. */
export async function timedRun(handoff: Handoff, dag: DynamicDag): Promise<number> {
  const startMs = performance.now();
  const { results } = await handoff.execute(dag);
  const tookMs = performance.now() - startMs;
  checkResults(results, dag.size);
  return tookMs;
}

export function checkResults(results: Readonly<Record<string, unknown>>, count: number): void {
  const ids = Object.keys(results);
  if (ids.length !== count) throw new Error(`results are missing: there are ${ids.length} of ${count}`);
  if (results[ids[count - 1]!] !== 1) throw new Error('the last result is wrong');
}
