import { channel } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

describe('A node that advertises another address', () => {
  const capabilities = { cpu: 1 };

  it('tells others that one, and itself', async () => {
    const where: { name: string; url: string }[] = [];
    const heard = (message: unknown): void => void where.push(message as { name: string; url: string });
    channel('handoff-dag:node-listening').subscribe(heard);
    const listen = '127.0.0.1:0';
    const behind = await Handoff.start({ name: 'behind', listen, advertise: 'ws://127.0.0.1:1', capabilities, logger: spyLogger() });
    channel('handoff-dag:node-listening').unsubscribe(heard);
    const [{ name, url }] = where as [{ name: string; url: string }];
    const other = await Handoff.start({ name: 'other', join: [url], capabilities, logger: spyLogger() });
    try {
      expect(name).to.equal('behind');
      expect(url).to.not.equal(behind.address);
      expect(behind.address).to.equal('ws://127.0.0.1:1');
      expect((await other.nodes()).map(({ address }) => address)).to.deep.equal([undefined, 'ws://127.0.0.1:1']);
    } finally {
      await other.stop({ graceMs: 0 });
      await behind.stop({ graceMs: 0 });
    }
  });

  it('refuses what is no URL, and one for a node that does not listen', async () => {
    const start = (options: object): Promise<unknown> => caught(Handoff.start(options));
    for (const advertise of ['here:7000', 'http://here:7000', '', 7000]) {
      expect(await start({ listen: '127.0.0.1:0', advertise }))
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.matches(/^advertise /);
    }
    expect(await start({ advertise: 'ws://here:7000' })).to.be.instanceOf(TypeError);
  });
});
