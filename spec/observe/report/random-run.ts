import fc from 'fast-check';
import { FUNCTION_STATES } from '../../../lib/runner/brain/function-state.js';
import { NO_PROGRESS } from '../../../lib/runner/brain/progress.js';
import {
  ATTEMPT_OUTCOMES,
  type AttemptHistory,
  type AttemptRow,
  type ObservedError,
  type ObservedLine,
  type ObservedRun,
  type ObservedWait,
  type Phases,
} from '../../../lib/runner/index.js';

/** All that there is of a function of a run at random. */
interface RandomFunction {
  readonly id: string;
  readonly state: ReturnType<ObservedRun['stateOf']>;
  readonly attempt: number;
  readonly node: string | undefined;
  readonly startedMs: number | undefined;
  readonly isolation: string;
  readonly code: string;
  readonly producers: readonly number[];
  readonly partOf: number | undefined;
  readonly sizeBytes: number | undefined;
  readonly error: ObservedError | undefined;
  readonly skipped: 'not-taken' | 'producer-failed' | undefined;
  readonly wait: ObservedWait | undefined;
  readonly lines: readonly ObservedLine[];
}

const text = fc.string({ unit: 'binary', maxLength: 12 });
const idText = fc.oneof(text, fc.stringMatching(/^(resize|tile)-\d{1,4}$/), fc.constantFrom('a\ud800', '</script>', '\udc00b'));
const time = fc.oneof(
  fc.double({ min: 0, max: 1e7, noNaN: true }),
  fc.nat(100_000),
  fc.double({ min: 0, max: 1e4, noNaN: true }).map(Math.fround),
);
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });

const error: fc.Arbitrary<ObservedError> = fc.letrec<{ error: ObservedError }>((tie) => ({
  error: fc.record(
    { name: text, message: text, code: text, stack: text, cause: fc.option(tie('error'), { nil: undefined, depthSize: 'small' }) },
    { requiredKeys: ['name', 'message'] },
  ) as fc.Arbitrary<ObservedError>,
})).error;

const phases: fc.Arbitrary<Phases> = fc.record({
  waitMs: time,
  fetchMs: time,
  loadMs: fc.constant(0),
  runMs: time,
  packMs: fc.constantFrom(0, 0.25),
  handOverMs: time,
});

/** What is random of a function that may name those with places from 0 to `size`. */
const functionOf = (size: number): fc.Arbitrary<Omit<RandomFunction, 'id'>> => {
  const others = size === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(size - 1), { maxLength: 4 });
  return fc.record({
    state: fc.constantFrom(...FUNCTION_STATES),
    attempt: fc.nat(40),
    node: optional(fc.constantFrom('alpha', 'beta')),
    startedMs: optional(time),
    isolation: fc.constantFrom('thread', 'loop', 'own'),
    code: fc.constantFrom('file:///a.js#double', 'anonymous', '<b>'),
    producers: others,
    partOf: size === 0 ? fc.constant(undefined) : optional(fc.nat(size - 1)),
    sizeBytes: optional(fc.oneof(fc.nat(), fc.maxSafeNat())),
    error: optional(error),
    skipped: optional(fc.constantFrom('not-taken' as const, 'producer-failed' as const)),
    wait: optional(
      fc.record(
        {
          for: fc.constantFrom('producers' as const, 'room' as const, 'delay' as const, 'node' as const, 'bound' as const),
          sinceMs: time,
          producers: others,
          lacking: fc.array(fc.record({ node: text, lacking: fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.nat(9)) }), {
            maxLength: 2,
          }),
          untilMs: time,
          node: fc.constantFrom('alpha', 'beta'),
        },
        { requiredKeys: ['for', 'sinceMs', 'producers', 'lacking'] },
      ),
    ),
    lines: fc.array(
      fc.record({
        attempt: fc.nat(3),
        node: text,
        stream: fc.constantFrom('stdout' as const, 'stderr' as const),
        atMs: time,
        line: text,
      }),
      { maxLength: 3 },
    ),
  });
};

