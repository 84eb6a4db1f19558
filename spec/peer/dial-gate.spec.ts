import { expect } from 'chai';
import { DialGate } from '../../lib/peer/links/dial-gate.js';
import { PeerWorld } from './world.js';

describe('the gate of dials', () => {
  it('lets in four of each teller, eight in all, in turn', () => {
    const gate = new DialGate();
    const inside: string[] = [];
    const leaves = new Map<string, () => void>();
    const enter = (teller: string, name: string): void => {
      leaves.set(
        name,
        gate.enter(teller, () => void inside.push(name)),
      );
    };
    for (let at = 0; at < 100; at += 1) enter('liar', `l${at}`);
    expect(inside).to.deep.equal(['l0', 'l1', 'l2', 'l3']);
    enter('honest', 'h0');
    enter('honest', 'h1');
    enter('other', 'o0');
    enter('other', 'o1');
    enter('other', 'o2');
    expect(inside.slice(4)).to.deep.equal(['h0', 'h1', 'o0', 'o1']);
    leaves.get('l0')!();
    leaves.get('l0')!();
    expect(inside.slice(8)).to.deep.equal(['l4']);
    leaves.get('l1')!();
    expect(inside.slice(9)).to.deep.equal(['o2']);
    // Out of the line, not out of the gate.
    leaves.get('l50')!();
    expect(inside.length).to.equal(10);
  });
});

describe('addresses that were only told of', () => {
  it('are dialled a few at once, with growing rests, beside a node that is found at once', async () => {
    const world = new PeerWorld();
    const { a } = await world.pair();
    const c = world.node('c');
    const { url } = await c.table.listen('host:0');
    const knock = (): number => a.heard.links.filter((line) => line.startsWith('not-dialled p')).length;
    for (let at = 0; at < 1000; at += 1) a.table.keep(`p${at}`, `memory://nobody:${at + 20_000}`, 'liar');
    a.table.keep('c', url, 'honest');
    world.run();
    expect(knock()).to.be.at.most(8);
    expect(a.heard.links).to.include('up c c1');
    world.advance(1000);
    expect(knock()).to.be.at.most(8 * 21);
    world.advance(300_000);
    // 1,000 addresses, each dialled some twenty times in five minutes.
    expect(knock()).to.be.within(10_000, 30_000);
    for (let at = 0; at < 1000; at += 1) a.table.forget(`p${at}`);
    const before = knock();
    world.advance(60_000);
    expect(knock()).to.equal(before);
    await Promise.all([a, c].map(({ table }) => table.close()));
  });
});
