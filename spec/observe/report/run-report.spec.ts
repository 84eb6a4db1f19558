import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Dag, Handoff, HandoffError, type Run } from '../../../lib/index.js';
import { viewOf } from '../../../lib/observe/index.js';
import { readPageTexts } from '../../../lib/observe/report/page-texts.js';
import { readReport } from '../../../lib/observe/report/read-report.js';
import type { ObservedRun } from '../../../lib/runner/index.js';
import { caught } from '../../support/caught.js';
import { SpecCluster } from '../../support/cluster.js';
import { gate } from '../../support/gate.js';
import { spyLogger } from '../../support/spy-logger.js';
import { contentOf, openReport } from './opened-report.js';

/** Would end an element, and load something, if it were taken for HTML. */
const HOSTILE = '</script><img src=x onerror="document.title=1"><!--<script>';

const statesOf = (run: ObservedRun): Record<string, string> =>
  Object.fromEntries(Array.from({ length: run.size }, (_, index) => [run.idOf(index), run.stateOf(index)]));

describe('the report of a run', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 3 }, logger: spyLogger() });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  it('is one file of HTML that may load nothing: its policy allows its own script and styles, by their digests', async () => {
    const run = handoff.execute(new Dag('d').add({ id: 'a', code: () => 1 }));
    await run;
    const html = await run.report();
    expect(html).to.match(/^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"/);
    const [, policy] = /Content-Security-Policy" content="([^"]+)"/.exec(html)!;
    expect(policy).to.match(
      /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; img-src data:; worker-src blob:; base-uri 'none'; form-action 'none'$/,
    );
    expect(html).to.not.match(/(?:src|href)="(?!data:)/);
    expect(html.match(/<script/g), 'page, worker, licences, content').to.have.length(4);
    expect(html).to.include('Copyright').and.to.include('preact');
  });

  it('has the run, its functions and its attempts, and where it was made', async () => {
    const run = handoff.execute(
      new Dag('sums').add({ id: 'one', code: () => 1 }).add({ id: 'two', code: (one: number) => one + 1, args: ['one'] }),
    );
    await run;
    const { run: seen, environment, leftOut } = openReport(await run.report());
    expect(seen).to.include({ runId: run.id, dagId: 'sums', driver: 'here', state: 'completed', size: 2 });
    expect(statesOf(seen)).to.deep.equal({ one: 'succeeded', two: 'succeeded' });
    expect(seen.attempts.count).to.equal(2);
    expect(environment.nodes).to.deep.equal([{ name: 'here', capabilities: { cpu: 3 } }]);
    expect(environment).to.include({ nodeVersion: process.version, platform: `${process.platform} ${process.arch}` });
    expect(environment.handoffVersion).to.match(/^\d+\.\d+\.\d+/);
    expect(leftOut).to.deep.equal({ attempts: 0, errors: 0, lines: 0, waits: 0 });
  });

  it('cannot be broken by an id, an error or a line', async () => {
    const run = handoff.execute(
      Dag.dynamic(`dag ${HOSTILE}`)
        .add({
          id: `id ${HOSTILE}`,
          code: () => {
            console.log(`line ${HOSTILE}`);
            throw new RangeError(`error ${HOSTILE}`);
          },
        })
        .add({ id: 'after', code: () => 1, args: [`id ${HOSTILE}`] }),
      { maxRetries: 0 },
    );
    await caught(run);
    const html = await run.report();
    expect(contentOf(html)).to.not.include('<');
    const { run: seen } = openReport(html);
    const index = seen.indexOf(`id ${HOSTILE}`)!;
    expect(seen.dagId).to.equal(`dag ${HOSTILE}`);
    expect(seen.errorOf(index)?.message).to.include(`error ${HOSTILE}`);
    expect(seen.linesOf(index).map(({ line }) => line)).to.deep.equal([`line ${HOSTILE}`]);
  });

  it('of a run that goes on has what is so far, and what functions wait for', async () => {
    const held = gate();
    const run = handoff.execute(
      new Dag('d').add({ id: 'slow', code: () => held.pass() }).add({ id: 'after', code: (x: unknown) => x, args: ['slow'] }),
    );
    await held.reached;
    const { run: seen } = openReport(await run.report());
    expect(seen.state).to.equal('running');
    expect(statesOf(seen)).to.deep.equal({ slow: 'running', after: 'waiting' });
    expect(seen.waitOf(seen.indexOf('after')!)).to.deep.include({ for: 'producers', producers: [seen.indexOf('slow')!] });
    expect(seen.startedMsOf(seen.indexOf('slow')!)).to.be.a('number');
    held.open();
    await run;
    expect(openReport(await run.report()).run.state).to.equal('completed');
  });

  it('of a run that grows has what it has added by then', async () => {
    const held = gate();
    const run = handoff.execute(
      Dag.dynamic('d')
        .add({ id: 'ns', code: () => [1, 2] })
        .map({ id: 'sq', over: 'ns', code: (n: number) => (n === 2 ? held.pass() : Promise.resolve()).then(() => n * n) }),
    );
    await held.reached;
    const { run: seen } = openReport(await run.report());
    expect(Object.keys(statesOf(seen))).to.have.members(['ns', 'sq', 'sq[0]', 'sq[1]']);
    expect(seen.partOf(seen.indexOf('sq[1]')!)).to.equal(seen.indexOf('sq'));
    held.open();
    await run;
  });

  it('of a failed run, and of a cancelled one, says why', async () => {
    const failed = handoff.execute(new Dag('d').add({ id: 'bad', code: () => Promise.reject(new RangeError('no such tile')) }), {
      maxRetries: 0,
    });
    await caught(failed);
    const { run: seen } = openReport(await failed.report());
    expect(seen.error?.message).to.include('no such tile');
    const { failures } = viewOf(seen, { view: 'summary' });
    expect(failures.map(({ functionId, error }) => [functionId, error.name])).to.deep.equal([['bad', 'RangeError']]);
    const held = gate();
    const cancelled = handoff.execute(new Dag('d').add({ id: 'slow', code: () => held.pass() }), { stopGraceMs: 0 });
    await held.reached;
    await cancelled.cancel('enough');
    held.open();
    const { run: ended } = openReport(await cancelled.report());
    expect([ended.state, ended.error?.code]).to.deep.equal(['cancelled', 'HANDOFF_RUN_CANCELLED']);
  });

  it('of a run that was refused is none: it says why, and that rejection is handled', async () => {
    const run = handoff.execute(Dag.dynamic('d').add({ id: 'a', code: () => 1, args: ['missing'] })) as Run<unknown>;
    const error = await caught(run.report());
    expect(error).to.be.instanceOf(HandoffError).and.to.include({ code: 'HANDOFF_NOT_FOUND', runId: run.id });
    expect(error.message).to.match(/^Cannot make a report of run \S+: it was refused: .*missing/);
    expect(error.cause).to.include({ code: 'HANDOFF_INVALID_DAG' });
  });

  it('can be made when the node has stopped', async () => {
    const other = await Handoff.start({ name: 'other', logger: spyLogger() });
    const run = other.execute(new Dag('d').add({ id: 'a', code: () => 1 }), { retainMs: 0 });
    await run;
    await other.stop({ graceMs: 0 });
    const { run: seen, environment } = openReport(await run.report());
    expect(statesOf(seen)).to.deep.equal({ a: 'succeeded' });
    expect(environment.nodes).to.deep.equal([]);
  });

  it('says what each node of a cluster did, and what was moved between them', async () => {
    const cluster = await SpecCluster.of({ driver: { capabilities: { cpu: 1 } }, far: { capabilities: { cpu: 1, gpu: 1 } } });
    try {
      const code = { module: new URL('../../support/modules/tasks.js', import.meta.url).href, name: 'double' };
      const run = cluster.node('driver').execute(
        Dag.dynamic('d')
          .add({ id: 'here', code: () => 21, node: 'driver' })
          .add({ id: 'there', code, args: ['here'], node: 'far' }) as never,
      ) as Run<unknown>;
      await run;
      const { run: seen, environment } = openReport(await run.report());
      const summary = viewOf(seen, { view: 'summary' });
      expect(summary.nodes.map(({ node, attempts }) => [node, attempts])).to.deep.equal([
        ['driver', 1],
        ['far', 1],
      ]);
      expect(summary.movedBytes).to.be.above(0);
      expect(summary.criticalPath.map(({ functionId, node }) => [functionId, node])).to.deep.equal([
        ['here', 'driver'],
        ['there', 'far'],
      ]);
      expect(environment.nodes.map(({ name }) => name)).to.have.members(['driver', 'far']);
    } finally {
      await cluster.stop();
    }
  });
});

describe('the page of reports', () => {
  it('that was not built is a clear error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'handoff-no-page-'));
    try {
      const error = await caught(readPageTexts(new URL(`${pathToFileURL(folder)}/`)));
      expect(error).to.include({ code: 'HANDOFF_NOT_FOUND', path: `${folder}/` });
      expect(error.message).to.equal(`Cannot make a report: ${folder}/ has no page; npm run build makes it`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses a report of another version', () => {
    expect(() => readReport('{"run":{"format":2}}')).to.throw(TypeError, 'another version');
    expect(() => readReport('{}')).to.throw(TypeError, 'another version');
  });
});
