import { expect } from 'chai';
import type { Recollection } from '../../lib/runner/brain/messages.js';
import { open } from './brain.js';

const MANY = 5000;
const idOf = (number: number): string => `f${number}`;

/** A chain whose last function has not succeeded. `without`: those whose values are in no record. */
function chainOf(count: number, without: readonly number[] = []) {
  const edges = Object.fromEntries(Array.from({ length: count }, (_, at) => [idOf(at), at === 0 ? [] : [idOf(at - 1)]]));
  const run = open(edges, { collect: [idOf(count - 1)] });
  const successes = Array.from({ length: count - 1 }, (_, index) => {
    return { index, attempt: 1, node: 'n', tookMs: 1, sizeBytes: 8, hasValue: !without.includes(index) };
  });
  const recalled: Recollection = { successes, reasons: [], tells: 'all' };
  return { ...run, begin: () => run.feed({ type: 'run-begun', recalled }) };
}

/** Begins the run, and gives it turns until it asks for none: what it commanded in each. */
function turnsOf(run: ReturnType<typeof chainOf>): string[][] {
  const turns = [run.begin()];
  while (turns.at(-1)!.includes('take-turn')) turns.push(run.feed({ type: 'turn-taken' }));
  return turns;
}

describe('recorded successes', () => {
  it('are taken over some thousands a turn, and what nothing needs of them is dropped likewise, before anything starts', () => {
    const run = chainOf(MANY);
    const turns = turnsOf(run);
    for (const commands of turns) expect(commands.length).to.be.below(2010);
    const commands = turns.flat().filter((command) => command !== 'take-turn');
    const dropped = Array.from({ length: MANY - 2 }, (_, at) => `drop-value ${idOf(at)}`);
    expect(commands).to.deep.equal([...dropped, `request-claim ${idOf(MANY - 1)}`]);
    expect(run.told.filter((line) => line.startsWith('function-succeeded'))).to.have.length(MANY - 1);
  });

  it('without values are computed again where something needs them, with what they consume', () => {
    const run = chainOf(10, [3, 7, 8]);
    const commands = turnsOf(run).flat();
    expect(commands).to.deep.equal([...['request-claim f7'], ...[0, 1, 2, 4, 5].map((at) => `drop-value f${at}`)]);
    expect(run.told.filter((line) => line.startsWith('function-lost'))).to.deep.equal(['function-lost f8', 'function-lost f7']);
  });
});
