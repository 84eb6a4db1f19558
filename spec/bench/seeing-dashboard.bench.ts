import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Dag, Handoff } from 'handoff-dag';
import { type Bench, median, pairs, perSecond, type Row, timed } from './measure.js';
import { layers } from './shapes.js';

const COUNT = 500_000;
const ROUNDS = 5;
const SHORT_ROUNDS = 2;
const ATTEMPTS = 100_000;
const SCRAPES = 9;
const WANTED = 'at least 0.9';

/** Two visitors of a dashboard and a scraper, in a process of their own. */
class Visitors implements AsyncDisposable {
  readonly #child: ChildProcess;
  events = 0;
  views = 0;
  scrapes = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async at(url: string): Promise<Visitors> {
    const child = fork(fileURLToPath(new URL('visitors.mjs', import.meta.url)));
    child.send({ url });
    await once(child, 'message');
    return new Visitors(child);
  }

  watch(runId: string): void {
    this.#child.send({ runId });
  }

  async leave(): Promise<void> {
    this.#child.send({ leave: true });
    const [{ events, views, scrapes }] = (await once(this.#child, 'message')) as [{ events: number; views: number; scrapes: number }];
    this.events += events;
    this.views += views;
    this.scrapes += scrapes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}

async function rate(rounds: number): Promise<readonly Row[]> {
  await using seen = await Handoff.start({ name: 'seen', capabilities: {}, dashboard: '127.0.0.1:0' });
  await using unseen = await Handoff.start({ name: 'unseen', capabilities: {} });
  await using visitors = await Visitors.at(seen.dashboardUrl!);
  const dag = layers(10).make(COUNT);
  const { aMs, bMs, ratio } = await pairs(
    rounds,
    async () => {
      const ms = await timed(async () => {
        const run = seen.execute(dag as Dag, { collect: [], retainMs: 0 });
        visitors.watch(run.id);
        await run;
      });
      await visitors.leave();
      return ms;
    },
    () => timed(() => unseen.execute(dag as Dag, { collect: [], retainMs: 0 })),
  );
  return [
    {
      what: `${COUNT.toLocaleString('en-US')} no-op functions, two watchers (${visitors.events} updates, ${visitors.views} views), ${visitors.scrapes} scrapes`,
      figure: perSecond(COUNT, aMs),
      floor: `without a dashboard ${perSecond(COUNT, bMs)}`,
      ratio: 1 / ratio,
      target: WANTED,
    },
  ];
}

/** A scrape while a run has that many attempts that no scrape has seen, and one that finds nothing new. */
async function scrapes(): Promise<readonly Row[]> {
  await using handoff = await Handoff.start({ capabilities: {}, metrics: '127.0.0.1:0' });
  const scrape = async (): Promise<void> => void (await (await fetch(handoff.metricsUrl!)).text());
  await scrape();
  const dag = layers(10).make(ATTEMPTS);
  const firsts: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < SCRAPES; round += 1) {
    await handoff.execute(dag as Dag, { collect: [], retainMs: 0 });
    firsts.push(await timed(scrape));
    seconds.push(await timed(scrape));
  }
  return [
    { what: `a scrape after ${ATTEMPTS.toLocaleString('en-US')} attempts`, figure: `${median(firsts).toFixed(1)} ms` },
    { what: 'a scrape that finds nothing new', figure: `${median(seconds).toFixed(1)} ms` },
  ];
}

/** What being looked at costs. */
export const seeingDashboardBench: Bench = {
  name: 'seeing-dashboard',
  question: 'What does a dashboard with two watchers and a scrape each second cost the driver?',
  async run({ isShort }) {
    return [...(await rate(isShort ? SHORT_ROUNDS : ROUNDS)), ...(await scrapes())];
  },
};
