/** Addresses that need no change, as nearly all do. Each node receives each other node's address from every third one. */
const PLAIN = /^[a-z][a-z\d+.-]*:\/\/[a-z\d.-]{1,253}:[1-9]\d{3,4}$/;

/** The longest URL that is looked at, characters. A host name has at most 253. */
const LONGEST = 300;

/**
 * Returns the scheme, host and port of a URL at which another node is said to listen, or `undefined` if it is no node's address. Everything
 * else is dropped: a dialler must not send a path or credentials that a stranger chose. `schemes`: those of the transport; a URL with
 * another one is no address either. The default is any scheme.
 */
export function peerAddress(url: string, schemes?: readonly string[]): string | undefined {
  if (PLAIN.test(url)) return !schemes || schemes.includes(schemeOf(url)) ? url : undefined;
  if (url.length > LONGEST || !URL.canParse(url)) return undefined;
  const { protocol, host, port } = new URL(url);
  if (host === '' || port === '0' || (schemes && !schemes.includes(schemeOf(protocol)))) return undefined;
  return `${protocol}//${host}`;
}

/** Returns the scheme of a URL, without the colon. */
export const schemeOf = (url: string): string => url.slice(0, url.indexOf(':'));
