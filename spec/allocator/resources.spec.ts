import { expect } from 'chai';
import fc from 'fast-check';
import { amounts, checkedCapabilities, describe as describeCost, fits, record, shortOf } from '../../lib/allocator/capacity/resources.js';

describe('resources', () => {
  it('counts fractions exactly: three claims of 0.1 leave 0.7 of 1', () => {
    const cost = amounts({ gpu: 0.1 }).get('gpu')!;
    const left = amounts({ gpu: 1 }).get('gpu')! - 3n * cost;
    expect(record(new Map([['gpu', left]]))).to.deep.equal({ gpu: 0.7 });
  });

  it('gives back the number that it was given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 0, max: 999_999 }), (whole, millionths) => {
        const amount = Number(`${whole}.${String(millionths).padStart(6, '0')}`);
        expect(record(amounts({ a: amount })).a).to.be.closeTo(amount, amount * 2 ** -52);
      }),
    );
  });

  it('never lets an amount vanish', () => {
    expect(amounts({ a: 1e-12 }).get('a')).to.equal(1n);
    expect(amounts({ a: 0 }).get('a')).to.equal(0n);
  });

  it('fits what is within the limits less what is used, resource by resource', () => {
    const limits = amounts({ cpu: 2, memory: 100 });
    expect(fits(amounts({ cpu: 2, memory: 100 }), limits)).to.equal(true);
    expect(fits(amounts({ cpu: 2.1 }), limits)).to.equal(false);
    expect(fits(amounts({ cpu: 1 }), limits, amounts({ cpu: 1 }))).to.equal(true);
    expect(fits(amounts({ cpu: 1 }), limits, amounts({ cpu: 1.5 }))).to.equal(false);
    expect(fits(amounts({ gpu: 1 }), limits)).to.equal(false);
    expect(fits(amounts({ gpu: 0 }), limits)).to.equal(true);
  });

  it('says which resources are short, and how much of them is needed', () => {
    expect(shortOf(amounts({ cpu: 2, memory: 10 }), amounts({ cpu: 2, memory: 100 }), amounts({ cpu: 1 }))).to.deep.equal({ cpu: 2 });
  });

  it('knows resources by any name', () => {
    const odd = JSON.parse('{"__proto__": 2, "constructor": 1, "": 1}') as Record<string, number>;
    delete odd[''];
    expect(Object.keys(record(amounts(odd)))).to.deep.equal(['__proto__', 'constructor']);
  });

  it('refuses capabilities that are no amounts, naming the resource', () => {
    expect(() => checkedCapabilities({ cpu: -1 }, 'capabilities')).to.throw(RangeError, 'capabilities.cpu');
    expect(() => checkedCapabilities({ cpu: Number.NaN }, 'capabilities')).to.throw(RangeError, 'capabilities.cpu');
    expect(() => checkedCapabilities({ cpu: Number.POSITIVE_INFINITY }, 'capabilities')).to.throw(RangeError, 'capabilities.cpu');
    expect(() => checkedCapabilities({ cpu: '2' }, 'capabilities')).to.throw(TypeError, 'capabilities.cpu');
    expect(() => checkedCapabilities(null, 'capabilities')).to.throw(TypeError, 'null');
    expect(() => checkedCapabilities([1], 'capabilities')).to.throw(TypeError);
    expect(() => checkedCapabilities({ '': 1 }, 'capabilities')).to.throw(TypeError, 'empty');
  });

  it('describes a cost for people', () => {
    expect(describeCost({ cpu: 2, memory: 4000 })).to.equal('cpu 2, memory 4000');
    expect(describeCost({})).to.equal('nothing');
  });
});
