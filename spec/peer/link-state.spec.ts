import { expect } from 'chai';
import { type LinkCommand, type LinkEvent, type LinkSetup, type LinkState, newLink, stepLink } from '../../lib/peer/links/link-state.js';
import { cookieProver } from '../../lib/peer/links/proof.js';
import type { Greeting, RefusalReason } from '../../lib/peer/protocol/messages.js';

const COOKIE = 'sixteen letters, or more';

interface Side {
  readonly state: LinkState;
  readonly commands: LinkCommand[];
  /** What it has said that the other has not heard. */
  readonly said: Greeting[];
}

interface SideOptions extends Partial<Omit<LinkSetup, 'self'>> {
  readonly name?: string;
  readonly incarnation?: string;
  readonly cookie?: string;
}

let nonces = 0;

function side(role: 'dialler' | 'acceptor', { name, incarnation, cookie = COOKIE, ...rest }: SideOptions = {}): Side {
  const own = name ?? (role === 'dialler' ? 'd' : 'a');
  nonces += 1;
  const state = newLink({
    role,
    self: { name: own, incarnation: incarnation ?? `${own}1`, address: `memory://${own}:1`, isObserver: false },
    lowest: 1,
    highest: 1,
    nonce: new Uint8Array(16).fill(nonces),
    prover: cookieProver(cookie),
    expected: undefined,
    deadlineMs: 3000,
    objection: () => undefined,
    ...rest,
  });
  return { state, commands: [], said: [] };
}

function give(to: Side, event: LinkEvent, nowMs = 0): readonly LinkCommand[] {
  const commands = stepLink(to.state, event, nowMs);
  to.commands.push(...commands);
  for (const command of commands) if (command.type === 'send-greeting') to.said.push(command.greeting);
  return commands;
}

/** Opens both and lets them talk until neither says anything; answers what was said, in order. */
function talk(
  dialler: Side,
  acceptor: Side,
  { exporters = [undefined, undefined] as (Uint8Array | undefined)[], twist = (g: Greeting): Greeting => g } = {},
): string[] {
  give(acceptor, { type: 'opened', exporter: exporters[1] });
  give(dialler, { type: 'opened', exporter: exporters[0] });
  const walk: string[] = [];
  while (dialler.said.length > 0 || acceptor.said.length > 0) {
    const from = dialler.said.length > 0 ? dialler : acceptor;
    const greeting = twist(from.said.shift()!);
    walk.push(`${from === dialler ? 'D' : 'A'} ${greeting.type}`);
    give(from === dialler ? acceptor : dialler, { type: 'greeted', greeting });
  }
  return walk;
}

const endOf = ({ commands }: Side) => commands.flatMap((command) => (command.type === 'close' ? [command.end] : []))[0];
const refusals = (one: Side): (RefusalReason | undefined)[] =>
  one.commands.flatMap((command) => (command.type === 'close' && command.end.type === 'refused' ? [command.end.reason] : []));
const isUp = ({ state }: Side): boolean => state.phase === 'up';

