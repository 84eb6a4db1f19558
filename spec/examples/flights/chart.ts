import type { HourOfDelays } from './delays.js';

const WIDTH = 960;
const HEIGHT = 600;
const LEFT = 72;
const RIGHT = WIDTH - 32;
/** The panel of delays, and below it that of flights: top and bottom. */
const DELAYS = { top: 118, bottom: 404 };
const FLIGHTS = { top: 446, bottom: 516 };
/** Percentiles of fewer flights say little: such hours are left out. */
const ENOUGH = 100;
/** The day of an airline begins before dawn: flights after midnight are the last of the day before. */
const FIRST_HOUR = 5;

const STYLE = `
  text { font-family: Inter, "Helvetica Neue", Helvetica, Arial, sans-serif; font-size: 13px; fill: #4b5563; }
  .title { font-size: 22px; font-weight: 600; fill: #111827; }
  .axis { fill: #374151; font-weight: 600; }
  .grid { stroke: #e5e7eb; }
  .zero { stroke: #6b7280; }
  .most { fill: #c6dbef; }
  .half { fill: #6baed6; }
  .median { stroke: #08306b; stroke-width: 2.5; stroke-linejoin: round; fill: none; }
  .point { fill: #08306b; }
  .flights { fill: #9ca3af; }`;

/** Draws the delays by hour of departure as SVG: the spread of the delays above, the number of flights below. */
export function chart(hours: readonly HourOfDelays[]): string {
  const shown = [...hours.slice(FIRST_HOUR), ...hours.slice(0, FIRST_HOUR)].filter(({ flights }) => flights >= ENOUGH);
  const omitted = hours.filter(({ flights }) => flights < ENOUGH).map(({ hour }) => clock(hour));
  const slot = (RIGHT - LEFT) / shown.length;
  const x = (at: number): number => LEFT + (at + 0.5) * slot;
  const lowest = floorTo(30, Math.min(0, ...shown.map((hour) => hour.percentile(0.1))));
  const highest = ceilTo(30, Math.max(30, ...shown.map((hour) => hour.percentile(0.9))));
  const y = scale(lowest, highest, DELAYS);
  const most = ceilTo(5000, Math.max(1, ...shown.map(({ flights }) => flights)));
  const flightsY = scale(0, most, FLIGHTS);

  const band = (name: string, from: number, to: number): string => {
    const upper = shown.map((hour, at) => point(x(at), y(hour.percentile(to))));
    const lower = shown.map((hour, at) => point(x(at), y(hour.percentile(from))));
    return `<polygon class="${name}" points="${[...upper, ...lower.reverse()].join(' ')}"/>`;
  };
  const medians = shown.map((hour, at) => [x(at), y(hour.percentile(0.5))] as const);
  const total = hours.reduce((sum, { flights }) => sum + flights, 0);

  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">Delay of flights by hour of departure</title>
<style>${STYLE}
</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
<text class="title" x="${LEFT}" y="42">Flights run later as the day goes on</text>
<text x="${LEFT}" y="66">Delay of ${total.toLocaleString('en-US')} flights in the United States, by hour of departure</text>
${legend(LEFT, 96)}
${steps(lowest, highest, 30)
  .map((minutes) => gridLine(y(minutes), `${minutes}`, minutes === 0 ? 'zero' : 'grid'))
  .join('\n')}
${band('most', 0.1, 0.9)}
${band('half', 0.25, 0.75)}
<polyline class="median" points="${medians.map(([px, py]) => point(px, py)).join(' ')}"/>
${medians.map(([px, py]) => `<circle class="point" cx="${round(px)}" cy="${round(py)}" r="3"/>`).join('\n')}
${axisTitle('Delay (minutes)', DELAYS)}
${steps(0, most, 5000)
  .map((count) => gridLine(flightsY(count), thousands(count), count === 0 ? 'zero' : 'grid'))
  .join('\n')}
${shown.map(({ flights }, at) => bar(x(at), slot * 0.6, flightsY(flights))).join('\n')}
${axisTitle('Flights', FLIGHTS)}
${shown.map(({ hour }, at) => `<text x="${round(x(at))}" y="${FLIGHTS.bottom + 20}" text-anchor="middle">${hour}</text>`).join('\n')}
<text class="axis" x="${(LEFT + RIGHT) / 2}" y="${FLIGHTS.bottom + 44}" text-anchor="middle">Hour of departure (local time)</text>
<text x="${LEFT}" y="${HEIGHT - 14}">${omitted.length === 0 ? '' : `Not shown, fewer than ${ENOUGH} flights: ${omitted.join(', ')}. `}Data: vega-datasets, flights-200k.json</text>
</svg>
`;
}

type Panel = typeof DELAYS;

const scale =
  (low: number, high: number, { top, bottom }: Panel) =>
  (value: number): number =>
    bottom - ((value - low) / (high - low)) * (bottom - top);

const round = (n: number): number => Math.round(n * 10) / 10;
const floorTo = (step: number, n: number): number => Math.floor(n / step) * step;
const ceilTo = (step: number, n: number): number => Math.ceil(n / step) * step;
const point = (x: number, y: number): string => `${round(x)},${round(y)}`;
const clock = (hour: number): string => `${String(hour).padStart(2, '0')}:00`;
const thousands = (n: number): string => (n === 0 ? '0' : `${n / 1000}k`);
const steps = (low: number, high: number, step: number): number[] =>
  Array.from({ length: Math.round((high - low) / step) + 1 }, (_, at) => low + at * step);

const gridLine = (y: number, label: string, name: string): string =>
  `<line class="${name}" x1="${LEFT}" x2="${RIGHT}" y1="${round(y)}" y2="${round(y)}"/>` +
  `<text x="${LEFT - 10}" y="${round(y + 4.5)}" text-anchor="end">${label.replace('-', '−')}</text>`;

const bar = (middle: number, width: number, top: number): string =>
  `<rect class="flights" x="${round(middle - width / 2)}" y="${round(top)}" width="${round(width)}" height="${round(FLIGHTS.bottom - top)}" rx="2"/>`;

function axisTitle(text: string, { top, bottom }: Panel): string {
  const [x, y] = [22, (top + bottom) / 2];
  return `<text class="axis" x="${x}" y="${y}" text-anchor="middle" transform="rotate(-90 ${x} ${y})">${text}</text>`;
}

function legend(x: number, y: number): string {
  const swatch = (at: number, name: string): string => `<rect class="${name}" x="${at}" y="${y - 11}" width="22" height="13" rx="2"/>`;
  const text = (at: number, words: string): string => `<text x="${at}" y="${y}">${words}</text>`;
  return [
    `<line class="median" x1="${x}" x2="${x + 22}" y1="${y - 4.5}" y2="${y - 4.5}"/>${text(x + 30, 'median')}`,
    `${swatch(x + 96, 'half')}${text(x + 126, 'middle half of the flights')}`,
    `${swatch(x + 304, 'most')}${text(x + 334, 'middle 80 % of the flights')}`,
  ].join('\n');
}
