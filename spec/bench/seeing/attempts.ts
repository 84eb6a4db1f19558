import { Dag, Handoff, type RunEvent } from '../../../lib/index.js';
import { ATTEMPTS_KEPT, AttemptColumns } from '../../../lib/runner/observed/attempt-columns.js';
import { type BenchOptions, heapUsed, median, perSecond, type Row, timed, warmUp } from '../measure.js';

const FUNCTIONS = 10_000;
const WIDTH = 100;

/** Layers of functions that do nothing. */
function layers(): ReturnType<typeof Dag.dynamic> {
  const dag = Dag.dynamic('layers');
  for (let at = 0; at < FUNCTIONS; at += 1) dag.add({ id: `f${at}`, code: () => 1, args: at < WIDTH ? [] : [`f${at - WIDTH}`] });
  return dag;
}

/** Microseconds of CPU of one of `count` things that `action` does. */
function cpuUs(count: number, action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const added = (columns: AttemptColumns, count: number): void => {
  for (let at = 0; at < count; at += 1) columns.add(at, 1, 'n', at % 8, 0, at, 0.25, 0, 0, 0.005, 0, 0.01);
};

/** What it costs that a run keeps its attempts, and that its events have phases. */
export async function attemptsSection({ isShort }: BenchOptions): Promise<readonly Row[]> {
  const handoff = await Handoff.start({ capabilities: { cpu: 1000 } });
  const dag = layers();
  const rounds = isShort ? 3 : 9;
  const execute = (): Promise<unknown> => handoff.execute(dag, { collect: 'sinks' });
  await warmUp(isShort, execute);
  const alone: number[] = [];
  const heard: number[] = [];
  let events = 0;
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await timed(execute));
    const run = handoff.execute(dag, { collect: 'sinks' });
    const listen = async (): Promise<void> => {
      for await (const event of run as AsyncIterable<RunEvent>) events += Number(event.atMs > 0);
    };
    heard.push(await timed(() => Promise.all([run, listen()])));
  }
  await handoff.stop();
  // First: columns of the rounds below would be freed meanwhile.
  const before = (await heapUsed()) + process.memoryUsage().arrayBuffers;
  const kept = new AttemptColumns(() => 'f');
  added(kept, ATTEMPTS_KEPT);
  const bytes = (await heapUsed()) + process.memoryUsage().arrayBuffers - before;
  const rowUs: number[] = [];
  const foldUs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const columns = new AttemptColumns((index) => `resize-${index}`);
    rowUs.push(cpuUs(ATTEMPTS_KEPT, () => added(columns, ATTEMPTS_KEPT)));
    foldUs.push(cpuUs(ATTEMPTS_KEPT, () => added(columns, ATTEMPTS_KEPT)));
  }
  return [
    { what: 'functions that do nothing, on the loop', figure: perSecond(FUNCTIONS, median(alone)) },
    {
      what: 'the same with a listener to its events',
      figure: perSecond(FUNCTIONS, median(heard)),
      floor: 'without one',
      ratio: median(alone.map((ms, at) => ms / heard[at]!)),
    },
    { what: `events heard in ${rounds} runs`, figure: events.toLocaleString('en-US') },
    { what: 'CPU of one attempt in the columns', figure: `${(1000 * median(rowUs)).toFixed(0)} ns` },
    { what: 'the same where the oldest becomes a total', figure: `${(1000 * median(foldUs)).toFixed(0)} ns` },
    {
      what: `memory of one of ${kept.count.toLocaleString('en-US')} attempts`,
      figure: `${(bytes / kept.count).toFixed(1)} B`,
      target: '48 B',
    },
  ];
}
