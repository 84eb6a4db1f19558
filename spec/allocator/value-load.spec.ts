import { expect } from 'chai';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import { defaultLimitBytes, toldLoad, type ValueLoad } from '../../lib/allocator/capacity/memory.js';
import { ValueLoadWatch } from '../../lib/allocator/capacity/value-load-watch.js';
import { testClock } from '../support/test-clock.js';

const MIB = 2 ** 20;

describe('the memory that values take', () => {
  it('is bounded by half of what the node has registered', () => expect(defaultLimitBytes(1024)).to.equal(512 * MIB));

  it('is told to drivers with a lead of what the disk takes meanwhile, as far as that has room', () => {
    const load = { heldBytes: 40 * MIB, limitBytes: 50 * MIB, isSpilling: true };
    expect(toldLoad(load, 1000 * MIB)).to.deep.equal({ ...load, limitBytes: 75 * MIB });
    expect(toldLoad(load, 3 * MIB)).to.deep.equal({ ...load, limitBytes: 53 * MIB });
    expect(toldLoad({ ...load, isSpilling: false }, 0)).to.deep.equal({ ...load, isSpilling: false });
  });

  it('is told without one once it is over its bound', () => {
    const load = { heldBytes: 51 * MIB, limitBytes: 50 * MIB, isSpilling: true };
    expect(toldLoad(load, 1000 * MIB)).to.deep.equal(load);
  });
});

describe('the watch over the values of a node', () => {
  const clock = testClock();
  const ledger = new Ledger({ cpu: 1 }, {});
  let load: ValueLoad = { heldBytes: 0, limitBytes: 10 * MIB, isSpilling: false };
  const seen: string[] = [];
  const watch = new ValueLoadWatch(
    ledger,
    clock,
    () => load,
    () => seen.push(`changed at ${clock.now()}`),
  );
  watch.onTurned = () => seen.push(`turned at ${clock.now()}`);
  const happened = (): string[] => seen.splice(0);

  it('looks when it is asked to, every 20 ms at most, and by itself only while they are too much', () => {
    watch.look(0);
    expect([clock.pending, ledger.excessMiB]).to.deep.equal([0, 0]);
    load = { ...load, heldBytes: 12 * MIB };
    watch.look(19);
    expect([clock.pending, ledger.excessMiB]).to.deep.equal([0, 0]);
    clock.advance(20);
    watch.look(20);
    expect([clock.pending, ledger.excessMiB]).to.deep.equal([1, 2]);
    expect(happened()).to.deep.equal(['turned at 20']);
  });

  it('says when there is room again, or none for good: here at once, to others every 100 ms at most', () => {
    load = { ...load, isSpilling: true };
    clock.advance(20);
    expect(happened()).to.deep.equal(['changed at 40']);
    load = { ...load, heldBytes: 9 * MIB };
    clock.advance(20);
    expect(happened()).to.deep.equal(['changed at 60']);
    clock.advance(60);
    expect([happened(), clock.pending, ledger.excessMiB]).to.deep.equal([['turned at 120'], 0, 0]);
  });

  it('looks at once when what was made has filled the memory: nothing goes on before it is known whether the disk takes some', () => {
    ledger.addValueBytes(4 * MIB);
    expect([ledger.excessMiB, ledger.isEasing]).to.deep.equal([3, true]);
    load = { ...load, heldBytes: 13 * MIB, isSpilling: false };
    watch.look(clock.now() + 1);
    expect([ledger.excessMiB, ledger.isEasing]).to.deep.equal([3, false]);
    ledger.addValueBytes(MIB);
    expect([ledger.excessMiB, ledger.isEasing], 'full for good').to.deep.equal([4, false]);
    load = { ...load, heldBytes: 9 * MIB };
    clock.advance(20);
    happened();
  });

  it('looks no more once it is closed', () => {
    load = { ...load, heldBytes: 20 * MIB };
    clock.advance(1000);
    watch.look(clock.now());
    expect(clock.pending).to.equal(1);
    watch.close();
    expect(clock.pending).to.equal(0);
    watch.look(clock.now() + 20);
    expect(clock.pending).to.equal(0);
  });
});
