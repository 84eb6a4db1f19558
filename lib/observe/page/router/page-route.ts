// Brain: pure.

/** The parts of the page of one run. */
export const RUN_TABS = ['timeline', 'graph', 'functions', 'summary'] as const;
/** A part of the page of one run. */
export type RunTab = (typeof RUN_TABS)[number];

/** A page. Each has an address of its own, which can be shared. */
export type PageRoute =
  | { readonly page: 'cluster' }
  | { readonly page: 'runs' }
  | { readonly page: 'run'; readonly runId: string; readonly tab: RunTab }
  | { readonly page: 'function'; readonly runId: string; readonly functionId: string }
  | { readonly page: 'unknown'; readonly path: string };

const part = encodeURIComponent;

/** The path of a page. A run opens with its timeline. */
export function pagePathOf(route: PageRoute): string {
  switch (route.page) {
    case 'cluster':
      return '/';
    case 'runs':
      return '/runs';
    case 'run':
      return route.tab === 'timeline' ? `/run/${part(route.runId)}` : `/run/${part(route.runId)}/${route.tab}`;
    case 'function':
      return `/run/${part(route.runId)}/function/${part(route.functionId)}`;
    case 'unknown':
      return route.path;
  }
}

/** The page of a path. What cannot be decoded is an unknown page. */
export function pageRouteOf(path: string): PageRoute {
  const unknown: PageRoute = { page: 'unknown', path };
  let parts: string[];
  try {
    parts = path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return unknown;
  }
  if (parts.at(-1) === '') parts.pop();
  const [first, runId, third, functionId] = parts;
  if (first === undefined) return { page: 'cluster' };
  if (first === 'runs' && parts.length === 1) return { page: 'runs' };
  if (first !== 'run' || !runId) return unknown;
  if (parts.length === 2) return { page: 'run', runId, tab: 'timeline' };
  const tab = RUN_TABS.find((name) => name === third);
  if (parts.length === 3 && tab) return { page: 'run', runId, tab };
  if (parts.length === 4 && third === 'function' && functionId !== undefined) return { page: 'function', runId, functionId };
  return unknown;
}
