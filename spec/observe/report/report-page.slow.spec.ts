import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { Dag, Handoff, type Run } from '../../../lib/index.js';
import { reportOf } from '../../../lib/observe/index.js';
import { dagOf, workflowsAt } from '../../bench/workflows.js';
import { browserForAll, type SeenPage } from '../../support/browser.js';
import { caught } from '../../support/caught.js';
import { SpecCluster } from '../../support/cluster.js';
import { sizedRun } from '../../support/observed-run.js';
import { spyLogger } from '../../support/spy-logger.js';

/** Would end an element, and run something, if it were taken for HTML. */
const HOSTILE = '</script><img src=x onerror="document.title=\'taken\'"><svg onload="document.title=\'taken\'">';

const LARGEST_BYTES = 3 * 1024 * 1024;

describe('a report in a browser', () => {
  const browser = browserForAll();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'handoff-report-page-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Opens it as a person does who was sent the file: from disk, without a network. */
  const opened = async (html: string): Promise<SeenPage> => {
    const file = join(folder, 'report.html');
    writeFileSync(file, html);
    const seen = await browser.open({ offline: true });
    await seen.page.goto(pathToFileURL(file).href);
    await seen.page.locator('.summary').waitFor();
    return seen;
  };
  const tab = (page: Page, name: string): Promise<void> => page.locator('nav.tabs').getByRole('link', { name, exact: true }).click();
  const bodyOf = (page: Page): Promise<string> => page.locator('body').innerText();
  /** Blobs are made by the page itself: they come from nowhere. */
  const fetched = ({ requests }: SeenPage): string[] => requests.filter((address) => !/^(?:file|blob|data):/.test(address));

  it('of a recorded workflow on two nodes, with a failure: all its pages work, and nothing is loaded', async function () {
    const [workflow] = workflowsAt([]).filter(({ ids }) => ids.length > 100);
    if (!workflow) {
      console.log('    there are no recorded workflows: the report of one is not tried');
      return this.skip();
    }
    const dag = dagOf(workflow, workflow.name, { time: 0.0004, bytes: 0.001 }, false);
    const broken = workflow.ids[workflow.ids.length - 1]!;
    dag.add({ id: 'broken check', code: () => Promise.reject(new RangeError('no such tile')), args: [broken], maxRetries: 0 });
    const cluster = await SpecCluster.of({ driver: { capabilities: { cpu: 2 } }, far: { capabilities: { cpu: 3 } } });
    let html: string;
    try {
      const run = cluster.node('driver').execute(dag as never, { onFailure: 'continue' }) as Run<unknown>;
      await caught(run);
      html = await run.report();
    } finally {
      await cluster.stop();
    }
    const seen = await opened(html);
    const { page } = seen;
    const summary = await bodyOf(page);
    for (const words of ['of the critical path was', 'RangeError no such tile', 'driver', 'far', 'Where the time went', 'Slowest groups']) {
      expect(summary).to.include(words);
    }
    expect(await page.locator('.strip-part').count()).to.be.above(1);
    expect(await page.locator('.node-work').count()).to.equal(2);
    await page.locator('.strip-part').first().click();
    await page.getByRole('heading', { name: 'Attempts' }).waitFor();
    await page.goBack();
    await page.locator('.summary').waitFor();
    await tab(page, 'timeline');
    await page.locator('canvas').first().waitFor();
    expect(await page.evaluate(ARE_CANVASES_DRAWN), 'the timeline is drawn').to.equal(true);
    await tab(page, 'graph');
    await page.locator('main').getByText('broken check').first().waitFor({ state: 'attached' });
    await tab(page, 'functions');
    await page.getByLabel('Search ids').fill('broken');
    await functionLink(page, 'broken check').click();
    await page.getByText('no such tile').first().waitFor();
    expect(fetched(seen)).to.deep.equal([]);
    expect(
      seen.requests.filter((address) => address.startsWith('file:')),
      'the file itself',
    ).to.have.length(1);
  });

  it('shows ids, errors and lines as text, whatever is in them', async () => {
    const handoff = await Handoff.start({ name: 'here', logger: spyLogger() });
    const code = (): never => {
      console.log(`line ${HOSTILE}`);
      throw new RangeError(`error ${HOSTILE}`);
    };
    const run = handoff.execute(Dag.dynamic(HOSTILE).add({ id: HOSTILE, code }), { maxRetries: 0 });
    await caught(run);
    const html = await run.report();
    await handoff.stop({ graceMs: 0 });
    const seen = await opened(html);
    const { page } = seen;
    expect(await bodyOf(page)).to.include(`error ${HOSTILE}`);
    await tab(page, 'functions');
    await functionLink(page, HOSTILE).click();
    await page.getByText(`line ${HOSTILE}`).waitFor();
    expect(await page.evaluate('document.images.length + document.querySelectorAll("[onload],[onerror]").length')).to.equal(0);
    expect(await page.title()).to.not.equal('taken');
    expect(fetched(seen)).to.deep.equal([]);
  });

  it('lets no script run that is put into it afterwards: its policy knows its own alone', async () => {
    const html = await reportOf(sizedRun({ functions: 10 }), []);
    const seen = await opened(html.replace('<div id="page">', '<script>document.title = \'taken\'</script><div id="page">'));
    seen.expect(/Content Security Policy/);
    expect(await seen.page.title()).to.not.equal('taken');
    const blocked = await seen.page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'loaded', ({ name }) => name)");
    expect(blocked).to.equal('TypeError');
  });

  it('of 10,000 functions is at most 3 MiB, and opens with its summary', async () => {
    const html = await reportOf(sizedRun({ functions: 10_000, failEvery: 900, loseEvery: 700 }), []);
    const bytes = Buffer.byteLength(html);
    expect(bytes).to.be.below(LARGEST_BYTES);
    const seen = await opened(html);
    const openedMs = (await seen.page.evaluate('performance.now()')) as number;
    console.log(`    ${(bytes / 1024).toFixed(0)} KiB, open after ${openedMs.toFixed(0)} ms in ${await browserName(seen.page)}`);
    expect(await bodyOf(seen.page)).to.include('10,000');
  });

  it('is as readable on a phone, in the dark and on paper', async () => {
    const html = await reportOf(sizedRun({ functions: 300, failEvery: 50 }), []);
    const { page } = await opened(html);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.locator(`html[data-theme="${scheme}"]`).waitFor({ state: 'attached' });
    }
    await page.setViewportSize({ width: 360, height: 780 });
    expect(await page.evaluate('document.documentElement.scrollWidth'), 'nothing is wider than the screen').to.be.at.most(360);
    await page.emulateMedia({ media: 'print' });
    await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    expect(await page.evaluate("document.querySelectorAll('.failure:not([open])').length"), 'failures are unfolded').to.equal(0);
    await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
    expect(await page.evaluate("document.querySelectorAll('.failure[open]').length")).to.equal(0);
  });
});

/** Whether each canvas of the page has more than one colour. */
const ARE_CANVASES_DRAWN = `[...document.querySelectorAll('canvas')].filter((one) => one.width > 0 && one.height > 0).some((one) => {
  const { data } = one.getContext('2d').getImageData(0, 0, one.width, one.height);
  return new Set(new Uint32Array(data.buffer)).size > 2;
})`;

/** By its title: a long name is drawn in two parts. */
const functionLink = (page: Page, name: string) =>
  page
    .getByRole('region', { name: 'Functions' })
    .locator('tbody a')
    .and(page.getByTitle(name, { exact: true }));

const browserName = async (page: Page): Promise<string> => `chromium ${page.context().browser()?.version()}`;
