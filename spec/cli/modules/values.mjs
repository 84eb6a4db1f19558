import { Dag } from 'handoff-dag';

/** Everything that a value can be and JSON cannot. */
export default new Dag('values').add({
  id: 'values',
  code: () => {
    const around = { name: 'around', list: [1] };
    around.list.push(around);
    return {
      text: 'täxt',
      nothing: null,
      missing: undefined,
      list: [1, undefined, Number.NaN, -0, Number.POSITIVE_INFINITY],
      big: 12345678901234567890n,
      date: new Date(0),
      never: new Date(Number.NaN),
      pattern: /a+/gi,
      map: new Map([[{ key: 1 }, new Set(['a', 2n])]]),
      bytes: Uint8Array.of(1, 2, 255),
      floats: Float64Array.of(0.5, Number.NaN),
      longs: BigInt64Array.of(-5n),
      buffer: Uint8Array.of(7).buffer,
      error: new RangeError('too far', { cause: 'the wind' }),
      own: { $type: 'Date', value: 'not one' },
      around,
    };
  },
});
