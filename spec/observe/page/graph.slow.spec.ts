import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import type { DashboardServer } from '../../../lib/observe/index.js';
import { browserForAll, type SeenPage } from '../../support/browser.js';
import { DrawnRun } from './drawn-run.js';
import { pictureShape, stageShape } from './drawn-shapes.js';
import { DrawnSource } from './drawn-source.js';
import { servedPage } from './served-page.js';

const HOSTILE = '</script><img src=x onerror=alert(1)>';

describe('the graph on the page', () => {
  const browser = browserForAll();
  let server: DashboardServer;
  let run: DrawnRun;
  let page: Page;
  let seen: SeenPage;

  const open = async (
    given: DrawnRun,
    options: Parameters<typeof browser.open>[0] = {},
    before?: (page: Page) => Promise<void>,
  ): Promise<void> => {
    run = given;
    server = await servedPage(new DrawnSource(run), { folder: browser.folder });
    seen = await browser.open(options);
    page = seen.page;
    await before?.(page);
    await page.goto(`${server.url}/run/${run.runId}/graph`);
    await page.locator('.graph-box').first().waitFor();
  };
  const pictures = (count: number): DrawnRun => new DrawnRun('thumbnails', pictureShape(count), { nodes: 3, slots: 4 });

  afterEach(() => server.close());

  const box = (name: RegExp | string): Locator => page.locator(`.graph-picture`).getByLabel(name);
  const info = (): Locator => page.locator('.graph-info');

  it('shows functions as links, in their state, and a click leads to the function', async () => {
    await open(pictures(4));
    run.advance(900);
    expect(await box(/^list-files, succeeded/).count()).to.be.at.most(1);
    await box(/^publish, waiting/).click();
    await page.waitForURL(/\/function\/publish$/);
  });

  it('only recolours while the run goes on: boxes stay where they are', async () => {
    await open(pictures(16));
    const placeOf = () =>
      page.locator('.graph-picture > g').evaluate((scene) => [...scene.children].map((child) => child.getAttribute('transform')));
    await box(/^list-files, running/).waitFor();
    await page.waitForFunction(() => !document.querySelector('.graph-info')?.textContent?.includes('Arranging'));
    const before = await placeOf();
    run.advance(Number.POSITIVE_INFINITY);
    await box(/^publish, succeeded/).waitFor();
    await box(/^resize-\*, 16 functions: 16 succeeded/).waitFor();
    expect(await placeOf()).to.deep.equal(before);
  });

  it('gathers functions alike in cells, each a link, until they are spread', async () => {
    await open(pictures(40));
    expect(await page.locator('.graph-cell').count()).to.equal(120);
    await box(/^resize-7,/).hover();
    await info().getByText('resize-7').waitFor();
    await box(/^resize-\*, 40 functions/).press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.graph-cell').length === 80);
    expect(await page.locator('.graph-box.is-function').count()).to.be.above(40);
    await page.getByRole('button', { name: 'Gather alike' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.graph-cell').length === 120);
    await box(/^resize-7,/).click();
    await page.waitForURL(/\/function\/resize-7$/);
  });

  it('folds groups of a large run, unfolds the one that is clicked, and folds it again', async () => {
    await open(new DrawnRun('large', stageShape(2400), { nodes: 4, slots: 4 }));
    expect(await page.locator('.graph-box.is-group').count()).to.equal(8);
    await box(/^join-\*, 300 functions/).click();
    await page.waitForFunction(() => document.querySelectorAll('.graph-cell').length === 300);
    expect(await page.locator('.graph-box.is-group').count()).to.equal(7);
    await box(/^join-\*, 300 functions/).press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.graph-box.is-group').length === 8);
  });

  it('lists the functions of a group that is too large to be unfolded', async () => {
    await open(new DrawnRun('large', stageShape(4800), { nodes: 4, slots: 4 }));
    await box(/^join-\*, 600 functions.*list them/).click();
    await page.waitForURL(/\/functions\?group=join-\*$/);
  });

  it('is gone through by arrow keys, zoomed and fitted by others, and Enter opens', async () => {
    await open(pictures(4));
    const camera = () => page.locator('.graph-picture > g').getAttribute('transform');
    await box(/^list-files,/).focus();
    await page.keyboard.press('ArrowRight');
    await info()
      .getByText(/download-/)
      .waitFor();
    const before = await camera();
    await page.keyboard.press('+');
    await page.waitForFunction((was) => document.querySelector('.graph-picture > g')?.getAttribute('transform') !== was, before);
    await page.keyboard.press('0');
    await page.keyboard.press('End');
    await info()
      .getByText(/publish/)
      .waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/function\/publish$/);
  });

  it('is zoomed by the wheel at the pointer, and dragged', async () => {
    await open(pictures(4));
    const place = (await box(/^list-files,/).boundingBox())!;
    await page.mouse.move(place.x + 5, place.y + 5);
    await page.mouse.wheel(0, -300);
    await page.waitForFunction(
      (width) => document.querySelector('[aria-label^="list-files"]')!.getBoundingClientRect().width > width * 1.2,
      place.width,
    );
    const zoomed = (await box(/^list-files,/).boundingBox())!;
    expect(Math.abs(zoomed.x - place.x)).to.be.below(12);
    await page.mouse.down();
    await page.mouse.move(place.x + 105, place.y + 45, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction((x) => document.querySelector('[aria-label^="list-files"]')!.getBoundingClientRect().x > x + 60, zoomed.x);
    // A drag that ends on a link is no click.
    expect(await page.evaluate(`location.pathname`)).to.match(/graph$/);
  });

  it('stays where it was dragged to when it is laid out anew, also after a group was spread', async () => {
    await open(pictures(40));
    const camera = () => page.locator('.graph-picture > g').getAttribute('transform');
    const arranged = (cells: number) =>
      page.waitForFunction(
        (count) =>
          document.querySelectorAll('.graph-cell').length === count &&
          !document.querySelector('.graph-info')?.textContent?.includes('Arranging'),
        cells,
      );
    await arranged(120);
    await box(/^resize-\*, 40 functions/).press('Enter');
    await arranged(80);
    const before = await camera();
    const { x, y } = (await page.locator('.graph-picture').boundingBox())!;
    await page.mouse.move(x + 10, y + 10);
    await page.mouse.down();
    await page.mouse.move(x + 110, y + 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction((was) => document.querySelector('.graph-picture > g')?.getAttribute('transform') !== was, before);
    // One frame more, as a frame draws only what had moved by then.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const dragged = await camera();
    await page.getByRole('button', { name: 'Gather alike' }).click();
    await arranged(120);
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    expect(await camera()).to.equal(dragged);
  });

  it('is laid out by a worker, beside the page', async () => {
    await open(pictures(16));
    await page.waitForFunction(() => !document.querySelector('.graph-info')?.textContent?.includes('Arranging'));
    expect(seen.requests.filter((address) => /layout-worker-\w+\.js$/.test(address))).to.have.length(1);
  });

  it('is laid out plainly where the worker cannot be loaded', async () => {
    await open(pictures(16), {}, async (fresh) => {
      await fresh.route('**/layout-worker*', (route) => route.abort());
    });
    expect(await page.locator('.graph-box').count()).to.equal(7);
    await page.waitForFunction(() => !document.querySelector('.graph-info')?.textContent?.includes('Arranging'));
    // The browser says that the script could not be loaded.
    (seen.faults as string[]).splice(0);
  });

  it('keeps its page moving while hundreds of functions are laid out', async () => {
    await open(new DrawnRun('wide', stageShape(480), { nodes: 4, slots: 4 }));
    await page.getByRole('button', { name: 'Gather alike' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.graph-box.is-function').length === 480);
    const worst = await page.evaluate<number>(`new Promise((resolve) => {
      let [last, worst, quiet] = [performance.now(), 0, 0];
      const look = (now) => {
        worst = Math.max(worst, now - last);
        last = now;
        const isDone = !document.querySelector('.graph-info').textContent.includes('Arranging');
        if (isDone && ++quiet > 10) resolve(worst);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    })`);
    console.log(`    the longest frame while 480 functions were laid out took ${worst.toFixed(0)} ms`);
  });

  it('shows ids as text, whatever they are', async () => {
    const shape = { ids: [HOSTILE, 'next'], parents: [[], [0]], runMs: [10, 10] };
    await open(new DrawnRun(HOSTILE, shape, { nodes: 1, slots: 1 }));
    await box('</script><img src=x onerror=alert(1)>, running').hover();
    await info().getByText('onerror=alert').waitFor();
    expect(await page.locator('img').count()).to.equal(0);
    run.advance(Number.POSITIVE_INFINITY);
    await page.goto(`${server.url}/run/${run.runId}/timeline`);
    await page.getByRole('button', { name: /onerror/ }).waitFor();
    expect(await page.locator('img').count()).to.equal(0);
  });

  it('fits a phone', async () => {
    await open(pictures(16), { viewport: { width: 360, height: 740 }, hasTouch: true, colorScheme: 'dark' });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).to.be.at.most(360);
    await box(/^list-files/).tap();
    await page.waitForURL(/\/function\/list-files$/);
  });
});
