import assert from 'node:assert/strict';
import type { AllocationStrategy, NodeView, PlacementRequest } from '../allocator/index.js';
import { declareLaws, type SuiteOptions } from './suite.js';

/** A node as a strategy sees it: the first is the driver's own. */
function node(name: string, capabilities: Readonly<Record<string, number>>, over: Partial<NodeView> = {}): NodeView {
  return { name, capabilities, used: {}, isSelf: name === 'self', fits: true, bytesToMove: 0, kin: 0, ...over };
}

const request = (nodes: readonly NodeView[], over: Partial<PlacementRequest> = {}): PlacementRequest => ({
  dagId: 'a dag',
  functionId: 'a function',
  cost: { cpu: 1 },
  nodes,
  ...over,
});

const full = { used: { cpu: 2 }, fits: false } as const;

/** Some of all that a strategy may be asked, each by what it is. */
const REQUESTS: Readonly<Record<string, PlacementRequest>> = {
  'one node with room': request([node('self', { cpu: 2 })]),
  'nodes of which some have room': request([
    node('self', { cpu: 2 }, full),
    node('b', { cpu: 4 }),
    node('c', { cpu: 2 }, full),
    node('d', { cpu: 1 }),
  ]),
  'no cost': request([node('self', {}), node('b', { cpu: 1 })], { cost: {} }),
  'nodes without any resource': request([node('self', {}), node('b', {})], { cost: {} }),
  'a node that uses more than it has': request([node('self', { cpu: 1 }, { used: { cpu: 3 }, fits: false }), node('b', { cpu: 1 })]),
  'resources of any name, in fractions': request(
    [node('self', { licence: 0.3, gpu: 1 }), node('b', { licence: 1, gpu: 2 }, { used: { licence: 0.7 } })],
    { cost: { licence: 0.1, gpu: 1 } },
  ),
  'names that objects have of their own': request(
    [node('self', { cpu: 1 }, full), node('__proto__', { cpu: 1 }), node('constructor', { cpu: 1 })],
    {
      functionId: '__proto__',
    },
  ),
  'arguments that lie elsewhere': request([node('self', { cpu: 2 }, { bytesToMove: 2 ** 40 }), node('b', { cpu: 2 }, { kin: 100 })]),
  'a thousand nodes': request(
    Array.from({ length: 1000 }, (_, at) => node(at === 0 ? 'self' : `n${at}`, { cpu: 8 }, at % 3 === 0 ? full : {})),
  ),
};

/** The laws of a strategy. */
export function strategyLaws(suite: StrategySuite): void {
  const { make } = suite;
  /** Asks it, and holds it to what the contract says of any answer. */
  const place = (strategy: AllocationStrategy, asked: PlacementRequest): string | undefined => {
    const shown = strategy.takesAnyRoom === true ? { ...asked, nodes: asked.nodes.filter(({ fits }) => fits) } : asked;
    const chosen = strategy.place(shown);
    if (chosen === undefined) return undefined;
    assert.equal(typeof chosen, 'string', 'it returns a name or undefined, and no promise');
    assert.ok(
      shown.nodes.some(({ name }) => name === chosen),
      `it chose ${JSON.stringify(chosen)}, which it was not shown`,
    );
    return chosen;
  };

  declareLaws('a strategy', suite, {
    'has a name': () => assert.match(make().name, /./),

    'says with true or false whether it takes any node with room, or does not say': () => {
      const { takesAnyRoom } = make();
      assert.ok(takesAnyRoom === undefined || typeof takesAnyRoom === 'boolean');
    },

    'chooses one of the nodes that it is shown, or waits, and throws nothing': () => {
      for (const asked of Object.values(REQUESTS)) place(make(), asked);
    },

    'takes a node with room whenever there is one, if it says so': () => {
      if (make().takesAnyRoom !== true) return;
      for (const [what, asked] of Object.entries(REQUESTS)) {
        const chosen = place(make(), asked);
        assert.ok(
          asked.nodes.some(({ name, fits }) => fits && name === chosen),
          `${what}: it chose ${chosen}`,
        );
      }
    },

    'is asked any number of times in a run': () => {
      const strategy = make();
      for (let times = 0; times < 100; times += 1) {
        for (const asked of Object.values(REQUESTS)) place(strategy, { ...asked, functionId: `${asked.functionId} ${times}` });
      }
    },

    'is asked for several runs side by side, each of which has its own': () => {
      const [one, other] = [make(), make()];
      for (const asked of Object.values(REQUESTS)) {
        place(one, asked);
        place(other, { ...asked, dagId: 'another dag' });
      }
    },

    'changes nothing of what it is shown': () => {
      for (const asked of Object.values(REQUESTS)) {
        const nodes = asked.nodes.map((one) =>
          Object.freeze({ ...one, capabilities: Object.freeze(one.capabilities), used: Object.freeze(one.used) }),
        );
        place(make(), Object.freeze({ ...asked, cost: Object.freeze(asked.cost), nodes: Object.freeze(nodes) }));
      }
    },
  });
}

/** What `strategyLaws` takes. */
export interface StrategySuite extends SuiteOptions {
  /** Makes a strategy, as for a run; called for each law. */
  make(): AllocationStrategy;
}
