import { expect } from 'chai';
import { compile, Dag, growingShape } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { newRunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { factsOf, Registry } from './growing-program.js';

const no = (): void => {};
const at = { nowMs: 0, wallMs: 0 };
const MANY = 50_000;

describe('runs that branch and grow, at scale', () => {
  it('skip a chain of any length, each function of which is not taken as the one before is undefined', () => {
    const dag = Dag.dynamic('d');
    dag.input('in');
    for (let index = 0; index < MANY; index += 1)
      dag.add({ id: `f${index}`, code: no, when: index === 0 ? 'in' : `f${index - 1}` } as never);
    const { shape } = compile(dag);
    const state = newRunState('r', shape, { maxRetries: 0, onFailure: 'abort', collected: new Uint8Array(MANY), stopGraceMs: 0 });
    const out: RunCommand[] = [];
    stepRun(state, { type: 'run-begun', inputs: [[-1, factsOf({ primitive: 0 })]] }, at, out);
    expect([state.phase, state.counts.skipped, state.absent.size]).to.deep.equal(['ended', MANY, MANY]);
  });

  it('add the elements of a map, and let them go, some thousands a turn', () => {
    const map = { id: 'm', type: 'map', args: [], over: -1, concurrency: undefined, when: undefined, optional: false } as const;
    const given = { gives: { primitive: 1 }, fails: 0, inside: undefined } as const;
    const registry = new Registry({ functions: [{ ...map, ...given }] });
    const dag = Dag.dynamic('d');
    dag.input('xs');
    dag.map({ id: 'm', over: 'xs', code: no } as never);
    dag.add({ id: 'sum', code: no, args: ['m'] });
    dag.add({ id: 'last', code: no });
    const shape = growingShape(compile(dag).shape);
    const state = newRunState('r', shape, { maxRetries: 0, onFailure: 'abort', collected: new Uint8Array(3), stopGraceMs: 0 });
    const queue: RunHappening[] = [{ type: 'run-begun', inputs: [[-1, factsOf({ array: 10_000 })]] }];
    let longest = 0;
    let last = 0;
    for (let next = 0; next < queue.length; next += 1) {
      const out: RunCommand[] = [];
      stepRun(state, queue[next]!, at, out);
      longest = Math.max(longest, out.length);
      for (const command of out) {
        if (command.type === 'request-claim') {
          // The last function ends when everything else has.
          if (command.index === 2) last = 1;
          else queue.push({ type: 'function-placed', index: command.index, node: 'n', mayQueue: false });
        } else if (command.type === 'start-attempt') {
          const { index, attempt } = command;
          queue.push({ type: 'attempt-started', index, attempt });
          queue.push({ type: 'attempt-succeeded', index, attempt, receipt: { node: 'n', sizeBytes: 1, tookMs: 1, isHere: true } });
        } else if (command.type === 'take-turn') queue.push({ type: 'turn-taken' });
        else if (command.type === 'append-elements') {
          const { index, from, count, total } = command;
          queue.push({ type: 'functions-added', added: registry.elements(state, index, from, count, total) });
        }
      }
    }
    expect([last, state.counts.succeeded, state.counts.ready]).to.deep.equal([1, 10_002, 1]);
    expect([...state.hasValue].every((has) => has === 0)).to.equal(true);
    expect(longest).to.be.below(4010);
  });
});
