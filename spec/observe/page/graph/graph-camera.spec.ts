import { expect } from 'chai';
import { firstCamera, fittedCamera, pannedCamera, revealingCamera, zoomedCamera } from '../../../../lib/observe/page/graph/graph-camera.js';

const screen = { widthPx: 800, heightPx: 400 };

describe('the camera of a graph', () => {
  it('shows all of it, in the middle, and never larger than it is', () => {
    expect(fittedCamera({ widthPx: 400, heightPx: 100 }, screen)).to.deep.equal({ scale: 1, xPx: 200, yPx: 150 });
    expect(fittedCamera({ widthPx: 1600, heightPx: 100 }, screen)).to.deep.equal({ scale: 0.5, xPx: 0, yPx: 175 });
  });

  it('begins at the beginning where all of it could not be read', () => {
    const { scale, xPx, yPx } = firstCamera({ widthPx: 9000, heightPx: 6000 }, screen, 3000);
    expect(scale).to.be.at.least(0.5);
    expect(xPx).to.equal(8);
    // What is at 3,000 of the graph is in the middle of the screen.
    expect(3000 * scale + yPx).to.be.closeTo(200, 1e-9);
  });

  it('leaves the place below the pointer where it is when it zooms, within limits', () => {
    const before = { scale: 1, xPx: 30, yPx: 40 };
    const zoomed = zoomedCamera(before, 2, 130, 90);
    expect([(130 - zoomed.xPx) / zoomed.scale, (90 - zoomed.yPx) / zoomed.scale]).to.deep.equal([100, 50]);
    expect(zoomedCamera(before, 1e9, 0, 0).scale).to.equal(3);
    expect(zoomedCamera(before, 1e-9, 0, 0).scale).to.equal(0.03);
  });

  it('never loses the graph', () => {
    const { xPx, yPx } = pannedCamera({ scale: 1, xPx: 0, yPx: 0 }, -1e6, 1e6, { widthPx: 500, heightPx: 300 }, screen);
    expect(xPx + 500).to.equal(60);
    expect(yPx).to.equal(340);
  });

  it('moves as little as it takes to see a box', () => {
    const camera = { scale: 1, xPx: 0, yPx: 0 };
    const box = { xPx: 100, yPx: 100, widthPx: 50, heightPx: 30 };
    expect(revealingCamera(camera, box, screen)).to.deep.equal(camera);
    expect(revealingCamera(camera, { ...box, xPx: 900 }, screen)).to.deep.equal({ scale: 1, xPx: 800 - 24 - 950, yPx: 0 });
    expect(revealingCamera({ ...camera, yPx: -500 }, box, screen).yPx).to.equal(-76);
  });
});
