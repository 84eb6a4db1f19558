import { expect } from 'chai';
import { moveViewport, type Viewport, wholeRun } from '../../../../lib/observe/page/timeline/time-window.js';
import { timelineKey } from '../../../../lib/observe/page/timeline/timeline-keys.js';
import { requestFor } from '../../../../lib/observe/page/timeline/timeline-request.js';

const shown = (fromMs: number, toMs: number, isGrowing = false): Viewport =>
  moveViewport(wholeRun(1000, isGrowing), { type: 'show', window: { fromMs, toMs } });

const ALL = { from: 0, to: 12, total: 12 };

describe('what a timeline asks for', () => {
  it('is what is shown and half as much beyond each side, at the detail of the screen', () => {
    const request = requestFor(shown(400, 600), 1000, ALL, undefined);
    expect(request.fromMs).to.be.closeTo(300, 1e-9);
    expect(request.toMs).to.be.closeTo(700, 1e-9);
    expect(request.widthPx).to.equal(2000);
  });

  it('begins and ends with the run', () => {
    const { fromMs, toMs } = requestFor(wholeRun(1000, false), 1000, ALL, undefined);
    expect([fromMs, toMs]).to.deep.equal([0, wholeRun(1000, false).window.toMs]);
  });

  it('is the same request while it covers what is shown in enough detail', () => {
    const asked = requestFor(shown(400, 600), 1000, ALL, undefined);
    expect(requestFor(shown(430, 630), 1000, ALL, asked)).to.equal(asked);
    expect(requestFor(shown(390, 610), 1000, ALL, asked)).to.equal(asked);
    expect(requestFor(shown(550, 750), 1000, ALL, asked)).to.not.equal(asked);
    expect(requestFor(shown(480, 520), 1000, ALL, asked)).to.not.equal(asked);
    expect(requestFor(shown(200, 800), 1000, ALL, asked)).to.not.equal(asked);
  });

  it('reaches beyond the end of a run that grows, so that its growth needs no new request', () => {
    const viewport = wholeRun(1000, true);
    const asked = requestFor(viewport, 1000, ALL, undefined);
    const later = moveViewport(viewport, { type: 'run-grew', endMs: 1300, isGrowing: true });
    expect(requestFor(later, 1000, ALL, asked)).to.equal(asked);
    const muchLater = moveViewport(viewport, { type: 'run-grew', endMs: 1700, isGrowing: true });
    expect(requestFor(muchLater, 1000, ALL, asked).toMs).to.be.above(1700);
  });
});

describe('the rows that a timeline asks for', () => {
  it('are all where a third or more are seen', () => {
    const request = requestFor(shown(400, 600), 1000, { from: 10, to: 20, total: 30 }, undefined);
    expect(request).to.not.have.any.keys('fromRow', 'toRow');
  });

  it('are those that are seen and a screenful before and after, where there are many', () => {
    const asked = requestFor(shown(400, 600), 1000, { from: 100, to: 150, total: 400 }, undefined);
    expect(asked).to.include({ fromRow: 50, toRow: 200 });
    expect(requestFor(shown(400, 600), 1000, { from: 60, to: 110, total: 400 }, asked)).to.equal(asked);
    expect(requestFor(shown(400, 600), 1000, { from: 40, to: 90, total: 400 }, asked)).to.include({ fromRow: 0, toRow: 140 });
  });

  it('are asked for again when all of them are squeezed into view, and when they no longer are', () => {
    const few = requestFor(shown(400, 600), 1000, { from: 0, to: 50, total: 400 }, undefined);
    const all = requestFor(shown(400, 600), 1000, { from: 0, to: 400, total: 400 }, few);
    expect(all).to.not.have.any.keys('fromRow', 'toRow');
    expect(requestFor(shown(400, 600), 1000, { from: 0, to: 50, total: 400 }, all)).to.include({ fromRow: 0, toRow: 100 });
  });
});

describe('the keys of a timeline', () => {
  const window = { fromMs: 100, toMs: 300 };

  it('move, zoom around the middle, and go to the ends', () => {
    expect(timelineKey('ArrowRight', window)).to.deep.equal({ type: 'move', event: { type: 'pan', byMs: 25 } });
    expect(timelineKey('+', window)).to.deep.equal({ type: 'move', event: { type: 'zoom', atMs: 200, factor: 0.6 } });
    expect(timelineKey('End', window)).to.deep.equal({ type: 'move', event: { type: 'show-end' } });
  });

  it('are few: all others are left to the page', () => {
    for (const key of ['Tab', 'a', 'F5', ' ']) expect(timelineKey(key, window)).to.equal(undefined);
  });
});
