import { expect } from 'chai';
import fc from 'fast-check';
import { ReadyQueue } from '../../lib/allocator/queue/ready-queue.js';

describe('the queue of ready functions', () => {
  it('gives the first of those that are there, whatever came and was taken back before', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ type: fc.constant('push' as const), count: fc.integer({ min: 1, max: 100 }) }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('pop' as const), count: fc.integer({ min: 1, max: 100 }) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), count: fc.integer({ min: 1, max: 20 }) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('again' as const), count: fc.integer({ min: 1, max: 5 }) }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 50 }),
        (steps, ranks) => {
          const rank = (index: number): number => ranks[index % ranks.length]!;
          const compare = (a: number, b: number): number => rank(a) - rank(b) || a - b;
          const queue = new ReadyQueue(compare);
          let expected: number[] = [];
          const removed: number[] = [];
          let next = 0;
          for (const { type, count } of steps) {
            for (let time = 0; time < count; time += 1) {
              if (type === 'push') {
                queue.push(next);
                expected.push(next);
                next += 1;
              } else if (type === 'remove' && expected.length > 0) {
                const index = expected[(time * 7) % expected.length]!;
                queue.remove(index);
                removed.push(index);
                expected = expected.filter((other) => other !== index);
              } else if (type === 'again' && removed.length > 0) {
                const index = removed.pop()!;
                queue.push(index);
                expected.push(index);
              } else if (type === 'pop' && expected.length > 0) {
                expected.sort(compare);
                expect(queue.peek()).to.equal(expected[0]);
                expect(queue.pop()).to.equal(expected.shift());
              }
              expect(queue.length).to.equal(expected.length);
            }
          }
          expect(Array.from({ length: queue.length }, () => queue.pop())).to.deep.equal(expected.sort(compare));
        },
      ),
    );
  });

  it('compares few times where many come at once, and takes many back without looking for each', () => {
    let compared = 0;
    const queue = new ReadyQueue((a, b) => {
      compared += 1;
      return b - a;
    });
    for (let index = 0; index < 10_000; index += 1) queue.push(index);
    for (let index = 0; index < 5000; index += 1) queue.remove(index * 2);
    const first = Array.from({ length: queue.length }, () => queue.pop());
    expect(first).to.deep.equal(Array.from({ length: 5000 }, (_, at) => 9999 - 2 * at));
    expect(compared).to.be.below(40_000);
  });
});
