import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Dag, Handoff } from 'handoff-dag';
import { chromium } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from '../support/chromium.js';
import { LoopWatch } from './loop-watch.js';
import { type Bench, median, type Row, timed } from './measure.js';
import { layers } from './shapes.js';

const MAILED = 10_000;
const LARGE = 100_000;
const ROUNDS = 7;
const SHORT_ROUNDS = 3;
const LARGEST_MIB = 3;
const OPEN_MS = 2000;
const TURN_MS = 50;

/** The report of a run of so many no-op functions with ten inputs each, and what making it cost. */
async function made(count: number, rounds: number): Promise<{ readonly html: string; readonly madeMs: number; readonly turnMs: number }> {
  await using handoff = await Handoff.start({ name: 'bench', capabilities: { cpu: 8 } });
  const run = handoff.execute(layers(10).make(count) as Dag, { collect: [] });
  await run;
  const watch = new LoopWatch();
  let html = '';
  const times: number[] = [];
  const turns: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      watch.take();
      times.push(
        await timed(async () => {
          html = await run.report();
        }),
      );
      turns.push(watch.take().ranMs);
    }
  } finally {
    watch.stop();
  }
  return { html, madeMs: median(times), turnMs: median(turns) };
}

/** From the navigation until the summary is there, in a browser that is warm. */
async function opened(html: string, rounds: number): Promise<Row> {
  const what = `a report of ${MAILED.toLocaleString('en-US')} functions opens from disk`;
  if (!existsSync(CHROMIUM)) return { what, figure: `not measured: there is no ${CHROMIUM}` };
  const folder = mkdtempSync(join(tmpdir(), 'handoff-report-bench-'));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_FLAGS] });
  try {
    const file = join(folder, 'report.html');
    writeFileSync(file, html);
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const page = await browser.newPage();
      times.push(
        await timed(async () => {
          await page.goto(pathToFileURL(file).href);
          await page.locator('.summary').waitFor();
        }),
      );
      await page.close();
    }
    const ms = median(times);
    const floor = `wanted ${OPEN_MS} ms`;
    return {
      what: `${what}, chromium ${browser.version()}`,
      figure: `${ms.toFixed(0)} ms`,
      floor,
      ratio: ms / OPEN_MS,
      target: 'at most 1',
    };
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, maxRetries: 3 });
  }
}

/** How large a report is, how fast it opens, and what making it costs the loop. */
export const seeingReportBench: Bench = {
  name: 'seeing-report',
  question: 'How large is the report of a run, how fast does it open, and what does making one cost?',
  async run({ isShort }) {
    const rounds = isShort ? SHORT_ROUNDS : ROUNDS;
    const mailed = await made(MAILED, rounds);
    const mib = Buffer.byteLength(mailed.html) / 2 ** 20;
    const large = await made(LARGE, rounds);
    return [
      {
        what: `a report of ${MAILED.toLocaleString('en-US')} functions`,
        ...{ figure: `${mib.toFixed(2)} MiB`, floor: `wanted ${LARGEST_MIB} MiB`, ratio: mib / LARGEST_MIB, target: 'at most 1' },
      },
      await opened(mailed.html, rounds),
      {
        what: `making one of ${LARGE.toLocaleString('en-US')} functions, ${(Buffer.byteLength(large.html) / 2 ** 20).toFixed(1)} MiB`,
        figure: `${large.madeMs.toFixed(0)} ms`,
      },
      {
        what: 'its longest turn of the event loop, on the processor',
        ...{ figure: `${large.turnMs.toFixed(1)} ms`, floor: `wanted ${TURN_MS} ms`, ratio: large.turnMs / TURN_MS, target: 'at most 1' },
      },
    ];
  },
};
