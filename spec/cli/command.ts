import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project's folder: where the command runs unless it is told otherwise. */
export const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The command as it was built. */
export const built = `${project}/dist/bin/handoff.js`;

/** What a call of the command left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what the command is called. */
export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly bin?: string;
  /** Where a standard stream goes, instead of to the spec: a file or a device. */
  readonly stdoutTo?: string;
  readonly stderrTo?: string;
  /** A limit of the shell's `ulimit`, as in `-n 64`. */
  readonly ulimit?: string;
  /** The words of a program that starts the command, as in `unshare --fork`. */
  readonly via?: readonly string[];
}

/** A call of the command that has not ended. */
export interface Call {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error holds `text`; rejects if the command ends before. */
  says(text: string): Promise<void>;
  /** Resolves with standard output as soon as it matches; rejects if the command ends before. */
  prints(pattern: RegExp): Promise<string>;
}

const environment = (env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => {
  const { NODE_OPTIONS: _options, NO_COLOR: _color, FORCE_COLOR: _force, ...inherited } = process.env;
  return { ...inherited, ...env };
};

/** Calls the command. */
export function call(
  args: readonly string[],
  { cwd = project, env, bin = built, stdoutTo, stderrTo, ulimit, via = [] }: Surroundings = {},
): Call {
  const files = [stdoutTo, stderrTo].map((path) => (path === undefined ? undefined : openSync(path, 'a')));
  const command = ulimit === undefined ? [process.execPath] : ['sh', '-c', `ulimit ${ulimit}; exec "$@"`, 'sh', process.execPath];
  const [first, ...rest] = [...via, ...command, bin, ...args] as [string, ...string[]];
  const child = spawn(first, rest, { cwd, env: environment(env), stdio: ['ignore', files[0] ?? 'pipe', files[1] ?? 'pipe'] });
  for (const file of files) if (file !== undefined) closeSync(file);
  let [stdout, stderr] = ['', ''];
  let heard = (): void => {};
  let printed = (): void => {};
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    printed();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    heard();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      heard = () => {
        if (stderr.includes(text)) resolve();
      };
      heard();
      void ended.then(() => reject(new Error(`it ended without saying "${text}": ${stderr}`)));
    });
  const prints = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      printed = () => {
        if (pattern.test(stdout)) resolve(stdout);
      };
      printed();
      void ended.then(() => reject(new Error(`it ended without printing ${pattern}: ${stdout}${stderr}`)));
    });
  return { child, ended, says, prints };
}

/** Calls the command and waits for its end. */
export const handoff = (...args: readonly string[]): Promise<Ended> => call(args).ended;

/** The module of a fixture, as a person would give it. */
export const fixture = (name: string): string => `spec/cli/modules/${name}`;

/** Calls the command on a pseudo-terminal of util-linux's `script`, and answers all that the terminal was sent. */
export function onTerminal(args: readonly string[], env?: Readonly<Record<string, string>>): Ended {
  const quoted = [process.execPath, built, ...args].map((part) => `'${part}'`).join(' ');
  const { status, stdout } = spawnSync('script', ['-qec', `stty cols 100 rows 30; ${quoted}`, '/dev/null'], {
    cwd: project,
    env: environment({ TERM: 'xterm', ...env }),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { code: status, stdout, stderr: '' };
}

/** Whether this machine has a `script` that can be used so. */
export const hasTerminal = (): boolean => spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;
