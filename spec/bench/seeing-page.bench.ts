import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { DrawnRun } from '../observe/page/drawn-run.js';
import { stageShape } from '../observe/page/drawn-shapes.js';
import { DrawnSource } from '../observe/page/drawn-source.js';
import { type Frames, framesWhile, lookAround } from '../observe/page/frames.js';
import { servedPage } from '../observe/page/served-page.js';
import { CHROMIUM, CHROMIUM_FLAGS } from '../support/chromium.js';
import type { Bench, BenchOptions, Row } from './measure.js';

const FUNCTIONS = 100_000;

async function pageRows({ isShort }: BenchOptions): Promise<readonly Row[]> {
  if (!existsSync(CHROMIUM)) return [{ what: `frames of the page: there is no ${CHROMIUM}`, figure: 'left out' }];
  const forMs = isShort ? 3_000 : 10_000;
  const run = new DrawnRun('hundred-thousand', stageShape(FUNCTIONS), {
    nodes: 50,
    slots: 8,
    failsEach: 3_000,
    lost: { node: 7, atMs: 9_000 },
  });
  run.advance(Number.POSITIVE_INFINITY);
  const server = await servedPage(new DrawnSource(run));
  const folder = mkdtempSync(join(tmpdir(), 'handoff-bench-'));
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS],
    viewport: { width: 1440, height: 900 },
  });
  try {
    const page = await browser.newPage();
    const version = browser.browser()?.version() ?? 'of unknown version';
    const at = async (tab: string, selector: string): Promise<Page> => {
      await page.goto(`${server.url}/run/${run.runId}/${tab}`);
      await page.locator(selector).first().waitFor();
      return page;
    };
    const rows: Row[] = [{ what: 'browser', figure: `chromium ${version}` }];
    await at('timeline', '.timeline-canvas .u-over');
    const idle = await framesWhile(page, () => page.waitForTimeout(2_000));
    rows.push(...rowsFor('nothing happens', idle));
    rows.push(
      ...rowsFor(
        `timeline of ${FUNCTIONS.toLocaleString('en')} attempts`,
        await framesWhile(page, () => lookAround(page, '.timeline-canvas .u-over', forMs)),
      ),
    );
    await page.getByRole('button', { name: 'All rows' }).click();
    rows.push(...rowsFor('all 400 rows of it', await framesWhile(page, () => lookAround(page, '.timeline-canvas .u-over', forMs / 2))));
    await at('graph', '.graph-box');
    rows.push(...rowsFor('its graph', await framesWhile(page, () => lookAround(page, '.graph-picture', forMs / 2))));
    await at('functions', '.function-grid');
    rows.push(...rowsFor('its table of functions', await framesWhile(page, () => scrollDown(page, '.function-grid', forMs / 2))));
    return rows;
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const rowsFor = (what: string, { count, middleMs, p95Ms, worstMs, below50 }: Frames): readonly Row[] => [
  {
    what: `${what}: 95 % of frames under`,
    figure: `${p95Ms.toFixed(0)} ms`,
    floor: `middle ${middleMs.toFixed(0)} ms, worst ${worstMs.toFixed(0)} ms of ${count}`,
    ratio: below50,
    target: '0.95 under 50 ms',
  },
];

async function scrollDown(page: Page, selector: string, forMs: number): Promise<void> {
  const box = (await page.locator(selector).first().boundingBox())!;
  await page.mouse.move(box.x + 200, box.y + 200);
  const endMs = performance.now() + forMs;
  for (let step = 0; performance.now() < endMs; step += 1) await page.mouse.wheel(0, step % 60 < 50 ? 400 : -1200);
}

/** How smooth the dashboard's page is while a person looks around in a run of 100,000 functions, in a real browser. */
export const seeingPageBench: Bench = {
  name: 'seeing-page',
  question: 'How long do the frames of the page take, at 100,000 functions?',
  run: pageRows,
};
