import { expect } from 'chai';
import type { DashboardServer, DashboardSource, ViewRequest } from '../../../lib/observe/index.js';
import { browserForAll } from '../../support/browser.js';
import { STORY_RUN, sampleCluster } from './sample-cluster.js';
import { servedPage } from './served-page.js';

const NUMBERED = { runId: 'r', dagId: 'd', driver: 'a', state: 'running', progress: {}, startedAtMs: 1, elapsedMs: 1, version: 1 };

/** What a node of another version may answer, or one that means harm. */
const GARBAGE: readonly object[] = [
  {},
  [],
  { run: null },
  { run: {} },
  {
    run: NUMBERED,
    groups: 5,
    rows: {},
    bars: { row: [1, 2] },
    functions: 'x',
    nodes: null,
    edges: [[9, 9, 9]],
    function: 7,
    criticalPath: [null],
  },
  { run: { ...NUMBERED, state: '?', startedAtMs: 1e300, elapsedMs: -1e300 }, groups: [null], rows: [null], bars: null, nodes: [null] },
];

const PATHS = ['', '/graph', '/functions', '/summary', '/function/fetch-rates'].map((end) => `/run/${STORY_RUN}${end}`);
const WORD = 'This page cannot show what it was answered';

describe('a page that is answered nonsense', () => {
  const browser = browserForAll();
  let server: DashboardServer | undefined;
  afterEach(() => server?.close());

  for (const [number, garbage] of GARBAGE.entries()) {
    it(`says so in place of itself, and the rest of the page goes on: ${number + 1}`, async () => {
      const good = sampleCluster();
      let isGood = false;
      const source: DashboardSource = {
        status: async () => (isGood ? good.status() : garbage),
        allRuns: async () => (isGood ? good.allRuns() : [garbage]),
        view: async (runId, request) => (isGood ? good.view(runId, request) : garbage),
        cancel: async () => {},
      };
      server = await servedPage(source, { folder: browser.folder });
      const { page } = await browser.open();
      // Each kind of page once; then those that have most to draw.
      for (const path of number === 0 ? ['/', '/runs', ...PATHS] : ['/', PATHS[0]!]) {
        await page.goto(server.url + path);
        await page.getByText(WORD).waitFor();
      }
      isGood = true;
      // The stream must have told of it first.
      await page.getByRole('link', { name: 'Runs', exact: true }).click();
      await page.getByRole('link', { name: 'nightly-report' }).waitFor();
      expect(await page.getByText(WORD).count()).to.equal(0);
    });
  }

  for (const view of ['timeline', 'graph', 'functions', 'summary', 'function'] satisfies ViewRequest['view'][]) {
    it(`of the ${view} alone says so, and can be tried again`, async () => {
      const good = sampleCluster();
      let isGood = false;
      let bad: object = {};
      const source: DashboardSource = {
        status: () => good.status(),
        allRuns: () => good.allRuns(),
        view: async (runId, request) => {
          const answer = await good.view(runId, request);
          return isGood || request.view !== view ? answer : { ...bad, run: (answer as { run: object }).run };
        },
        cancel: async () => {},
      };
      server = await servedPage(source, { folder: browser.folder });
      const { page } = await browser.open();
      const path = PATHS[['timeline', 'graph', 'functions', 'summary', 'function'].indexOf(view)]!;
      for (bad of view === 'function' ? GARBAGE.slice(4, 5) : [GARBAGE[0]!, ...GARBAGE.slice(4)]) {
        await page.goto(server.url + path);
        await page.getByText(WORD).waitFor();
      }
      isGood = true;
      if (view === 'timeline') await page.reload();
      else await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText(WORD).waitFor({ state: 'detached' });
      await page.getByRole('heading', { name: view === 'function' ? 'fetch-rates' : 'nightly-report' }).waitFor();
    });
  }
});
