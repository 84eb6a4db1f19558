import { expect } from 'chai';
import pino from 'pino';
import { defaultLogger, guardedLogger, type Logger, visibleJson } from '../../lib/base/log.js';
import { LOG_BACKLOG_CHARACTERS, type LogTarget, LogWriter } from '../../lib/base/log-writer.js';

type Written = (error?: Error | null) => void;

/** A target that settles what it is given when it is told to. */
class Held implements LogTarget {
  readonly given: { readonly text: string; readonly written: Written }[] = [];
  readonly isFinal: boolean;

  constructor(isFinal = true) {
    this.isFinal = isFinal;
  }

  write(text: string, written: Written): void {
    this.given.push({ text, written });
  }
}

const notice = (lines: number): string => `lost ${lines}\n`;

describe('a writer of log lines', () => {
  it('drops lines while so much waits for a reader, and says how many when it reads again', () => {
    const target = new Held();
    const writer = new LogWriter(target, notice);
    const line = `${'x'.repeat(LOG_BACKLOG_CHARACTERS / 4 - 1)}\n`;
    for (let at = 0; at < 1000; at += 1) writer.write(line);
    expect(target.given).to.have.length(4);
    expect(writer.state).to.equal('lost');
    for (const { written } of target.given.splice(0)) written();
    expect(writer.state).to.equal('lost');
    writer.write('again\n');
    expect(target.given[0]!.text).to.equal('lost 996\nagain\n');
    target.given[0]!.written();
    expect(writer.state).to.equal('ok');
  });

  it('tries a full disk again with each line, whether it throws or calls back', () => {
    const target = new Held(false);
    const writer = new LogWriter(target, notice);
    writer.write('a\n');
    target.given[0]!.written(new Error('ENOSPC'));
    expect(writer.state).to.equal('lost');
    const throwing = new LogWriter(
      {
        isFinal: false,
        write: () => {
          throw new Error('ENOSPC');
        },
      },
      notice,
    );
    throwing.write('a\n');
    expect(throwing.state).to.equal('lost');
    writer.write('b\n');
    expect(target.given[1]!.text).to.equal('lost 1\nb\n');
    target.given[1]!.written(new Error('ENOSPC'));
    writer.write('c\n');
    expect(target.given[2]!.text).to.equal('lost 2\nc\n');
    target.given[2]!.written();
    expect(writer.state).to.equal('ok');
  });

  it('tells of what is missing once, though lines are written before the first of them has arrived', () => {
    const target = new Held(false);
    const writer = new LogWriter(target, notice);
    writer.write('a\n');
    target.given[0]!.written(new Error('ENOSPC'));
    writer.write('b\n');
    writer.write('c\n');
    expect(target.given.map(({ text }) => text)).to.deep.equal(['a\n', 'lost 1\nb\n', 'c\n']);
    target.given[2]!.written();
    expect(writer.state).to.equal('lost');
    target.given[1]!.written();
    expect(writer.state).to.equal('ok');
  });

  it('gives a pipe without a reader nothing more', () => {
    const target = new Held(true);
    const writer = new LogWriter(target, notice);
    writer.write('a\n');
    target.given[0]!.written(new Error('EPIPE'));
    for (let at = 0; at < 100; at += 1) writer.write('b\n');
    expect(target.given).to.have.length(1);
    expect(writer.state).to.equal('lost');
  });
});

describe('the logger of a node that was given none', () => {
  it('writes JSON lines, each key once, and knows when they are lost', () => {
    const target = new Held(false);
    const logger = defaultLogger('here', target);
    logger.info({ member: 'there' }, 'node joined');
    expect(JSON.parse(target.given[0]!.text)).to.include({ node: 'here', member: 'there', msg: 'node joined' });
    expect(logger.state).to.equal('ok');
    target.given[0]!.written(new Error('ENOSPC'));
    expect(logger.state).to.equal('lost');
    logger.warn({}, 'again');
    const lines = target.given[1]!.text.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).to.include({ level: 40, node: 'here', lines: 1, msg: 'log lines were lost' });
    expect(lines[1]).to.include({ msg: 'again' });
  });

  it('refuses a level that there is not', () => {
    const before = process.env.HANDOFF_LOG_LEVEL;
    process.env.HANDOFF_LOG_LEVEL = 'loud';
    try {
      expect(() => defaultLogger('here', new Held())).to.throw(
        TypeError,
        'HANDOFF_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
      );
    } finally {
      if (before === undefined) delete process.env.HANDOFF_LOG_LEVEL;
      else process.env.HANDOFF_LOG_LEVEL = before;
    }
  });
});

describe("a user's logger", () => {
  const loggerOf = (log: (fields: object, message: string) => unknown): Logger => ({ debug: log, info: log, warn: log, error: log });

  it('ends nothing when it throws, whatever it throws, and counts as lost until it works again', () => {
    let thrown: (() => never) | undefined;
    const logger = guardedLogger(
      loggerOf(() => {
        thrown?.();
      }),
    );
    const whatever: readonly unknown[] = [new Error('no'), null, undefined, Object.create(null), Proxy.revocable({}, {}).proxy, 'text'];
    for (const what of whatever) {
      thrown = () => {
        throw what;
      };
      for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({}, 'x');
      expect(logger.state).to.equal('lost');
    }
    thrown = undefined;
    logger.info({}, 'x');
    expect(logger.state).to.equal('ok');
  });

  it('ends nothing when its promise rejects', async () => {
    const logger = guardedLogger(loggerOf(async () => Promise.reject(new Error('no'))));
    logger.info({}, 'x');
    await new Promise((turned) => setImmediate(turned));
    expect(logger.state).to.equal('lost');
  });

  it('is called as a method, and is guarded once', () => {
    const heard: string[] = [];
    class Own {
      readonly lines = heard;
      debug(_fields: object, message: string): void {
        this.lines.push(message);
      }
      info(_fields: object, message: string): void {
        this.lines.push(message);
      }
      warn(): void {}
      error(): void {}
    }
    const logger = guardedLogger(new Own());
    logger.info({}, 'one');
    expect(heard).to.deep.equal(['one']);
    expect(guardedLogger(logger)).to.equal(logger);
  });

  it('of pino that throws in the caller ends nothing', () => {
    const full = {
      write: () => {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      },
    };
    const logger = guardedLogger(pino({}, full));
    logger.info({}, 'x');
    expect(logger.state).to.equal('lost');
  });
});

describe('lines of the log', () => {
  it('are the same JSON, with nothing in them that a viewer hides or turns round', () => {
    const line = JSON.stringify({ member: 'a\u202eb\u2066\u009b2J\u200b\u2028\u{e0041}', msg: 'köln 東京' });
    const shown = visibleJson(`${line}\n`);
    expect(shown).to.match(/^[^\u007f-\u009f\u2028\p{Cf}]*$/u);
    expect(JSON.parse(shown)).to.deep.equal(JSON.parse(line));
    expect(shown.endsWith('}\n')).to.equal(true);
    expect(shown).to.include('köln 東京');
  });
});
