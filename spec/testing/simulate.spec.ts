import { execFile } from 'node:child_process';
import timersPromises, { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { inspectNode } from '../../lib/handoff/index.js';
import { Dag } from '../../lib/index.js';
import { type SimulationOptions, simulate, type TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';

const HOUR_MS = 3_600_000;
const lapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = (): Promise<never> => new Promise(() => {});

/** What a process has of time and chance. */
const globals = (): readonly unknown[] => [
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
  Math.random,
  Date.now,
  performance.now,
  AbortSignal.timeout,
  timersPromises.setTimeout,
  timersPromises.setImmediate,
  sleep,
];

/** A run with chance and time in it. */
const some = async (cluster: TestCluster): Promise<number> => {
  const dag = Dag.dynamic('some')
    .add({ id: 'a', code: () => lapse(100 * Math.random()).then(() => Math.random()), maxRetries: 2 })
    .add({ id: 'b', code: (a: number) => a + Math.random(), args: ['a'] });
  await cluster.faults.failFunction('a');
  return (await cluster.node('n1').execute(dag)).results.b as number;
};

describe('simulate', function () {
  it('leaves the timers of what ran in the process before alone', async () => {
    let outer: NodeJS.Timeout | undefined;
    setImmediate(() => {
      outer = setTimeout(() => {}, HOUR_MS);
    });
    await simulate({ seed: 1 }, some);
    expect(outer!.hasRef()).to.equal(true);
    expect(`${outer![Symbol.toPrimitive]()}`).to.match(/^\d+$/);
    clearTimeout(outer);
  });

  this.timeout(480_000);

  it('answers what the scenario came to, and what happened', async () => {
    const { result, trace } = await simulate({ seed: 1 }, async (cluster) => {
      expect(cluster.names).to.deep.equal(['n1', 'n2', 'n3']);
      await cluster.kill('n3');
      return [performance.now(), new Date(Date.now()).getUTCFullYear()];
    });
    expect(result).to.deep.equal([0, 2026]);
    expect(trace).to.include('0.0 kill n3').and.to.include('0.0 n1 info: node joined (n2)');
  });

  it('does the same for the same seed, to the byte, and something else for another', async () => {
    const [first, again, other] = [await simulate({ seed: 7 }, some), await simulate({ seed: 7 }, some), await simulate({ seed: 8 }, some)];
    expect(again).to.deep.equal(first);
    expect(other.result).to.not.equal(first.result);
    expect(other.trace).to.not.deep.equal(first.trace);
  });

  it('lets an hour of three nodes pass', async () => {
    const { result } = await simulate({ seed: 2 }, async (cluster) => {
      await lapse(HOUR_MS);
      expect((await cluster.node('n3').nodes()).map(({ status }) => status)).to.deep.equal(['up', 'up', 'up']);
      return performance.now();
    });
    expect(result).to.equal(HOUR_MS);
  });

  it('lets one thing happen at a time, in no order but that of the seed', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 8; seed += 1) {
      const { result } = await simulate({ seed, nodes: 1 }, async () => {
        const order: number[] = [];
        await Promise.all([1, 2, 3].map((one) => lapse(10).then(() => order.push(one))));
        return order.join();
      });
      orders.add(result);
    }
    expect(orders.size).to.be.greaterThan(1);
  });

  it('takes the time and the chance of the process, and gives them back after success and failure', async () => {
    const before = globals();
    const listeners = process.listenerCount('unhandledRejection');
    await simulate({ seed: 3, nodes: 1 }, async () => {
      for (const [at, one] of globals().entries()) expect(one, String(at)).to.not.equal(before[at]);
      const startMs = performance.now();
      await sleep(500);
      await new Promise((resolve) => AbortSignal.timeout(500).addEventListener('abort', resolve));
      expect([performance.now() - startMs, Date.now() % 1000]).to.deep.equal([1000, 0]);
    });
    expect(globals()).to.deep.equal(before);
    for (const fails of [() => Promise.reject(new Error('no')), () => never()]) {
      await caught(simulate({ seed: 3, nodes: 1 }, fails));
      expect(globals()).to.deep.equal(before);
    }
    await caught(simulate({ seed: 3, nodes: 0 }, async () => {}));
    expect(globals()).to.deep.equal(before);
    expect(process.listenerCount('unhandledRejection')).to.equal(listeners);
  });

  it('follows the simulation before it, also one that fails', async () => {
    const order: string[] = [];
    const one = (name: string, work: () => Promise<void>): Promise<unknown> =>
      simulate({ seed: 4, nodes: 2 }, async () => {
        order.push(`${name} begins`);
        await work();
        order.push(`${name} ends`);
      });
    const fails = caught(one('first', () => lapse(5000).then(() => Promise.reject(new Error('no')))));
    await Promise.all([fails, one('second', () => lapse(1000)), one('third', async () => {})]);
    expect(order).to.deep.equal(['first begins', 'second begins', 'second ends', 'third begins', 'third ends']);
  });

  it('refuses wrong options with a TypeError or a RangeError that names them', async () => {
    for (const [options, kind, name] of [
      [undefined, TypeError, 'options'],
      [null, TypeError, 'options'],
      [{}, TypeError, 'seed'],
      [{ seed: '1' }, TypeError, 'seed'],
      [{ seed: 1.5 }, RangeError, 'seed'],
      [{ seed: Number.NaN }, RangeError, 'seed'],
      [{ seed: 1, sede: 2 }, TypeError, 'sede'],
      [{ seed: 1, faults: 'some' }, TypeError, 'faults'],
      [{ seed: 1, mode: 'death' }, TypeError, 'mode'],
    ] as const) {
      const error = await caught(simulate(options as unknown as SimulationOptions, async () => {}));
      expect(error, JSON.stringify(options)).to.be.instanceOf(kind);
      expect(error.message).to.contain(name);
    }
  });

  describe('fails', () => {
    it('with its seed, the version of Node, the end of its trace, and the cause', async () => {
      const cause = new RangeError('as it happens');
      const error = await caught(
        simulate({ seed: 5, mode: 'safety' }, async (cluster) => {
          await lapse(60_000);
          await cluster.kill('n2');
          throw cause;
        }),
      );
      expect(error.message).to.match(
        new RegExp(`^Simulation failed: seed 5, safety, Node ${process.version.replaceAll('.', '\\.')}: as it happens\n`),
      );
      expect(error.message).to.include('\n  60000.0 kill n2\n');
      expect(error.message.split('\n').length).to.be.within(10, 62);
      expect(error.cause).to.equal(cause);
    });

    it('with the same words when it is repeated', async () => {
      const broken = async (cluster: TestCluster): Promise<void> => {
        await some(cluster);
        throw new Error('no');
      };
      const [first, again] = [await caught(simulate({ seed: 6 }, broken)), await caught(simulate({ seed: 6 }, broken))];
      expect(again.message).to.equal(first.message);
    });

    it('when a scenario waits for what never happens', async () => {
      const error = await caught(simulate({ seed: 6, nodes: 2 }, never));
      expect(error.message).to.include('120 virtual minutes');
    });

    it('for a rejection that nobody hears', async () => {
      const program = fileURLToPath(new URL('programs/unheard.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', program]);
      expect(stdout).to.match(/^Simulation failed: seed 6, .*: nobody hears this\n/);
    });

    it('for a timer that throws', async () => {
      const thrown = await caught(
        simulate({ seed: 6, nodes: 1 }, async () => {
          setTimeout(() => {
            throw new Error('thrown');
          }, 10);
          await lapse(1000);
        }),
      );
      expect(thrown.message).to.include('thrown');
    });

    it('for timers that are left over', async () => {
      for (const leave of [() => setTimeout(() => {}, HOUR_MS), () => setInterval(() => {}, 1000)]) {
        const error = await caught(simulate({ seed: 6, nodes: 1 }, async () => void leave()));
        expect(error.message).to.include('1 timers are left over');
      }
      await simulate({ seed: 6, nodes: 1 }, async () => clearTimeout(setTimeout(() => {}, HOUR_MS)));
    });

    /** As a bug might: what a node counts is not what it should be, from now on. */
    const miscount = (cluster: TestCluster, name: string, wrong: object): void => {
      const node = cluster.node(name);
      const inspect = node[inspectNode].bind(node);
      Object.defineProperty(node, inspectNode, { value: () => ({ ...inspect(), ...wrong }) });
    };

    it('when a node uses more than it has, at once', async () => {
      const error = await caught(
        simulate({ seed: 9, nodes: [{}, { capabilities: { gpu: 1 } }] }, async (cluster) => {
          await lapse(1000);
          miscount(cluster, 'n2', { used: { gpu: 1.5 } });
          await lapse(HOUR_MS);
        }),
      );
      expect(error.message).to.include('Node "n2" uses 1.5 gpu, and has 1');
      expect(error.message).to.not.include('10000.0');
    });

    it('when something is used that a node does not have', async () => {
      const error = await caught(
        simulate({ seed: 9, nodes: [{ capabilities: { cpu: 1 } }] }, async (cluster) => {
          miscount(cluster, 'n1', { used: { licence: 1 } });
          await lapse(1);
        }),
      );
      expect(error.message).to.include('Node "n1" uses 1 licence, and has 0');
    });

    for (const [what, wrong] of Object.entries({
      claims: { isFree: false },
      running: { running: 2 },
      guestRuns: { guestRuns: 1 },
      farAttempts: { farAttempts: 1 },
      requests: { requests: 3 },
      fetches: { fetches: 1 },
      offers: { offers: 1 },
    })) {
      it(`when ${what} are left over on a node at the end`, async () => {
        const error = await caught(simulate({ seed: 9, nodes: 2 }, async (cluster) => miscount(cluster, 'n2', wrong)));
        expect(error.message).to.match(new RegExp(`Node "n2" has something left over: \\d ${what}`));
      });
    }

    it('when a node has forgotten a run whose function still runs', async () => {
      const error = await caught(
        simulate({ seed: 9, nodes: 2 }, async (cluster) => {
          const run = cluster.node('n1').execute(Dag.dynamic('forgotten').add({ id: 'f', code: never }));
          run.then(undefined, () => {});
          await lapse(100);
          miscount(cluster, 'n1', { runs: 0 });
        }),
      );
      expect(error.message).to.include('Node "n1" has something left over: 1 claims, 1 running');
    });
  });
});
