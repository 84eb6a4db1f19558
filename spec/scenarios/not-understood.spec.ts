import { expect } from 'chai';
import { Handoff, realEnvironment, startNode } from '../../lib/handoff/index.js';
import { Dag } from '../../lib/index.js';
import { MemoryNetwork, type WireMessage } from '../../lib/peer/index.js';
import { unpackError } from '../../lib/value/index.js';
import { caught } from '../support/caught.js';
import { MuteMember } from '../support/mute-member.js';
import { spyLogger } from '../support/spy-logger.js';

type Answer = Extract<WireMessage, { type: 'answer' | 'value-missing' | 'attempt-ended' }>;

/** What a message is about: the number of a question, or the name of an attempt. */
const subject = (message: object): unknown => ('id' in message ? message.id : (message as { of: unknown }).of);

/** The code of the error in an answer. */
function codeIn(answer: Answer): unknown {
  const error = answer.type === 'attempt-ended' ? (answer.outcome as { error: Uint8Array }).error : answer.error!;
  return (unpackError(error) as { code?: unknown }).code;
}

describe('what a node does not understand', () => {
  let node: Handoff;
  let other: MuteMember;

  beforeEach(async () => {
    const network = new MemoryNetwork({ clock: realEnvironment.clock });
    const options = { name: 'a', listen: '127.0.0.1:0', capabilities: { cpu: 2 }, threads: 1, logger: spyLogger() };
    other = new MuteMember('other', network, realEnvironment.clock);
    node = await Handoff[startNode](options, { ...realEnvironment, transport: network.transport('a') });
    await other.join(node.address!);
    while ((await node.nodes()).every(({ name, capabilities }) => name !== 'other' || capabilities.cpu === undefined)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  afterEach(async () => {
    await other.close();
    await node.stop({ graceMs: 0 });
  });

  /** What it answers to something that is no message. */
  const answerTo = (message: unknown): Promise<Answer> =>
    new Promise((resolve) => {
      other.hears = (_from, heard) => {
        if (heard.type === 'answer' || heard.type === 'value-missing' || heard.type === 'attempt-ended') resolve(heard);
      };
      other.say('a', message);
    });

  it('is answered with a fault, whatever was asked, and the link goes on', async () => {
    const attempt = { dagId: 'd', since: null, element: null, cost: [], mayQueue: true, isAhead: false, recording: null, origin: null };
    const wrong: [object, Answer['type']][] = [
      [{ type: 'ask', id: 1, question: { kind: 'of a later version' } }, 'answer'],
      [{ type: 'ask', id: 2 }, 'answer'],
      [{ type: 'fetch-value', id: 3, value: { kind: 'of-run', runId: '' } }, 'value-missing'],
      [{ type: 'run-attempt', of: ['r', 'f', 4, 0], ...attempt, steps: 'none', timeoutMs: null, stopGraceMs: 0 }, 'attempt-ended'],
      [{ type: 'run-attempt', of: ['r', 'f', 5, 0], ...attempt, steps: [], timeoutMs: -1, stopGraceMs: 0 }, 'attempt-ended'],
      [{ type: 'run-attempt', of: ['r', 'f', 8, 0], ...attempt, since: -1, steps: [], timeoutMs: null, stopGraceMs: 0 }, 'attempt-ended'],
      [{ type: 'stop-attempt', of: ['r', 'f', 6, 0], reason: 'no bytes', graceMs: 0 }, 'attempt-ended'],
    ];
    for (const [message, type] of wrong) {
      const answer = await answerTo(message);
      expect([answer.type, subject(answer), codeIn(answer)]).to.deep.equal([type, subject(message), 'HANDOFF_BAD_MESSAGE']);
    }
    const good = await answerTo({ type: 'ask', id: 7, question: { kind: 'check-room', required: [['cpu', 1]] } });
    expect(good).to.deep.include({ id: 7, value: true, error: null });
  });

  it('an attempt without steps is answered with a failure', async () => {
    const attempt = {
      dagId: 'd',
      since: null,
      element: null,
      cost: [],
      mayQueue: true,
      isAhead: false,
      recording: null,
      origin: null,
      steps: [],
    };
    const answer = await answerTo({ type: 'run-attempt', of: ['r', 'f', 1, 0], ...attempt, timeoutMs: null, stopGraceMs: 0 });
    expect(codeIn(answer)).to.equal('HANDOFF_BAD_MESSAGE');
  });

  it('of an answer is the end of the question', async () => {
    other.hears = (from, message) => {
      if (message.type === 'ask') other.say(from, { type: 'answer', id: message.id, value: 1 });
      if (message.type === 'run-attempt') other.say(from, { type: 'attempt-ended', of: message.of, outcome: { type: 'vanished' } });
    };
    expect((await caught(node.resourcesAvailable('other', { cpu: 1 }))).code).to.equal('HANDOFF_BAD_MESSAGE');
    const dag = new Dag().add({ id: 'f', code: { module: './m.js', name: 'f' } as never, node: 'other' });
    const failure = await caught(node.execute(dag as never, { maxRetries: 0 }));
    expect(failure.code).to.equal('HANDOFF_FUNCTION_FAILED');
    expect((failure.cause as Error).message).to.match(/cannot understand what node "other" sent/);
  });

  it('of an answer about a value is the end of its fetch', async () => {
    other.hears = (from, message) => {
      if (message.type === 'fetch-value') other.say(from, { type: 'value-found', id: message.id, freeze: 'yes', packed: null });
    };
    expect((await caught(node.getValue('d', 'x', 'other'))).code).to.equal('HANDOFF_NOT_FOUND');
  });
});
