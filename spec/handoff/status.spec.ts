import { expect } from 'chai';
import { mergedStatus, openStatus, type WireStatus } from '../../lib/handoff/cluster/status.js';
import { statusFrom } from '../../lib/handoff/cluster/status-answer.js';
import { NO_VALUES } from '../support/no-values.js';
import { slotList } from '../support/slots.js';

type WireNode = WireStatus['nodes'][number];
const node = (name: string, running: number | null): WireNode => ({
  name,
  address: name === 'quiet' ? null : `ws://${name}`,
  status: 'up',
  content:
    running === null
      ? null
      : {
          capabilities: [['cpu', 4], ...slotList({ thread: 3, loop: 9, own: 2 })],
          used: [['cpu', running], ...slotList({ thread: running, loop: 0, own: 1 })],
          running,
          queued: 1,
          blocked: 2,
          heldBytes: 7,
          diskBytes: 9,
          ...{ memoryLimitBytes: 20, rememberedBytes: 3, rememberedResults: 1, rememberedHits: 2 },
          log: 'ok',
        },
});
const waits = (functionId: string, driver: string, at: string | null): WireStatus['waiting'][number] => ({
  node: at,
  driver,
  dagId: 'd',
  functionId,
  lacking: [['cpu', 1]],
});
const status = (of: string, over: Partial<WireStatus> = {}): WireStatus => ({
  node: of,
  nodes: [],
  runs: [],
  waiting: [],
  moreWaiting: 0,
  ...over,
});

describe('the status of a cluster', () => {
  it('believes each node about itself, and whoever else of those that do not answer', () => {
    const own = status('a', { nodes: [node('a', 1), node('b', 0), node('c', 0)] });
    const b = status('b', { nodes: [node('b', 2), node('a', 9), node('c', 9), node('d', 9)] });
    const { nodes } = mergedStatus(own, [['b', b]]);
    expect(nodes.map(({ name, content }) => `${name} ${content!.running}`)).to.deep.equal(['a 1', 'b 2', 'c 0']);
  });

  it('says how long the answer of each other took, also to one that opens it elsewhere', () => {
    const own = status('a', { nodes: [node('a', 1), node('b', 0), node('c', 0)] });
    const merged = mergedStatus(own, [['b', status('b', { nodes: [node('b', 2)] })]], new Map([['b', 1.5]]));
    expect(openStatus(merged).nodes.map(({ name, linkMs }) => [name, linkMs])).to.deep.equal([
      ['a', undefined],
      ['b', 1.5],
      ['c', undefined],
    ]);
    const lie = { ...merged, nodes: merged.nodes.map((one) => ({ ...one, linkMs: one.name === 'b' ? 1.5 : 'soon' })) };
    expect(openStatus(statusFrom('a', lie)).nodes.map(({ linkMs }) => linkMs)).to.deep.equal([undefined, 1.5, undefined]);
  });

  it('knows a function that waits once: on the node where it waits, else with its driver', () => {
    const own = status('a', { waiting: [waits('f', 'a', null), waits('g', 'a', null)] });
    const b = status('b', { waiting: [waits('f', 'a', 'b'), waits('f', 'b', null)] });
    const merged = mergedStatus(own, [['b', b]]).waiting;
    expect(merged.map(({ functionId, driver, node: at }) => `${functionId} of ${driver} on ${at}`)).to.deep.equal([
      'f of a on b',
      'g of a on null',
      'f of b on null',
    ]);
    expect(mergedStatus(b, [['a', own]]).waiting, 'whoever is asked').to.have.deep.members(merged);
  });

  it('counts what waits beside the functions that it names, with every driver', () => {
    const merged = mergedStatus(status('a', { moreWaiting: 2849 }), [['b', status('b', { moreWaiting: 1 })]]);
    expect(openStatus(merged).moreWaiting).to.equal(2850);
  });

  it('lists the runs of all', () => {
    const run = (driver: string) => ({ runId: `run of ${driver}`, dagId: 'd', driver, progress: [['total', 1]] as const });
    const merged = mergedStatus(status('a', { runs: [run('a')] }), [['b', status('b', { runs: [run('b')] })]]);
    expect(merged.runs.map(({ driver }) => driver)).to.deep.equal(['a', 'b']);
  });

  it('opens for people', () => {
    const runs = [{ runId: 'r', dagId: 'd', driver: 'a', progress: Object.entries({ total: 2, running: 1 }) }];
    const opened = openStatus(status('a', { nodes: [node('a', 1), node('quiet', null)], runs, waiting: [waits('f', 'a', null)] }));
    expect(opened).to.deep.equal({
      nodes: [
        {
          ...{ name: 'a', address: 'ws://a', status: 'up', isHeard: true, capabilities: { cpu: 4 }, used: { cpu: 1 } },
          ...{
            threads: { used: 1, total: 3 },
            loopPlaces: { used: 0, total: 9 },
            ownSlots: { own: { used: 1, total: 2 } },
            running: 1,
            queued: 1,
            blocked: 2,
            heldBytes: 7,
            held: { memoryBytes: 7, diskBytes: 9 },
            values: { memoryBytes: 7, memoryLimitBytes: 20, diskBytes: 9, rememberedBytes: 3, rememberedResults: 1, rememberedHits: 2 },
            log: 'ok',
          },
        },
        {
          ...{ name: 'quiet', address: undefined, status: 'up', isHeard: false, capabilities: {}, used: {} },
          ...{
            threads: { used: 0, total: 0 },
            loopPlaces: { used: 0, total: 0 },
            ownSlots: {},
            running: 0,
            queued: 0,
            blocked: 0,
            heldBytes: 0,
            held: { memoryBytes: 0, diskBytes: 0 },
            values: NO_VALUES,
            log: 'ok',
          },
        },
      ],
      runs: [{ runId: 'r', dagId: 'd', driver: 'a', progress: { total: 2, running: 1 } }],
      waiting: [{ functionId: 'f', dagId: 'd', driver: 'a', node: undefined, lacking: { cpu: 1 } }],
      moreWaiting: 0,
    });
  });

  it('names resources and states that would be something else as keys', () => {
    const named = { ...node('a', 0), content: { ...node('a', 0).content!, used: [['__proto__', 1]] as const } };
    const [opened] = openStatus(status('a', { nodes: [named] })).nodes;
    expect(Object.entries(opened!.used)).to.deep.equal([['__proto__', 1]]);
  });
});
