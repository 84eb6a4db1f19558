import { expect } from 'chai';
import { silentLogger } from '../../lib/base/index.js';
import { Handoff } from '../../lib/index.js';

const MANY = 24;

describe('many nodes that join one at once', () => {
  it('are members at the first try, each known to each', async function () {
    // Each has a link with each: three hundred greetings in one process.
    this.timeout(160_000);
    const options = { listen: '127.0.0.1:0', cookie: 'sixteen letters, or more', logger: silentLogger, capabilities: { cpu: 1 } };
    const contact = await Handoff.start({ ...options, name: 'contact' });
    const join = [contact.address!];
    const joined = await Promise.all(Array.from({ length: MANY }, (_, at) => Handoff.start({ ...options, name: `n${at}`, join })));
    const counts = await Promise.all([contact, ...joined].map(async (node) => (await node.nodes()).length));
    expect(new Set(counts)).to.deep.equal(new Set([MANY + 1]));
    await Promise.all([contact, ...joined].map((node) => node.stop({ graceMs: 0 })));
  });
});