describe('link brain', () => {
  it('walks the whole greeting; the lower name, as acceptor, has the last word', () => {
    const [dialler, acceptor] = [side('dialler', { name: 'z' }), side('acceptor', { name: 'a' })];
    expect(talk(dialler, acceptor)).to.deep.equal(['D hello', 'A hello', 'D proof', 'A proof', 'A welcome']);
    expect(dialler.commands.at(-1)).to.deep.equal({
      type: 'link-up',
      peer: { name: 'a', incarnation: 'a1', address: 'memory://a:1', isObserver: false },
      protocol: 1,
    });
    expect(isUp(acceptor)).to.equal(true);
  });

  it('walks it; the lower name, as dialler, has the last word', () => {
    const [dialler, acceptor] = [side('dialler', { name: 'a' }), side('acceptor', { name: 'z' })];
    expect(talk(dialler, acceptor)).to.deep.equal(['D hello', 'A hello', 'D proof', 'A proof', 'D welcome']);
    expect([isUp(dialler), isUp(acceptor)]).to.deep.equal([true, true]);
  });

  it('says nothing before it is spoken to, as acceptor', () => {
    expect(give(side('acceptor'), { type: 'opened', exporter: undefined })).to.deep.equal([]);
  });

  it('speaks the highest protocol that both speak', () => {
    const [dialler, acceptor] = [side('dialler', { lowest: 1, highest: 3 }), side('acceptor', { lowest: 2, highest: 5 })];
    talk(dialler, acceptor);
    expect([dialler.state.protocol, acceptor.state.protocol]).to.deep.equal([3, 3]);
  });

  it('ends both sides with both ranges where there is none', () => {
    const [dialler, acceptor] = [side('dialler', { lowest: 1, highest: 2 }), side('acceptor', { lowest: 3, highest: 4 })];
    talk(dialler, acceptor);
    expect(endOf(dialler)).to.deep.include({ type: 'mismatch', text: '"a" speaks protocol 3 to 4, this node 1 to 2' });
    expect(endOf(acceptor)).to.deep.include({ type: 'mismatch', text: '"d" speaks protocol 1 to 2, this node 3 to 4' });
  });

  it('refuses another cookie, and one where it has none, and tells why', () => {
    for (const [ours, theirs] of [
      [COOKIE, `${COOKIE}.`],
      [COOKIE, ''],
      ['', COOKIE],
    ]) {
      const [dialler, acceptor] = [side('dialler', { cookie: ours }), side('acceptor', { cookie: theirs })];
      expect(talk(dialler, acceptor).at(-1)).to.equal('A refused');
      expect([...refusals(dialler), ...refusals(acceptor)]).to.deep.equal(['cookie', 'cookie']);
      expect([isUp(dialler), isUp(acceptor)]).to.deep.equal([false, false]);
    }
  });

  it('refuses an acceptor that cannot prove the cookie, whatever it accepts', () => {
    const [dialler, acceptor] = [side('dialler'), side('acceptor')];
    const twist = (greeting: Greeting): Greeting =>
      greeting.type === 'proof' && dialler.said.length === 0 && acceptor.said.length > 0
        ? { type: 'proof', proof: new Uint8Array(32) }
        : greeting;
    talk(dialler, acceptor, { twist });
    expect(refusals(dialler)).to.deep.equal(['cookie']);
  });

  it("does not take its own proof for the other side's: a reflected greeting is refused", () => {
    const dialler = side('dialler');
    give(dialler, { type: 'opened', exporter: undefined });
    const hello = dialler.said.shift()!;
    // The mirror gives back everything, under another incarnation, so that it is not recognised by that.
    give(dialler, { type: 'greeted', greeting: { ...hello, incarnation: 'other', name: 'other' } as Greeting });
    const proof = dialler.said.shift()!;
    expect(proof.type).to.equal('proof');
    give(dialler, { type: 'greeted', greeting: proof });
    expect(refusals(dialler)).to.deep.equal(['cookie']);
  });

  it('is not deceived by a second connection that makes the proofs for the first', () => {
    // The attacker has no cookie. It dials A, and has A prove itself to A.
    const first = side('acceptor', { name: 'a' });
    const second = side('acceptor', { name: 'a' });
    for (const one of [first, second]) give(one, { type: 'opened', exporter: undefined });
    const hello: Greeting = {
      type: 'hello',
      lowest: 1,
      highest: 1,
      name: 'x',
      incarnation: 'x1',
      address: null,
      isObserver: false,
      nonce: new Uint8Array(16),
    };
    give(first, { type: 'greeted', greeting: hello });
    const { nonce } = first.said.shift() as Extract<Greeting, { type: 'hello' }>;
    give(second, { type: 'greeted', greeting: { ...hello, nonce } });
    expect(second.said.map(({ type }) => type)).to.deep.equal(['hello']);
    give(second, { type: 'greeted', greeting: { type: 'proof', proof: new Uint8Array(32) } });
    expect(second.commands.some((command) => command.type === 'send-greeting' && command.greeting.type === 'proof')).to.equal(false);
    expect(refusals(second)).to.deep.equal(['cookie']);
  });

  it('refuses a recorded greeting that is played again', () => {
    const heard: Greeting[] = [];
    const [dialler, acceptor] = [side('dialler'), side('acceptor')];
    const twist = (greeting: Greeting): Greeting => {
      heard.push(greeting);
      return greeting;
    };
    talk(dialler, acceptor, { twist });
    expect(isUp(acceptor)).to.equal(true);
    const [hello, , proof] = heard as [Greeting, Greeting, Greeting];
    const again = side('acceptor');
    give(again, { type: 'opened', exporter: undefined });
    give(again, { type: 'greeted', greeting: hello });
    give(again, { type: 'greeted', greeting: proof });
    expect(isUp(again)).to.equal(false);
    expect(refusals(again)).to.deep.equal(['cookie']);
  });

  it('binds the proof to names, incarnations, protocols and both nonces', () => {
    const changes: Partial<Extract<Greeting, { type: 'hello' }>>[] = [
      { name: 'e' },
      { incarnation: 'd2' },
      { address: 'memory://elsewhere:1' },
      { lowest: 0 },
      { highest: 2 },
      { nonce: new Uint8Array(16) },
    ];
    for (const change of changes) {
      const [dialler, acceptor] = [side('dialler'), side('acceptor')];
      let isFirst = true;
      const twist = (greeting: Greeting): Greeting => {
        const isHello = isFirst && greeting.type === 'hello';
        isFirst = false;
        return isHello ? { ...greeting, ...change } : greeting;
      };
      talk(dialler, acceptor, { twist });
      expect(refusals(acceptor), JSON.stringify(change)).to.deep.equal(['cookie']);
    }
  });

  it('binds the proof to the TLS session: nobody in the middle passes it on', () => {
    const [same, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const apart = [side('dialler'), side('acceptor')] as const;
    talk(...apart, { exporters: [same, other] });
    expect(refusals(apart[1])).to.deep.equal(['cookie']);
    const stripped = [side('dialler'), side('acceptor')] as const;
    talk(...stripped, { exporters: [same, undefined] });
    expect(refusals(stripped[1])).to.deep.equal(['cookie']);
    const together = [side('dialler'), side('acceptor')] as const;
    talk(...together, { exporters: [same, same] });
    expect(together.map(isUp)).to.deep.equal([true, true]);
  });

  it('takes a proof of any length without throwing', () => {
    const { verify } = cookieProver(COOKIE);
    for (const length of [0, 1, 31, 32, 33, 1000]) expect(verify(new Uint8Array(length), 'dialler', [])).to.equal(false);
  });

  it('never says the cookie', () => {
    const [dialler, acceptor] = [side('dialler'), side('acceptor')];
    const said: string[] = [];
    talk(dialler, acceptor, {
      twist: (greeting) => {
        said.push(JSON.stringify(greeting));
        return greeting;
      },
    });
    expect(said.join()).to.not.contain(COOKIE);
  });

  it('knows itself, a node of its own name, and that another node than expected is there', () => {
    const cases: [SideOptions, SideOptions, RefusalReason][] = [
      [{ name: 'a', incarnation: 'same' }, { name: 'a', incarnation: 'same' }, 'itself'],
      [{ name: 'a', incarnation: 'a1' }, { name: 'a', incarnation: 'a2' }, 'name-taken'],
      [{ name: 'd', expected: 'b' }, { name: 'a' }, 'other-name'],
    ];
    for (const [ours, theirs, reason] of cases) {
      const [dialler, acceptor] = [side('dialler', ours), side('acceptor', theirs)];
      talk(dialler, acceptor);
      expect([...refusals(dialler), ...refusals(acceptor)], reason).to.deep.equal([reason, reason]);
    }
  });

  it('asks its other links last of all, when the other has proved itself', () => {
    let asked = 0;
    const objection = (): RefusalReason => {
      asked += 1;
      return 'linked';
    };
    const [stranger, wary] = [side('dialler', { cookie: 'another cookie, wrong' }), side('acceptor', { objection })];
    talk(stranger, wary);
    expect(asked).to.equal(0);
    const [dialler, acceptor] = [side('dialler'), side('acceptor', { objection })];
    talk(dialler, acceptor);
    expect([refusals(dialler), refusals(acceptor), asked]).to.deep.equal([['linked'], ['linked'], 1]);
  });

  it('closes whoever has not greeted by the deadline, and no link that is up', () => {
    const [dialler, acceptor, mute] = [side('dialler'), side('acceptor'), side('dialler')];
    talk(dialler, acceptor);
    give(mute, { type: 'opened', exporter: undefined });
    expect(give(mute, { type: 'tick' }, 2999)).to.deep.equal([{ type: 'set-deadline', atMs: 3000 }]);
    expect(give(mute, { type: 'tick' }, 3000)).to.deep.equal([{ type: 'close', end: { type: 'silent' }, abrupt: true }]);
    expect(give(acceptor, { type: 'tick' }, 9000)).to.deep.equal([]);
  });

  it('waits for another millisecond at least where its timer was a little early', () => {
    const mute = side('dialler');
    give(mute, { type: 'opened', exporter: undefined });
    expect(give(mute, { type: 'tick' }, 2999.5)).to.deep.equal([{ type: 'set-deadline', atMs: 3000.5 }]);
    expect(give(mute, { type: 'tick' }, 3000.5).map(({ type }) => type)).to.deep.equal(['close']);
  });

  it('gives its own lateness back once, for it may have been deaf meanwhile', () => {
    const slow = side('acceptor');
    give(slow, { type: 'opened', exporter: undefined });
    expect(give(slow, { type: 'tick' }, 5000)).to.deep.equal([{ type: 'set-deadline', atMs: 7000 }]);
    expect(give(slow, { type: 'tick' }, 9000).map(({ type }) => type)).to.deep.equal(['close']);
  });

  it('closes at the first frame it cannot understand before it is up, at the third after', () => {
    for (const greeting of [{ type: 'welcome' }, { type: 'proof', proof: new Uint8Array(32) }] as const) {
      const early = side('acceptor');
      give(early, { type: 'opened', exporter: undefined });
      expect(give(early, { type: 'greeted', greeting }).map(({ type }) => type)).to.deep.equal(['log-bad-frame', 'close']);
    }
    const [dialler, acceptor] = [side('dialler'), side('acceptor')];
    talk(dialler, acceptor);
    const bad = { type: 'bad-frame', fault: 'f' } as const;
    expect(give(acceptor, bad).map(({ type }) => type)).to.deep.equal(['log-bad-frame']);
    expect(give(acceptor, { type: 'greeted', greeting: { type: 'welcome' } }).map(({ type }) => type)).to.deep.equal(['log-bad-frame']);
    expect(give(acceptor, bad)).to.deep.equal([
      { type: 'log-bad-frame', fault: 'f' },
      { type: 'close', end: { type: 'bad-message', fault: 'f' }, abrupt: true },
    ]);
    expect(give(acceptor, bad)).to.deep.equal([]);
  });
});
