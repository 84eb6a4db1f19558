import { expect } from 'chai';
import type { Page, Route } from 'playwright-core';
import type { DashboardServer } from '../../../lib/observe/index.js';
import { browserForAll } from '../../support/browser.js';
import { LARGE_RUN, STORY_RUN, sampleCluster } from './sample-cluster.js';
import { servedPage } from './served-page.js';
import type { ShownCluster } from './shown-cluster.js';

describe('the pages of a dashboard', () => {
  const browser = browserForAll();
  let cluster: ShownCluster;
  let server: DashboardServer;
  let page: Page;

  beforeEach(async () => {
    cluster = sampleCluster();
    server = await servedPage(cluster, { folder: browser.folder });
    ({ page } = await browser.open());
  });

  afterEach(() => server.close());

  const title = (name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  const path = () => page.evaluate<string>(`location.pathname + location.search`);
  const ids = () => page.locator('.function-line th').allTextContents();

  it('are reached by links, and each has an address that opens it again', async () => {
    await page.goto(server.url);
    await title('Cluster');
    await page.getByRole('link', { name: 'nightly-report' }).click();
    await title('nightly-report');
    expect(await path()).to.equal(`/run/${STORY_RUN}`);
    await page.getByRole('link', { name: 'functions', exact: true }).click();
    // The page before has a link of that name too, to the functions of that group.
    const functions = page.getByRole('table', { name: 'Functions of the run' });
    await functions.getByRole('link', { name: 'fetch-rates', exact: true }).click();
    await title('fetch-rates');
    await page.getByRole('link', { name: 'convert-3 ', exact: false }).first().click();
    await title('convert-3');
    await page.getByRole('region', { name: 'Feeds' }).getByRole('link', { name: 'sum' }).click();
    await title('sum');
    expect(await path()).to.equal(`/run/${STORY_RUN}/function/sum`);

    await page.reload();
    await title('sum');
    await page.goBack();
    await title('convert-3');
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await title('Runs');
    await page.getByRole('link', { name: 'Cluster', exact: true }).click();
    await title('Cluster');
    expect(await path()).to.equal('/');
    expect(await page.title()).to.equal('Cluster · handoff');
  });

  it('list runs, filtered by state and by text, and the filter is in the address', async () => {
    await page.goto(`${server.url}/runs`);
    const rows = page.locator('.run-table tbody tr');
    await rows.nth(12).waitFor();
    await page.getByRole('radio', { name: 'failed' }).check({ force: true });
    await page.waitForFunction(() => document.querySelectorAll('.run-table tbody tr').length === 1);
    expect(await rows.first().textContent()).to.include('genome-variants');
    expect(await path()).to.equal('/runs?state=failed');
    await page.goto(`${server.url}/runs?search=flights`);
    await page.waitForFunction(() => document.querySelectorAll('.run-table tbody tr').length === 3);
    await page.keyboard.press('/');
    await page.keyboard.type('nothing like it');
    await page.getByText('No run matches').waitFor();
    await page.keyboard.press('Escape');
    await rows.nth(12).waitFor();
    expect(await path()).to.equal('/runs');
  });

  it('show 100,000 functions as a table that is sorted, filtered, searched and scrolled', async () => {
    await page.goto(`${server.url}/run/${LARGE_RUN}/functions`);
    await page.getByRole('link', { name: 'stage-a-0', exact: true }).waitFor();
    const table = page.getByRole('table', { name: 'Functions of the run' });
    expect(await table.getAttribute('aria-rowcount')).to.equal('100001');
    expect(await page.locator('.function-line').count()).to.be.below(80);

    await page.locator('.function-grid').evaluate((grid) => grid.scrollTo({ top: grid.scrollHeight }));
    await page.getByRole('link', { name: 'stage-t-4999', exact: true }).waitFor();

    await page.getByRole('button', { name: 'Duration' }).click();
    await page.waitForFunction(() => document.querySelector('th.column-duration')?.getAttribute('aria-sort') === 'descending');
    await page.waitForFunction(() => document.querySelector('.function-line .column-duration')?.textContent?.endsWith(' ms'));
    const durations = (await page.locator('.function-line .column-duration').allTextContents()).map((text) => Number.parseFloat(text));
    expect(durations).to.deep.equal([...durations].sort((a, b) => b - a));

    await page.keyboard.press('/');
    await page.keyboard.type('stage-c-12');
    await page.waitForFunction(() => document.querySelector('table')?.getAttribute('aria-rowcount') === '112');
    expect((await ids()).every((id) => id.includes('stage-c-12'))).to.equal(true);
    await page.getByRole('radio', { name: 'running' }).check({ force: true });
    await page.getByText('No function matches').waitFor();
    expect(await path()).to.equal(`/run/${LARGE_RUN}/functions?sort=duration&descending=yes&search=stage-c-12&state=running`);
  });

  it('are used by keyboard alone: rows of the table by arrows, the dialog by Tab and Escape', async () => {
    await page.goto(`${server.url}/run/${LARGE_RUN}/functions`);
    const first = page.getByRole('link', { name: 'stage-a-0', exact: true });
    await first.waitFor();
    const focused = () => page.evaluate<string>(`document.activeElement?.textContent`);
    await first.focus();
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => document.activeElement?.textContent === 'stage-a-1');
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.activeElement?.textContent === 'stage-t-4999');
    await page.keyboard.press('PageUp');
    await page.waitForFunction(() => /^stage-t-49[0-8][0-9]$/.test(document.activeElement?.textContent ?? ''));
    // Faster than rows are drawn.
    for (const key of ['End', 'PageUp', 'PageUp']) await page.keyboard.press(key);
    await page.keyboard.press('Home');
    await page.waitForFunction(() => document.activeElement?.textContent === 'stage-a-0');
    // One row of the table is in the order of Tab: the next stop is behind it.
    await page.keyboard.press('Tab');
    expect(await focused()).to.not.match(/^stage-/);
    await first.focus();
    await page.keyboard.press('Enter');
    await title('stage-a-0');

    await page.goBack();
    const cancel = page.getByRole('button', { name: 'Cancel run…' });
    await cancel.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Cancel this run?' }).waitFor();
    expect(await page.evaluate<boolean>(`document.querySelector('dialog').contains(document.activeElement)`)).to.equal(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).to.equal('Cancel run…');
    expect(cluster.cancelled).to.deep.equal([]);
  });

  it('are light, dark, or as the system has it, and remember it', async () => {
    const isGround = (colour: string) =>
      page.waitForFunction((wanted) => getComputedStyle(document.documentElement).backgroundColor === wanted, colour);
    const [light, dark] = ['rgb(246, 247, 248)', 'rgb(14, 17, 20)'];
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(server.url);
    await title('Cluster');
    await isGround(dark);
    await page.emulateMedia({ colorScheme: 'light' });
    await isGround(light);
    await page.getByLabel('Theme').selectOption('dark');
    await isGround(dark);
    await page.reload();
    await title('Cluster');
    await isGround(dark);
    await page.getByLabel('Theme').selectOption('system');
    await isGround(light);
  });

  it('cancel a run after they have asked, and show what came of it', async () => {
    const run = cluster.runs.get(STORY_RUN)!;
    await page.goto(`${server.url}/run/${STORY_RUN}`);
    await page.getByRole('button', { name: 'Cancel run…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('3 running functions will be stopped, and 9 further ones will not start.').waitFor();
    await dialog.getByRole('button', { name: 'Keep it running' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(cluster.cancelled).to.deep.equal([]);

    await page.getByRole('button', { name: 'Cancel run…' }).click();
    await dialog.getByRole('button', { name: 'Cancel the run' }).click();
    await dialog.getByText('Its driver ends it').waitFor();
    expect(cluster.cancelled).to.deep.equal([STORY_RUN]);
    run.state = 'cancelled';
    run.version += 1;
    await dialog.getByText('The run is over').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Cancel run…' }).waitFor({ state: 'detached' });
  });

  it('leave a dialog closed that was closed while the driver was asked', async () => {
    const run = cluster.runs.get(STORY_RUN)!;
    let hold = (_route: Route): void => {};
    const held = new Promise<Route>((resolve) => {
      hold = resolve;
    });
    await page.route('**/cancel', (route) => hold(route));
    await page.goto(`${server.url}/run/${STORY_RUN}`);
    await page.getByRole('button', { name: 'Cancel run…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel the run' }).click();
    const route = await held;
    await dialog.getByText('Asking its driver').waitFor();
    // It is too late to keep it running.
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    const answered = page.waitForResponse('**/cancel');
    await route.continue();
    await (await answered).finished();
    run.state = 'cancelled';
    run.version += 1;
    await page.locator('.facts').getByText('cancelled').waitFor();
    expect(await dialog.count()).to.equal(0);
  });

  it('say why a run was not cancelled', async () => {
    cluster.onCancel = () => {
      throw new Error('the driver is gone');
    };
    const seen = await browser.open();
    seen.expect(/Failed to load resource/);
    await seen.page.goto(`${server.url}/run/${STORY_RUN}`);
    await seen.page.getByRole('button', { name: 'Cancel run…' }).click();
    await seen.page.getByRole('button', { name: 'Cancel the run' }).click();
    await seen.page.getByText('It was not cancelled').waitFor();
  });
});
