import { expect } from 'chai';
import { LimitedWork } from '../../lib/files/index.js';
import { caught } from '../support/caught.js';
import { settled } from '../support/test-clock.js';

describe('limited work', () => {
  it('goes on so many at once, in order, also after one that fails, and tells when nothing goes on any more', async () => {
    const work = new LimitedWork(2);
    const begun: number[] = [];
    const ends: ((error?: Error) => void)[] = [];
    const all = [0, 1, 2, 3].map((at) =>
      work.run(
        () =>
          new Promise<number>((resolve, reject) => {
            begun.push(at);
            ends[at] = (error) => (error ? reject(error) : resolve(at));
          }),
      ),
    );
    let isIdle = false;
    const idle = work.idle().then(() => {
      isIdle = true;
    });
    expect(begun).to.deep.equal([0, 1]);
    ends[1]!(new Error('failed'));
    expect((await caught(all[1]!)).message).to.equal('failed');
    await settled();
    expect(begun).to.deep.equal([0, 1, 2]);
    ends[0]!();
    ends[2]!();
    await settled();
    expect(begun).to.deep.equal([0, 1, 2, 3]);
    expect(isIdle).to.equal(false);
    ends[3]!();
    await idle;
    expect(await Promise.all([all[0], all[2], all[3]])).to.deep.equal([0, 2, 3]);
    await work.idle();
  });
});
