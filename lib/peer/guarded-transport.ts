import { isThenable, keepAlive, type Logger, peerAddress, readSafely, safeThrown, systemClock, textOf } from '../base/index.js';
import { GuardedSocket } from './guarded-socket.js';
import type { Listening, ListenOptions, Socket, Transport } from './transport.js';

const SCHEME = /^[a-z][a-z\d+.-]*$/;

/**
 * Makes a user's own transport safe. What it throws rejects the call that caused it, or ends the connection; so does what it returns
 * against its contract. Throws `TypeError` if it is not a transport.
 */
export function guardedTransport(given: unknown, logger: Logger): Transport {
  if (typeof given !== 'object' || given === null) throw new TypeError('transport must be an object with schemes, listen and dial');
  const schemes = checkedSchemes(readSafely(given, 'schemes'));
  const { listen, dial, addressesOf } = {
    listen: methodOf(given, 'listen'),
    dial: methodOf(given, 'dial'),
    addressesOf: readSafely(given, 'addressesOf') === undefined ? undefined : methodOf(given, 'addressesOf'),
  };
  const wrapped = (socket: unknown): Socket => new GuardedSocket(socket, (fault) => logger.warn({ fault }, BROKEN));
  return {
    schemes,
    listen: (address, options) =>
      listenGuarded(listen, schemes, address, { ...options, accept: (socket) => options.accept(wrapped(socket)) }),
    dial: (url, at) => {
      try {
        return wrapped(dial(url, at));
      } catch (error) {
        return wrapped(safeThrown(error));
      }
    },
    ...(addressesOf && { addressesOf: (url: string) => addressesGuarded(addressesOf, url) }),
  };
}

/** How long the transport may take to listen, to stop listening and to find addresses, ms. */
const LIMIT_MS = 10_000;

/** Returns what the transport returns, or rejects after `LIMIT_MS`. */
function limited<T>(what: string, body: () => T | PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const alive = keepAlive();
    const timer = systemClock.after(LIMIT_MS, () => {
      alive.cancel();
      reject(new Error(`the transport has not ${what} within ${LIMIT_MS / 1000} s`));
    });
    new Promise<T>((begin) => begin(body()))
      .then(resolve, (error: unknown) => reject(safeThrown(error)))
      .finally(() => {
        timer.cancel();
        alive.cancel();
      });
  });
}

const BROKEN = 'a connection was ended: the transport that was given does not keep to its contract';

type Method = (...args: readonly unknown[]) => unknown;

function methodOf(transport: object, name: string): Method {
  const method = readSafely(transport, name);
  if (typeof method !== 'function') throw new TypeError(`transport must have a function ${name}`);
  return (...args) => Reflect.apply(method, transport, args) as unknown;
}

function checkedSchemes(given: unknown): readonly string[] {
  const schemes: readonly unknown[] = Array.isArray(given) ? [...given] : [];
  const isRight = schemes.length > 0 && schemes.every((scheme) => typeof scheme === 'string' && SCHEME.test(scheme));
  if (!isRight) throw new TypeError("transport.schemes must be a list of schemes of URLs, as ['ws'], in small letters");
  return schemes as readonly string[];
}

async function listenGuarded(listen: Method, schemes: readonly string[], address: string, options: ListenOptions): Promise<Listening> {
  const listening = await limited('listened', () => listen(address, options));
  const url = typeof listening === 'object' && listening !== null ? readSafely(listening, 'url') : undefined;
  const close = typeof listening === 'object' && listening !== null ? readSafely(listening, 'close') : undefined;
  if (typeof close !== 'function') throw new TypeError(`Cannot listen at "${address}": the transport gave nothing that can be closed`);
  const closed = async (): Promise<void> => {
    // A listener that does not close is left behind: there is nothing else to do.
    await limited('stopped listening', () => Reflect.apply(close, listening, []) as unknown).catch(() => {});
  };
  if (typeof url === 'string' && peerAddress(url, schemes) !== undefined) return { url, close: closed };
  await closed();
  throw new TypeError(`Cannot listen at "${address}": the transport gave ${textOf(url)} for a URL as ${schemes[0]}://host:port`);
}

/** Returns `undefined` unless the transport returns a promise: then `dial` needs no address. */
function addressesGuarded(addressesOf: Method, url: string): Promise<readonly string[]> | undefined {
  const found = ((): unknown => {
    try {
      return addressesOf(url);
    } catch (error) {
      return Promise.reject(safeThrown(error));
    }
  })();
  if (!isThenable(found)) return undefined;
  return limited('found addresses', () => found).then((addresses) => {
    if (Array.isArray(addresses) && addresses.every((one) => typeof one === 'string')) return addresses as readonly string[];
    throw new TypeError('the transport gave what is no list of addresses');
  });
}
