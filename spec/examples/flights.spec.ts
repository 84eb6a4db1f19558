import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { call, type Ended, project } from '../cli/command.js';
import { chart } from './flights/chart.js';
import { countByHour, hoursOf, join as joinCounts } from './flights/delays.js';
import { type Flights, load, partsOf } from './flights/table.js';

interface Row {
  readonly delay: number;
  readonly time: number;
}

const rows: readonly Row[] = JSON.parse(
  readFileSync(join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/flights-200k.json'), 'utf8'),
);
/** The delays of each hour in ascending order, found in another way than that of the example. */
const sorted = Array.from({ length: 24 }, (_, hour) =>
  rows
    .filter(({ time }) => Math.floor(time) === hour)
    .map(({ delay }) => delay)
    .sort((a, b) => a - b),
);
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const late = (delays: readonly number[]): number => delays.filter((delay) => delay >= 15).length / delays.length;
const mean = (delays: readonly number[]): string => (delays.reduce((a, b) => a + b, 0) / delays.length).toFixed(1);

/** Throws unless every element of the document is closed by one of its name, and every attribute is quoted. Answers the names. */
function elementsOf(svg: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const tag = /<(?:\?[^?]*\?|(\/?)([A-Za-z]+)((?:\s+[A-Za-z][\w:-]*="[^"<&]*")*)\s*(\/?))>/y;
  for (let at = 0; at < svg.length; ) {
    const next = svg.indexOf('<', at);
    const text = svg.slice(at, next < 0 ? undefined : next);
    expect(text, 'text').to.not.match(/&(?!(amp|lt|gt|quot|apos|#\d+);)/);
    if (next < 0) break;
    tag.lastIndex = next;
    const found = tag.exec(svg);
    expect(found, svg.slice(next, next + 80)).to.not.equal(null);
    const [whole, closes, name, , isEmpty] = found!;
    if (closes) expect(open.pop()).to.equal(name);
    else if (name !== undefined) {
      seen.push(name);
      if (!isEmpty) open.push(name);
    }
    at = next + whole.length;
  }
  expect(open).to.deep.equal([]);
  return seen;
}

describe('the flights example', () => {
  let folder: string;
  let ended: Ended;
  const run = (...args: string[]): Promise<Ended> =>
    call(['run', join(project, 'spec/examples/flights/dag.ts'), '--root', project, '--data-dir', 'data', ...args], { cwd: folder }).ended;

  before(async function () {
    this.timeout(480_000);
    folder = mkdtempSync(join(tmpdir(), 'handoff-flights-'));
    ended = await run();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('says what the table says', () => {
    const all = sorted.flat();
    expect(all).to.have.lengthOf(200_000);
    const busy = sorted.map((delays, hour) => ({ hour, delays })).filter(({ delays }) => delays.length >= 1000);
    const [best, worst] = busy.sort((a, b) => late(a.delays) - late(b.delays)).filter((_, at) => at === 0 || at === busy.length - 1);
    const describeHour = ({ hour, delays }: (typeof busy)[number]): string =>
      `${String(hour).padStart(2, '0')}:00, ${percent(late(delays))} late, ${mean(delays)} minutes on average`;
    expect(ended.stdout).to.equal(
      [
        'summary:',
        `200,000 flights, ${percent(1 - late(all))} of them less than 15 minutes late`,
        `best hour to leave:  ${describeHour(best!)}`,
        `worst hour to leave: ${describeHour(worst!)}`,
        'chart: flights-out/delays-by-hour.svg',
        '',
      ].join('\n'),
    );
    expect(ended.stderr).to.include('[load] 200000 rows read');
    expect(ended.code).to.equal(0);
  });

  it('writes a chart, whole and alone', () => {
    expect(readdirSync(join(folder, 'flights-out'))).to.deep.equal(['delays-by-hour.svg']);
    const svg = readFileSync(join(folder, 'flights-out/delays-by-hour.svg'), 'utf8');
    const elements = elementsOf(svg);
    const hoursShown = sorted.filter((delays) => delays.length >= 100).length;
    expect(elements.filter((name) => name === 'circle')).to.have.lengthOf(hoursShown);
    expect(elements.filter((name) => name === 'polygon')).to.have.lengthOf(2);
    for (const text of ['Delay (minutes)', 'Hour of departure (local time)', 'median', 'fewer than 100 flights: 02:00, 03:00, 04:00']) {
      expect(svg).to.include(text);
    }
    expect(svg).to.not.match(/NaN|undefined|Infinity/);
  });

  it('has nothing to run the second time, and writes its chart again when it is told to', async () => {
    const again = await run();
    expect(again).to.include({ code: 0, stdout: ended.stdout });
    expect(again.stderr).to.include('handoff: nothing had to run: 12 results were remembered\n');
    const chartPath = join(folder, 'flights-out/delays-by-hour.svg');
    rmSync(chartPath);
    const anew = await run('--no-cache');
    expect(anew).to.include({ code: 0, stdout: ended.stdout });
    expect(anew.stderr).to.include('[load] 200000 rows read').and.to.not.include('remembered');
    expect(readFileSync(chartPath, 'utf8')).to.include('Delay (minutes)');
  });
});

describe('the functions of the flights example', () => {
  let flights: Flights;
  let parts: readonly Flights[];
  const { log } = console;
  before(async () => {
    console.log = () => {};
    const loaded = Promise.all([load(200_000), load(30_000)]).finally(() => {
      console.log = log;
    });
    const [whole, some] = await loaded;
    flights = whole[0]!;
    parts = some;
  });

  it('load every row', () => {
    expect(flights.delays).to.have.lengthOf(rows.length);
    for (const at of [0, 1, 99_999, 199_999]) {
      expect({ delay: flights.delays[at], minute: flights.departures[at] }).to.deep.equal({
        delay: rows[at]!.delay,
        minute: Math.round(rows[at]!.time * 60),
      });
    }
  });

  it('load it in parts that are the whole, none of them too large', () => {
    expect(parts.map(({ delays }) => delays.length)).to.deep.equal([28_571, 28_572, 28_571, 28_572, 28_571, 28_572, 28_571]);
    expect(parts.flatMap(({ delays }) => [...delays])).to.deep.equal([...flights.delays]);
    expect(parts.flatMap(({ departures }) => [...departures])).to.deep.equal([...flights.departures]);
    expect(partsOf(0, 10)).to.deep.equal([]);
    expect(partsOf(10, 10)).to.deep.equal([[0, 10]]);
  });

  it('count in parts what they count in one', () => {
    expect(joinCounts(parts.map(countByHour))).to.deep.equal(countByHour(flights));
  });

  it('find the mean, the late and the percentiles of every hour', () => {
    for (const { hour, flights: count, mean: average, late: lateCount, percentile } of hoursOf(countByHour(flights))) {
      const delays = sorted[hour]!;
      expect(count).to.equal(delays.length);
      expect(average.toFixed(1)).to.equal(mean(delays));
      expect(lateCount / count).to.equal(late(delays));
      for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) expect(percentile(share)).to.equal(delays[Math.ceil(delays.length * share) - 1]);
    }
  });

  it('refuse a delay that cannot be counted', () => {
    expect(() => countByHour({ departures: Uint16Array.of(0), delays: Int16Array.of(32_767) })).to.throw(
      RangeError,
      'delay of 32767 minutes',
    );
  });

  it('draw a table of any size', () => {
    for (const size of [0, 1, 150]) {
      const few: Flights = { departures: new Uint16Array(size).fill(480), delays: new Int16Array(size).fill(7) };
      const svg = chart(hoursOf(countByHour(few)));
      elementsOf(svg);
      expect(svg).to.not.match(/NaN|undefined|Infinity/);
    }
  });
});
