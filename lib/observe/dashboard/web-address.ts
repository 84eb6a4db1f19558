import { networkInterfaces } from 'node:os';

/** Where a server for browsers listens. */
export interface WebAddress {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
}

const HIGHEST_PORT = 65_535;

/** Splits `host:port`. Throws `TypeError`, beginning with `what`, for anything else. */
export function checkedWebAddress(what: string, given: unknown): WebAddress {
  const groups =
    typeof given === 'string' ? /^(?:\[(?<six>[\da-fA-F:.]+)\]|(?<name>[^\s[\]:/]+)):(?<port>\d{1,5})$/.exec(given)?.groups : undefined;
  const port = Number(groups?.port);
  if (!groups || port > HIGHEST_PORT) throw new TypeError(`${what} must be host:port, not ${JSON.stringify(given) ?? typeof given}`);
  return { host: (groups.six ?? groups.name)!, port };
}

/** Whether an address that a server is bound to can be reached from this machine only. */
export const isLoopbackAddress = (address: string): boolean => address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);

/** Whether a host stands for every address of the machine. */
export const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** Returns how a host is written in a URL. Every address is shown as one of this machine's that others reach. */
export function shownHost(host: string): string {
  const shown = isEveryAddress(host) ? outsideAddress(host) : host;
  return shown.includes(':') ? `[${shown}]` : shown;
}

function outsideAddress(host: string): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = all.filter(({ internal, scopeid }) => !internal && !scopeid);
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address ?? (host === '::' ? '::1' : '127.0.0.1');
}
