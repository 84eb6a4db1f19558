const PROTOCOLS = new Set(['ws:', 'wss:', 'memory:']);

/** What needs no change, as nearly all do: each node hears of each other from every third one. */
const PLAIN = /^(?:wss?|memory):\/\/[a-z\d.-]{1,253}:[1-9]\d{3,4}$/;

/** A host name has 253 characters at most. */
const LONGEST = 300;

/**
 * Where a node listens, of a URL that somebody tells: scheme, host and port, and nothing else of it: whoever dials it asks for no path, and
 * gives no credentials, that a stranger chose. `undefined` for what is no address of a node.
 */
export function peerAddress(url: string): string | undefined {
  if (PLAIN.test(url)) return url;
  if (url.length > LONGEST || !URL.canParse(url)) return undefined;
  const { protocol, host, port } = new URL(url);
  return PROTOCOLS.has(protocol) && host !== '' && port !== '0' ? `${protocol}//${host}` : undefined;
}
