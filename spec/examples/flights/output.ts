import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chart } from './chart.js';
import { type DelayCounts, type HourOfDelays, hoursOf } from './delays.js';

/**
 * Writes the chart to `path`, below the working directory; answers the path. An attempt that is cut short leaves no half a file: the name is
 * given to a file that is complete.
 */
export async function writeChart(counts: DelayCounts, path: string): Promise<string> {
  const unfinished = `${path}.${process.pid}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(unfinished, chart(hoursOf(counts)));
  await rename(unfinished, path);
  return path;
}

/** What the table says, in a few lines. */
export function summary(counts: DelayCounts, chartPath: string): string {
  const hours = hoursOf(counts);
  const flights = total(hours, (hour) => hour.flights);
  const late = total(hours, (hour) => hour.late);
  const busy = hours.filter((hour) => hour.flights >= 1000).sort((a, b) => shareLate(a) - shareLate(b));
  return [
    `${flights.toLocaleString('en-US')} flights, ${percent(1 - late / flights)} of them less than 15 minutes late`,
    `best hour to leave:  ${describe(busy.at(0)!)}`,
    `worst hour to leave: ${describe(busy.at(-1)!)}`,
    `chart: ${chartPath}`,
  ].join('\n');
}

const total = (hours: readonly HourOfDelays[], of: (hour: HourOfDelays) => number): number =>
  hours.reduce((sum, hour) => sum + of(hour), 0);
const shareLate = ({ late, flights }: HourOfDelays): number => late / flights;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const describe = (hour: HourOfDelays): string =>
  `${String(hour.hour).padStart(2, '0')}:00, ${percent(shareLate(hour))} late, ${hour.mean.toFixed(1)} minutes on average`;
