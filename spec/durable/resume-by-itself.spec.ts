import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { Dag, functionsIn, Handoff, type Logger, type NodeOptions } from '../../lib/index.js';
import { begunOn, clearStage, gateAt } from '../scenarios/modules/stage.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { DurablePlaces, eventsOf, recalledIn } from './durable-node.js';
import { Failing, faultyJournal } from './faulty-journal.js';

const stage = functionsIn<typeof import('../scenarios/modules/stage.js')>(new URL('../scenarios/modules/stage.js', import.meta.url));

/** `second` waits at its gate on each node. */
const dag = () =>
  new Dag('stages')
    .add({ id: 'first', code: stage.small, isolation: 'loop' })
    .add({ id: 'second', code: stage.held, args: ['first'], isolation: 'loop' })
    .add({ id: 'third', code: stage.small, args: ['second'], isolation: 'loop' });

const RESULTS = { first: 'first is done', second: 'second is done', third: 'third is done' };

/** A logger that can be waited for. */
function heardLogger(): ReturnType<typeof spyLogger> & { readonly heard: (text: string) => Promise<Record<string, unknown>> } {
  const spy = spyLogger();
  const waits: (() => void)[] = [];
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      spy[level](fields, message);
      for (const wait of waits.splice(0)) wait();
    };
  const heard = async (text: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const line = spy.lines.find(({ message }) => message.includes(text));
      if (line) return line.fields;
      await new Promise<void>((resolve) => waits.push(resolve));
    }
  };
  return { ...spy, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), heard };
}

