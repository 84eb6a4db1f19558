import { expect } from 'chai';
import { noRoomFor, releasedBytes } from '../../lib/runner/run/values/room-for-value.js';
import { open } from './brain.js';

describe('what a function releases by its success', () => {
  const of = (run: ReturnType<typeof open>, id: string): number => releasedBytes(run.state, run.index(id), (producer) => 10 ** producer);
  const begun = (...given: Parameters<typeof open>): ReturnType<typeof open> => {
    const run = open(...given);
    run.begin();
    return run;
  };

  it('is all that it alone still needs', () => {
    const run = begun({ a: [], b: [], c: ['a', 'b'], d: ['b'] }, { collect: [] });
    for (const id of ['a', 'b']) run.run(id);
    expect([of(run, 'c'), of(run, 'd')]).to.deep.equal([1, 0]);
    run.run('d');
    expect(of(run, 'c')).to.equal(11);
  });

  it('is not what the caller of the run gets', () => {
    const run = begun({ a: [], b: [], c: ['a', 'b'] }, { collect: ['a'] });
    for (const id of ['a', 'b']) run.run(id);
    expect(of(run, 'c')).to.equal(10);
  });

  it('is nothing for one that needs nothing', () => {
    const run = begun({ a: [] }, { collect: [] });
    expect(of(run, 'a')).to.equal(0);
  });
});

describe('the error of a value that fits nowhere', () => {
  it('says whose value, how large it is, and where it has no room', () => {
    const error = noRoomFor(3.5 * 2 ** 20, { dagId: 'd', runId: 'r', functionId: 'f', node: 'n' });
    expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full', dagId: 'd', runId: 'r', functionId: 'f', node: 'n' });
    expect(error.message).to.equal(
      'Cannot keep the 4 MiB that function "f" has made: they fit neither into the memory for values of node "n" nor on its disk',
    );
  });
});
