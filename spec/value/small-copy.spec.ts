import { expect } from 'chai';
import { smallCopy } from '../../lib/value/index.js';

describe('the copy of a small tree', () => {
  it('is equal, and its own to the bottom, whether the original is frozen or not', () => {
    const value = Object.freeze({ a: [1, 'two', null, undefined, 3n, true, -0], b: { c: [] }, constructor: 1 });
    const { copy } = smallCopy(value)!;
    expect(copy).to.deep.equal(value);
    expect(copy).not.to.equal(value);
    expect(copy).not.to.be.frozen;
    expect((copy as typeof value).a).not.to.equal(value.a);
  });

  it('is left to others for what is larger, deeper, shared, cyclic, or no such tree', () => {
    const shared = {};
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    let deep: unknown = 1;
    for (let depth = 0; depth < 10; depth += 1) deep = [deep];
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const others: unknown[] = [
      new Array(65).fill(0),
      deep,
      [shared, shared],
      cyclic,
      // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried.
      [1, , 2],
      Object.assign([1], { name: 1 }),
      { [Symbol('s')]: 1 },
      JSON.parse('{"__proto__":1}'),
      Object.create(null),
      {
        get a() {
          return 1;
        },
      },
      Object.defineProperty({}, 'hidden', { value: 1 }),
      new Map(),
      new Date(),
      /a/,
      new Uint8Array(1),
      new Error('x'),
      new (class Mine {})(),
      () => 1,
      Symbol('s'),
      proxy,
      [() => 1],
    ];
    for (const [at, value] of others.entries()) expect(smallCopy(value), String(at)).to.equal(undefined);
  });
});
