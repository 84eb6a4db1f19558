import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { processIsolation } from '../../lib/executor/isolations/process.js';
import { Dag, functionsIn, type Handoff } from '../../lib/index.js';
import { TestCluster } from '../../lib/testing/index.js';
import { Caller } from '../support/calls.js';
import { caught } from '../support/caught.js';
import { isGone, whenGone } from '../support/gone.js';

const reason = new HandoffError('HANDOFF_RUN_CANCELLED', 'enough');
const code = functionsIn<typeof import('./modules/crashes.js')>(new URL('./modules/crashes.ts', import.meta.url));

/** How each ends its process, and what is said of it. */
const CRASHES: readonly (readonly [name: 'abort' | 'endItself' | 'exhaust', given: readonly unknown[], said: RegExp])[] = [
  ['abort', [], /^the process of the function was ended by SIGABRT$/],
  ['endItself', ['SIGKILL'], /^the process of the function was ended by SIGKILL$/],
  ['endItself', ['SIGSEGV'], /^the process of the function was ended by SIGSEGV$/],
  ['exhaust', [], /^(the function ran out of memory: the heap of its process is limited to \d+ MiB|Invalid array length)$/],
];

describe('a process', function () {
  // A process starts in 80 ms, and in seconds from sources, on a machine that is slow and has much else to do.
  this.timeout(480_000);
  let caller: Caller;
  beforeEach(() => {
    caller = new Caller(processIsolation, { threads: 1 });
  });
  afterEach(() => caller.isolation.close());

  const begin = (name: string, ...given: readonly unknown[]): ReturnType<Caller['begin']> =>
    caller.begin(
      name,
      given.map((value) => caller.result(value)),
      { module: './crashes.ts' },
    );
  const value = async (name: string, ...given: readonly unknown[]): Promise<unknown> => {
    const outcome = await begin(name, ...given).outcome;
    if (outcome.type !== 'succeeded') throw new Error(`${name} ${outcome.type}`, { cause: (outcome as { error?: unknown }).error });
    return outcome.values[0]!.open(false);
  };
  const failure = async (name: string, ...given: readonly unknown[]): Promise<Error> => {
    const outcome = await begin(name, ...given).outcome;
    if (outcome.type !== 'failed') throw new Error(`${name} ${outcome.type}`);
    return outcome.error as Error;
  };
  const goesOn = async (): Promise<void> => void expect(await caller.value('add', 1, 2)).to.equal(3);
  const pids = async (): Promise<number[]> => {
    await caller.nextLine();
    return caller.heard[0]!.text.split(' ').map(Number);
  };

  for (const [name, given, said] of CRASHES) {
    it(`ends only the attempt that crashes: ${name}(${given.join()})`, async () => {
      expect((await failure(name, ...given)).message).to.match(said);
      await goesOn();
      // Also where others ran before.
      expect((await failure(name, ...given)).message).to.match(said);
      await goesOn();
    });
  }

  it('ends only the attempt that calls process.exit', async () => {
    expect((await caller.failure('exit', 3)).error.message).to.equal('the function ended its process: process.exit(3)');
    await goesOn();
  });

  it('does not blame one for the process.abort that another has left behind', async () => {
    expect(await value('leaveAbort')).to.equal('left');
    expect(await value('outlast')).to.equal('outlasted');
    expect(caller.heard.map(({ text }) => text)).to.include('process.abort() was called after the attempt had ended');
  });

  for (const name of ['block', 'spin', 'untilAborted']) {
    it(`ends with all that its function started when it is stopped: ${name}`, async () => {
      const { outcome, running } = begin(name);
      const started = await pids();
      expect(started.map(isGone)).to.deep.equal([false, false]);
      running.stop(reason, name === 'untilAborted' ? 60_000 : 0);
      expect(await outcome).to.deep.equal({ type: 'stopped' });
      await whenGone(started);
      await goesOn();
    });
  }

  it('takes with it what its function started when it crashes, and when the isolation is closed', async () => {
    expect(await failure('abortAfterStart')).to.be.instanceOf(Error);
    await whenGone(await pids());
    caller.heard.splice(0);
    const { outcome } = begin('block');
    const started = await pids();
    expect(await caller.isolation.close()).to.equal(0);
    expect(await outcome).to.deep.equal({ type: 'stopped' });
    await whenGone(started);
  });

  it('does not show code the way by which it is reached, nor the cookie', async () => {
    process.env.HANDOFF_COOKIE = 'a cookie of some length';
    try {
      expect(await value('visible')).to.deep.equal(['undefined', 'undefined', 'undefined', 'undefined', 2, 0, undefined]);
    } finally {
      delete process.env.HANDOFF_COOKIE;
    }
  });

  it('is given up when code closes that way, or writes to it', async () => {
    expect((await failure('closeWay')).message).to.match(/^the function ended its process: process\.exit\(70\)$/);
    await goesOn();
    expect((await failure('writeNoise')).message).to.equal('the process has written to the pipe through which it is reached');
    await goesOn();
  });

  it('attributes what goes past the engine to who runs', async () => {
    await value('printPast');
    await caller.isolation.close();
    expect(caller.heard.map(({ functionId, text }) => [functionId, text])).to.have.deep.members([
      ['printPast', 'by itself'],
      ['printPast', 'by a program'],
    ]);
  });

  it('loses no line that was written before a crash', async () => {
    await failure('writeMuch', 2000);
    const lines = caller.heard.map(({ text }) => text).filter((text) => text.startsWith('line '));
    expect(lines).to.deep.equal(Array.from({ length: 2000 }, (_, line) => `line ${line}`));
  });

  it('passes bytes of any size, and Buffers as Buffers', async () => {
    for (const sizeBytes of [0, 1, 16 * 1024 - 1, 16 * 1024, 2 ** 20, 100 * 2 ** 20]) {
      const given = Buffer.alloc(sizeBytes, 7);
      expect(await value('isBuffer', given)).to.equal(true);
      const back = (await value('same', given)) as Buffer;
      expect([Buffer.isBuffer(back), back.equals(given)], String(sizeBytes)).to.deep.equal([true, true]);
      const parts = (await value('same', { a: [given, new Float64Array([0.5])], text: 'x'.repeat(sizeBytes % 2 ** 21) })) as {
        a: [Buffer, Float64Array];
      };
      expect([Buffer.isBuffer(parts.a[0]), parts.a[0].equals(given), parts.a[1][0]]).to.deep.equal([true, true, 0.5]);
    }
  });

  it('serves 5,000 calls one after the other, and many at once', async () => {
    for (let call = 0; call < 2500; call += 1) expect(await value('same', call)).to.equal(call);
    const all = Array.from({ length: 2500 }, (_, call) => value('same', { call }));
    expect(await Promise.all(all)).to.deep.equal(all.map((_, call) => ({ call })));
  });
});

