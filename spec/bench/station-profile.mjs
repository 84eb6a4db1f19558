import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

const INTERVAL_US = 200;

/** What a profile names in place of functions. */
const BESIDE = new Map([
  ['(garbage collector)', 'collection of memory'],
  ['(program)', 'V8 itself'],
]);

/**
 * Those that are no work, or the profiler's own, or calls of the system: during these the other end runs mostly, which they have woken.
 */
const IGNORED = new Set(['(root)', '(idle)', 'dispatch', 'writev', 'writeBuffer']);

/** @type {Map<string, readonly (readonly [number, string])[]>} For each file of the build, in which lines which module begins. */
const modules = new Map();

/** @param {string} url */
function modulesIn(url) {
  const known = modules.get(url);
  if (known) return known;
  const found = readFileSync(fileURLToPath(url), 'utf8')
    .split('\n')
    .flatMap((line, at) => {
      const module = /^\/\/ (lib\/\S+)$/.exec(line)?.[1];
      return module ? [/** @type {const} */ ([at, module])] : [];
    });
  modules.set(url, found);
  return found;
}

/**
 * The station of a function: the package of ours, or of others, or node itself.
 * @param {{ readonly functionName: string, readonly url: string, readonly lineNumber: number }} frame
 */
function stationOf({ functionName, url, lineNumber }) {
  const beside = BESIDE.get(functionName);
  if (beside) return beside;
  const foreign = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (foreign) return foreign;
  if (url === '' || url.startsWith('node:')) return 'node';
  if (!/\/dist\/lib\/.*\.js$/.test(url)) return 'functions and benchmark';
  const module = modulesIn(url).findLast(([from]) => from <= lineNumber)?.[1];
  return module?.split('/').slice(0, 2).join('/') ?? 'lib';
}

/** Finds out on which stations this process spends its processor time. */
export class StationProfile {
  #session = new Session();
  #cpu = process.cpuUsage();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    this.#session.post('Profiler.start');
  }

  /**
   * Microseconds of processor time by station, since it was made, and of the system. A profile tells shares only, as others may have the
   * processor meanwhile.
   * @returns {Record<string, number>}
   */
  end() {
    const { user, system } = process.cpuUsage(this.#cpu);
    /** @type {import('node:inspector').Profiler.Profile | undefined} */
    let profile;
    this.#session.post('Profiler.stop', (_error, stopped) => {
      profile = stopped.profile;
    });
    this.#session.disconnect();
    const { nodes = [], samples = [], timeDeltas = [] } = profile ?? {};
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    /** @type {Map<number, number>} */
    const byFrame = new Map();
    for (const [at, id] of samples.entries()) byFrame.set(id, (byFrame.get(id) ?? 0) + Math.max(0, timeDeltas[at] ?? 0));
    /** @type {Record<string, number>} */
    const stations = {};
    let allUs = 0;
    for (const [id, us] of byFrame) {
      const frame = frames.get(id);
      if (!frame || IGNORED.has(frame.functionName)) continue;
      const station = stationOf(frame);
      stations[station] = (stations[station] ?? 0) + us;
      allUs += us;
    }
    for (const station of Object.keys(stations)) stations[station] = ((stations[station] ?? 0) / allUs) * user;
    return { ...stations, 'the system': system };
  }
}
