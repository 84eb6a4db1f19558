import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../lib/base/index.js';
import { Dag, type DagLike, Handoff } from '../../lib/index.js';

const SIZE = 600_000;
/** So many files of results are open at once; beyond that each has a second name. */
const MOST_OPEN = 128;

/** A DAG whose only result has so many bytes that two of them do not fit on the shelf. */
const large = (dagId: string, fill: number): DagLike<{ a: Uint8Array }, never, never, never> =>
  new Dag(dagId).add({ id: 'a', version: `${fill}`, cache: true, isolation: 'loop', code: () => new Uint8Array(SIZE).fill(fill) }) as never;

describe('results that were remembered, and go from the shelf later', () => {
  let folder: string;
  let here: Handoff;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-gone-'));
    here = await Handoff.start({ dataDir: join(folder, 'data'), cacheMiB: 1, threads: 1, logger: silentLogger });
    await here.execute(large('1', 1));
  });
  afterEach(async () => {
    await here.stop();
    await rm(folder, { recursive: true });
  });
  const files = (): string[] => readdirSync(join(folder, 'data', 'remembered'), { recursive: true, encoding: 'utf8' });
  const isThere = (): boolean => files().some((path) => /[0-9a-f]{64}$/.test(path));

  it('can be looked at after the shelf was cleared', async () => {
    const { results } = await here.execute(large('2', 1));
    await here.clearCache();
    expect(isThere()).to.equal(false);
    expect(results.a).to.deep.equal(new Uint8Array(SIZE).fill(1));
  });

  it('can be looked at after they went for others, and when the node has stopped', async () => {
    const [first, second] = [await here.execute(large('2', 1)), await here.execute(large('3', 1))];
    await here.execute(large('4', 2));
    await here.execute(large('5', 2));
    expect(first.results.a).to.deep.equal(new Uint8Array(SIZE).fill(1));
    await here.stop();
    expect(second.results.a).to.deep.equal(new Uint8Array(SIZE).fill(1));
  });

  it('can be looked at also where they are more than may be open, and leave nothing', async () => {
    const MANY = 140;
    const dag = Dag.dynamic('many');
    for (let fill = 0; fill < MANY; fill += 1)
      dag.add({ id: `f${fill}`, version: '1', cache: true, code: () => new Uint8Array(100_000).fill(fill) });
    await using other = await Handoff.start({ dataDir: join(folder, 'many'), threads: 1, logger: silentLogger });
    await other.execute(dag);
    const { results } = await other.execute(dag, { dagId: 'again', retainMs: 0 });
    const all = (): string[] => readdirSync(join(folder, 'many', 'remembered'), { recursive: true, encoding: 'utf8' });
    const names = (): string[] => all().filter((path) => path.startsWith(join('new', '/')));
    expect(names()).to.have.length.at.least(MANY - MOST_OPEN);
    await other.clearCache();
    for (let fill = 0; fill < MANY; fill += 1) expect(results[`f${fill}`]).to.deep.equal(new Uint8Array(100_000).fill(fill));
    await other.stop();
    await (await Handoff.start({ dataDir: join(folder, 'many'), threads: 1, logger: silentLogger })).stop();
    expect(names()).to.deep.equal([]);
  });

  it('keep no file open once nobody can ask for them', async function () {
    if (process.platform !== 'linux') return this.skip();
    await here.execute(large('2', 1), { retainMs: 0, collect: [] as never });
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    expect(open.filter((path) => path.startsWith(folder) && path.includes('/remembered/'))).to.deep.equal([]);
  });
});