describe('functions in processes', function () {
  this.timeout(480_000);
  let cluster: TestCluster;
  let driver: Handoff;
  /** What `block` has printed. */
  const printed: string[] = [];
  before(async () => {
    const hear = (_fields: object, text?: string): void => {
      if (/^\d+ \d+$/.test(text ?? '')) printed.push(text!);
    };
    const logger = { debug() {}, info: hear, warn() {}, error() {} };
    const node = { capabilities: { cpu: 2 }, threads: 2, threadHeapMiB: 64, isolation: 'process', logger } as const;
    cluster = await TestCluster.start({
      nodes: [
        { ...node, name: 'n1' },
        { ...node, name: 'n2' },
      ],
      transport: 'websocket',
    });
    driver = cluster.node('n1');
  });
  after(() => cluster.stop());

  const isFree = async (): Promise<void> => {
    while ((await driver.nodes()).some(({ used, running }) => running > 0 || (used.cpu ?? 0) > 0)) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };

  for (const node of ['n1', 'n2']) {
    for (const [name, given, said] of CRASHES) {
      it(`crash alone on ${node === 'n1' ? 'the driver' : 'another node'}: ${name}(${given.join()})`, async () => {
        const dag = Dag.dynamic().add({ id: 'f', code: code[name], extraArgs: given, node }).add({ id: 'other', code: code.outlast, node });
        const error = (await caught(driver.execute(dag, { maxRetries: 0, onFailure: 'continue' }))) as unknown as HandoffError;
        expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f', attempts: 1 });
        expect((error.cause as Error).message).to.match(said);
        expect(error.results).to.deep.equal({ other: 'outlasted' });
        expect((await driver.nodes()).map(({ status }) => status)).to.deep.equal(['up', 'up']);
      });
    }

    it(`end while they are blocked in a system call, with what they started, by a time-out or cancelled, on ${node}`, async () => {
      const late = Dag.dynamic().add({ id: 'f', code: code.block, timeoutMs: 2000, node });
      const error = (await caught(driver.execute(late, { maxRetries: 0, stopGraceMs: 0 }))) as unknown as HandoffError;
      expect(error.cause).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT' });
      expect((error.cause as Error).message).not.to.include('blocked');
      printed.splice(0);
      const run = driver.execute(Dag.dynamic().add({ id: 'f', code: code.block, node }), { stopGraceMs: 0 });
      while (printed.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      await run.cancel();
      await whenGone(printed[0]!.split(' ').map(Number));
      await isFree();
    });
  }

  it('run where the DAG says it, whatever the default of a node is, beside threads and the loop', async () => {
    const dag = new Dag()
      .add({ id: 'process', code: code.visible })
      .add({ id: 'thread', code: code.bytes, extraArgs: [2 ** 20], isolation: 'thread' })
      .add({ id: 'again', code: code.isBuffer, args: ['thread'], isolation: 'process', node: 'n2' })
      .add({ id: 'here', code: code.isBuffer, args: ['thread'], isolation: 'loop' })
      .add({ id: 'closure', code: (given: unknown) => given, args: ['again'] });
    const { results } = await driver.execute(dag as never);
    expect(results).to.deep.include({ again: true, here: true, closure: true });
    expect((results as { process: unknown[] }).process[4]).to.equal(2);
  });
});

describe('processes whose node is killed', function () {
  this.timeout(480_000);
  it('end, with all that their functions started, also while they are blocked', async () => {
    const program = fileURLToPath(new URL('../support/driver-with-processes.ts', import.meta.url));
    const node: ChildProcess = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pids: number[] = [];
    for await (const line of createInterface({ input: node.stdout! })) {
      if (/^\d+ \d+$/.test(line)) pids.push(...line.split(' ').map(Number));
      if (pids.length === 6) break;
    }
    expect(pids.map(isGone)).to.deep.equal(pids.map(() => false));
    node.kill('SIGKILL');
    await whenGone(pids);
  });
});
