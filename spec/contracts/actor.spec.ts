import { expect } from 'chai';
import { type ExitReason, exited, kill, openGroup, spawnActor, tell } from '../../lib/actor/index.js';
import { type Act, isAlive, type Puppet, World } from '../actor/world.js';
import { settled } from '../support/test-clock.js';

/** What a subject may do to itself, from within its handler. */
interface Self {
  tell(message: string): boolean;
  stop(reason?: 'normal' | 'shutdown' | Error): void;
  kill(): void;
}

/** One incarnation of either kind. */
interface Subject extends Self {
  readonly exit: Promise<ExitReason>;
}

type Spawn = (parent: Puppet, name: string, handler: (message: string, self: Self) => void) => Promise<Subject>;

const publicActor: Spawn = async (parent, name, handler) => {
  const ref = await spawnActor<string | Act>(
    parent,
    (state, message, ctx) => {
      if (typeof message === 'function') message(ctx as never);
      else {
        handler(message, {
          tell: (next) => ctx.tell(ctx.self, next),
          stop: (reason) => ctx.stop(reason),
          kill: () => kill(ctx.self as never),
        });
      }
      return state;
    },
    { name },
  );
  return {
    tell: (message) => tell(ref, message),
    stop: (reason) => void tell(ref, (ctx) => ctx.stop(reason)),
    kill: () => kill(ref),
    exit: exited(ref),
  };
};

const groupMember: Spawn = async (parent, name, handler) => {
  let tellExit!: (reason: ExitReason) => void;
  const exit = new Promise<ExitReason>((resolve) => {
    tellExit = resolve;
  });
  const ref = openGroup(parent).spawn<string>(name, (message) => handler(message, subject), tellExit);
  // A member has no mailbox: what is to come later is given to it by who sends it, later.
  const subject: Subject = {
    tell: (message) => ref.alive && setImmediate(() => ref.hear(message)) !== undefined,
    stop: (reason) => ref.stop(reason),
    kill: () => ref.kill(),
    exit,
  };
  return subject;
};

