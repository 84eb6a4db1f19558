import type { DrawnShape } from './drawn-run.js';

/** A list, then a chain of three for each picture, then a merge of each eight, then an end: 3 × `pictures` functions and some. */
export function pictureShape(pictures: number): DrawnShape {
  const [ids, parents, runMs]: [string[], number[][], number[]] = [[], [], []];
  const add = (id: string, above: readonly number[], ms: number): number => {
    parents.push([...above]);
    runMs.push(ms);
    return ids.push(id) - 1;
  };
  const list = add('list-files', [], 40);
  const classified = Array.from({ length: pictures }, (_, at) => {
    const download = add(`download-${at}`, [list], 120 + ((at * 37) % 90));
    const resize = add(`resize-${at}`, [download], 220 + ((at * 53) % 160));
    return add(`classify-${at}`, [resize], 300 + ((at * 29) % 240));
  });
  const merges = Array.from({ length: Math.ceil(pictures / 8) }, (_, at) => add(`merge-${at}`, classified.slice(at * 8, at * 8 + 8), 180));
  add('publish', merges, 90);
  return { ids, parents, runMs };
}

/** Stages of equal width, each function after two of the stage before: for large runs. */
export function stageShape(functions: number): DrawnShape {
  const stages = ['parse', 'clean', 'join', 'score', 'rank', 'sum', 'check', 'write'];
  const width = Math.ceil(functions / stages.length);
  const ids = Array.from({ length: functions }, (_, at) => `${stages[Math.floor(at / width)]}-${at}`);
  const parents = ids.map((_, at) => (at < width ? [] : [at - width, Math.max(at - (at % width) - width, at - width - 1)]));
  return {
    ids,
    parents: parents.map((above) => [...new Set(above)]),
    runMs: ids.map((_, at) => 20 + ((at * 7919) % 97) ** 1.6 / 4),
  };
}
