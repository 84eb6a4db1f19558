import { expect } from 'chai';
import type { Socket } from '../../lib/peer/index.js';
import { decodeFrame } from '../../lib/peer/protocol/codec.js';
import { PROTOCOL } from '../../lib/peer/protocol/protocol-version.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';
import { PeerWorld } from './world.js';

/** The first frame of node "old", which speaks protocol 1, as that version has put it on the wire. */
const OLD_HELLO = Buffer.from(
  'AN4ACKR0eXBlpWhlbGxvpmxvd2VzdAGnaGlnaGVzdAGkbmFtZaNvbGSraW5jYXJuYXRpb26kb2xkMadhZGRyZXNzwKppc09ic2VydmVywqVub25jZcQQBwcHBwcHBwcHBwcHBwcHBw==',
  'base64',
);

describe('a node of the version before', () => {
  /** A socket that greets as that version does, and what comes from the other side. */
  const greets = (socket: Socket): { readonly heard: object[]; readonly closed: string[] } => {
    const told = { heard: [] as object[], closed: [] as string[] };
    socket.attach({
      opened: () => socket.send([OLD_HELLO]),
      frame: (parts) => void told.heard.push(decodeFrame(parts)),
      closed: ({ reason }) => void told.closed.push(reason),
    });
    return told;
  };
  const text = `"old" speaks protocol 1, this node ${PROTOCOL}`;

  it('is refused when it comes, is shown which protocol is spoken here, and the log says so', async () => {
    const world = new PeerWorld();
    const logger = spyLogger();
    const { table, heard } = world.node('new', { logger });
    const listening = table.listen('new:1');
    world.run();
    const { heard: answers, closed } = greets(world.network.transport('old').dial((await listening).url));
    world.run();
    world.advance(2000);
    expect(answers).to.have.length(1);
    expect(JSON.stringify(answers)).to.contain(`"lowest":${PROTOCOL},"highest":${PROTOCOL},"name":"new"`);
    expect(closed).to.deep.equal(['closed']);
    expect(heard.links).to.deep.equal([]);
    expect(logger.lines.find(({ message }) => message === 'link refused')).to.deep.include({
      level: 'warn',
      fields: { code: 'HANDOFF_PROTOCOL_MISMATCH', peer: 'old', why: text },
    });
  });

  it('is refused when it is joined, with an error that names both versions, and the log says so', async () => {
    const world = new PeerWorld();
    const logger = spyLogger();
    const listening = world.network.transport('old').listen('old:1', { isProtected: true, accept: (socket) => void greets(socket) });
    world.run();
    const joined = caught(world.node('new', { logger }).table.join((await listening).url));
    world.run();
    const error = await joined;
    expect(error).to.include({ code: 'HANDOFF_PROTOCOL_MISMATCH', node: 'old', message: `Cannot join through memory://old:1: ${text}` });
    expect(logger.lines.map(({ level, fields: { code } }) => [level, code])).to.deep.equal([['warn', 'HANDOFF_PROTOCOL_MISMATCH']]);
  });
});
