import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { check } from '../../lib/value/index.js';

const refusal = (value: unknown, where = 'result'): HandoffError => {
  try {
    check(value, { where, freeze: false });
  } catch (error) {
    expect(error).to.be.instanceOf(HandoffError).with.property('code', 'HANDOFF_NOT_SERIALIZABLE');
    return error as HandoffError;
  }
  throw new Error('expected a refusal');
};

class Point {
  x = 1;
}

/** An instance of a class that extends null. */
const rootless = (): object => {
  class Rootless extends null {}
  return Object.assign(Object.create(Rootless.prototype as object) as object, { x: 1 });
};

const transferred = (): ArrayBuffer => {
  const memory = new ArrayBuffer(8);
  structuredClone(memory, { transfer: [memory] });
  return memory;
};
const viewOf = <V>(make: (memory: ArrayBuffer) => V): V => {
  const memory = new ArrayBuffer(8);
  const view = make(memory);
  structuredClone(memory, { transfer: [memory] });
  return view;
};
/** A view that reaches beyond its buffer since that was made smaller. */
const cutOff = <V>(make: (memory: ArrayBuffer) => V): V => {
  const memory = new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer)(8, { maxByteLength: 16 });
  const view = make(memory);
  (memory as unknown as { resize(bytes: number): void }).resize(2);
  return view;
};
const WITHOUT_MEMORY: readonly unknown[] = [
  transferred(),
  viewOf((memory) => new Uint8Array(memory)),
  viewOf((memory) => new Float64Array(memory)),
  viewOf((memory) => Buffer.from(memory)),
  viewOf((memory) => new DataView(memory)),
  cutOff((memory) => new Uint8Array(memory, 4, 4)),
  cutOff((memory) => new DataView(memory, 4, 4)),
];

describe('checking a value', () => {
  it('refuses what is none, with the path to it', () => {
    const accessor = {
      get a() {
        return 1;
      },
    };
    const cases: readonly [unknown, string, string][] = [
      [() => 1, 'result', 'a function'],
      [{ rows: [1, { 'a b': Symbol('s') }] }, 'result.rows[1]["a b"]', 'a symbol'],
      [{ point: new Point() }, 'result.point', 'an instance of Point'],
      [[accessor], 'result[0].a', 'an accessor'],
      [new Map([['k', Promise.resolve()]]), 'result.get("k")', 'a Promise'],
      [new Set([[].values()]), 'result.values()', 'an instance of'],
      [{ [Symbol('key')]: 1 }, 'result', 'a property whose key is Symbol(key)'],
      [new (class extends Map {})(), 'result', 'an instance of'],
      [new (class List extends Array {})(), 'result', 'an instance of List'],
      [Object.assign(new Date(), { extra: 1 }), 'result.extra', 'a property of its own'],
      [new Proxy({}, {}), 'result', 'a Proxy'],
      [new URL('file:///x'), 'result', 'an instance of URL'],
      [new WeakMap(), 'result', 'an instance of WeakMap'],
      [Object(1), 'result', 'an instance of Number'],
      [rootless(), 'result', 'an instance of Rootless'],
      [{ a: Object.create(Object.assign(Object.create(null) as object, { inherited: 1 })) }, 'result.a', 'an instance of'],
      [Object.assign(new Error('x'), { callback: () => 1 }), 'result.callback', 'a function'],
      [new SharedArrayBuffer(1), 'result', 'a SharedArrayBuffer'],
    ];
    for (const [value, path, why] of cases) {
      const error = refusal(value);
      expect(error.path, why).to.equal(path);
      expect(error.message.replace('the function', 'a function')).to.contain(why);
    }
  });

  it('refuses binary data without memory, whole or inside, and takes what is empty', () => {
    for (const value of WITHOUT_MEMORY) {
      expect(refusal(value)).to.have.property('path', 'result');
      expect(refusal([{ value }])).to.have.property('path', 'result[0].value');
      expect(refusal({ value }).message).to.include('binary data whose memory was given away');
    }
    const empty = [new ArrayBuffer(0), new Uint8Array(0), Buffer.alloc(0), new DataView(new ArrayBuffer(0)), new Float64Array(0)];
    expect(() => check([...empty, ...empty.map((inside) => ({ inside }))], { where: 'result', freeze: false })).not.to.throw();
  });

  it('begins the path with the name it is given', () => expect(refusal({ a: () => 1 }, 'inputs.xs').path).to.equal('inputs.xs.a'));

  it('takes objects without a prototype, and of another realm', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(() => check(Object.create(null), { where: 'x', freeze: false })).not.to.throw();
    expect(() =>
      check(runInNewContext('({ a: [1, new Map([[1, new Date()]]), new Error("x")] })'), { where: 'x', freeze: false }),
    ).not.to.throw();
    expect(() => check(structuredClone({ a: [new Set([1])] }), { where: 'x', freeze: false })).not.to.throw();
  });

  it('estimates the size within a factor of three', () => {
    const value = { rows: Array.from({ length: 1000 }, (_, at) => ({ id: at, name: `row ${at}` })), data: new Float64Array(1000) };
    const sizeBytes = check(value, { where: 'x', freeze: false });
    expect(sizeBytes).to.be.within(10_000, 90_000);
  });

  it('freezes plain objects and arrays to the bottom, each once, cyclic ones too', () => {
    const value: Record<string, unknown> = { list: [{ a: 1 }], map: new Map([['k', { b: 1 }]]) };
    value.self = value;
    check(value, { where: 'x', freeze: true });
    expect(value).to.be.frozen;
    expect((value.list as object[])[0]).to.be.frozen;
    expect((value.map as Map<string, object>).get('k')).to.be.frozen;
  });
});
