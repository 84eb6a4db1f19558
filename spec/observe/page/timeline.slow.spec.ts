import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import type { DashboardServer } from '../../../lib/observe/index.js';
import { rowBands } from '../../../lib/observe/page/timeline/row-bands.js';
import { wholeOf } from '../../../lib/observe/page/timeline/time-window.js';
import { browserForAll } from '../../support/browser.js';
import { DrawnRun } from './drawn-run.js';
import { pictureShape, stageShape } from './drawn-shapes.js';
import { DrawnSource } from './drawn-source.js';
import { framesWhile, lookAround } from './frames.js';
import { servedPage } from './served-page.js';

/** An attempt of a drawn run, and where the timeline of the whole run shows it. */
interface SeenAttempt {
  readonly functionId: string;
  readonly node: string;
  readonly slot: number;
  readonly outcome: number;
  readonly attempt: number;
  readonly middleMs: number;
}

function attemptsOf(run: DrawnRun): readonly SeenAttempt[] {
  const found: SeenAttempt[] = [];
  run.attempts.each(0, run.attempts.count, (_row, index, attempt, node, slot, outcome, endMs, _wait, fetch, load, ran, pack, handOver) => {
    const lengthMs = fetch + load + ran + pack;
    found.push({
      functionId: run.idOf(index),
      node: run.attempts.nodes[node]!,
      slot,
      outcome,
      attempt,
      middleMs: endMs - handOver / 2 - lengthMs / 2,
    });
  });
  return found;
}

