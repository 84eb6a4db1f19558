/** Where Debian has its browser. */
export const CHROMIUM = '/usr/bin/chromium';

/** How specs and benchmarks start it: without a screen, and without any request of its own. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
