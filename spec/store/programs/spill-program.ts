import type { Worker } from 'node:worker_threads';
import { silentLogger, systemClock } from '../../../lib/base/index.js';
import { openSpillDisk, type SpilledBytes } from '../../../lib/store/index.js';
import { isJoined, sharedBytes, someBytes } from '../../support/bytes.js';
import { spyLogger } from '../../support/spy-logger.js';
import { testClock } from '../../support/test-clock.js';

const MIB = 1 << 20;
const say = (what: unknown): void => console.log(JSON.stringify(what));

/** What a process does with a disk for spilled values, by its first word. */
const DEEDS: Readonly<Record<string, () => Promise<void>>> = {
  /** Spills, and goes on until it is killed. */
  async hold() {
    const disk = await openSpillDisk({ logger: silentLogger, clock: systemClock });
    for (const parts of [[someBytes(2_000)], [sharedBytes(2 * MIB)]]) await disk.write(parts);
    say('spilled');
    setInterval(() => {}, 1_000);
  },
  /** Spills, and ends without closing the disk. */
  async leave() {
    const disk = await openSpillDisk({ logger: silentLogger, clock: systemClock });
    for (const parts of [[someBytes(2_000)], [sharedBytes(2 * MIB)]]) await disk.write(parts);
    say('spilled');
  },
  /** Spills more values than files stay open for, and reads all of them when the disk is closed. */
  async keep() {
    const disk = await openSpillDisk({ logger: silentLogger, clock: systemClock });
    const values: SpilledBytes[] = [];
    for (let at = 0; at < 140; at += 1) values.push(await disk.write([sharedBytes(MIB, at)]));
    for (const value of values) value.keepReadable();
    for (const value of values.slice(5, 10)) value.drop();
    await disk.close();
    values.splice(5, 5);
    let whole = 0;
    for (const [at, value] of values.entries()) if (isJoined(await value.read(), [sharedBytes(MIB, at < 5 ? at : at + 5)])) whole += 1;
    say(whole);
  },
  /** Spills while the thread for files is killed, and goes on. */
  async 'kill-thread'() {
    const threads: Worker[] = [];
    process.on('worker', (worker) => threads.push(worker));
    const [logger, clock] = [spyLogger(), testClock()];
    const disk = await openSpillDisk({ logger, clock });
    const parts = [
      [someBytes(2_000, 1)],
      [sharedBytes(2 * MIB, 2)],
      [someBytes(2_000, 3)],
      [sharedBytes(2 * MIB, 4)],
      [someBytes(3_000, 5)],
    ];
    const values = await Promise.all(parts.slice(0, 2).map((one) => disk.write(one)));
    void threads[0]!.terminate();
    values.push(...(await Promise.all(parts.slice(2, 4).map((one) => disk.write(one)))));
    // Now it dies while it has nothing to do, with a file open that takes further values.
    await threads[1]!.terminate();
    values.push(await disk.write(parts[4]!));
    const isWhole: boolean[] = [];
    for (const [at, value] of values.entries()) isWhole.push(isJoined(await value.read(), parts[at]!));
    await disk.close();
    say({ isWhole, threads: threads.length, levels: logger.lines.map(({ level }) => level) });
  },
};

await DEEDS[process.argv[2]!]!();
