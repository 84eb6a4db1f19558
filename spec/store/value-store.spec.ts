import { expect } from 'chai';
import { backends, type ValueShelf, ValueStore } from '../../lib/store/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { type TestClock, testClock } from '../support/test-clock.js';

const held = (value: unknown, sizeBytes = 1): StoredValue => StoredValue.live(value, sizeBytes);

describe('the table of values', () => {
  let clock: TestClock;
  let table: ValueStore;
  const opened = (dagId: string, id: string): unknown => table.find(dagId, id)?.open(false);
  beforeEach(() => {
    clock = testClock();
    table = new ValueStore({ node: 'here', backend: backends.memory(), clock, retainedBytesLimit: 100 });
  });

  const endedRun = (runId: string, dagId: string, sizeBytes: number, retainMs = 1000): void => {
    table.openRun(runId, dagId);
    table.put(runId, 'f', held(runId, sizeBytes));
    table.retainRun(runId, ['f'], retainMs);
  };

  it('answers by DAG id from the run that started last', () => {
    table.openRun('r1', 'd');
    table.put('r1', 'f', held(1));
    table.retainRun('r1', ['f'], 1000);
    table.openRun('r2', 'd');
    expect(opened('d', 'f')).to.equal(undefined);
    table.put('r2', 'f', held(2));
    expect(opened('d', 'f')).to.equal(2);
  });

  it('drops what is not kept when a run ends, and the rest after its time', () => {
    table.openRun('r', 'd');
    table.put('r', 'kept', held(1));
    table.put('r', 'other', held(2));
    table.retainRun('r', ['kept'], 1000);
    expect(opened('d', 'other')).to.equal(undefined);
    clock.advance(999);
    expect(opened('d', 'kept')).to.equal(1);
    clock.advance(1);
    expect(opened('d', 'kept')).to.equal(undefined);
    expect(clock.pending).to.equal(0);
  });

  it('keeps few of many without a look at each of the others', () => {
    let looks = 0;
    const backend = backends.memory();
    const open = (): ValueShelf => {
      const shelf = backend.open();
      for (const method of ['get', 'delete'] as const) {
        const own = shelf[method].bind(shelf);
        shelf[method] = (id: string) => {
          looks += 1;
          return own(id) as never;
        };
      }
      return shelf;
    };
    table = new ValueStore({ node: 'here', backend: { name: 'looked-at', open }, clock, retainedBytesLimit: 100 });
    table.openRun('r', 'd');
    for (let at = 0; at < 1000; at += 1) table.put('r', `m[${at}]`, held(at));
    table.put('r', 'm', held('all of them', 9));
    table.retainRun('r', ['m'], 1000);
    expect(looks).to.be.below(10);
    expect([opened('d', 'm'), opened('d', 'm[7]'), table.heldBytes]).to.deep.equal(['all of them', undefined, 9]);
  });

  it('bounds what ended runs hold together: the oldest go first, the one that just ended last', () => {
    endedRun('r1', 'd1', 60);
    endedRun('r2', 'd2', 30);
    endedRun('r3', 'd3', 20);
    expect([opened('d1', 'f'), opened('d2', 'f'), opened('d3', 'f')]).to.deep.equal([undefined, 'r2', 'r3']);
    endedRun('r4', 'd4', 200);
    expect(opened('d4', 'f')).to.equal(undefined);
    expect(clock.pending).to.equal(0);
  });

  it('does not count what running runs hold', () => {
    table.openRun('r', 'd');
    table.put('r', 'f', held('big', 1000));
    endedRun('r2', 'd2', 50);
    expect(opened('d2', 'f')).to.equal('r2');
    expect(opened('d', 'f')).to.equal('big');
  });

  it('keeps what was put together of parts beside the values of its run: in one epoch, until it is released or the run ends', () => {
    table.openRun('r', 'd', 2);
    table.put('r', 'e', held('its own', 10));
    table.putComposite('r', 'e', held('of parts', 30), 2);
    table.putComposite('r', 'm', held('of another epoch', 30), 1);
    const kept = (id: string, epoch = 2): unknown => table.getComposite('r', id, epoch)?.open(false);
    expect([kept('e'), kept('e', 1), kept('m'), kept('m', 1)]).to.deep.equal(['of parts', undefined, undefined, undefined]);
    expect([table.get('r', 'e')!.open(false), opened('d', 'e'), table.heldBytes]).to.deep.equal(['its own', 'its own', 40]);
    expect([...table.valuesOf('r')].map(({ id }) => id)).to.deep.equal(['e']);
    table.release('r', 'e');
    expect([kept('e'), table.get('r', 'e')]).to.deep.equal([undefined, undefined]);
    table.putComposite('r', 'e', held('again', 30), 2);
    table.raiseEpoch('r', 3);
    expect([kept('e'), kept('e', 3)]).to.deep.equal([undefined, undefined]);
    table.putComposite('r', 'e', held('again', 30), 3);
    table.retainRun('r', [], 1000);
    table.putComposite('r', 'e', held('late', 30), 3);
    expect([kept('e', 3), table.heldBytes]).to.deep.equal([undefined, 0]);
  });

  it('takes no value of a run that is over', () => {
    endedRun('r', 'd', 1);
    table.dropRun('r');
    table.put('r', 'f', held(1));
    expect(opened('d', 'f')).to.equal(undefined);
  });

  it('wakes who waits for a value, once, whoever puts it there', () => {
    const found: unknown[] = [];
    const wait = (id: string): (() => void) => table.await('d', id, { found: (value) => found.push(value.open(false)) });
    wait('byRun');
    wait('byHand');
    const forget = wait('never');
    table.openRun('r', 'd');
    table.put('r', 'byRun', held(1));
    table.put('r', 'byRun', held(2));
    table.keep('d', 'byHand', held(3), 'value');
    forget();
    table.put('r', 'never', held(4));
    expect(found).to.deep.equal([1, 3]);
  });

  it('answers who waits at once when the value is there', () => {
    table.keep('d', 'v', held(1), 'value');
    let found: unknown;
    table.await('d', 'v', { found: (value) => (found = value.open(false)) });
    expect(found).to.equal(1);
  });

  it('locates what was made or stored here, and forgets locations with the values', () => {
    table.openRun('r', 'd');
    table.put('r', 'f', held(1));
    table.keep('d', 'v', held(2), 'value');
    table.keep('d', 'by-hand', held(3), 'result');
    table.locations.register('d', 'far', 'there');
    expect(['f', 'v', 'by-hand', 'far', 'none'].map((id) => table.locate('d', id))).to.deep.equal([
      'here',
      'here',
      'here',
      'there',
      undefined,
    ]);
    table.openRun('r2', 'd');
    expect(['f', 'by-hand', 'v'].map((id) => table.locate('d', id))).to.deep.equal([undefined, undefined, 'here']);
    table.clear('d');
    expect(['v', 'far'].map((id) => table.locate('d', id))).to.deep.equal([undefined, undefined]);
  });

  it('leaves no timer behind when it is closed', () => {
    endedRun('r', 'd', 1);
    table.close();
    expect(clock.pending).to.equal(0);
  });
});
