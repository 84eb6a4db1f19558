import { expect } from 'chai';
import { Dag, type DynamicDag, type PlanFragment } from '../../lib/dag/index.js';
import type { Recollection, RunHappening } from '../../lib/runner/brain/messages.js';
import { open, openDag } from './brain.js';

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

const code = { module: './m.js', name: 'f' };
const recorded = { attempt: 1, node: 'n', tookMs: 1, sizeBytes: 8, gist: { isTruthy: true } };

/** A run that goes on after failures. These functions are recorded, the values of some are gone, and others are taken over as they run. */
function resumed(dag: DynamicDag, ids: readonly string[], { gone = [], adopted = [] }: Partial<Record<'gone' | 'adopted', string[]>> = {}) {
  const run = openDag(dag, { onFailure: 'continue', collect: ['last'] });
  const recalled: Recollection = {
    successes: ids.map((id) => ({ ...recorded, index: run.index(id), hasValue: !gone.includes(id) })),
    adopted: adopted.map((id) => ({ index: run.index(id), attempt: 1, node: 'n' })),
    reasons: [],
    tells: 'all',
  };
  /** Begins the run, lets this happen after the first of its turns, and gives it the others. */
  const begin = (then?: RunHappening): string[] => {
    const commands = run.feed({ type: 'run-begun', recalled });
    if (then) commands.push(...run.feed(then));
    while (commands.filter((command) => command === 'take-turn').length > turns) {
      turns += 1;
      commands.push(...run.feed({ type: 'turn-taken' }));
    }
    return commands;
  };
  let turns = 0;
  return { ...run, begin };
}

describe('recorded successes of a run that branches and grows', () => {
  /** An expansion, more functions than are taken over in one turn, and what `last` says. */
  const many = (last: (dag: DynamicDag) => void): { dag: DynamicDag; ids: string[] } => {
    const dag = Dag.dynamic('d').expand({ id: 'e', code, args: ['w'] });
    const ids = Array.from({ length: MANY }, (_, at) => idOf(at));
    for (const id of ids) dag.add({ id, code });
    dag.add({ id: 'w', code });
    last(dag);
    return { dag, ids: ['e', ...ids, 'w'] };
  };

  it('of a later turn count no more for an expansion that has its parts already', () => {
    const { dag, ids } = many((one) => one.add({ id: 'last', code, args: ['e'] }));
    const run = resumed(dag, ids);
    const from = ids.length + 1;
    const lists = { producersStart: Int32Array.of(0, 0), producers: new Int32Array(), retries: new Map(), growth: undefined };
    const added: PlanFragment = { by: 0, from, total: 1, ids: ['e/part'], ...lists, sinks: [from], keys: ['part'] };
    expect(run.begin({ type: 'functions-added', added })).to.include('request-claim e/part');
    expect(run.run('e/part')).to.include('request-claim last');
    expect(run.run('last')).to.include('end-run');
  });

  it('of a later turn decide conditions on them for functions that need what has failed meanwhile, and are skipped with that', () => {
    const { dag, ids } = many((one) => one.add({ id: 'last', code, args: ['e'], when: 'w' }).add({ id: 'used', code, args: ['e'] }));
    const run = resumed(dag, [...ids, 'used']);
    const error = { code: 'HANDOFF_INVALID_DAG', message: 'the run may have fewer functions now' } as const;
    expect(run.begin({ type: 'growth-refused', index: 0, error })).to.include('end-run');
    const skipped = run.told.filter((line) => line.startsWith('function-skipped'));
    expect(skipped).to.have.members(['function-skipped used', 'function-skipped last']);
  });

  const branch = (): DynamicDag =>
    Dag.dynamic('d')
      .add({ id: 'w', code })
      .add({ id: 'a', code })
      .add({ id: 'last', code, args: ['a'], when: 'w' });

  it('had conditions that hold for good: computed again, they are skipped with what fails by now', () => {
    const run = resumed(branch(), ['w', 'a', 'last'], { gone: ['a', 'last'] });
    expect(run.begin()).to.deep.equal(['request-claim a']);
    run.place('a');
    run.start('a');
    expect(run.fail('a', true)).to.include('end-run');
    expect(run.told.at(-1)).to.equal('function-skipped last');
  });

  it('are lost under attempts that an heir has taken over, whose conditions hold for good too', () => {
    const run = resumed(branch(), ['w', 'a'], { adopted: ['last'] });
    expect(run.begin()).to.include('start-attempt last');
    run.lose('a');
    const error = { text: 'nobody has it' } as never;
    const happening = { type: 'argument-lost', index: run.index('last'), attempt: 1, producer: run.index('a'), error } as const;
    expect(run.feed(happening)).to.deep.equal(['free-claim last']);
    run.place('a');
    run.start('a');
    expect(run.fail('a', true)).to.include('end-run');
    expect(run.told.at(-1)).to.equal('function-skipped last');
  });
});
