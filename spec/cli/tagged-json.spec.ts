import { expect } from 'chai';
import { resultsJson } from '../../bin/report/results.js';
import { taggedJson } from '../../bin/report/tagged-json.js';

describe('values as JSON', () => {
  it('leaves what JSON can carry', () => {
    const value = { text: 'a', list: [1, true, null, { deep: [] }], '': 0 };
    expect(taggedJson(value)).to.deep.equal(value);
  });

  it('marks every other value with its type', () => {
    expect(taggedJson(undefined)).to.deep.equal({ $type: 'undefined' });
    const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
    expect(taggedJson(numbers)).to.deep.equal(['NaN', 'Infinity', '-Infinity', '-0'].map((value) => ({ $type: 'number', value })));
    expect(taggedJson(-3n)).to.deep.equal({ $type: 'BigInt', value: '-3' });
    expect(taggedJson(new Date(Number.NaN))).to.deep.equal({ $type: 'Date', value: null });
    expect(taggedJson(/a/g)).to.deep.equal({ $type: 'RegExp', value: { source: 'a', flags: 'g' } });
    expect(taggedJson(new Map([[1, new Set([2n])]]))).to.deep.equal({
      $type: 'Map',
      value: [[1, { $type: 'Set', value: [{ $type: 'BigInt', value: '2' }] }]],
    });
    const failure = Object.assign(new RangeError('too far', { cause: new Error('wind') }), { metres: 3 });
    expect(taggedJson(failure)).to.deep.equal({
      $type: 'Error',
      value: { name: 'RangeError', message: 'too far', cause: { $type: 'Error', value: { name: 'Error', message: 'wind' } }, metres: 3 },
    });
  });

  it('writes bytes as base64 and other binary data as numbers, of a view what it shows', () => {
    const { buffer } = Uint8Array.of(0, 1, 2, 3);
    expect(taggedJson(buffer)).to.deep.equal({ $type: 'ArrayBuffer', value: 'AAECAw==' });
    expect(taggedJson(new Uint8Array(buffer, 1, 2))).to.deep.equal({ $type: 'Uint8Array', value: 'AQI=' });
    expect(taggedJson(new DataView(buffer, 2))).to.deep.equal({ $type: 'DataView', value: 'AgM=' });
    expect(taggedJson(Buffer.from('a'))).to.deep.equal({ $type: 'Uint8Array', value: 'YQ==' });
    expect(taggedJson(Int16Array.of(-1, 2))).to.deep.equal({ $type: 'Int16Array', value: [-1, 2] });
    expect(taggedJson(BigUint64Array.of(9n))).to.deep.equal({ $type: 'BigUint64Array', value: [{ $type: 'BigInt', value: '9' }] });
  });

  it('does not mistake an object of the user for a mark of ours', () => {
    expect(taggedJson({ $type: 'Date', value: [1n] })).to.deep.equal({
      $type: 'Object',
      value: [
        ['$type', 'Date'],
        ['value', [{ $type: 'BigInt', value: '1' }]],
      ],
    });
  });

  it('points to what contains itself, and repeats what is merely shared', () => {
    const shared = { a: 1 };
    const around: Record<string, unknown> = { shared: [shared, shared], 'a/b~c': {} };
    (around['a/b~c'] as Record<string, unknown>).self = around['a/b~c'];
    around.map = new Map([['key', around]]);
    expect(taggedJson({ around })).to.deep.equal({
      around: {
        shared: [shared, shared],
        'a/b~c': { self: { $type: 'Reference', value: '/around/a~1b~0c' } },
        map: { $type: 'Map', value: [['key', { $type: 'Reference', value: '/around' }]] },
      },
    });
  });

  it('writes pointers that lead to what they mean in the document', () => {
    const inner: unknown[] = [];
    inner.push(new Set([inner]));
    const document = JSON.parse(resultsJson({ sink: new Map([['key', { $type: 'own', inner }]]) })) as unknown;
    const found: string[] = [];
    const follow = (pointer: string): unknown =>
      pointer
        .split('/')
        .slice(1)
        .reduce((at: unknown, step) => (at as Record<string, unknown>)[step], document);
    JSON.stringify(document, (_key, value: { $type?: string; value?: string } | null) => {
      if (value?.$type === 'Reference') found.push(value.value!);
      return value;
    });
    expect(found).to.have.lengthOf(1);
    expect(follow(found[0]!)).to.deep.equal([{ $type: 'Set', value: [{ $type: 'Reference', value: found[0] }] }]);
  });

  it('keeps ids such as __proto__', () => {
    const results = Object.defineProperty({}, '__proto__', { value: 1n, enumerable: true });
    expect(resultsJson(results)).to.equal('{"__proto__":{"$type":"BigInt","value":"1"}}\n');
  });

  it('says that a value is nested too deep', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(() => resultsJson({ deep })).to.throw('Cannot write the results as JSON: they are nested too deep, or too large for one text');
  });
});
