import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../bin/exit-codes.js';
import { cookieOf, type SecretFlags, tlsOf } from '../../bin/secret-files.js';
import { handoff } from './command.js';

const COOKIE = 'a cookie of some length';

describe('secrets in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'handoff-secrets-'));
  after(() => rmSync(folder, { recursive: true }));

  let files = 0;
  const file = (content: string | Uint8Array, mode = 0o600): string => {
    files += 1;
    const path = join(folder, `secret-${files}`);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const refusal = (read: (flags: SecretFlags) => unknown, flags: SecretFlags): string => {
    try {
      read(flags);
    } catch (error) {
      expect(error).to.be.instanceOf(UsageError);
      return (error as UsageError).message;
    }
    return 'none';
  };

  it('are read without the line end and the blanks around them', () => {
    for (const around of ['', '\n', '\r\n', '  \n\n']) expect(cookieOf({ cookieFile: file(COOKIE + around) })).to.equal(COOKIE);
    expect(cookieOf({ cookieFile: file(COOKIE, 0o400) })).to.equal(COOKIE);
  });

  it('are refused when others may read or write them, through a link too', () => {
    for (const mode of [0o644, 0o640, 0o604, 0o660, 0o602, 0o601, 0o777]) {
      const cookieFile = file(COOKIE, mode);
      expect(refusal(cookieOf, { cookieFile })).to.equal(
        `--cookie-file: "${cookieFile}" is open to others, its permissions are 0${mode.toString(8)}: chmod 600 ${cookieFile}`,
      );
    }
    const link = join(folder, 'link');
    symlinkSync(file(COOKIE, 0o644), link);
    expect(refusal(cookieOf, { cookieFile: link })).to.include('is open to others');
  });

  it('are refused when they are no cookie', () => {
    const short = file('short\n');
    expect(refusal(cookieOf, { cookieFile: short })).to.equal(
      `--cookie-file: "${short}" has 5 characters: a cookie needs at least 16, as a shorter one can be guessed`,
    );
    for (const empty of ['', '\n']) expect(refusal(cookieOf, { cookieFile: file(empty) })).to.match(/" is empty$/);
    for (const bytes of [Buffer.alloc(32), Buffer.from('ff'.repeat(32), 'hex')]) {
      expect(refusal(cookieOf, { cookieFile: file(bytes) })).to.match(/" is not text$/);
    }
    expect(refusal(cookieOf, { cookieFile: file(Buffer.alloc(2 ** 20 + 1, 'x')) })).to.match(/: it is larger than 1 MiB$/);
    const sub = join(folder, 'sub');
    mkdirSync(sub, { mode: 0o700 });
    expect(refusal(cookieOf, { cookieFile: sub })).to.equal(`--cookie-file: Cannot read "${sub}": it is a folder (EISDIR)`);
    expect(refusal(cookieOf, { cookieFile: `${sub}/none` })).to.equal(
      `--cookie-file: Cannot read "${sub}/none": there is no such file (ENOENT)`,
    );
  });

  it('may come through a pipe, and one without a writer holds up nothing', function () {
    const pipe = join(folder, 'pipe');
    try {
      execFileSync('mkfifo', ['-m', '600', pipe]);
    } catch {
      this.skip();
    }
    expect(refusal(cookieOf, { cookieFile: pipe })).to.match(/" is empty$/);
    const writer = spawn('sh', ['-c', `exec 3<>'${pipe}'; echo '${COOKIE}' >&3; exec 4>'${pipe}' 3>&-; sleep 1`]);
    try {
      let cookie: string | undefined;
      // Until the writer has begun the pipe is empty.
      while (cookie === undefined) {
        try {
          cookie = cookieOf({ cookieFile: pipe });
        } catch (error) {
          expect((error as Error).message).to.match(/" is empty$/);
        }
      }
      expect(cookie).to.equal(COOKIE);
    } finally {
      writer.kill();
    }
  });

  it('come from the environment else, checked likewise', () => {
    expect(cookieOf({}, ` ${COOKIE}\n`)).to.equal(COOKIE);
    expect(refusal((flags) => cookieOf(flags, 'short'), {})).to.match(/^HANDOFF_COOKIE has 5 characters: a cookie needs at least 16/);
    expect(cookieOf({}, '')).to.equal(undefined);
  });

  it('of TLS are the key alone: certificates are for all to read', () => {
    const pem = '-----BEGIN X-----\n';
    const [cert, key] = [file(pem, 0o644), file(pem, 0o600)];
    expect(tlsOf({ tlsCert: cert, tlsKey: key, tlsCa: cert })).to.have.keys('cert', 'key', 'ca', 'requestCert');
    const open = file(pem, 0o644);
    expect(refusal(tlsOf, { tlsCert: cert, tlsKey: open })).to.match(
      /^--tls-key: ".*" is open to others, its permissions are 0644: chmod 600 /,
    );
    for (const flags of [
      { tlsCert: file('', 0o644), tlsKey: key },
      { tlsCert: cert, tlsKey: file('no key') },
      { tlsCert: cert, tlsKey: key, tlsCa: file('none', 0o644) },
    ]) {
      expect(refusal(tlsOf, flags)).to.match(/^--tls-(cert|key|ca): ".*" is not in PEM$/);
    }
  });

  it('end a command with exit code 2', async () => {
    const cookieFile = file(COOKIE, 0o644);
    for (const args of [['node'], ['run', 'spec/cli/modules/sums.mjs'], ['status', '--join', 'ws://127.0.0.1:9']]) {
      const { code, stdout, stderr } = await handoff(...args, '--cookie-file', cookieFile);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.equal(
        `handoff: --cookie-file: "${cookieFile}" is open to others, its permissions are 0644: chmod 600 ${cookieFile}\n`,
      );
    }
  });
});
