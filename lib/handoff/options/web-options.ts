import { checkedWebAddress, type WebAddress } from '../../observe/index.js';

/** The checked options of what a node shows to browsers and to Prometheus. */
export interface WebOptions {
  readonly dashboard: WebAddress | undefined;
  readonly metrics: WebAddress | undefined;
  readonly token: string | undefined;
}

const SHORTEST_TOKEN = 16;

/** What a header can carry. */
const SENDABLE = /^[\x21-\x7e]*$/;

/** Throws `TypeError` naming the wrong option. */
export function checkedWeb({ dashboard, metrics, dashboardToken: token }: Readonly<Record<string, unknown>>): WebOptions {
  const addressOf = (name: string, given: unknown): WebAddress | undefined =>
    given === undefined ? undefined : checkedWebAddress(name, given);
  const checked = { dashboard: addressOf('dashboard', dashboard), metrics: addressOf('metrics', metrics) };
  if (token === undefined) return { ...checked, token };
  if (typeof token !== 'string' || token.length < SHORTEST_TOKEN) {
    throw new TypeError(`dashboardToken must be a string of at least ${SHORTEST_TOKEN} characters: a shorter one can be guessed`);
  }
  if (!SENDABLE.test(token)) throw new TypeError('dashboardToken must be of visible ASCII characters: it is sent in a header');
  if (!checked.dashboard && !checked.metrics) throw new TypeError('dashboardToken needs dashboard or metrics: it protects what they show');
  return { ...checked, token };
}
