import { expect } from 'chai';
import { EventLog } from '../../lib/runner/events/event-log.js';
import { KeptLines, type LineRoom, type OutputLine } from '../../lib/runner/events/kept-lines.js';

const MIB = 1024 * 1024;

const written = (length: number): OutputLine => ({
  functionId: 'f',
  attempt: 1,
  node: 'n',
  stream: 'stdout',
  atMs: 0,
  line: 'x'.repeat(length),
});

describe('the lines of runs under way', () => {
  it('are bounded over all runs: whoever writes more drops its own oldest, and keeps the newest', () => {
    const room: LineRoom = { characters: 0 };
    const runs = Array.from({ length: 200 }, () => new KeptLines(room));
    for (let round = 0; round < 30; round += 1) for (const run of runs) run.push(written(50_000), 0);
    expect(room.characters).to.equal(runs.reduce((sum, { characters }) => sum + characters, 0));
    expect(room.characters).to.be.within(32 * MIB - 200 * 50_000, 32 * MIB + 200 * 64 * 1024);
    for (const run of runs) expect(run.at(run.count - 1)?.line.length).to.equal(50_000);
  });

  it('have their room again when others have ended', () => {
    const room: LineRoom = { characters: 0 };
    const runs = Array.from({ length: 40 }, () => new KeptLines(room));
    for (const run of runs) run.push(written(MIB - 1), 0);
    const last = runs.at(-1)!;
    expect(last.characters).to.be.at.most(64 * 1024);
    for (const run of runs.slice(0, -1)) run.end();
    last.push(written(MIB / 2), 0);
    expect([last.characters, room.characters]).to.deep.equal([MIB / 2 + 64 * 1024 - 1, MIB / 2 + 64 * 1024 - 1]);
  });

  it('are counted no more when their run is over', () => {
    const log = new EventLog('r', 'd');
    for (let count = 0; count < 100; count += 1) log.addLine(written(MIB / 2));
    log.end();
    const others = Array.from({ length: 40 }, () => new EventLog('r', 'd'));
    for (const other of others) {
      other.addLine(written(MIB - 1));
      expect(other.lines!.characters).to.equal(MIB - 1);
      other.end();
    }
  });
});
