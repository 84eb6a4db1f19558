import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { type Dag, Handoff } from '../../../lib/index.js';
import { gpu } from '../../cli/modules/spread.mjs';
import { NodeProcesses } from '../../cli/nodes.js';
import { browserForAll } from '../../support/browser.js';
import { spyLogger } from '../../support/spy-logger.js';

describe('the dashboard of a live cluster', () => {
  const browser = browserForAll();
  const nodes = new NodeProcesses();
  let handoff: Handoff;
  let page: Page;

  beforeEach(async () => {
    const capabilities = { cpu: 0 };
    handoff = await Handoff.start({ name: 'driver', listen: '127.0.0.1:0', dashboard: '127.0.0.1:0', capabilities, logger: spyLogger() });
    ({ page } = await browser.open());
  });

  afterEach(async () => {
    await handoff?.stop({ graceMs: 0 });
    await nodes.endAll();
  });

  const title = (name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  const node = (name: string) => page.locator('.node-table tbody tr').filter({ hasText: name });

  it('shows a node die while the page is open: on the cluster, on its run and on its function; then the run is cancelled', async () => {
    await page.goto(handoff.dashboardUrl!);
    await page.getByText('Nothing runs').waitFor();
    const oak = await nodes.start(['--name', 'oak', '--cpu', '1', '--resource', 'gpu=1', '--join', handoff.address!]);
    await nodes.start(['--name', 'pine', '--cpu', '1', '--resource', 'gpu=1', '--join', handoff.address!]);
    await node('oak').waitFor();
    await node('pine').waitFor();

    const run = handoff.execute((gpu as () => Dag)());
    const ended = run.then(
      () => 'completed',
      (error: { readonly code?: string }) => error.code,
    );
    await node('oak').getByText('1 / 1').first().waitFor();
    await page.getByRole('link', { name: 'gpu', exact: true }).click();
    await title('gpu');
    await page.getByRole('link', { name: 'functions', exact: true }).click();
    await page.locator('.function-line').filter({ hasText: 'oak' }).getByRole('link').click();
    await page.getByText('on oak').waitFor();
    const functionId = await page.locator('h1').textContent();

    process.kill(oak.child.pid!, 'SIGKILL');
    await page.locator('.attempt-table').getByText('lost').waitFor();
    await page.getByText('It is ready. Its only node, pine, lacks 1 gpu.').waitFor();

    await page.getByRole('link', { name: 'Cluster', exact: true }).click();
    await node('oak').getByText('no answer').waitFor();
    await page.locator('.wait-list').getByText('lacks 1 gpu').waitFor();
    await page.locator('.wait-list').getByRole('link', { name: functionId! }).click();
    await title(functionId!);

    await page.getByRole('navigation', { name: 'Run' }).getByRole('link').click();
    await page.getByRole('button', { name: 'Cancel run…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByRole('dialog').getByText('cancelled').waitFor();
    expect(await ended).to.equal('HANDOFF_RUN_CANCELLED');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.locator('.run-table').getByText('cancelled').waitFor();
  });

  it('says so when the node that serves it ends, and keeps what it showed', async () => {
    const seen = await browser.open();
    // A node that ends answers what still reaches it with 503.
    seen.expect(/ERR_|status of 503/);
    await seen.page.goto(`${handoff.dashboardUrl}/runs`);
    await seen.page.getByText('No runs yet').waitFor();
    await handoff.stop({ graceMs: 0 });
    await seen.page.getByText('Connection lost.').waitFor();
    await seen.page.getByText('No runs yet').waitFor();
  });
});
