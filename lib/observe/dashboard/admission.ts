// Brain: pure.
import { type DashboardRoute, dashboardRouteOf } from './dashboard-route.js';

/** One request as it came, before anything of it is believed. */
export interface AskedRequest {
  readonly method: string;
  /** What follows the method in the first line. */
  readonly target: string;
  /** Every `Host` header that came. */
  readonly hosts: readonly string[];
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly contentType?: string | undefined;
  /** Whose page a browser sends it for: `Sec-Fetch-Site`. */
  readonly fetchSite?: string | undefined;
}

/** The rules of one server. */
export interface AdmissionRules {
  /** What `Host` may say besides the loopback: `host:port`, in lower case. */
  readonly ownHosts: readonly string[];
  /** Whether it listens at every address of the machine: then `Host` may be any address, though no name. */
  readonly isEverywhere: boolean;
  /** The port that `Host` leaves out: 80, or 443 with TLS. */
  readonly defaultPort: number;
  /** Compares a token in constant time. `undefined`: no token is needed. */
  readonly isToken: ((given: string) => boolean) | undefined;
  /** Whether it has pages, or only `/metrics` and `/healthz`. */
  readonly hasPages: boolean;
  readonly hasMetrics: boolean;
}

/** The decision about a request. */
export type Admission = { readonly type: 'admitted'; readonly route: DashboardRoute } | Rejection;

/** A request that is refused, and how it is answered. */
export interface Rejection {
  readonly type: 'refused';
  readonly status: 400 | 401 | 403 | 404 | 405 | 415;
  readonly message: string;
  /** The methods that the path takes, for 405. */
  readonly allow?: string;
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];

/** What a tunnel or a forwarded port makes of `Host`, with any port. */
const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
const HOST = /^(?<name>\[[\da-f:.]{2,45}\]|[a-z\d_.-]{1,253})(?::(?<port>\d{1,5}))?$/;
const IS_ADDRESS = /^(\[[\da-f:.]+\]|\d{1,3}(\.\d{1,3}){3})$/;
const ORIGIN = /^https?:\/\/(?<host>[^/]+)$/;
const BEARER = /^bearer +(?<token>[\x21-\x7e]+)$/i;
const IS_JSON = /^application\/json *(; *charset="?utf-8"?)?$/i;

/**
 * Decides whether a request passes, and where it goes.
 *
 * `Host` is checked since any name can be made to lead a browser here (DNS rebinding), `Origin` and the content type since any page can
 * send a browser's POST. The page and its files need no token, as a navigation cannot send one: they hold nothing of the cluster.
 */
export function admitRequest(asked: AskedRequest, rules: AdmissionRules): Admission {
  const { method } = asked;
  if (!METHODS.includes(method)) return { ...refusal(405, 'Only GET, HEAD and POST are answered'), allow: METHODS.join(', ') };
  const route = dashboardRouteOf(asked.target);
  if (route === 'malformed') return refusal(400, 'The path of the request is malformed');
  // Probes come by any address, and learn nothing.
  if (route?.to !== 'health') {
    const fault = hostFault(asked.hosts, rules);
    if (fault) return fault;
  }
  if (!route || !isServed(route, rules)) return asked.target.startsWith('/api/') ? (tokenFault(asked, rules) ?? NOWHERE) : NOWHERE;
  if (tellsOfCluster(route)) {
    const fault = siteFault(asked) ?? tokenFault(asked, rules);
    if (fault) return fault;
  }
  const isPost = method === 'POST';
  if (isPost !== (route.to === 'cancel')) {
    const allow = isPost ? 'GET, HEAD' : 'POST';
    return { ...refusal(405, `Cannot ${method} this: it takes ${allow}`), allow };
  }
  return (isPost ? postFault(asked) : undefined) ?? { type: 'admitted', route };
}

const refusal = (status: Rejection['status'], message: string): Rejection => ({ type: 'refused', status, message });
const NOWHERE = refusal(404, 'There is nothing at this path');

const isServed = ({ to }: DashboardRoute, { hasPages, hasMetrics }: AdmissionRules): boolean =>
  to === 'health' || (to === 'metrics' ? hasMetrics : hasPages);

const tellsOfCluster = ({ to }: DashboardRoute): boolean => to !== 'health' && to !== 'page' && to !== 'asset';

function hostFault(hosts: readonly string[], { ownHosts, isEverywhere, defaultPort }: AdmissionRules): Rejection | undefined {
  const [host, ...others] = hosts;
  const groups = host === undefined || others.length > 0 ? undefined : HOST.exec(host.toLowerCase())?.groups;
  if (!groups) return refusal(400, 'The request must have one Host');
  const { name, port = String(defaultPort) } = groups as { name: string; port?: string };
  if (LOOPBACK_NAMES.includes(name) || ownHosts.includes(`${name}:${port}`) || (isEverywhere && IS_ADDRESS.test(name))) return undefined;
  return refusal(403, 'This Host is not served: use localhost, 127.0.0.1, [::1], or the address that the dashboard was given');
}

/** A page of another origin could read nothing of an answer. But it could hold all streams open. */
function siteFault({ fetchSite }: AskedRequest): Rejection | undefined {
  const isOwn = fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
  return isOwn ? undefined : refusal(403, 'Pages of other origins get nothing here');
}

function tokenFault({ authorization = '' }: AskedRequest, { isToken }: AdmissionRules): Rejection | undefined {
  if (!isToken) return undefined;
  const token = BEARER.exec(authorization)?.groups?.token;
  if (token === undefined) return refusal(401, 'This needs the token of the dashboard, as a bearer token');
  return isToken(token) ? undefined : refusal(401, 'The token is wrong');
}

function postFault({ origin, contentType = '', hosts: [host] }: AskedRequest): Rejection | undefined {
  if (!IS_JSON.test(contentType)) return refusal(415, 'The content type must be application/json');
  if (origin === undefined) return undefined;
  const from = ORIGIN.exec(origin.toLowerCase())?.groups?.host;
  return from === host!.toLowerCase() ? undefined : refusal(403, 'Pages of other origins may change nothing here');
}
