import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** At most this many addresses of one name are tried, the first ones. */
const MOST = 64;

/**
 * Returns the IP addresses, of both families, behind the host of a URL; an empty list if the host is an address itself or the URL is
 * invalid. Rejects as `dns.lookup` does.
 */
export async function hostAddresses(url: string): Promise<readonly string[]> {
  const host = hostNameOf(url);
  if (host === undefined) return [];
  const found = await lookup(host, { all: true, verbatim: true });
  return [...new Set(found.map(({ address }) => address))].slice(0, MOST);
}

/** Whether the host of a URL is a name, which may have several addresses. */
export const hasHostName = (url: string): boolean => hostNameOf(url) !== undefined;

function hostNameOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return hostname === '' || hostname.startsWith('[') || isIP(hostname) !== 0 ? undefined : hostname;
}
