import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../../lib/base/index.js';
import { type ViewRequest, viewOf } from '../../../lib/observe/index.js';
import { decodeColumn } from '../../../lib/observe/report/decode-column.js';
import { decodeRun } from '../../../lib/observe/report/decode-run.js';
import { encodeColumn } from '../../../lib/observe/report/encode-column.js';
import { encodeRun } from '../../../lib/observe/report/encode-run.js';
import type { EncodedRun } from '../../../lib/observe/report/encoded-run.js';
import { REPORT_LIMITS, type ReportLimits } from '../../../lib/observe/report/report-limits.js';
import type { ObservedRun } from '../../../lib/runner/index.js';
import { sizedRun } from '../../support/observed-run.js';
import { randomDagRun, randomRun } from './random-run.js';

const throughText = (run: ObservedRun, limits: ReportLimits = REPORT_LIMITS): ObservedRun =>
  decodeRun(JSON.parse(JSON.stringify(doAtOnce(encodeRun(run, limits)))) as EncodedRun);

/** Everything that an `ObservedRun` tells. */
function allOf(run: ObservedRun): unknown {
  const { runId, dagId, key, driver, state, progress, notRun, startedAtMs, elapsedMs, version, error, size, attempts } = run;
  const rows: unknown[] = [];
  attempts.each(attempts.first, attempts.count, (...numbers) => rows.push(numbers));
  return {
    ...{ runId, dagId, key, driver, state, progress, notRun, startedAtMs, elapsedMs, version, error: plain(error), size },
    attempts: { first: attempts.first, count: attempts.count, nodes: attempts.nodes, totals: attempts.totals(), rows },
    rows: rows.map((_, at) => attempts.row(attempts.first + at)),
    functions: Array.from({ length: size }, (_, index) => ({
      ...{ id: run.idOf(index), index: run.indexOf(run.idOf(index)), state: run.stateOf(index), attempt: run.attemptOf(index) },
      ...{ node: run.nodeOf(index), startedMs: run.startedMsOf(index), isolation: run.isolationOf(index), code: run.codeOf(index) },
      ...{ producers: run.producersOf(index), consumers: run.consumersOf(index) },
      ...{ partOf: run.partOf(index), sizeBytes: run.sizeBytesOf(index), source: run.sourceOf(index) },
      ...{ error: plain(run.errorOf(index)), skipped: run.skippedFor(index), wait: plain(run.waitOf(index)), lines: run.linesOf(index) },
    })),
  };
}

/** Without fields that are `undefined`. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const noLimits = { ...REPORT_LIMITS, causes: 1000 };

describe('the encoding of a run for a report', () => {
  it('keeps everything that there is of a run', () => {
    fc.assert(
      fc.property(randomRun, (run) => {
        expect(allOf(throughText(run, noLimits))).to.deep.equal(allOf(run));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps every number of a column as it is, in whichever form is shortest', () => {
    const numbers = fc.array(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.constant(-0), fc.float()), { maxLength: 50 });
    fc.assert(
      fc.property(numbers, (column) => {
        const decoded = decodeColumn(JSON.parse(JSON.stringify(encodeColumn(column))), column.length);
        expect(Array.from(decoded)).to.deep.equal(column);
      }),
      { numRuns: 1000 },
    );
  });

  it('writes a column of equal numbers as one number, and small ones in a byte each', () => {
    expect(encodeColumn([7, 7, 7])).to.equal(7);
    expect(encodeColumn(new Float32Array(1000))).to.equal(0);
    expect(encodeColumn(Array.from({ length: 300 }, (_, at) => at % 60)))
      .to.have.property('base64')
      .with.length(400);
    expect(encodeColumn([0.5, 0.25])).to.have.property('as', 'float32');
    expect(encodeColumn([0.1, 0.25])).to.have.property('as', 'float64');
  });

  it('holds only so many errors and lines, cuts long ones, and counts what it leaves out', () => {
    const line = (text: string) => ({ attempt: 1, node: 'alpha', stream: 'stdout' as const, atMs: 1, line: text });
    const run: ObservedRun = {
      ...fc.sample(
        randomRun.filter(({ size }) => size >= 6),
        { numRuns: 1, seed: 17 },
      )[0]!,
      errorOf: (index) => ({ name: 'Error', message: index % 2 === 0 ? 'the same for many' : `${index} its own ${'x'.repeat(50)}` }),
      linesOf: (index) => [line(`old ${index}`), line(`new ${index} ${'y'.repeat(50)}`)],
      waitOf: () => ({ for: 'producers', sinceMs: 1, producers: [0, 1], lacking: [] }),
    };
    const limits = { ...REPORT_LIMITS, errors: 2, errorText: 40, allLineText: 150, lineText: 20, waits: 5 };
    const encoded = doAtOnce(encodeRun(run, limits));
    const decoded = decodeRun(encoded);
    expect([0, 1, 2, 3].map((index) => decoded.errorOf(index)?.message)).to.deep.equal([
      'the same for many',
      `1 its own ${'x'.repeat(30)}… (20 more)`,
      'the same for many',
      'left out of this report, which has only so many different errors',
    ]);
    expect([0, 1].map((index) => decoded.linesOf(index).map((one) => one.line))).to.deep.equal([
      ['old 0', `new 0 ${'y'.repeat(14)}… (36 more)`],
      [],
    ]);
    expect([0, 1, 2, 3].map((index) => decoded.waitOf(index)?.producers)).to.deep.equal([[0, 1], [0, 1], [0], []]);
    const { size, attempts } = run;
    expect(encoded.leftOut).to.deep.equal({
      attempts: attempts.first,
      errors: Math.floor(size / 2) - 1,
      lines: 2 * size - 2,
      waits: 2 * size - 5,
    });
  });
});

describe('the views of a run in a report', () => {
  /** One of each view, with what makes it look at different parts. */
  const requests = (run: ObservedRun): ViewRequest[] => [
    { view: 'groups' },
    { view: 'summary' },
    { view: 'timeline', fromMs: 0, toMs: 20_000, widthPx: 300 },
    { view: 'timeline', fromMs: 100, toMs: 5_000, widthPx: 20 },
    { view: 'functions', sort: 'duration', descending: true, offset: 0, limit: 50 },
    { view: 'functions', sort: 'id', search: 'r', offset: 2, limit: 5 },
    { view: 'graph' },
    ...Array.from({ length: run.size }, (_, index): ViewRequest => ({ view: 'function', functionId: run.idOf(index) })),
  ];

  it('are those of the run itself, whatever the run', () => {
    fc.assert(
      fc.property(randomDagRun, (run) => {
        const decoded = throughText(run, noLimits);
        for (const request of requests(run))
          expect(plain(viewOf(decoded, request)), request.view).to.deep.equal(plain(viewOf(run, request)));
      }),
      { numRuns: 200 },
    );
  });

  it('are those of a large run with failures and lost attempts', () => {
    const run = sizedRun({ functions: 5_000, failEvery: 70, loseEvery: 110 });
    const decoded = throughText(run);
    for (const request of requests(run).slice(0, 200)) expect(viewOf(decoded, request), request.view).to.deep.equal(viewOf(run, request));
  });
});
