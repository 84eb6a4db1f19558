import { expect } from 'chai';
import { handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

describe('handoff node --advertise', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  it('prints the URL that others are told, and joins them to that', async () => {
    const { url, joinCommand } = await nodes.start(['--advertise', 'ws://198.51.100.7:7000']);
    expect(url).to.equal('ws://198.51.100.7:7000');
    expect(joinCommand).to.include('--join ws://198.51.100.7:7000');
  });

  it('refuses what is no URL', async () => {
    const { code, stderr } = await handoff('node', '--advertise', 'there');
    expect(code).to.equal(2);
    expect(stderr).to.include('advertise');
  });
});
