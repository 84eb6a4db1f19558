import { expect } from 'chai';
import { QuietLog } from '../../lib/peer/index.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';

describe('a log of what strangers cause', () => {
  it('leaves no timer when it is closed, and none that is set later', () => {
    const clock = testClock();
    const logger = spyLogger();
    const log = new QuietLog(logger, clock);
    log.warn({}, 'first', 1);
    expect(clock.pending).to.equal(1);
    log.close();
    log.warn({}, 'second', 1);
    expect(clock.pending).to.equal(0);
    expect(logger.lines.map(({ message }) => message)).to.deep.equal(['first']);
  });
});
