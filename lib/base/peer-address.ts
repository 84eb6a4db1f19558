const PROTOCOLS = new Set(['ws:', 'wss:', 'memory:']);

/** Addresses that need no change, as nearly all do. Each node receives each other node's address from every third one. */
const PLAIN = /^(?:wss?|memory):\/\/[a-z\d.-]{1,253}:[1-9]\d{3,4}$/;

/** The longest URL that is looked at, characters. A host name has at most 253. */
const LONGEST = 300;

/**
 * Returns the scheme, host and port of a URL at which another node is said to listen, or `undefined` if it is no node's address. Everything
 * else is dropped: a dialler must not send a path or credentials that a stranger chose.
 */
export function peerAddress(url: string): string | undefined {
  if (PLAIN.test(url)) return url;
  if (url.length > LONGEST || !URL.canParse(url)) return undefined;
  const { protocol, host, port } = new URL(url);
  return PROTOCOLS.has(protocol) && host !== '' && port !== '0' ? `${protocol}//${host}` : undefined;
}
