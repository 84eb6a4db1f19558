import { expect } from 'chai';
import {
  moveViewport,
  SHORTEST_MS,
  type Viewport,
  type ViewportEvent,
  wholeOf,
  wholeRun,
} from '../../../../lib/observe/page/timeline/time-window.js';

const moved = (viewport: Viewport, ...events: readonly ViewportEvent[]): Viewport => events.reduce(moveViewport, viewport);
const show = (fromMs: number, toMs: number): ViewportEvent => ({ type: 'show', window: { fromMs, toMs } });
const lengthOf = ({ window }: Viewport): number => window.toMs - window.fromMs;

describe('the window of a timeline', () => {
  it('shows the whole run at first, with a little room right of it', () => {
    const { mode, window } = wholeRun(1000, false);
    expect(mode).to.equal('whole');
    expect(window.fromMs).to.equal(0);
    expect(window.toMs).to.be.within(1000, 1100);
  });

  it('leaves the time below the pointer where it is when it zooms', () => {
    const zoomed = moved(wholeRun(1000, false), { type: 'zoom', atMs: 300, factor: 0.5 });
    const before = wholeOf(1000);
    expect((300 - zoomed.window.fromMs) / lengthOf(zoomed)).to.be.closeTo(300 / before.toMs, 1e-9);
    expect(lengthOf(zoomed)).to.be.closeTo(before.toMs / 2, 1e-9);
    expect(zoomed.mode).to.equal('free');
  });

  it('is the whole again when it is zoomed out as far as it goes, and stays within the run', () => {
    const out = moved(wholeRun(1000, false), { type: 'zoom', atMs: 300, factor: 0.5 }, { type: 'zoom', atMs: 900, factor: 1000 });
    expect(out).to.deep.equal(wholeRun(1000, false));
    const panned = moved(wholeRun(1000, false), show(100, 200), { type: 'pan', byMs: -5000 });
    expect(panned.window.fromMs).to.equal(0);
    expect(lengthOf(panned)).to.be.closeTo(100, 1e-9);
    const right = moved(panned, { type: 'pan', byMs: 50_000 });
    expect(right.window.toMs).to.be.closeTo(wholeOf(1000).toMs, 1e-9);
  });

  it('is never shorter than what clocks can tell', () => {
    const deep = Array.from({ length: 200 }, (): ViewportEvent => ({ type: 'zoom', atMs: 500, factor: 0.5 }));
    expect(lengthOf(moved(wholeRun(1000, false), ...deep))).to.be.closeTo(SHORTEST_MS, 1e-9);
  });

  it('grows with a run while it shows the whole of it', () => {
    const grown = moved(wholeRun(1000, true), { type: 'run-grew', endMs: 4000, isGrowing: true });
    expect(grown.window).to.deep.equal(wholeOf(4000));
  });

  it('follows the newest part at the same length, once it is at the right edge', () => {
    const following = moved(wholeRun(1000, true), show(500, 600), { type: 'show-end' });
    expect(following.mode).to.equal('following');
    const later = moved(following, { type: 'run-grew', endMs: 1500, isGrowing: true });
    expect(lengthOf(later)).to.be.closeTo(100, 1e-9);
    expect(later.window.toMs).to.be.within(1500, 1510);
    expect(later.mode).to.equal('following');
  });

  it('stays where a person has put it while the run grows', () => {
    const placed = moved(wholeRun(1000, true), show(100, 200));
    const later = moved(placed, { type: 'run-grew', endMs: 9000, isGrowing: true });
    expect(later.window).to.deep.equal(placed.window);
    expect(later.mode).to.equal('free');
  });

  it('follows no longer when the run has ended, and shows its end', () => {
    const following = moved(wholeRun(1000, true), show(500, 600), { type: 'show-end' });
    const ended = moved(following, { type: 'run-grew', endMs: 1200, isGrowing: false });
    expect(ended.mode).to.equal('free');
    expect(ended.window.toMs).to.be.at.least(1200);
  });

  it('no longer follows when a person moves it back', () => {
    const following = moved(wholeRun(1000, true), show(500, 600), { type: 'show-end' });
    expect(moved(following, { type: 'pan', byMs: -50 }).mode).to.equal('free');
    expect(moved(following, { type: 'pan', byMs: -50 }, { type: 'pan', byMs: 5000 }).mode).to.equal('following');
  });

  it('has a length for a run that has only begun', () => {
    expect(lengthOf(wholeRun(0, true))).to.be.above(0);
  });
});
