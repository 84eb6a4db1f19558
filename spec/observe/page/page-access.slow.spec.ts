import { expect } from 'chai';
import type { DashboardServer } from '../../../lib/observe/index.js';
import { browserForAll } from '../../support/browser.js';
import { auditPage } from './browser/access-audit.js';
import { STORY_RUN, sampleCluster } from './sample-cluster.js';
import { servedPage } from './served-page.js';

const RUN = `/run/${STORY_RUN}`;

/** Each page, with a text that shows that it is there. */
const PAGES: readonly (readonly [path: string, shows: string])[] = [
  ['/', 'nightly-report'],
  ['/runs', 'nightly-report'],
  ['/runs?search=none', 'No run matches'],
  [RUN, 'Progress by group'],
  [`${RUN}/graph`, 'Progress by group'],
  [`${RUN}/functions`, 'convert-3'],
  [`${RUN}/summary`, 'Critical path'],
  [`${RUN}/function/fetch-rates`, 'hand over'],
  [`${RUN}/function/convert-20`, 'none of the 3 nodes'],
  [`${RUN}/function/archive`, 'ENOSPC'],
  [`${RUN}/odd`, 'There is nothing at this address'],
];

describe('the pages, for everybody', () => {
  const browser = browserForAll();
  let server: DashboardServer;

  before(async () => {
    server = await servedPage(sampleCluster(), { folder: browser.folder });
  });

  after(() => server.close());

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1440]) {
      it(`have names for all controls, contrast, order, and room: ${colorScheme}, ${width} px`, async () => {
        const { page } = await browser.open({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
        for (const [path, shows] of PAGES) {
          await page.goto(server.url + path);
          await page.getByText(shows).first().waitFor();
          expect(await page.evaluate(auditPage), `${path} ${colorScheme} ${width}`).to.deep.equal([]);
        }
      });
    }
  }

  it('have names and contrast in the dialog too', async () => {
    const { page } = await browser.open();
    await page.goto(server.url + RUN);
    await page.getByRole('button', { name: 'Cancel run…' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate(auditPage)).to.deep.equal([]);
  });

  it('are seen to be faulty where they are', async () => {
    const { page } = await browser.open();
    await page.goto(server.url);
    await page.getByText('nightly-report').first().waitFor();
    await page.evaluate(() => {
      const main = document.querySelector('main')!;
      main.append(document.createElement('button'), document.createElement('h1'));
      const pale = document.createElement('p');
      pale.textContent = 'pale';
      pale.style.color = '#cccccc';
      pale.style.width = '3000px';
      main.append(pale);
    });
    const faults = (await page.evaluate(auditPage)).join('\n');
    for (const fault of [/has no name: <button/, /has 2 h1/, /contrast 1\.\d+: <p/, /px wide in/]) expect(faults).to.match(fault);
  });
});
