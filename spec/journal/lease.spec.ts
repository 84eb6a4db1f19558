import { expect } from 'chai';
import type { Clock } from '../../lib/base/index.js';
import { journals, MemoryDatabase } from '../../lib/journal/index.js';
import { leaseLeftMs, renewalDelayMs } from '../../lib/journal/lease/lease-state.js';
import { RenewedLease } from '../../lib/journal/lease/renewed-lease.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { openedRun, requestFor } from '../support/journal-runs.js';
import { settled, testClock } from '../support/test-clock.js';

const LEASE_MS = 9_000;

/** A test clock whose wall clock can be set, and whose monotonic one can stand still, as while a machine sleeps. */
function jumpyClock() {
  const clock = testClock();
  let jumpMs = 0;
  return Object.assign(clock, {
    wallNow: (
      (wallNow) => () =>
        wallNow() + jumpMs
    )(clock.wallNow),
    jump(ms: number): void {
      jumpMs += ms;
    },
  });
}

describe('the time that a lease has left', () => {
  const lease = { leaseMs: 100, sentAtMs: 1_000, sentAtWallMs: 50_000 };

  it('counts on the clock that went further', () => {
    expect(leaseLeftMs(lease, 1_000, 50_000)).to.equal(100);
    expect(leaseLeftMs(lease, 1_030, 50_030)).to.equal(70);
    expect(leaseLeftMs(lease, 1_030, 50_060)).to.equal(40);
    expect(leaseLeftMs(lease, 1_030, 20_000)).to.equal(70);
    expect(leaseLeftMs(lease, 1_001, 90_000)).to.equal(0);
    expect(leaseLeftMs(lease, 1_101, 50_000)).to.equal(0);
  });

  it('leaves room for two renewals that fail', () => {
    expect(renewalDelayMs(9_000, 0)).to.equal(3_000);
    expect([1, 2, 3, 9, 99].map((failures) => renewalDelayMs(9_000, failures))).to.deep.equal([50, 100, 200, 3_000, 3_000]);
    expect(renewalDelayMs(90, 1)).to.equal(30);
  });
});

describe('a lease', () => {
  it('is renewed by itself every third of its time', async () => {
    const clock = testClock();
    let renewals = 0;
    const lease = new RenewedLease(clock, LEASE_MS, async () => {
      renewals += 1;
    });
    expect(lease.isHeld()).to.equal(false);
    await lease.renewNow();
    for (let third = 0; third < 10; third += 1) {
      clock.advance(LEASE_MS / 3);
      await settled();
      expect(lease.isHeld()).to.equal(true);
    }
    expect(renewals).to.equal(11);
    lease.close();
    expect(clock.pending).to.equal(0);
    expect(lease.isHeld()).to.equal(false);
  });

  it('is counted from before the renewal was sent, however late the answer comes', async () => {
    const clock = testClock();
    const answer = gate();
    const lease = new RenewedLease(clock, LEASE_MS, () => answer.pass());
    const renewed = lease.renewNow();
    clock.advance(LEASE_MS - 1);
    answer.open();
    await renewed;
    expect(lease.isHeld()).to.equal(true);
    clock.advance(1);
    expect(lease.isHeld()).to.equal(false);
    lease.close();
  });

  it('is over when renewals fail for as long as it lasts, and is held again with the first that does not', async () => {
    const clock = testClock();
    let isAway = false;
    const lease = new RenewedLease(clock, LEASE_MS, async () => {
      if (isAway) throw new Error('away');
    });
    await lease.renewNow();
    isAway = true;
    for (let at = 0; at < 12; at += 1) {
      clock.advance(LEASE_MS / 12);
      await settled();
    }
    expect(lease.isHeld()).to.equal(false);
    let isHeldAgain = false;
    const held = lease.whenHeld().then(() => {
      isHeldAgain = true;
    });
    await settled();
    expect(isHeldAgain).to.equal(false);
    isAway = false;
    clock.advance(LEASE_MS / 3);
    await held;
    expect(lease.isHeld()).to.equal(true);
    lease.close();
  });

  it('lasts while renewals fail for less than its time', async () => {
    const clock = testClock();
    let failuresLeft = 0;
    const lease = new RenewedLease(clock, LEASE_MS, async () => {
      if (failuresLeft-- > 0) throw new Error('away');
    });
    await lease.renewNow();
    failuresLeft = 5;
    for (let at = 0; at < 60; at += 1) {
      clock.advance(LEASE_MS / 20);
      await settled();
      expect(lease.isHeld()).to.equal(true);
    }
    lease.close();
  });

  it('is over when the machine slept for longer than it lasts, until it is renewed', async () => {
    const clock = jumpyClock();
    const lease = new RenewedLease(clock, LEASE_MS, async () => {});
    await lease.renewNow();
    clock.jump(LEASE_MS);
    expect(lease.isHeld()).to.equal(false);
    expect(lease.isHeld()).to.equal(false);
    clock.advance(0);
    await lease.whenHeld();
    expect(lease.isHeld()).to.equal(true);
    lease.close();
  });

  it('is not made longer by a wall clock that is set back', async () => {
    const clock = jumpyClock();
    const lease = new RenewedLease(clock, LEASE_MS, () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()));
    let isAway = false;
    await lease.renewNow();
    isAway = true;
    clock.jump(-1_000_000);
    clock.advance(LEASE_MS);
    expect(lease.isHeld()).to.equal(false);
    lease.close();
  });

  it('tells whoever waits for it that the journal was closed', async () => {
    const lease = new RenewedLease(testClock() as Clock, LEASE_MS, () => Promise.reject(new Error('away')));
    const waiting = caught(lease.whenHeld());
    lease.close();
    expect((await waiting).code).to.equal('HANDOFF_STOPPED');
    expect((await caught(lease.whenHeld())).code).to.equal('HANDOFF_STOPPED');
  });
});

describe('two drivers that both believe that they own a run', () => {
  it('record what the one of the higher epoch records, and the other learns of it', async () => {
    const database = new MemoryDatabase(testClock());
    const open = (node: string) => journals.memory(database, { node, clock: testClock(), leaseMs: LEASE_MS });
    const [a, b] = [await open('a'), await open('b')];
    const first = await openedRun(a, requestFor('k'));
    database.endLease('a');
    const second = await openedRun(b, requestFor('k', { knownEpoch: 1 }));
    // The clock of `a` stands still: it believes that its lease holds.
    expect([a.lease.isHeld(), b.lease.isHeld()]).to.deep.equal([true, true]);
    await second.append(Uint8Array.of(2));
    expect((await caught(first.append(Uint8Array.of(1)))).code).to.equal('HANDOFF_RUN_TAKEN_OVER');
    expect(second.signal.aborted).to.equal(false);
  });
});
