import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { buildPage } from '../../lib/observe/page/build.mjs';
import { CHROMIUM, CHROMIUM_FLAGS } from './chromium.js';

/** A page of a browser, with everything that must not have happened on it. */
export interface SeenPage {
  readonly page: Page;
  /** Errors and warnings on its console, and errors that nothing caught. */
  readonly faults: readonly string[];
  /** Says which faults belong to the story, such as the browser's own word on a request that is refused. */
  expect(fault: RegExp): void;
  /** The addresses of all its requests. */
  readonly requests: readonly string[];
}

/** A browser for the specs of a `describe`, with the page built for it. */
export interface SpecBrowser {
  /** Where the built page lies. */
  readonly folder: string;
  /** Opens a page in a context of its own: no storage is shared with another. */
  open(options?: BrowserContextOptions): Promise<SeenPage>;
}

/**
 * Starts chromium before the specs of a `describe`, and ends it afterwards. Without one they are skipped, and say so. Pages of one spec are
 * closed when it has ended; the spec fails if its pages had faults that it did not
 * expect.
 */
export function browserForAll(): SpecBrowser {
  const open: { browser?: Browser; folder?: string; contexts: BrowserContext[]; pages: SeenPage[] } = { contexts: [], pages: [] };
  before('a browser', async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`    there is no ${CHROMIUM}: the page is not tried in a browser`);
      this.skip();
    }
    open.folder = mkdtempSync(join(tmpdir(), 'handoff-browser-'));
    await buildPage(join(open.folder, 'page'));
    // It has a folder of its own for what it keeps.
    open.browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_FLAGS] });
  });
  afterEach('no faults on the pages', async () => {
    const faults = open.pages.flatMap((seen) => seen.faults);
    for (const context of open.contexts.splice(0)) await context.close();
    open.pages = [];
    if (faults.length > 0) throw new Error(`the page has faults:\n${faults.join('\n')}`);
  });
  after(async () => {
    await open.browser?.close();
    if (open.folder) rmSync(open.folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return {
    get folder() {
      return join(open.folder!, 'page');
    },
    async open(options = {}) {
      const context = await open.browser!.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      open.contexts.push(context);
      // The compiler of specs wraps functions that have a name, also those that run in the browser.
      await context.addInitScript('globalThis.__name ??= (value) => value');
      const page = await context.newPage();
      const expected: RegExp[] = [];
      const all: string[] = [];
      const seen = {
        page,
        requests: [] as string[],
        expect: (fault: RegExp) => void expected.push(fault),
        get faults() {
          return all.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
        },
      };
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) all.push(`${message.type()}: ${message.text()}`);
      });
      page.on('pageerror', (error) => all.push(error.stack ?? error.message));
      page.on('dialog', (dialog) => {
        all.push(`a dialog of the browser: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => seen.requests.push(request.url()));
      open.pages.push(seen);
      return seen;
    },
  };
}
