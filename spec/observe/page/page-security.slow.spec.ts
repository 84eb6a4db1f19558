import { expect } from 'chai';
import type { Route } from 'playwright-core';
import type { DashboardServer } from '../../../lib/observe/index.js';
import { browserForAll } from '../../support/browser.js';
import { HOSTILE, LARGE_RUN, STORY_RUN, sampleCluster } from './sample-cluster.js';
import { servedPage } from './served-page.js';

const TOKEN = 'a-token-of-twenty-four-c';

describe('what a page lets in and out', () => {
  const browser = browserForAll();
  let server: DashboardServer | undefined;

  afterEach(() => server?.close());

  it('takes the token out of the address at once, keeps it for the tab, and sends it as a bearer token only', async () => {
    server = await servedPage(sampleCluster(), { folder: browser.folder, token: TOKEN });
    const { page, requests } = await browser.open();
    const sent: (string | undefined)[] = [];
    page.on('request', (request) => sent.push(request.headers().authorization));
    await page.goto(`${server.url}/runs#${TOKEN}`);
    await page.getByRole('link', { name: 'nightly-report' }).waitFor();
    expect(await page.evaluate('location.href')).to.equal(`${server.url}/runs`);
    expect(await page.evaluate('history.length')).to.be.at.most(2);
    expect(await page.evaluate('sessionStorage.getItem("handoff-token")')).to.equal(TOKEN);
    expect(await page.evaluate('JSON.stringify(localStorage) + document.cookie')).to.equal('{}');
    expect(requests.filter((address) => address.includes(TOKEN))).to.deep.equal([]);
    expect(new Set(sent)).to.deep.equal(new Set([undefined, `Bearer ${TOKEN}`]));
    await page.reload();
    await page.getByRole('link', { name: 'nightly-report' }).waitFor();
    await page.getByRole('link', { name: 'nightly-report' }).click();
    await page.getByRole('heading', { name: 'nightly-report' }).waitFor();
  });

  it('gives the token to a further tab of the same dashboard, and to nobody else', async () => {
    server = await servedPage(sampleCluster(), { folder: browser.folder, token: TOKEN });
    const { page } = await browser.open();
    await page.goto(`${server.url}/#token=${TOKEN}`);
    await page.getByRole('link', { name: 'nightly-report' }).waitFor();
    const further = await page.context().newPage();
    await further.goto(`${server.url}/runs`);
    await further.getByRole('link', { name: 'nightly-report' }).waitFor();
    expect(await further.evaluate('sessionStorage.getItem("handoff-token")')).to.equal(TOKEN);
  });

  it('asks again where a token comes while the answer to a request without it is on its way', async () => {
    server = await servedPage(sampleCluster(), { folder: browser.folder, token: TOKEN });
    const seen = await browser.open();
    const held: Route[] = [];
    await seen.page.route('**/api/stream*', async (route) => {
      if (route.request().headers().authorization !== undefined) return route.continue();
      held.push(route);
      // The token comes now; the refusal after it, where the request is still wanted.
      await seen.page.evaluate((token) => new BroadcastChannel('handoff-token').postMessage({ token }), TOKEN);
      await seen.page.waitForFunction(() => sessionStorage.getItem('handoff-token'));
      await route.fulfill({ status: 401 }).catch(() => undefined);
    });
    seen.expect(/status of 401/);
    await seen.page.goto(`${server.url}/runs`);
    await seen.page.getByRole('link', { name: 'nightly-report' }).waitFor();
    expect(held).to.have.lengthOf.at.least(1);
  });

  it('takes up the token that another tab is given, where it has none, or one that is refused', async () => {
    server = await servedPage(sampleCluster(), { folder: browser.folder, token: TOKEN });
    const seen = await browser.open();
    seen.expect(/status of 401/);
    await seen.page.goto(`${server.url}/runs`);
    await seen.page.getByText('This dashboard needs a token').waitFor();
    const other = await seen.page.context().newPage();
    await other.goto(`${server.url}/#token=${TOKEN}`);
    await seen.page.getByRole('link', { name: 'nightly-report' }).waitFor();
    // The dashboard is started anew, and makes itself another token.
    const { port } = new URL(server.url);
    seen.expect(/ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED/);
    await server.close();
    const next = `${TOKEN}-anew`;
    server = await servedPage(sampleCluster(), { folder: browser.folder, token: next, address: { host: '127.0.0.1', port: Number(port) } });
    await seen.page.getByText('The dashboard has another token').waitFor();
    await other.goto(`${server.url}/runs#token=${next}`);
    await seen.page.getByRole('link', { name: 'nightly-report' }).waitFor();
    expect(await seen.page.evaluate('sessionStorage.getItem("handoff-token")')).to.equal(next);
  });

  it('asks for the token where there is none or a wrong one', async () => {
    server = await servedPage(sampleCluster(), { folder: browser.folder, token: TOKEN });
    const seen = await browser.open();
    seen.expect(/status of 401/);
    await seen.page.goto(`${server.url}/runs`);
    await seen.page.getByText('This dashboard needs a token').waitFor();
    await seen.page.getByLabel('Token', { exact: true }).fill('a wrong one, a wrong one');
    await seen.page.keyboard.press('Enter');
    await seen.page.getByText('The dashboard has another token').waitFor();
    await seen.page.getByLabel('Token', { exact: true }).fill(TOKEN);
    await seen.page.getByRole('button', { name: 'Open the dashboard' }).click();
    await seen.page.getByRole('link', { name: 'nightly-report' }).waitFor();
  });

  it('shows ids, errors, lines, keys and names as text, whatever is in them', async () => {
    const cluster = sampleCluster();
    const run = cluster.runs.get(STORY_RUN)!;
    run.error = { name: HOSTILE, code: HOSTILE, message: HOSTILE, stack: HOSTILE, cause: { name: 'Error', message: HOSTILE } };
    Object.assign(run, { dagId: HOSTILE, key: HOSTILE, driver: HOSTILE, state: 'failed' });
    cluster.nodes[0] = {
      ...cluster.nodes[0]!,
      name: HOSTILE,
      address: HOSTILE,
      capabilities: { [HOSTILE]: 1 },
      ownSlots: { [HOSTILE]: { used: 0, total: 1 } },
    };
    cluster.waiting.push({ functionId: HOSTILE, dagId: HOSTILE, driver: HOSTILE, node: HOSTILE, lacking: { [HOSTILE]: 1 } });
    server = await servedPage(cluster, { folder: browser.folder });
    const { page, requests } = await browser.open();
    const hostile = `/run/${STORY_RUN}/function/${encodeURIComponent(HOSTILE)}`;
    const paths = [
      '/',
      '/runs',
      ...['', '/graph', '/functions', '/summary'].map((tab) => `/run/${STORY_RUN}${tab}`),
      `/run/${STORY_RUN}/function/fetch-rates`,
      `/run/${STORY_RUN}/function/convert-18`,
      `/run/${STORY_RUN}/function/archive`,
      hostile,
    ];
    for (const path of paths) {
      await page.goto(server.url + path);
      await page.waitForFunction((hostile) => document.body.textContent?.includes(hostile), HOSTILE);
      expect(await page.locator('img').count(), path).to.equal(0);
      expect(await page.locator('script').count(), path).to.equal(1);
    }
    expect(await page.locator('h1').textContent()).to.equal(HOSTILE);
    expect(requests.filter((address) => !address.startsWith(server!.url))).to.deep.equal([]);
  });

  it('asks nothing of any other machine, on any page', async () => {
    server = await servedPage(sampleCluster(), { folder: browser.folder });
    const { page, requests } = await browser.open();
    for (const path of [
      '/',
      '/runs',
      `/run/${LARGE_RUN}`,
      `/run/${STORY_RUN}/graph`,
      `/run/${LARGE_RUN}/functions`,
      `/run/${LARGE_RUN}/summary`,
    ]) {
      await page.goto(server.url + path);
      await page.waitForFunction(() => document.querySelector('.connection-open'));
    }
    expect(requests.length).to.be.above(12);
    expect(requests.filter((address) => new URL(address).origin !== new URL(server!.url).origin)).to.deep.equal([]);
  });
});