describe('a node that resumes by itself', () => {
  let places: DurablePlaces;
  beforeEach(() => {
    clearStage();
    places = new DurablePlaces();
  });
  afterEach(() => places.stop());

  /** Leaves a run behind that was interrupted while `second` ran. */
  async function interrupted(options: object = {}, given = dag()): Promise<void> {
    const a = await places.start('a');
    const run = caught(a.execute(given, { key: 'k', durability: 'strict', ...options }));
    await gateAt('second', 'a').reached;
    await a.stop({ graceMs: 0 });
    await run;
  }

  it('goes on at its start with what was interrupted: what had succeeded does not run again', async () => {
    await interrupted();
    const logger = heardLogger();
    const b = await places.start('b', { resume: true, logger });
    await gateAt('second', 'b').reached;
    expect((await b.runs())[0]).to.include({ state: 'running', driver: 'b', resumptions: 1 });
    const joined = b.execute(dag(), { key: 'k' });
    gateAt('second', 'b').open();
    expect(recalledIn(await eventsOf(joined))).to.deep.equal(['first']);
    expect((await joined).results).to.deep.equal(RESULTS);
    expect(begunOn('first')).to.deep.equal(['a']);
    expect(await logger.heard('has completed')).to.include({ key: 'k' });
  });

  it('goes on when the lease of another driver has run out: of two, exactly one, and the other is silent', async () => {
    const failing = new Failing();
    const stopped = new HandoffError('HANDOFF_STORAGE_FAILED', 'away', { reason: 'unreachable' });
    places.wrap = (journal) => faultyJournal(journal, failing);
    const a = await places.start('a', { journalWaitMs: 1e9 });
    places.wrap = (journal) => journal;
    const run = caught(a.execute(dag(), { key: 'k', durability: 'strict' }));
    await gateAt('second', 'a').reached;
    const loggers = { b: heardLogger(), c: heardLogger() };
    for (const name of ['b', 'c'] as const) await places.start(name, { resume: true, leaseMs: 200, logger: loggers[name] });
    failing.error = stopped;
    // The node lives on, and renews its lease: until one has taken the run over.
    const taken = Promise.race([
      gateAt('second', 'b').reached.then(() => 'b' as const),
      gateAt('second', 'c').reached.then(() => 'c' as const),
    ]);
    let heir: 'b' | 'c' | undefined;
    void taken.then((name) => {
      heir = name;
    });
    while (!heir) {
      places.database.endLease('a');
      await new Promise((resolve) => setImmediate(resolve));
    }
    const other = heir === 'b' ? 'c' : 'b';
    gateAt('second', heir).open();
    await loggers[heir].heard('has completed');
    expect(begunOn('second')).to.deep.equal(['a', heir]);
    expect(begunOn('first')).to.deep.equal(['a']);
    expect(loggers[other].lines.filter(({ level }) => level !== 'debug')).to.deep.equal([]);
    await a.stop({ graceMs: 0 });
    await run;
  });

  it('leaves runs of plain functions to their callers, and says so', async () => {
    const a = await places.start('a');
    const held = gate();
    const run = caught(a.execute(Dag.dynamic('plain').add({ id: 'one', code: () => held.pass() }), { key: 'k' }));
    await held.reached;
    await a.stop({ graceMs: 0 });
    await run;
    const logger = heardLogger();
    const b = await places.start('b', { resume: true, logger });
    expect(await logger.heard('does not go on with an interrupted run')).to.include({ key: 'k', waitsFor: 'caller' });
    expect((await b.runs())[0]).to.include({ state: 'interrupted', waitsFor: 'caller', resumptions: 0 });
  });

  it('goes on with the options that were recorded, and locally with what was to run locally', async () => {
    const pinned = new Dag('pinned')
      .add({ id: 'first', code: stage.small, isolation: 'loop', node: 'elsewhere', cost: { gpu: 7 } })
      .add({ id: 'second', code: stage.held, args: ['first'], isolation: 'loop', node: 'elsewhere' });
    const a = await places.start('a');
    const run = caught(a.executeLocal(pinned, { key: 'k', durability: 'strict', dagId: 'named', collect: ['second'] }));
    await gateAt('second', 'a').reached;
    await a.stop({ graceMs: 0 });
    await run;
    const b = await places.start('b', { resume: true });
    await gateAt('second', 'b').reached;
    const joined = b.executeLocal(pinned, { key: 'k' });
    gateAt('second', 'b').open();
    expect(await joined).to.deep.include({ dagId: 'named', results: { second: 'second is done' } });
  });

  it('ends a run as failed that it resumed three times without a new record; it goes on when somebody asks', async () => {
    await interrupted();
    for (const name of ['b', 'c', 'd']) {
      const node = await places.start(name, { resume: true });
      await gateAt('second', name).reached;
      await node.stop({ graceMs: 0 });
    }
    const logger = heardLogger();
    const e = await places.start('e', { resume: true, logger });
    await logger.heard('does not go on with an interrupted run');
    const [record] = await e.runs();
    expect(record).to.include({ state: 'failed', succeeded: 1, total: 3 });
    expect(record!.error)
      .to.be.instanceOf(HandoffError)
      .and.include({ code: 'HANDOFF_RUN_ABORTED', runId: record!.runId, dagId: 'stages' });
    expect(record!.error!.message).to.include('3 times in a row');
    const asked = e.resume('k');
    gateAt('second', 'e').open();
    expect((await asked).results).to.deep.equal(RESULTS);
    expect(begunOn('first')).to.deep.equal(['a']);
  });

  it('resumes as often as it is asked to', async () => {
    await interrupted();
    for (const name of ['b', 'c', 'd', 'e']) {
      const node = await places.start(name);
      const run = caught(node.resume('k'));
      await gateAt('second', name).reached;
      await node.stop({ graceMs: 0 });
      await run;
    }
    const f = await places.start('f');
    gateAt('second', 'f').open();
    expect((await f.resume('k')).results).to.deep.equal(RESULTS);
  });

  it('tries again after an error of the journal, and does not leave the others behind for it', async () => {
    await interrupted();
    let failures = 0;
    places.wrap = (journal) => ({
      ...faultyJournal(journal, new Failing()),
      findRuns: async (query) => {
        failures += 1;
        if (failures < 3) throw new HandoffError('HANDOFF_STORAGE_FAILED', 'away', { reason: 'unreachable' });
        return journal.findRuns(query);
      },
    });
    const logger = heardLogger();
    await places.start('b', { resume: true, logger });
    gateAt('second', 'b').open();
    await logger.heard('has completed');
    expect(logger.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
  });

  it('goes on again with a run that it resumed and that its journal left interrupted', async () => {
    await interrupted();
    const failing = new Failing();
    places.wrap = (journal) => faultyJournal(journal, failing);
    const logger = heardLogger();
    await places.start('b', { resume: true, logger, journalWaitMs: 1 });
    await gateAt('second', 'b').reached;
    failing.error = new HandoffError('HANDOFF_STORAGE_FAILED', 'away', { reason: 'full' });
    gateAt('second', 'b').open();
    expect((await logger.heard('was interrupted, and will be resumed again')).err).to.include({ code: 'HANDOFF_STORAGE_FAILED' });
    failing.error = undefined;
    expect(await logger.heard('has completed')).to.include({ key: 'k' });
    expect(begunOn('first')).to.deep.equal(['a']);
  });

  it('goes on with others where the record of one is damaged', async () => {
    await interrupted();
    const a = await places.start('again');
    const run = caught(a.execute(dag(), { key: 'other', dagId: 'other', durability: 'strict' }));
    await gateAt('second', 'again').reached;
    await a.stop({ graceMs: 0 });
    await run;
    places.database.groupsOf('other')[0]!.bytes[20]! ^= 1;
    const logger = heardLogger();
    await places.start('b', { resume: true, logger });
    gateAt('second', 'b').open();
    expect(await logger.heard('has completed')).to.include({ key: 'k' });
    expect(await logger.heard('does not go on')).to.include({ key: 'other' });
  });

  it('logs how a run failed that nobody waits for, and does not resume it again', async () => {
    const failing = (options: object) => new Dag('missing').add({ id: 'second', code: stage.held, isolation: 'loop', ...options });
    const a = await places.start('a', { capabilities: { gpu: 1 } });
    const run = caught(a.execute(failing({ cost: { gpu: 1 } }), { key: 'k', lostNodeWaitMs: 1 }));
    await gateAt('second', 'a').reached;
    await a.stop({ graceMs: 0 });
    await run;
    const logger = heardLogger();
    const b = await places.start('b', { resume: true, logger });
    const { err } = await logger.heard('has failed');
    expect(err).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'second' });
    expect((err as Error).message).to.include('no node that could run it has come within 1 ms');
    expect((await b.runs())[0]).to.include({ state: 'failed', resumptions: 1 });
  });

  it('waits for a node that can hold a function, and goes on when it comes', async () => {
    const a = await places.start('a', { capabilities: { gpu: 1 } });
    const needing = new Dag('needing').add({ id: 'second', code: stage.held, isolation: 'loop', cost: { gpu: 1 } });
    const run = caught(a.execute(needing, { key: 'k', lostNodeWaitMs: 1e9 }));
    await gateAt('second', 'a').reached;
    await a.stop({ graceMs: 0 });
    await run;
    const logger = heardLogger();
    const b = await places.start('b', { resume: true, logger, listen: '127.0.0.1:0' });
    await logger.heard('waiting up to 1000000000 ms for a node that can go on with the run');
    await Handoff.start({ name: 'c', capabilities: { gpu: 1 }, join: [b.address!], logger: spyLogger() }).then(async (c) => {
      gateAt('second', 'c').open();
      await logger.heard('has completed');
      await c.stop({ graceMs: 0 });
    });
  });

  it('leaves a run alone that has ended, or was resumed, since it was found', async () => {
    await interrupted();
    const looked = gate();
    const found = await (await places.start('reader')).runs();
    expect(found[0]).to.include({ state: 'interrupted' });
    let looks = 0;
    let asks = 0;
    places.wrap = (journal) => {
      const stale = journal.findRuns({ state: ['running', 'interrupted'] });
      return {
        ...faultyJournal(journal, new Failing()),
        findRuns: async (query) => {
          if (!Array.isArray(query?.state)) {
            asks += 1;
            return asks === 1 ? stale : journal.findRuns(query);
          }
          looks += 1;
          if (looks === 2) void looked.pass();
          if (looks > 1) return [];
          const runs = await stale;
          const c = await places.start('c');
          const run = c.resume('k');
          const cancelled = caught(run);
          await gateAt('second', 'c').reached;
          await run.cancel();
          await cancelled;
          return runs;
        },
      };
    };
    const starting = places.start('b', { resume: true, leaseMs: 100, logger: spyLogger() });
    places.wrap = (journal) => journal;
    const b = await starting;
    await looked.reached;
    expect(begunOn('second')).to.deep.equal(['a', 'c']);
    expect((await b.runs())[0]).to.include({ state: 'cancelled', driver: 'c', resumptions: 1 });
  });

  it('looks for nothing more, and resumes nothing more, once it stops', async () => {
    let looks = 0;
    let tellLook = (): void => {};
    places.wrap = (journal) => ({
      ...faultyJournal(journal, new Failing()),
      findRuns: (query) => {
        if (Array.isArray(query?.state)) {
          looks += 1;
          tellLook();
        }
        return journal.findRuns(query);
      },
    });
    const b = await places.start('b', { resume: true, leaseMs: 100 });
    places.wrap = (journal) => journal;
    // The node stops while it looks, and has a function that holds it up.
    const held = gate();
    const run = b.execute(Dag.dynamic('own').add({ id: 'one', code: () => held.pass() }));
    run.catch(() => {});
    await held.reached;
    await new Promise<void>((resolve) => {
      tellLook = resolve;
    });
    const stopping = b.stop({ graceMs: 1e9 });
    const before = looks;
    await interrupted();
    held.open();
    await stopping;
    await run;
    expect(looks).to.equal(before);
    expect(begunOn('second')).to.deep.equal(['a']);
    expect((await (await places.start('reader')).runs())[0]).to.include({ state: 'interrupted', resumptions: 0 });
  });
});

