import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { TraceReplay } from '../../lib/runner/index.js';
import { withTraces } from '../simulation/run-traces.js';
import { simulateRun } from '../simulation/simulate-run.js';
import { caught } from '../support/caught.js';

describe('the traces of a simulation', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'handoff-traces-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const simulated = (): Promise<unknown> => simulateRun(10, { faults: 'none', mode: 'safety' });

  it('are written when it failed, are named in its error, and can be replayed', async () => {
    const work = async (): Promise<void> => {
      await simulated();
      throw new Error('the oracle says no');
    };
    const { message } = (await caught(withTraces(10, work, folder))) as Error;
    expect(message).to.match(/^the oracle says no\nWhat its runs went through:\n/);
    const files = [...message.matchAll(/handoff replay (.*)$/gm)].map(([, file]) => file!);
    expect(files).to.have.length(2);
    for (const file of files) {
      expect(file).to.match(/seed-10-(own|other)-/);
      const replay = new TraceReplay();
      for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) replay.add(line);
      expect(replay.report()).to.include({ phase: 'ended', cutOffLine: undefined }).and.deep.include({ faults: [] });
    }
  });

  it('are not written when it went well', async () => {
    await withTraces(10, simulated, folder);
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