const rowOf = (size: number): fc.Arbitrary<AttemptRow> =>
  fc.record({
    index: fc.nat(Math.max(0, size - 1)),
    attempt: fc.integer({ min: 1, max: 300 }),
    node: fc.constantFrom('alpha', 'beta'),
    slot: fc.nat(70),
    outcome: fc.constantFrom(...ATTEMPT_OUTCOMES),
    endMs: time,
    phases,
  });

/** Runs at random: nothing of them fits together, as an encoding must not rely on that. */
export const randomRun = runAtRandom((_index, size) => size);

/** Runs at random whose functions need only those before them: there are no circles. */
export const randomDagRun = runAtRandom((index) => index);

function runAtRandom(below: (index: number, size: number) => number): fc.Arbitrary<ObservedRun> {
  return fc.uniqueArray(idText, { maxLength: 30 }).chain((ids) =>
    fc
      .record({
        functions: fc.tuple(...ids.map((_, index) => functionOf(below(index, ids.length)))),
        rows: ids.length === 0 ? fc.constant([]) : fc.array(rowOf(ids.length), { maxLength: 40 }),
        first: fc.nat(5),
        totals: phases,
        names: fc.record({ runId: text, dagId: text, key: optional(text), driver: text, error: optional(error) }),
        state: fc.constantFrom('running' as const, 'completed' as const, 'failed' as const, 'cancelled' as const),
        numbers: fc.record({ startedAtMs: time, elapsedMs: time, version: fc.nat() }),
      })
      .map(({ functions, rows, first, totals, names, state, numbers }) => {
        const all = functions.map((one, index) => ({ ...one, id: ids[index]! }));
        return observed(all, history(rows, first, totals), { ...names, ...numbers, state });
      }),
  );
}

const history = (rows: readonly AttemptRow[], first: number, phasesOfTotals: Phases): AttemptHistory => ({
  first,
  count: first + rows.length,
  nodes: ['alpha', 'beta'],
  row: (number) => rows[number - first]!,
  totals: () =>
    first === 0
      ? []
      : [
          {
            group: 'old-*',
            attempts: first,
            outcomes: { succeeded: first, failed: 0, 'timed-out': 0, cancelled: 0, lost: 0 },
            phases: phasesOfTotals,
          },
        ],
  each: (from, to, see) => {
    for (let row = from; row < to; row += 1) {
      const { index, attempt, node, slot, outcome, endMs, phases: of } = rows[row - first]!;
      const numbers = [of.waitMs, of.fetchMs, of.loadMs, of.runMs, of.packMs, of.handOverMs] as const;
      see(row, index, attempt, node === 'alpha' ? 0 : 1, slot, ATTEMPT_OUTCOMES.indexOf(outcome), endMs, ...numbers);
    }
  },
});

type Names = Pick<ObservedRun, 'runId' | 'dagId' | 'key' | 'driver' | 'error' | 'startedAtMs' | 'elapsedMs' | 'version' | 'state'>;

const observed = (functions: readonly RandomFunction[], attempts: AttemptHistory, names: Names): ObservedRun => ({
  ...names,
  progress: { ...NO_PROGRESS, total: functions.length },
  notRun: { journal: functions.length, cache: 1 },
  size: functions.length,
  attempts,
  idOf: (index) => functions[index]!.id,
  indexOf: (id) => {
    const index = functions.findIndex((one) => one.id === id);
    return index < 0 ? undefined : index;
  },
  stateOf: (index) => functions[index]!.state,
  attemptOf: (index) => functions[index]!.attempt,
  nodeOf: (index) => functions[index]!.node,
  startedMsOf: (index) => functions[index]!.startedMs,
  isolationOf: (index) => functions[index]!.isolation,
  codeOf: (index) => functions[index]!.code,
  producersOf: (index) => functions[index]!.producers,
  consumersOf: (index) => functions.flatMap(({ producers }, consumer) => (producers.includes(index) ? [consumer] : [])),
  partOf: (index) => functions[index]!.partOf,
  sizeBytesOf: (index) => functions[index]!.sizeBytes,
  sourceOf: (index) => ([undefined, 'run', 'journal', 'cache'] as const)[functions[index]!.id.length % 4],
  errorOf: (index) => functions[index]!.error,
  skippedFor: (index) => functions[index]!.skipped,
  waitOf: (index) => functions[index]!.wait,
  linesOf: (index) => functions[index]!.lines,
});
