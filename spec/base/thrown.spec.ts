import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { HandoffError, isError, isThenable, NonRetryableError, safeThrown, textOf } from '../../lib/base/index.js';

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
  revoke();
  return proxy;
}

const hostileProxy = (): object =>
  new Proxy(new Error('x'), {
    get() {
      throw new Error('trap');
    },
    has() {
      throw new Error('trap');
    },
    getPrototypeOf() {
      throw new Error('trap');
    },
    ownKeys() {
      throw new Error('trap');
    },
  });

const withGetter = (key: string): Error =>
  Object.defineProperty(new Error('x'), key, {
    get() {
      throw new Error('getter');
    },
  });

const withProperty = (key: string, value: unknown): Error => Object.assign(new Error('x'), { [key]: value });

class Throwing extends Error {
  override get message(): string {
    throw new Error('getter');
  }
}

function unreadableStack(): Error {
  const error = new Error('x');
  return Object.defineProperty(error, 'stack', { get: () => revoked() });
}

const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'a revoked Proxy': revoked,
  'a Proxy whose traps throw': hostileProxy,
  'a revoked Proxy of a function': () => {
    const { proxy, revoke } = Proxy.revocable(() => {}, {});
    revoke();
    return proxy;
  },
  'a message that is an object without a prototype': () => withProperty('message', Object.create(null)),
  'a frozen error whose message is an object': () => Object.freeze(withProperty('message', Object.create(null))),
  'a message that is a symbol': () => withProperty('message', Symbol('x')),
  'a name that is a number': () => withProperty('name', 7),
  'a message whose getter throws': () => withGetter('message'),
  'a name whose getter throws': () => withGetter('name'),
  'a stack whose getter throws': () => withGetter('stack'),
  'a stack that is no text': unreadableStack,
  'a cause whose getter throws': () => withGetter('cause'),
  'a code whose getter throws': () => withGetter('code'),
  'a class whose message throws': () => new Throwing('x'),
  'a cause that is a revoked Proxy': () => withProperty('cause', revoked()),
  'an error whose prototype is a revoked Proxy': () => Object.setPrototypeOf(new Error('x'), revoked()),
  'an object whose prototype is a revoked Proxy': () => Object.setPrototypeOf({}, revoked()),
  'an object whose message throws': () => ({
    get message() {
      throw new Error('getter');
    },
  }),
  'Proxies that are the causes of Proxies': () => {
    let proxy: object = revoked();
    for (let depth = 0; depth < 20_000; depth += 1) proxy = new Proxy(Object.assign(new Error('x'), { cause: proxy }), {});
    return proxy;
  },
  'a Proxy that is its own cause': () => {
    const error = new Error('x');
    const proxy = new Proxy(error, {});
    error.cause = proxy;
    return proxy;
  },
};

/** As mocks are: whatever is asked of it, it gives another one. */
const made = { proxies: 0 };
const endless = (): object => {
  made.proxies += 1;
  return new Proxy(() => {}, { get: endless });
};

const PLAIN: readonly unknown[] = [
  42,
  'text',
  undefined,
  null,
  Symbol('x'),
  10n,
  () => {},
  { a: 1 },
  Object.create(null),
  new Error('x'),
  Object.freeze(new TypeError('x')),
  new NonRetryableError('x'),
  new HandoffError('HANDOFF_TIMEOUT', 'x'),
  new DOMException('x', 'AbortError'),
  runInNewContext("new RangeError('x')"),
];

describe('what user code throws', () => {
  for (const [what, make] of Object.entries(HOSTILE)) {
    it(`is safe to read, once it has been made so: ${what}`, () => {
      const safe = safeThrown(make()) as Error;
      expect(safe.message).to.be.a('string');
      if (isError(safe)) expect(safe.name).to.be.a('string');
      expect(safe.stack).to.satisfy((stack: unknown) => stack === undefined || typeof stack === 'string');
      expect(() => [safe.cause, (safe as { code?: unknown }).code, `${safe}`]).not.to.throw();
      expect(safeThrown(safe)).to.equal(safe);
    });

    it(`can be asked what it is as it came: ${what}`, () => {
      const thrown = make();
      expect(textOf(thrown)).to.be.a('string');
      expect(HandoffError.is(thrown)).to.equal(false);
      expect(HandoffError.is(thrown, 'HANDOFF_TIMEOUT')).to.equal(false);
      expect(NonRetryableError.is(thrown)).to.equal(false);
      expect(isThenable(thrown)).to.equal(false);
      expect(isError(thrown)).to.be.a('boolean');
    });
  }

  it('is asked little, whatever it gives: a Proxy that gives Proxies without an end', () => {
    for (const thrown of [endless(), new Error('x', { cause: endless() }), Object.assign(new Error('x'), { code: endless() })]) {
      made.proxies = 0;
      expect((safeThrown(thrown) as Error).message).to.be.a('string');
      expect(made.proxies).to.be.below(500);
    }
  });

  it('stays what it is if it can be read', () => {
    for (const thrown of PLAIN) expect(safeThrown(thrown)).to.equal(thrown);
  });

  it('stays the same error where a property of it is replaced', () => {
    const error = withProperty('message', Object.create(null));
    expect(safeThrown(error)).to.equal(error);
    expect(error.message).to.equal('{}');
  });

  it('keeps what a Proxy lets through', () => {
    const inside = Object.assign(new TypeError('inside', { cause: 'why' }), { code: 'E_CODE' });
    const safe = safeThrown(new Proxy(inside, {})) as Error;
    expect(safe).to.include({ name: 'TypeError', message: 'inside', stack: inside.stack, cause: 'why', code: 'E_CODE' });
    expect(NonRetryableError.is(safeThrown(new Proxy(new NonRetryableError('x'), {})))).to.equal(true);
  });

  it('has a text of bounded length, however long it is', () => {
    const long = 'x'.repeat(20 * 1024 * 1024);
    for (const thrown of [long, new Error(long), { a: long }, Array.from({ length: 1000 }, () => long)]) {
      expect(textOf(thrown).length).to.be.below(21_000);
    }
    expect(textOf(`begin${long}end`)).to.match(/^beginx+ … \(\d+ characters left out\) … x+end$/);
  });

  it('has the text that one expects', () => {
    expect([42, 'a', undefined, null, Symbol('s'), { a: 1 }, [1], new Error('e'), { message: 'm' }].map(textOf)).to.deep.equal([
      '42',
      'a',
      'undefined',
      'null',
      'Symbol(s)',
      '{"a":1}',
      '[1]',
      'e',
      'm',
    ]);
  });
});
