import { expect } from 'chai';
import { built, call, fixture } from './command.js';
import { NodeProcesses } from './nodes.js';
import { Tmux } from './tmux.js';

describe('handoff top on a real terminal', () => {
  const nodes = new NodeProcesses();
  const tmux = new Tmux();
  before(function () {
    if (Tmux.isThere()) return;
    console.log('      (not checked: this machine has no tmux)');
    this.skip();
  });
  afterEach(async () => {
    tmux.close();
    await nodes.endAll();
  });

  /** Resolves with the screen as soon as it matches. */
  const shows = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const { screen } = tmux;
      if (pattern.test(screen)) return screen;
      await new Promise((turned) => setImmediate(turned));
    }
  };

  const open = (columns: number, url: string): void =>
    tmux.open(columns, `echo BEFORE; '${process.execPath}' '${built}' top --join ${url}; echo "ENDED $?"; read x`);

  const isGivenBack = async (code: number): Promise<void> => {
    const text = await tmux.until(`ENDED ${code}`);
    expect(text).to.include('BEFORE').and.not.include('q ends');
    expect(tmux.told('#{alternate_on} #{cursor_flag}')).to.equal('0 1');
  };

  it('shows nodes and runs on the whole screen, whatever its size, until q is pressed, and gives the terminal back', async () => {
    const { url } = await nodes.start(['--name', 'hub', '--cpu', '2', '--memory', '100']);
    const driver = call(['run', fixture('lines.mjs'), '--join', url, '--name', 'driver', '--cpu', '2']);
    await driver.says('second done');
    open(80, url);
    const first = await shows(/lines +\[#+-+\] 2\/3 /);
    expect(first)
      .to.match(/2 nodes, 1 run under way/)
      .and.match(/^hub +.*cpu \[-+\] 0\/2/m);
    expect(first).to.not.include('BEFORE');
    expect(tmux.told('#{alternate_on} #{cursor_flag}')).to.equal('1 0');
    for (const [columns, rows] of [
      [40, 8],
      [120, 40],
    ] as const) {
      tmux.resize(columns, rows);
      const screen = await shows(columns === 40 ? /more\n(?:.*\n)*q ends/ : /driver driver/);
      expect(screen.trimEnd().split('\n').length).to.be.at.most(rows);
      expect(screen.match(/q ends/g)).to.have.length(1);
    }
    tmux.press('q');
    await isGivenBack(0);
    driver.child.kill('SIGINT');
    await driver.ended;
  });

  it('gives the terminal back on Ctrl-C too, and when the cluster is gone', async () => {
    const { url, end } = await startedAlone();
    open(80, url);
    await shows(/1 node, 0 runs/);
    tmux.press('C-c');
    await isGivenBack(130);
    tmux.close();
    open(80, `${url} --join-timeout-ms 300`);
    await shows(/1 node, 0 runs/);
    await end();
    await isGivenBack(3);
    expect(tmux.text).to.include('handoff: ');
  });

  async function startedAlone() {
    const { url } = await nodes.start(['--name', 'hub', '--cpu', '2']);
    return { url, end: () => nodes.endAll() };
  }
});