describe('the timeline on the page', () => {
  const browser = browserForAll();
  let source: DrawnSource;
  let server: DashboardServer;
  let page: Page;
  let faults: readonly string[];

  const show = async (run: DrawnRun, options: Parameters<typeof browser.open>[0] = {}): Promise<void> => {
    source = new DrawnSource(run);
    server = await servedPage(source, { folder: browser.folder });
    ({ page, faults } = await browser.open(options));
    await page.goto(`${server.url}/run/${run.runId}/timeline`);
    await page.locator('.timeline-canvas .u-over').waitFor();
    await untilPart(/of /);
  };
  const ended = (run: DrawnRun): DrawnRun => {
    run.advance(Number.POSITIVE_INFINITY);
    return run;
  };
  const pictures = (): DrawnRun =>
    new DrawnRun('thumbnails', pictureShape(16), { nodes: 3, slots: 4, failsEach: 12, lost: { node: 2, atMs: 900 } });

  afterEach(() => server.close());

  /** What part of the run is shown, in words. */
  const part = (): Promise<string> =>
    page
      .locator('.timeline-part')
      .textContent()
      .then((text) => text ?? '');
  const untilPart = async (wanted: RegExp | ((text: string) => boolean)): Promise<string> => {
    const isIt = typeof wanted === 'function' ? wanted : (text: string) => wanted.test(text);
    for (;;) {
      const text = await part();
      if (isIt(text)) return text;
      await page.evaluate('new Promise(requestAnimationFrame)');
    }
  };
  const card = (): Locator => page.locator('.bar-card');
  /** Where an attempt is on the screen, while the whole run is shown. */
  const placeOf = async (attempt: SeenAttempt): Promise<{ x: number; y: number }> => {
    const rows = [...new Set(attemptsOf(source.run).map(({ node, slot }) => `${node} ${slot}`))].sort();
    const bands = rowBands(
      rows.map((row) => ({ node: row.split(' ')[0]!, isolation: 'thread', slot: Number(row.split(' ')[1]) })),
      500,
    );
    await page.locator('.timeline-canvas .u-over').evaluate((over) => over.scrollIntoView({ block: 'center' }));
    const box = (await page.locator('.timeline-canvas .u-over').boundingBox())!;
    const row = rows.indexOf(`${attempt.node} ${attempt.slot}`);
    return {
      x: box.x + (attempt.middleMs / wholeOf(source.run.elapsedMs).toMs) * box.width,
      y: box.y + bands.topPx[row]! + bands.rowPx / 2,
    };
  };
  const pointAt = async (attempt: SeenAttempt): Promise<{ x: number; y: number }> => {
    const place = await placeOf(attempt);
    await page.mouse.move(place.x, place.y);
    await card().waitFor();
    return place;
  };

  it('tells of the bar below the pointer: name, group, outcome, attempt, node, slot and phases', async () => {
    await show(ended(pictures()));
    const seen = attemptsOf(source.run).find(({ functionId, outcome }) => functionId === 'classify-3' && outcome === 0)!;
    await pointAt(seen);
    const text = (await card().textContent())!;
    for (const told of ['classify-3', 'classify-*', 'succeeded', `attempt ${seen.attempt}`, seen.node, `thread ${seen.slot}`])
      expect(text).to.include(told);
    for (const phase of ['wait', 'fetch', 'load', 'run', 'pack', 'hand over']) expect(text).to.include(phase);
    expect(await page.locator('.timeline-live').textContent()).to.include('classify-3');
    await page.mouse.move(5, 5);
    await card().waitFor({ state: 'detached' });
  });

  it('shows failed attempts black, and those lost with their node hatched', async () => {
    await show(ended(pictures()), { colorScheme: 'light' });
    const attempts = attemptsOf(source.run);
    for (const [outcome, word] of [
      [1, 'failed'],
      [4, 'lost'],
    ] as const) {
      const { x, y } = await pointAt(attempts.find((one) => one.outcome === outcome)!);
      expect(await card().textContent()).to.include(word);
      // Some pixels beside the middle: hatches have dark ones and light ones, black has none that are light.
      const light = await page.evaluate<number>(`(() => {
        const canvas = document.querySelector('.timeline-canvas canvas');
        const { left, top } = canvas.getBoundingClientRect();
        const ratio = canvas.width / canvas.clientWidth;
        const copy = new OffscreenCanvas(9, 9).getContext('2d', { willReadFrequently: true });
        copy.drawImage(canvas, (${x} - left) * ratio - 4, (${y} - top) * ratio - 4, 9, 9, 0, 0, 9, 9);
        const { data } = copy.getImageData(0, 0, 9, 9);
        let light = 0;
        for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] > 600) light++;
        return light;
      })()`);
      if (word === 'failed') expect(light).to.equal(0);
      else expect(light).to.be.within(10, 75);
    }
  });

  it('zooms with the wheel, and the bar below the pointer stays there', async () => {
    await show(ended(pictures()));
    const whole = await part();
    await pointAt(attemptsOf(source.run).find(({ functionId, outcome }) => functionId === 'resize-5' && outcome === 0)!);
    for (let notch = 0; notch < 6; notch += 1) await page.mouse.wheel(0, -120);
    const zoomed = await untilPart((text) => text !== whole);
    expect(await card().textContent()).to.include('resize-5');
    // It is asked for in more detail when the wheel rests.
    const isDetailed = (): boolean =>
      source.asked.some(
        (request) => request.view === 'timeline' && request.widthPx > 1 && request.toMs - request.fromMs < source.run.elapsedMs,
      );
    while (!isDetailed()) await page.evaluate('new Promise(requestAnimationFrame)');
    await page.getByRole('button', { name: 'Whole run' }).click();
    expect(await untilPart((text) => text !== zoomed)).to.equal(whole);
  });

  it('moves when it is dragged, and zooms to what is brushed', async () => {
    await show(ended(pictures()));
    const box = (await page.locator('.timeline-canvas .u-over').boundingBox())!;
    const whole = await part();
    await page.keyboard.down('Shift');
    await page.mouse.move(box.x + box.width * 0.2, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    const brushed = await untilPart((text) => text !== whole);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.1, box.y + 60, { steps: 4 });
    await page.mouse.up();
    const moved = await untilPart((text) => text !== brushed);
    const [before, now] = [brushed, moved].map((text) => text.split(' to ')[0]!);
    expect(now).to.not.equal(before);
    expect(await page.evaluate(`location.pathname`)).to.match(/timeline$/);
  });

  it('opens the page of the function that is clicked', async () => {
    await show(ended(pictures()));
    const { x, y } = await pointAt(attemptsOf(source.run).find(({ functionId }) => functionId === 'classify-7')!);
    await page.mouse.click(x, y);
    await page.waitForURL(/\/function\/classify-7$/);
  });

  it('is moved, zoomed and searched by keys alone', async () => {
    await show(ended(pictures()));
    await page.getByRole('application', { name: /Timeline/ }).focus();
    const whole = await part();
    await page.keyboard.press('+');
    const zoomed = await untilPart((text) => text !== whole);
    await page.keyboard.press('Home');
    await untilPart(/^0 to/);
    await page.keyboard.press('ArrowRight');
    await untilPart((text) => !text.startsWith('0 to') && text !== zoomed);
    await page.keyboard.press('0');
    await untilPart((text) => text === whole);
    await page.keyboard.press('.');
    await card().waitFor();
    const first = (await card().locator('strong').textContent())!;
    await page.keyboard.press('.');
    await page.waitForFunction((before) => document.querySelector('.bar-card strong')?.textContent !== before, first);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/function\//);
  });

  it('has all that is in view as a table, whose links lead to functions', async () => {
    await show(ended(pictures()));
    await page.getByText('Attempts in view as a table').click();
    const rows = page.locator('.bar-list tbody tr');
    await rows.first().waitFor();
    expect(await rows.count()).to.equal(attemptsOf(source.run).length);
    await rows.getByRole('link', { name: 'merge-0', exact: true }).first().click();
    await page.waitForURL(/\/function\/merge-0$/);
  });

  it('lets the groups that are pressed stand out', async () => {
    await show(ended(pictures()));
    const group = page.getByRole('button', { name: /^resize-\*/ });
    await group.click();
    expect(await group.getAttribute('aria-pressed')).to.equal('true');
    await page.getByRole('button', { name: 'Show all alike' }).click();
    expect(await group.getAttribute('aria-pressed')).to.equal('false');
  });

  it('follows a run that goes on, until a person looks back', async () => {
    const run = new DrawnRun('thumbnails', pictureShape(160), { nodes: 4, slots: 4 });
    run.advance(3000);
    await show(run);
    const startOf = (text: string): string => text.split(' to ')[0]!;
    await page.getByRole('button', { name: 'Follow' }).click();
    const followed = await untilPart((text) => !text.startsWith('0 to'));
    expect(await page.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed')).to.equal('true');
    run.advance(4500);
    const later = await untilPart((text) => startOf(text) !== startOf(followed) && Number.parseFloat(text.split(' to ')[1]!) > 4.2);
    expect(Number.parseFloat(startOf(later))).to.be.above(Number.parseFloat(startOf(followed)));

    await page.getByRole('application', { name: /Timeline/ }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => document.querySelector('[title^="Keep the newest"]')?.getAttribute('aria-pressed') === 'false');
    const placed = await part();
    run.advance(6500);
    await untilPart(/of 6\.[5-9]|of [7-9]/);
    expect(startOf(await part())).to.equal(startOf(placed));
  });

  it('shows the end of a run that ends while it is looked at', async () => {
    const run = pictures();
    run.advance(800);
    await show(run);
    run.advance(Number.POSITIVE_INFINITY);
    await page.getByRole('button', { name: 'Follow' }).waitFor({ state: 'detached' });
    await page.getByText('Attempts in view as a table').click();
    await page.locator('.bar-list').getByRole('link', { name: 'publish', exact: true }).waitFor();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`fits a phone, ${colorScheme}`, async () => {
      await show(ended(pictures()), { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, colorScheme });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).to.be.at.most(360);
      const place = await placeOf(attemptsOf(source.run).find(({ functionId, outcome }) => functionId === 'classify-3' && outcome === 0)!);
      await page.touchscreen.tap(place.x, place.y);
      await card().waitFor();
      const box = (await card().boundingBox())!;
      expect(box.x).to.be.at.least(0);
      expect(box.x + box.width).to.be.at.most(360);
      await page.touchscreen.tap(place.x, place.y);
      await page.waitForURL(/\/function\/classify-3$/);
    });
  }

  it('is zoomed by two fingers, and moved by one', async () => {
    await show(ended(pictures()), { viewport: { width: 360, height: 740 }, hasTouch: true });
    const { x, y } = await placeOf(attemptsOf(source.run).find(({ functionId, outcome }) => functionId === 'classify-3' && outcome === 0)!);
    const fingers = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...places: readonly number[]) =>
      fingers.send('Input.dispatchTouchEvent', { type, touchPoints: places.map((place, id) => ({ x: place, y, id })) });
    const whole = await part();
    await touch('touchStart', x - 20, x + 20);
    for (const apart of [30, 40, 50, 60]) await touch('touchMove', x - apart, x + apart);
    await touch('touchEnd');
    const zoomed = await untilPart((text) => text !== whole);
    await touch('touchStart', x);
    for (const by of [10, 25, 40, 60]) await touch('touchMove', x + by);
    await touch('touchEnd');
    await untilPart((text) => text !== zoomed);
    expect(await page.evaluate(`location.pathname`)).to.match(/timeline$/);
  });

  it('shows 100,000 attempts: asks for the rows in view, and says how smooth it was', async () => {
    const run = ended(new DrawnRun('large', stageShape(100_000), { nodes: 50, slots: 8, failsEach: 3000 }));
    await show(run);
    const frames = await framesWhile(page, () => lookAround(page, '.timeline-canvas .u-over', 3000));
    expect(frames.count).to.be.above(10);
    const version = await page.evaluate<string>(`navigator.userAgent.match(/Chrome\\/[\\d.]+/)?.[0] ?? 'unknown'`);
    console.log(
      `    ${version}: 95 % of ${frames.count} frames under ${frames.p95Ms.toFixed(0)} ms, ${(frames.below50 * 100).toFixed(0)} % under 50 ms`,
    );
    const rows = source.asked.flatMap((request) =>
      request.view === 'timeline' && request.toRow ? [request.toRow - (request.fromRow ?? 0)] : [],
    );
    expect(rows.length).to.be.above(0);
    for (const count of rows) expect(count).to.be.below(400);
    expect(faults).to.deep.equal([]);
  });
});
