import { expect } from 'chai';
import { Trampoline } from '../../lib/base/index.js';

/** Work that asks for itself `times` more, each time from within. */
function asking(times: number): { readonly ask: () => void; readonly deepest: () => number; readonly done: () => number } {
  const trampoline = new Trampoline();
  let [left, depth, deepest, done] = [times, 0, 0, 0];
  const work = (): void => {
    depth += 1;
    deepest = Math.max(deepest, depth);
    done += 1;
    if (left > 0) {
      left -= 1;
      ask();
    }
    depth -= 1;
  };
  const ask = (): void => {
    if (!trampoline.enter()) return;
    try {
      while (trampoline.next()) work();
    } finally {
      trampoline.leave();
    }
  };
  return { ask, deepest: () => deepest, done: () => done };
}

describe('a trampoline', () => {
  it('does work that asks for itself once after the other, and never within itself', () => {
    const { ask, deepest, done } = asking(100_000);
    ask();
    expect({ deepest: deepest(), done: done() }).to.deep.equal({ deepest: 1, done: 100_001 });
  });

  it('remembers what was asked for while it could not be done', () => {
    const trampoline = new Trampoline();
    expect(trampoline.isWanted).to.equal(false);
    trampoline.want();
    expect(trampoline.isWanted).to.equal(true);
    expect(trampoline.next()).to.equal(true);
    expect(trampoline.next(), 'once').to.equal(false);
  });

  it('lets the next one in after work that threw', () => {
    const trampoline = new Trampoline();
    expect(trampoline.enter()).to.equal(true);
    expect(trampoline.enter()).to.equal(false);
    trampoline.leave();
    expect(trampoline.enter()).to.equal(true);
  });
});
