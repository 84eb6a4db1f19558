import { expect } from 'chai';
import type { Allocator, UsageReport } from '../../lib/allocator/index.js';
import { silentLogger } from '../../lib/base/index.js';
import type {
  ArgumentValue,
  Fetches,
  ModuleComparisons,
  RemoteAttemptListener,
  RemoteExecutor,
  RemoteValue,
  ValueListener,
} from '../../lib/executor/index.js';
import type { WireMessage } from '../../lib/peer/index.js';
import type { RunHappening } from '../../lib/runner/brain/messages.js';
import { RemoteSide } from '../../lib/runner/run/remote-side.js';
import type { RunValues } from '../../lib/runner/run/values/run-values.js';
import { StoredValue, thrownOf } from '../../lib/value/index.js';
import { settled } from '../support/test-clock.js';
import { open as openBrain } from './brain.js';

/** The far side of a run `r` on driver `a`; where its values lie is what `holders` says, by function. */
function open(holders: Record<number, readonly string[]> = {}) {
  const here = new Map<number, StoredValue>();
  const fed: RunHappening[] = [];
  const sent: string[] = [];
  const fetched: { far: RemoteValue; listener: ValueListener }[] = [];
  const told: { node: string; usage: UsageReport }[] = [];
  const moved: number[] = [];
  const begun: string[] = [];
  let listener: RemoteAttemptListener | undefined;
  let isClosed = false;
  const values = {
    ownOf: (index: number): ArgumentValue => {
      const functionId = String(index);
      return (
        here.get(index) ?? { from: 'b', value: { kind: 'of-run', runId: 'r', epoch: 3, functionId, origin: 'b', part: null }, sizeBytes: 9 }
      );
    },
    isComposite: () => false,
    keep: (index: number, held: StoredValue) => void here.set(index, held),
    holdersOf: (index: number) => new Set(holders[index] ?? []),
    moved: (index: number) => void moved.push(index),
    close: () => {
      isClosed = true;
    },
  } as unknown as RunValues;
  const ground = {
    node: 'a',
    root: '/project',
    logger: silentLogger,
    comparisons: {} as ModuleComparisons,
    refusesSkew: false,
    allocation: {
      members: [{ name: 'a' }, { name: 'away' }],
      declined: (node: string, usage: UsageReport) => void told.push({ node, usage }),
    } as unknown as Allocator,
    remote: {
      start: (_attempt: unknown, one: RemoteAttemptListener) => {
        listener = one;
        return {};
      },
    } as unknown as RemoteExecutor,
    fetches: {
      fetch: (far: RemoteValue, _via: string | undefined, one: ValueListener) => {
        fetched.push({ far, listener: one });
        return () => {};
      },
    } as unknown as Fetches,
    send: (to: string, { type, ...rest }: WireMessage) => {
      sent.push(`${to}: ${type} ${'ids' in rest ? rest.ids.join() : 'retainMs' in rest ? rest.retainMs : ''}`);
      return true;
    },
  };
  const order = { plan: { ids: ['x', 'y'] } };
  const run = { runId: 'r', dagId: 'd', epoch: 3, order, state: { nodes: [] }, tookMs: new Float64Array() };
  const side = new RemoteSide(run, values, ground, (happening) => void fed.push(happening), { differs: () => {} });
  const start = (node: string): RemoteAttemptListener => {
    const started = (): void => void begun.push(node);
    const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 2, node };
    const kind = { slot: 'loop', costs: {}, cost: new Map(), pinnedTo: undefined, group: undefined } as const;
    side.start(4, { context, epoch: 3, steps: [], costs: {}, mayQueue: true, timeoutMs: undefined, stopGraceMs: 7 }, kind, started);
    return listener!;
  };
  return { side, here, fed, sent, fetched, told, moved, begun, start, isClosed: () => isClosed };
}

