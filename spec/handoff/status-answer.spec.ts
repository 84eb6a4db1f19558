import { expect } from 'chai';
import fc from 'fast-check';
import pico from 'picocolors';
import { statusText } from '../../bin/report/status-text.js';
import { taggedJson } from '../../bin/report/tagged-json.js';
import { silentLogger, systemClock } from '../../lib/base/index.js';
import { mergedStatus, openStatus, type WireStatus } from '../../lib/handoff/cluster/status.js';
import { statusFrom } from '../../lib/handoff/cluster/status-answer.js';
import { ClusterObserver, Handoff } from '../../lib/index.js';
import { webSocketTransport } from '../../lib/peer/index.js';
import { COOKIE, peerNode } from '../peer/world.js';
import { caught } from '../support/caught.js';

const good: WireStatus = {
  node: 'a',
  nodes: [
    {
      ...{ name: 'a', address: 'ws://a:1', status: 'up' as const },
      content: {
        ...{ capabilities: [['cpu', 1]], used: [] },
        ...{ running: 0, queued: 0, blocked: 0, heldBytes: 0, diskBytes: 0, log: 'ok' },
        ...{ memoryLimitBytes: 0, rememberedBytes: 0, rememberedResults: 0, rememberedHits: 0 },
      },
    },
  ],
  runs: [{ runId: 'r', dagId: 'd', driver: 'a', progress: [['total', 1]] }],
  waiting: [{ node: null, driver: 'a', dagId: 'd', functionId: 'f', lacking: [['cpu', 1]] }],
  moreWaiting: 0,
};

/** Anything that the codec lets pass, and statuses with one part that is something else. */
const answers = (): fc.Arbitrary<unknown> => {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(null, -1, 1e308, 0.5, '', [], {}, [[]], 'up', '__proto__', '\ud800', '\u202e', [null], [['cpu']], [['', 1]]),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const paths = ['node', 'nodes', 'runs', 'waiting', 'nodes.0', 'runs.0', 'waiting.0', 'nodes.0.content', 'nodes.0.name', 'nodes.0.address']
    .concat(['nodes.0.status', 'nodes.0.content.capabilities', 'nodes.0.content.used', 'nodes.0.content.running', 'runs.0.progress'])
    .concat([
      'nodes.0.content.log',
      'runs.0.driver',
      'runs.0.dagId',
      'waiting.0.lacking',
      'waiting.0.functionId',
      'waiting.0.node',
      'moreWaiting',
    ]);
  const broken = fc.tuple(fc.constantFrom(...paths), odd).map(([path, value]) => {
    const copy = structuredClone(good) as unknown as Record<string, unknown>;
    const steps = path.split('.');
    let at = copy;
    for (const step of steps.slice(0, -1)) at = at[step] as Record<string, unknown>;
    at[steps.at(-1)!] = value;
    return copy;
  });
  const doubled = fc.constant({ ...good, nodes: [...good.nodes, ...good.nodes], runs: [...good.runs, ...good.runs] });
  return fc.oneof(odd, broken, doubled);
};

const statusOr = (answer: unknown): WireStatus => {
  try {
    return statusFrom('b', answer);
  } catch (error) {
    expect((error as { code?: string }).code).to.equal('HANDOFF_BAD_MESSAGE');
    return { node: 'b', nodes: [], runs: [], waiting: [], moreWaiting: 0 };
  }
};

describe('what a node answers of how it is', () => {
  it('is shown without numbers where they cannot be read, as of a node of another version: the node is there', () => {
    const { blocked: _, ...older } = good.nodes[0]!.content!;
    for (const content of [older, {}, 7, undefined]) {
      const answer = { ...good, nodes: [{ ...good.nodes[0], content }] };
      expect(statusFrom('a', answer).nodes).to.deep.equal([{ ...good.nodes[0], content: null }]);
      expect(mergedStatus(good, [['a', statusFrom('a', answer)]]).nodes).to.deep.equal(good.nodes);
      const b = { ...good.nodes[0]!, name: 'b' };
      const own = { ...good, nodes: [...good.nodes, b] };
      expect(mergedStatus(own, [['b', statusFrom('b', { ...answer, node: 'b', nodes: [{ ...b, content }] })]]).nodes).to.deep.equal(
        own.nodes,
      );
    }
  });

  it('is shown as far as it makes sense, whatever it is', () => {
    fc.assert(
      fc.property(answers(), answers(), (own, other) => {
        const status = openStatus(mergedStatus(statusOr(own), [['b', statusOr(other)]]));
        expect(new Set(status.nodes.map(({ name }) => name)).size).to.equal(status.nodes.length);
        expect(statusText(status, pico.createColors(false))).to.not.match(/NaN|undefined|Infinity|[^\P{Cc}\n]|\p{Cf}/u);
        JSON.stringify(taggedJson(status));
      }),
      { numRuns: 2000 },
    );
  });

  it('is as it was said where it is one', () => {
    expect(statusFrom('a', structuredClone(good))).to.deep.equal(good);
  });

  it('is said of itself alone: another’s runs, and what waits for it, it cannot invent', () => {
    const liar = {
      ...good,
      node: 'b',
      runs: [{ ...good.runs[0]!, runId: 'invented' }],
      waiting: [{ ...good.waiting[0]!, functionId: 'invented' }],
    };
    expect(mergedStatus(good, [['b', liar]])).to.deep.equal(good);
  });

  it('ends no look at a cluster, from a node or an observer', async () => {
    const node = await Handoff.start({ name: 'a', listen: '127.0.0.1:0', cookie: COOKIE, logger: silentLogger, capabilities: { cpu: 1 } });
    const liar = peerNode({ name: 'b', clock: systemClock, transport: webSocketTransport() });
    const observer = await ClusterObserver.start({ join: [node.address!], cookie: COOKIE });
    try {
      await liar.table.join(node.address!);
      let answer: unknown;
      const heard = liar.heard.messages;
      liar.heard.messages = (from, messages, isWanted) => {
        heard(from, messages, isWanted);
        for (const message of messages) {
          if (message.type === 'ask') liar.table.send(from, { type: 'answer', id: message.id, value: answer, error: null });
        }
      };
      for (answer of [null, 7, 'x', {}, { node: 'b', nodes: null }, { ...good, nodes: [{ name: 'b', content: { threads: 3 } }] }, good]) {
        const names = (await observer.status()).nodes.map(({ name }) => name);
        expect(names).to.deep.equal(['a', 'b']);
      }
      await liar.table.listen('127.0.0.1:0');
      const { address } = liar.table.self;
      const alone = await ClusterObserver.start({ join: [address!], cookie: COOKIE });
      answer = 7;
      expect(await caught(alone.status())).to.include({ code: 'HANDOFF_BAD_MESSAGE' });
      await alone.close();
    } finally {
      await observer.close();
      await liar.table.close();
      await node.stop({ graceMs: 0 });
    }
  });
});
