import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { postgresForEach } from '../support/postgres-server.js';
import { example, type Program, programIn } from './program.js';

/** The functions that a program has told to be done, or to have been done before. */
const told = (text: string, how: 'is done' | 'had been done'): string[] =>
  [...text.matchAll(new RegExp(`^(\\S+) ${how}$`, 'gm'))].map(([, id]) => id!);

const linesOf = async (file: string): Promise<string[]> => (await readFile(file, 'utf8')).trim().split('\n');

describe('a program that is killed', () => {
  let folder: string;
  let programs: Program[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-killed-'));
    programs = [];
  });
  afterEach(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
    await rm(folder, { recursive: true });
  });
  const start = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Program => {
    const started = programIn(env, ...args);
    started.ended.catch(() => {});
    programs.push(started);
    return started;
  };

  it('goes on when it is started again, on one machine: what it had told to be done does not run again', async () => {
    const main = example('kill-and-go-on/main.ts');
    const killed = start({}, main, folder);
    await killed.writes(/(is done\n[\s\S]*){4}/);
    killed.child.kill('SIGKILL');
    const done = told((await killed.ended).text, 'is done');
    const { code, text } = await start({}, main, folder).ended;
    expect(text).to.match(/^total 660$/m);
    expect(told(text, 'had been done')).to.include.members(done);
    expect(code).to.equal(0);
    const calls = await linesOf(join(folder, 'service'));
    const keyOf = new Map(calls.map((line) => line.split(' ') as [string, string]));
    expect(keyOf.size).to.equal(12);
    expect(new Set(calls).size, 'a second call has the key of the first').to.equal(12);
    for (const id of done)
      expect(
        calls.filter((line) => `charge-${line.split(' ')[0]}` === id),
        id,
      ).to.have.length(1);
  });

  describe('as one of three nodes that share a journal', () => {
    const postgres = postgresForEach();

    it('is no end of its run: another goes on by itself when the lease is over', async () => {
      const node = example('three-nodes/node.ts');
      const begun = join(folder, 'begun');
      const env = { HANDOFF_JOURNAL: postgres.url, LEASE_MS: '1000', BEGUN: begun };
      const b = start(env, node, 'b', '127.0.0.1:0');
      const [url] = await b.writes(/ws:\/\/\S+/);
      const c = start(env, node, 'c', '127.0.0.1:0', url);
      await c.writes(/ws:\/\/\S+/);
      const a = start(env, node, 'a', '127.0.0.1:0', url);
      await a.writes(/(is done\n[\s\S]*){8}/);
      a.child.kill('SIGKILL');
      const done = told((await a.ended).text, 'is done');
      const finished = /a run that was resumed by itself has completed/;
      await Promise.race([b.writes(finished), c.writes(finished)]);
      const begins = (await linesOf(begun)).map((line) => line.split(' ')[0]!);
      expect(new Set(begins).size).to.equal(40);
      for (const id of done)
        expect(
          begins.filter((one) => one === id),
          id,
        ).to.have.length(id === 'total' ? 0 : 1);
      const heirs = [b, c].filter(({ text }) => text().includes('goes on with an interrupted run by itself'));
      expect(heirs).to.have.length(1);
      const again = await start(env, node, 'a', '127.0.0.1:0', url).ended;
      expect(again.text).to.match(/^total had been done\ntotal 20540$/m);
      expect(again.code).to.equal(0);
      const [run] = await postgres.server.query(`SELECT state, epoch FROM ${postgres.schema}.runs`);
      expect(run).to.deep.equal({ state: 'completed', epoch: '2' });
      for (const { child } of [b, c]) child.kill('SIGTERM');
      expect((await Promise.all([b.ended, c.ended])).map(({ code }) => code)).to.deep.equal([0, 0]);
    });
  });
});
