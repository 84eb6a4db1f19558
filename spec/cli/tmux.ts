import { execFileSync, spawnSync } from 'node:child_process';
import { project } from './command.js';

let opened = 0;

/** A terminal without a person. */
export class Tmux {
  #socket = '';

  static isThere(): boolean {
    return spawnSync('tmux', ['-V'], { stdio: 'ignore' }).status === 0;
  }

  /** Runs a command of the shell on a screen of its own. */
  open(columns: number, command: string): void {
    opened += 1;
    this.#socket = `handoff-${process.pid}-${opened}`;
    this.#tmux(
      '-f',
      '/dev/null',
      'start-server',
      ';',
      'set',
      '-g',
      'history-limit',
      '50000',
      ';',
      ...['set', '-g', 'default-shell', '/bin/sh', ';'],
      ...['new-session', '-d', '-x', String(columns), '-y', '24', command],
    );
  }

  resize(columns: number, rows = 24): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Presses keys, by tmux's names of them. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** What a format of tmux gives for the screen. */
  told(format: string): string {
    return this.#tmux('display-message', '-p', format).trim();
  }

  /** What is on the screen now. */
  get screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** The screen and all that has scrolled off it; what the terminal has wrapped is one line again. */
  get text(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-');
  }

  /** Resolves with the text as soon as it includes `mark`. */
  async until(mark: string): Promise<string> {
    for (;;) {
      const { text } = this;
      if (text.includes(mark)) return text;
      await new Promise((turned) => setImmediate(turned));
    }
  }

  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server'], { stdio: 'ignore' });
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8', cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