describe('the far side of a run', () => {
  it('tells the run how its attempts get on, and the allocator what a node that declines says of itself', () => {
    const { start, fed, told, begun } = open();
    const heard = start('b');
    heard.queued({ cpu: 1 });
    heard.started();
    expect(fed).to.deep.equal([{ type: 'functions-waited', indices: [4], lacking: { cpu: 1 } }]);
    expect(begun).to.deep.equal(['b']);
    const usage = { capabilities: [['cpu', 2]], used: [['cpu', 1]], usedByYou: [['cpu', 0.5]] } as const;
    heard.refused(usage);
    expect(told).to.deep.equal([
      {
        node: 'b',
        usage: {
          ...{ capabilities: { cpu: 2 }, used: { cpu: 1 }, usedByYou: { cpu: 0.5 } },
        },
      },
    ]);
  });

  it('brings collected values here', () => {
    const { side, fetched, fed, here } = open();
    side.fetch(0, '0', 1);
    expect(fetched[0]!.far).to.deep.include({ from: 'b' });
    expect(fed).to.deep.equal([]);
    fetched[0]!.listener.found(StoredValue.live('v', 8));
    expect(here.get(0)!.open(false)).to.equal('v');
    expect(fed).to.deep.equal([{ type: 'value-fetched', index: 0, attempt: 1 }]);
    side.fetch(0, '0', 1);
    expect(fed, 'it is here').to.have.length(2);
    expect(fetched).to.have.length(1);
  });

  it('says which value is lost, and with which node', () => {
    const { side, fetched, fed } = open();
    side.fetch(0, '0', 1);
    const cause = new Error('no link');
    fetched[0]!.listener.missing(cause);
    const [missing] = fed as [Extract<RunHappening, { type: 'value-missing' }>];
    expect(missing).to.include({ type: 'value-missing', index: 0, attempt: 1 });
    expect(thrownOf(missing.error)).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: '0', node: 'b', runId: 'r', cause });
  });

  it('releases values where they are, with one message to each node', () => {
    const { side, sent } = open({ 0: ['b', 'c'], 1: ['b'], 2: [] });
    for (const index of [0, 1, 2]) side.release(index, `f${index}`);
    expect(sent).to.deep.equal([]);
    side.flush();
    expect(sent).to.deep.equal(['b: release-values f0,f1', 'c: release-values f0']);
    side.flush();
    expect(sent).to.have.length(2);
  });

  it('ends the run on each node that has heard of it, once, after the last releases', () => {
    const { side, start, sent, isClosed } = open({ 0: ['b'] });
    for (const node of ['b', 'c', 'b']) start(node);
    side.release(0, 'f0');
    side.end(1000, false);
    expect(sent, 'the run was opened before').to.deep.equal([
      'b: release-values f0',
      'b: end-run 1000',
      'c: end-run 1000',
      'away: end-run 1000',
    ]);
    expect(isClosed()).to.equal(true);
  });

  it('takes over what a node that leaves has and is needed: now, and when it makes more', () => {
    const { side, fetched, here, moved, sent } = open({ 0: ['b'], 3: ['b'] });
    const { state, run, begin, index } = openBrain(
      { needed: [], dropped: [], elsewhere: [], later: [], end: ['needed', 'later'] },
      { collect: [] },
    );
    begin();
    for (const id of ['needed', 'dropped', 'elsewhere']) run(id);
    state.nodes.fill('b');
    state.nodes[index('elsewhere')] = 'c';
    side.made(index('later'), 'later', { node: 'b', sizeBytes: 9, tookMs: 1, isHere: false });
    expect(fetched, 'it is not known to leave').to.deep.equal([]);
    side.leaving('b', state);
    expect(fetched.map(({ far: { value } }) => (value as { functionId: string }).functionId)).to.deep.equal(['0']);
    fetched[0]!.listener.found(StoredValue.live('v', 8));
    expect(here.get(0)!.open(false)).to.equal('v');
    expect(moved).to.deep.equal([0]);
    expect(sent, 'so that the node may go').to.deep.equal(['b: release-values needed']);
    side.made(index('later'), 'later', { node: 'b', sizeBytes: 9, tookMs: 1, isHere: false });
    expect(fetched).to.have.length(2);
    side.made(index('later'), 'later', { node: 'b', sizeBytes: 9, tookMs: 1, isHere: true });
    side.made(index('later'), 'later', { node: 'c', sizeBytes: 9, tookMs: 1, isHere: false });
    expect(fetched).to.have.length(2);
  });

  it('finds many such values in turns of the event loop, each once, and looks no further when the run is over', async () => {
    const ids = Array.from({ length: 3000 }, (_, at) => `f${at}`);
    const { state } = openBrain(Object.fromEntries(ids.map((id) => [id, []])));
    state.states.fill('succeeded');
    state.nodes.fill('b');
    const last = { node: 'b', sizeBytes: 9, tookMs: 1, isHere: false };
    const { side, fetched } = open();
    side.leaving('b', state);
    side.made(2999, 'f2999', last);
    expect(fetched.length).to.be.within(1, 500);
    await settled(20);
    const names = fetched.map(({ far: { value } }) => (value as { functionId: string }).functionId);
    expect(names).to.deep.equal([...ids.keys()].map(String));
    side.made(2999, 'f2999', last);
    expect(fetched).to.have.length(3001);
    const other = open();
    other.side.leaving('b', state);
    const before = other.fetched.length;
    other.side.end(0, false);
    await settled(20);
    expect(other.fetched).to.have.length(before);
  });
});
