import { currentFunction } from '../../../lib/executor/attempts/current-function.js';

// Functions that return and throw what nobody expects.

export function nest(depth: number): unknown {
  let value: unknown = 'inside';
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}

export const depthOf = (value: unknown): number => {
  let depth = 0;
  for (let at = value; typeof at === 'object'; at = (at as { a: unknown }).a) depth += 1;
  return depth;
};

export const buffer = (text: string): Buffer => Buffer.from(text);

/** What arrived, in one line. */
export const kindOf = (value: Buffer): string => `${value.constructor.name} ${value.toString('latin1')}`;

export const nested = (text: string): { list: Buffer[]; map: Map<Buffer, number> } => ({
  list: [Buffer.from(text)],
  map: new Map([[Buffer.from(text), 1]]),
});

export const kindsIn = ({ list, map }: ReturnType<typeof nested>): string => [...list, ...map.keys()].map(kindOf).join();

export const largeBuffer = (sizeBytes: number): Buffer => Buffer.alloc(sizeBytes, 7);

const revoked = (): Error => {
  const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
  revoke();
  return proxy;
};

const withGetter = (key: string): Error =>
  Object.defineProperty(new Error('x'), key, {
    get() {
      throw new Error('getter');
    },
  });

/** What can be thrown, by name. */
export const THROWN: Readonly<Record<string, () => unknown>> = {
  'a deep field': () => Object.assign(new SyntaxError('x'), { tree: nest(3000) }),
  'a message without a prototype': () => Object.assign(new Error('x'), { message: Object.create(null) }),
  'a frozen error with such a message': () => Object.freeze(Object.assign(new Error('x'), { message: Object.create(null) })),
  'a message that throws': () => withGetter('message'),
  'a stack that throws': () => withGetter('stack'),
  'a name that throws': () => withGetter('name'),
  'a cause that throws': () => withGetter('cause'),
  'a revoked Proxy': revoked,
  'a Proxy': () => new Proxy(new Error('inside'), {}),
  'a cause that is a revoked Proxy': () => new Error('x', { cause: revoked() }),
  'a cause that is its own': () => {
    const error = new Error('x');
    error.cause = error;
    return error;
  },
  'a long name': () => Object.defineProperty(new Error('x'), 'name', { value: 'x'.repeat(20 * 1024 * 1024) }),
  'a deep chain of causes': () => {
    let error = new Error('root');
    for (let at = 0; at < 2000; at += 1) error = new Error('outer', { cause: error });
    return error;
  },
  'an object that is no error': () => ({ status: 404 }),
  'an object without a prototype': () => Object.create(null),
  undefined: () => undefined,
  null: () => null,
  'a symbol': () => Symbol('x'),
  'a function': () => () => 1,
};

export function throws(what: string): never {
  throw THROWN[what]!();
}

export const rejects = (what: string): Promise<never> => Promise.reject(THROWN[what]!());

export const throws42 = (): never => {
  throw 42;
};

/** What can be returned, by name. */
export const RETURNED: Readonly<Record<string, () => unknown>> = {
  'a revoked Proxy': revoked,
  'a Proxy': () => new Proxy({ a: 1 }, {}),
  'a thenable whose then throws': () => ({
    get then() {
      throw new Error('no then');
    },
  }),
  'a thenable that throws': () => ({
    then() {
      throw new Error('no');
    },
  }),
  'a promise with a then of its own': () =>
    Object.assign(Promise.resolve(1), {
      then(settle: (value: number) => void) {
        settle(1);
        settle(2);
      },
    }),
  'a promise whose constructor throws': () =>
    Object.defineProperty(Promise.resolve(1), 'constructor', {
      get() {
        throw new Error('no constructor');
      },
    }),
  'an object whose prototype is a revoked Proxy': () => Object.setPrototypeOf({ a: 1 }, revoked()),
  'what is too deep': () => nest(3000),
  'what is far too deep': () => nest(200_000),
};

export const returns = (what: string): unknown => RETURNED[what]!();
export const resolves = async (what: string): Promise<unknown> => ({ inside: RETURNED[what]!() });

/** Until it is told to stop. */
export const waits = (): Promise<string> =>
  new Promise((resolve) => {
    const { signal } = currentFunction();
    const end = (): void => resolve(String(signal.reason.message));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
