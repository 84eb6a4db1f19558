// Brain: pure.

/** Where a path leads. */
export type DashboardRoute =
  | { readonly to: 'page' | 'health' | 'metrics' }
  | { readonly to: 'cluster' | 'runs' }
  | { readonly to: 'asset'; readonly name: string }
  | { readonly to: 'view'; readonly runId: string; readonly request: string }
  | { readonly to: 'cancel'; readonly runId: string }
  | { readonly to: 'stream'; readonly of: 'cluster' | 'runs' }
  | { readonly to: 'run-stream'; readonly runId: string; readonly request: string };

/** Paths that are always the same. */
const FIXED: ReadonlyMap<string, DashboardRoute> = new Map<string, DashboardRoute>([
  ['/', { to: 'page' }],
  ['/runs', { to: 'page' }],
  ['/healthz', { to: 'health' }],
  ['/metrics', { to: 'metrics' }],
  ['/api/cluster', { to: 'cluster' }],
  ['/api/runs', { to: 'runs' }],
]);

/** A run, one of its pages, or one of its functions; a function's id may be anything, a slash is encoded. */
const RUN_PAGE = /^\/run\/[^/]+(?:\/[a-z]+|\/function\/[^/]+)?$/;
const ASSET = /^\/assets\/(?<name>[\w.-]{1,200})$/;
const OF_RUN = /^\/api\/run\/(?<run>[^/]+)\/(?<what>view|cancel)$/;
const STREAM_OF_RUN = /^run\/(?<run>.+)$/s;

/** The longest target, characters: a question may name hundreds of groups. */
const LONGEST = 12_000;

/** Finds where a target of a request leads: `undefined` for nowhere, `malformed` for one that is no path. */
export function dashboardRouteOf(target: string): DashboardRoute | 'malformed' | undefined {
  if (!target.startsWith('/') || target.length > LONGEST) return 'malformed';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const fixed = FIXED.get(path);
  if (fixed) return fixed;
  const asset = ASSET.exec(path)?.groups?.name;
  if (asset !== undefined) return { to: 'asset', name: asset };
  if (RUN_PAGE.test(path)) return decoded(path) === undefined ? 'malformed' : { to: 'page' };
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const request = query.get('request') ?? '';
  if (path === '/api/stream') return streamOf(query.get('of') ?? '', request);
  const { run, what } = OF_RUN.exec(path)?.groups ?? {};
  if (run === undefined) return undefined;
  const runId = decoded(run);
  if (runId === undefined) return 'malformed';
  return what === 'cancel' ? { to: 'cancel', runId } : { to: 'view', runId, request };
}

function streamOf(of: string, request: string): DashboardRoute | undefined {
  if (of === 'cluster' || of === 'runs') return { to: 'stream', of };
  const runId = STREAM_OF_RUN.exec(of)?.groups?.run;
  return runId === undefined ? undefined : { to: 'run-stream', runId, request };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