for (const [kind, spawn] of [
  ['an actor', publicActor],
  ['a member of a group', groupMember],
] as const) {
  describe(`the laws of actors: ${kind}`, () => {
    let world: World;
    let parent: Puppet;
    beforeEach(async () => {
      world = new World();
      parent = await world.puppet(world.system, { name: 'parent', onTerminate: () => void world.trace.push('parent terminates') });
    });
    afterEach(() => world.clear());

    const heard = (message: string): void => void world.trace.push(message);

    it('handles messages in their order, none within the turn of its sender', async () => {
      const subject = await spawn(parent, 'one', (message, self) => {
        if (message === 'a') self.tell('c');
        heard(message);
      });
      for (const message of ['a', 'b']) expect(subject.tell(message)).to.equal(true);
      expect(world.news()).to.deep.equal([]);
      await settled();
      expect(world.news()).to.deep.equal(['a', 'b', 'c']);
    });

    it('ends with what its handler throws, and handles nothing that waits', async () => {
      const boom = new Error('boom');
      const subject = await spawn(parent, 'one', (message) => {
        heard(message);
        throw boom;
      });
      for (const message of ['a', 'b']) subject.tell(message);
      expect(await subject.exit).to.equal(boom);
      await settled();
      expect(world.news()).to.deep.equal(['a']);
    });

    it('ends with an Error whose cause is what was thrown, if that was none', async () => {
      const subject = await spawn(parent, 'one', () => {
        throw 'boom';
      });
      subject.tell('a');
      expect(await subject.exit)
        .to.be.an('error')
        .with.property('cause', 'boom');
    });

    it('ends for the reason that is given, normal by default; the first one stands', async () => {
      for (const reason of [undefined, 'normal', 'shutdown', new Error('mine')] as const) {
        const inside = await spawn(parent, 'inside', (_message, self) => {
          self.stop(reason);
          expect(self.tell('late')).to.equal(false);
        });
        inside.tell('a');
        expect(await inside.exit).to.equal(reason ?? 'normal');
        const outside = await spawn(parent, 'outside', heard);
        outside.stop(reason);
        outside.stop(new Error('late'));
        expect(await outside.exit).to.equal(reason ?? 'normal');
        expect(outside.tell('late')).to.equal(false);
      }
      expect(world.news()).to.deep.equal([]);
    });

    it('is fenced at once when it is killed, from without and from within', async () => {
      const outside = await spawn(parent, 'outside', heard);
      outside.tell('a');
      outside.kill();
      expect(outside.tell('b')).to.equal(false);
      expect(await outside.exit).to.equal('killed');

      const inside = await spawn(parent, 'inside', (message, self) => {
        heard(message);
        self.kill();
        heard(String(self.tell('self')));
        throw new Error('too late');
      });
      for (const message of ['a', 'b']) inside.tell(message);
      expect(await inside.exit).to.equal('killed');
      await settled();
      expect(world.news()).to.deep.equal(['a', 'false']);
    });

    it('keeps its reason when it is killed or stopped after its end', async () => {
      const subject = await spawn(parent, 'one', (_message, self) => self.stop('shutdown'));
      subject.tell('a');
      await subject.exit;
      subject.kill();
      subject.stop();
      expect(await subject.exit).to.equal('shutdown');
    });

    it('takes no message after its end, and passes none on to the next of its name', async () => {
      const first = await spawn(parent, 'same', (message) => heard(`first ${message}`));
      first.kill();
      await first.exit;
      const second = await spawn(parent, 'same', (message) => heard(`second ${message}`));
      expect(first.tell('a')).to.equal(false);
      second.tell('b');
      await settled();
      expect(world.news()).to.deep.equal(['second b']);
    });

    it('ends before its parent does, whether that stops, crashes or is killed', async () => {
      for (const finish of [
        () => tell(parent, (ctx) => ctx.stop()),
        () =>
          tell(parent, () => {
            throw new Error('boom');
          }),
        () => kill(parent),
      ]) {
        parent = await world.puppet(world.system, { onTerminate: () => void world.trace.push('parent terminates') });
        const subject = await spawn(parent, 'one', heard);
        const ends = Promise.all([
          subject.exit.then(() => world.trace.push('subject')),
          exited(parent).then(() => world.trace.push('parent')),
        ]);
        finish();
        await ends;
        expect(subject.tell('late')).to.equal(false);
        expect(world.news().filter((line) => line !== 'parent terminates')).to.deep.equal(['subject', 'parent']);
      }
    });

    it('handles nothing more once its parent is killed', async () => {
      const subject = await spawn(parent, 'one', heard);
      subject.tell('a');
      kill(parent);
      expect(await subject.exit).to.equal('killed');
      await settled();
      expect(world.news()).to.deep.equal([]);
    });

    it('ends with its system', async () => {
      const subject = await spawn(parent, 'one', heard);
      await world.system.stop();
      await subject.exit;
      expect(subject.tell('late')).to.equal(false);
    });

    it('cannot be started under what has ended', async () => {
      kill(parent);
      const refused = await spawn(parent, 'one', heard).then(
        () => undefined,
        (error: { code?: string }) => error.code,
      );
      expect(refused).to.equal('HANDOFF_STOPPED');
    });

    it('may have any name', async () => {
      for (const name of ['a@b:1', 'ü', 'x/y', '\u{1f642}', 'n'.repeat(300)]) {
        const subject = await spawn(parent, name, heard);
        subject.tell(name);
        await settled();
        expect(world.news()).to.deep.equal([name]);
      }
    });

    it('leaves its siblings alone when it fails', async () => {
      const sibling = await spawn(parent, 'sibling', heard);
      const subject = await spawn(parent, 'one', () => {
        throw new Error('boom');
      });
      subject.tell('a');
      await subject.exit;
      sibling.tell('b');
      await settled();
      expect(world.news()).to.deep.equal(['b']);
      expect(isAlive(parent)).to.equal(true);
    });
  });
}
