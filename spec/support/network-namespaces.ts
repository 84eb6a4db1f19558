import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** A process of a host, and what it has written so far. */
export interface HostProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  /** Resolves with both outputs as soon as they match; rejects if the process ends before. */
  writes(pattern: RegExp): Promise<string>;
}

/** What went wrong; nothing, if nothing did. */
const ip = (...args: readonly string[]): string => {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? '' : `ip ${args.join(' ')}: ${stderr.trim()}`;
};

const must = (...args: readonly string[]): void => {
  const failed = ip(...args);
  if (failed) throw new Error(failed);
};

/**
 * Several hosts on one switch, each a network namespace with an address of its own: what is beyond one machine's loopback, cables included. Needs
 * iproute2 and the right to make namespaces; nothing of it is seen in the namespace of whoever makes it.
 */
export class NamespaceHosts {
  readonly #prefix = `handoff-${process.pid}-`;
  readonly #namespaces: string[] = [];
  readonly #processes: HostProcess[] = [];

  /** Makes the switch and the hosts; answers what is missing for that, if anything is. */
  make(hosts: readonly string[]): string | undefined {
    const hub = this.#namespace('switch');
    const missing = this.#add(hub) || ip('-n', hub, 'link', 'add', 'bridge', 'type', 'bridge');
    if (missing) return missing;
    must('-n', hub, 'link', 'set', 'dev', 'bridge', 'up');
    for (const [at, host] of hosts.entries()) {
      const own = this.#namespace(host);
      const refused = this.#add(own) || ip('link', 'add', 'eth0', 'netns', own, 'type', 'veth', 'peer', 'name', host, 'netns', hub);
      if (refused) return refused;
      must('-n', hub, 'link', 'set', 'dev', host, 'master', 'bridge', 'up');
      must('-n', own, 'address', 'add', `${this.addressOf(at)}/24`, 'dev', 'eth0');
      must('-n', own, 'link', 'set', 'dev', 'eth0', 'up');
      must('-n', own, 'link', 'set', 'dev', 'lo', 'up');
    }
    return undefined;
  }

  addressOf(at: number): string {
    return `10.99.0.${at + 1}`;
  }

  /** Pulls the cable of a host, or plugs it in again. */
  cable(host: string, state: 'up' | 'down'): void {
    must('-n', this.#namespace('switch'), 'link', 'set', 'dev', host, state);
  }

  /** From now on a host sends no more than so much; what is more waits, up to 400 ms of it, then it is dropped. Returns what is missing for that. */
  limit(host: string, kbitPerSecond: number): string | undefined {
    const shape = ['tbf', 'rate', `${kbitPerSecond}kbit`, 'burst', '16kb', 'latency', '400ms'];
    return ip('netns', 'exec', this.#namespace(host), 'tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', ...shape) || undefined;
  }

  /** Runs Node on a host. */
  run(host: string, args: readonly string[], cwd: string): HostProcess {
    const { NODE_OPTIONS: _options, HANDOFF_COOKIE: _cookie, HANDOFF_JOIN: _join, ...env } = process.env;
    const command = ['netns', 'exec', this.#namespace(host), process.execPath, ...args];
    const child = spawn('ip', command, { cwd, env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    let look = (): void => {};
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      look();
    });
    const ended = new Promise<Awaited<HostProcess['ended']>>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
    const writes = (pattern: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        look = () => {
          if (pattern.test(stdout + stderr)) resolve(stdout + stderr);
        };
        look();
        void ended.then(() => reject(new Error(`on ${host} it ended without writing ${pattern}: ${stdout}${stderr}`)));
      });
    const started = { child, ended, writes };
    this.#processes.push(started);
    return started;
  }

  /** Kills what still runs and takes the hosts away. */
  async remove(): Promise<void> {
    for (const { child } of this.#processes) child.kill('SIGKILL');
    await Promise.all(this.#processes.map(({ ended }) => ended));
    for (const namespace of this.#namespaces) ip('netns', 'delete', namespace);
  }

  #namespace(host: string): string {
    return `${this.#prefix}${host}`;
  }

  #add(namespace: string): string {
    const failed = ip('netns', 'add', namespace);
    if (!failed) this.#namespaces.push(namespace);
    return failed;
  }
}
