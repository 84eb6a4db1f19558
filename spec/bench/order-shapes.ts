import { seededRandom } from '../../lib/testing/seeded-random.js';
import type { Workflow } from './workflows.js';

const EACH_MS = 1000;
const EACH_BYTES = 1_000_000;

/** A workflow in the making: tasks are added after those that they take values of. Each makes as many bytes. */
class Drawn {
  readonly parents: number[][] = [];

  add(...parents: readonly number[]): number {
    return this.parents.push([...parents]) - 1;
  }

  done(name: string, lastsMs: (task: number) => number = () => EACH_MS): Workflow {
    const { parents } = this;
    const children = parents.map((): number[] => []);
    for (const [task, from] of parents.entries()) for (const parent of from) children[parent]!.push(task);
    return {
      name,
      ids: parents.map((_, task) => `t${task}`),
      runtimeMs: parents.map((_, task) => lastsMs(task)),
      parents,
      children,
      valueBytes: children.map(({ length }) => (length > 0 ? EACH_BYTES : 0)),
    };
  }
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** N chains of three: extract, transform, load. All heads are added first, as a loop over stages does. */
export function chainsOfThree(count: number, isNoisy = false): Workflow {
  const drawn = new Drawn();
  const heads = times(count, () => drawn.add());
  const middles = heads.map((head) => drawn.add(head));
  for (const middle of middles) drawn.add(middle);
  if (!isNoisy) return drawn.done(`${count} chains of 3`);
  const random = seededRandom(3);
  return drawn.done(`${count} chains of 3, from half to one and a half`, () => Math.round(EACH_MS * (0.5 + random())));
}

function treeReduction(count: number): Workflow {
  const drawn = new Drawn();
  let level = times(count, () => drawn.add());
  while (level.length > 1) level = times(level.length / 2, (at) => drawn.add(level[2 * at]!, level[2 * at + 1]!));
  return drawn.done(`map of ${count} into a tree of pairs`);
}

function flatReduction(count: number): Workflow {
  const drawn = new Drawn();
  drawn.add(...times(count, () => drawn.add()));
  return drawn.done(`map of ${count} into one`);
}

function diamonds(count: number): Workflow {
  const drawn = new Drawn();
  const tops = times(count, () => drawn.add());
  const sides = tops.map((top) => [drawn.add(top), drawn.add(top)] as const);
  for (const side of sides) drawn.add(...side);
  return drawn.done(`${count} diamonds`);
}

function mapReduceTwice(groups: number, each: number): Workflow {
  const drawn = new Drawn();
  const start = drawn.add();
  const heads = times(groups, () => drawn.add(start));
  const mapped = heads.map((head) => times(each, () => drawn.add(head)));
  drawn.add(...mapped.map((group) => drawn.add(...group)));
  return drawn.done(`map-reduce of ${groups} times ${each}`);
}

/** Chains whose heads all go to a report too, which is added before what uses the heads up. */
function withReport(count: number): Workflow {
  const drawn = new Drawn();
  const heads = times(count, () => drawn.add());
  drawn.add(...heads.map((head) => drawn.add(head)));
  for (const middle of heads.map((head) => drawn.add(head))) drawn.add(middle);
  return drawn.done(`${count} chains beside a report`);
}

/** The shapes that pipelines of data have. */
export const orderShapes = (): readonly Workflow[] => [
  chainsOfThree(600),
  chainsOfThree(600, true),
  treeReduction(512),
  flatReduction(512),
  diamonds(200),
  mapReduceTwice(20, 25),
  withReport(200),
];
