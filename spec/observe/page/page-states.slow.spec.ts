import { expect } from 'chai';
import type { DashboardServer } from '../../../lib/observe/index.js';
import { browserForAll } from '../../support/browser.js';
import { FakeRun, sizedRun } from '../../support/observed-run.js';
import { servedPage } from './served-page.js';
import { ShownCluster, shownNode } from './shown-cluster.js';

const RUN = '01934b1c-0000-7000-8000-000000000001';

describe('the states that a page is designed for', () => {
  const browser = browserForAll();
  let cluster: ShownCluster;
  let server: DashboardServer;

  beforeEach(async () => {
    cluster = new ShownCluster();
    cluster.nodes = [shownNode('amber')];
    server = await servedPage(cluster, { folder: browser.folder });
  });

  afterEach(() => server.close());

  const opened = async (path: string, expected?: RegExp) => {
    const seen = await browser.open();
    if (expected) seen.expect(expected);
    await seen.page.goto(server.url + path);
    return seen.page;
  };

  it('are a cluster where nothing runs, and no runs', async () => {
    const page = await opened('/');
    await page.getByText('Nothing runs').waitFor();
    await page.getByText('Nothing waits').waitFor();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByText('No runs yet').waitFor();
  });

  it('are a run that nobody knows, an address that is none, and a function that the run does not have', async () => {
    cluster.add(sizedRun({ functions: 4 }), { runId: RUN });
    const page = await opened('/run/nobody/functions', /status of 404/);
    await page.getByRole('heading', { name: 'Unknown run' }).waitFor();
    await page.goto(`${server.url}/run/${RUN}/function/none`);
    await page.getByText('The run has no function of this id').waitFor();
    await page.goto(`${server.url}/run/${RUN}/nothing`);
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
  });

  it('are a driver that is lost before the page is opened, and while it is open: the last data stay', async () => {
    const run = cluster.add(sizedRun({ functions: 40, done: 0.5 }), { runId: RUN, dagId: 'album' });
    const page = await opened(`/run/${RUN}/functions`, /status of 502/);
    await page.getByText('20 / 40').waitFor();
    cluster.lost.add(RUN);
    run.version += 1;
    await page.getByText('The driver of this run is gone.').waitFor();
    await page.getByRole('link', { name: 'stage-a-0', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Driver lost' }).waitFor();
  });

  it('are a run that ends while it is looked at, and that is kept no longer', async () => {
    const run = cluster.add(new FakeRun().add({ id: 'only', state: 'running', attempt: 1, startedMs: 0 }), { runId: RUN, dagId: 'small' });
    const page = await opened(`/run/${RUN}/functions`, /status of 404/);
    await page.getByRole('button', { name: 'Cancel run…' }).waitFor();
    run.ended({ id: 'only', endMs: 1_500, runMs: 1_490 });
    run.state = 'completed';
    await page.locator('.facts').getByText('completed').waitFor();
    await page.locator('.facts').getByText('1.50 s').waitFor();
    await page.getByRole('button', { name: 'Cancel run…' }).waitFor({ state: 'detached' });
    cluster.runs.delete(RUN);
    await page.getByText('This run is no longer kept by its driver.').waitFor();
    await page.locator('.function-line').getByRole('link', { name: 'only' }).waitFor();
  });

  it('are a connection that is lost and comes back: old data are grey, and new ones come by themselves', async () => {
    const run = cluster.add(sizedRun({ functions: 40, done: 0.5 }), { runId: RUN, dagId: 'album' });
    const page = await opened(`/run/${RUN}/functions`, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/);
    await page.getByText('20 / 40').waitFor();
    const { port } = new URL(server.url);
    await server.close();
    await page.getByRole('alert').getByText('Connection lost.').waitFor();
    expect(await page.locator('main').getAttribute('class')).to.equal('is-old');
    await page.getByText('20 / 40').waitFor();
    await page.getByRole('link', { name: 'stage-a-0', exact: true }).waitFor();

    run.change('stage-e-0', { state: 'succeeded' });
    server = await servedPage(cluster, { folder: browser.folder, address: { host: '127.0.0.1', port: Number(port) } });
    await page.getByText('21 / 40').waitFor();
    await page.locator('main:not(.is-old)').waitFor();
    expect(await page.getByRole('alert').count()).to.equal(0);
  });

  it('are a connection that comes back without the run: it is lost no more, only the run is gone', async () => {
    cluster.add(sizedRun({ functions: 40, done: 0.5 }), { runId: RUN, dagId: 'album' });
    const page = await opened(`/run/${RUN}/functions`, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|status of 404/);
    await page.getByText('20 / 40').waitFor();
    const { port } = new URL(server.url);
    await server.close();
    await page.getByRole('alert').getByText('Connection lost.').waitFor();
    cluster.runs.delete(RUN);
    server = await servedPage(cluster, { folder: browser.folder, address: { host: '127.0.0.1', port: Number(port) } });
    await page.getByText('This run is no longer kept by its driver.').waitFor();
    await page.locator('.connection-open').waitFor();
    expect(await page.getByRole('alert').count()).to.equal(0);
  });

  it('are a request that is never answered: it is given up after a while, and made again', async () => {
    cluster.add(sizedRun({ functions: 40, done: 0.5 }), { runId: RUN, dagId: 'album' });
    const { page } = await browser.open();
    await page.clock.install();
    const unanswered = { stream: 1, view: 1 };
    const isHeld = (of: keyof typeof unanswered): boolean => unanswered[of]-- > 0;
    await page.route('**/api/stream*', (route) => (isHeld('stream') ? undefined : route.continue()));
    await page.route('**/api/run/*/view*', (route) => (isHeld('view') ? undefined : route.continue()));
    const first = page.waitForRequest('**/api/stream*');
    await page.goto(`${server.url}/run/${RUN}/functions`);
    await first;
    await page.clock.fastForward('00:30');
    await page.getByRole('alert').getByText('Connection lost.').waitFor();
    const view = page.waitForRequest('**/api/run/*/view*');
    await page.clock.fastForward('00:01');
    await page.getByText('20 / 40').waitFor();
    await view;
    await page.clock.fastForward('00:40');
    await page.clock.fastForward('00:02');
    await page.getByRole('link', { name: 'stage-a-0', exact: true }).waitFor();
  });

  it('are an answer that breaks off: it is asked for again, also of a run that has ended', async () => {
    const run = cluster.add(sizedRun({ functions: 40, done: 1 }), { runId: RUN, dagId: 'album' });
    run.state = 'completed';
    const { page } = await browser.open();
    let broken = 0;
    await page.route('**/api/run/*/view*', (route) => {
      if (broken > 0) return route.continue();
      broken += 1;
      return route.fulfill({ status: 200, contentType: 'application/json', body: '{"run":{"ver' });
    });
    await page.goto(`${server.url}/run/${RUN}/functions`);
    await page.getByRole('link', { name: 'stage-a-0', exact: true }).waitFor();
    expect(broken).to.equal(1);
  });

  it('are numbers that change: nothing else moves', async () => {
    const run = cluster.add(sizedRun({ functions: 900, done: 0.1 }), { runId: RUN, dagId: 'album' });
    const page = await opened(`/run/${RUN}/functions`);
    await page.getByText('90 / 900').waitFor();
    await page.locator('.function-line').first().waitFor();
    const places = `JSON.stringify([...document.querySelectorAll('h1, h2, .tabs, .group-name, .function-grid, .facts')].map((one) => one.getBoundingClientRect().toJSON()))`;
    const before = await page.evaluate(places);
    for (let at = 90; at < 700; at++) run.change(run.idOf(at), { state: 'succeeded' });
    await page.getByText('700 / 900').waitFor();
    expect(await page.evaluate(places)).to.equal(before);
  });
});