describe('interrupted runs whose code has changed', () => {
  it('stay for a node that has it, and the list of runs says so', async () => {
    const root = await mkdtemp(join(tmpdir(), 'handoff-resume-'));
    await using places = new DurablePlaces();
    try {
      await writeFile(join(root, 'package.json'), '{ "type": "module" }');
      await writeFile(join(root, 'wait.mjs'), 'export const wait = (before) => before ?? new Promise(() => {});\n');
      const given = Dag.dynamic('d').input('n');
      given.add({ id: 'wait', code: { module: 'wait.mjs', name: 'wait' }, args: ['n'], isolation: 'thread' });
      const a = await places.start('a', { root });
      const run = a.execute(given, { key: 'k', inputs: { n: undefined } });
      const aborted = caught(run);
      for await (const event of run) if (event.type === 'function-started') break;
      await a.stop({ graceMs: 0 });
      await aborted;
      await writeFile(join(root, 'wait.mjs'), 'export const wait = (before) => before ?? 1;\n');
      const logger = heardLogger();
      const b = await places.start('b', { root, resume: true, logger });
      expect(await logger.heard('does not go on')).to.include({ key: 'k', waitsFor: 'code', module: 'wait.mjs' });
      expect((await b.runs({ state: 'interrupted' }))[0]).to.include({ key: 'k', waitsFor: 'code' });
      expect((await b.resume('k')).results).to.deep.equal({ wait: 1 });
      expect((await b.runs())[0]).to.not.have.property('waitsFor');
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe('the option resume', () => {
  it('needs a place where runs are recorded, and is true or false', async () => {
    for (const options of [{ resume: true }, { resume: 'yes' }, { resume: 1, dataDir: 'nowhere' }] as unknown as NodeOptions[]) {
      const error = await caught(Handoff.start(options));
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.include('resume');
    }
    await (await Handoff.start({ resume: false })).stop();
  });
});
