import fc from 'fast-check';
import type { WireMessage } from '../../lib/peer/index.js';
import { pack, packThrown } from '../../lib/value/index.js';

const number = fc.oneof(fc.nat(5), fc.nat(300), fc.constantFrom(0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER));
const amount = fc.oneof(number, fc.constantFrom(0.1, 1e308, Number.MIN_VALUE));
const text = fc.oneof(fc.constantFrom('a', 'liar', 'node', '__proto__', 'constructor', '\u202e', 'x'.repeat(90)), fc.string());
const name = text.filter((one) => one !== '' && !/\p{Surrogate}/u.test(one) && one.length <= 255);
const bytes = fc.oneof(
  fc.constantFrom(new Uint8Array(), pack(1, { where: 'value' }), packThrown(new Error('no')), Uint8Array.of(0xff, 1, 2, 3)),
  fc.uint8Array({ maxLength: 64 }),
);
const resources = fc.array(fc.tuple(name, amount), { maxLength: 5 });
const nullable = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one, { nil: null });
const plain = fc.oneof(fc.constantFrom<unknown>(null, true, 0, -1, '', 'a', [], {}, [[]], { node: 1 }), fc.jsonValue({ maxDepth: 3 }));

/** Messages that have the shape of their type, about runs, functions and nodes of these ids, and say what nobody who means well would say. */
export function arbitraryMessages(ids: {
  readonly runs: readonly string[];
  readonly functions: readonly string[];
  readonly nodes: readonly string[];
}) {
  const runId = fc.constantFrom(...ids.runs);
  const functionId = fc.constantFrom(...ids.functions, '__proto__');
  const node = fc.constantFrom(...ids.nodes, 'nobody');
  const dagId = fc.constantFrom('d', '__proto__');
  const run = { runId, epoch: fc.constantFrom(0, 1, 2, 2 ** 40) };
  const attempt = { of: fc.tuple(runId, functionId, number, run.epoch) };
  const code = {
    module: fc.oneof(name, fc.constantFrom('./m.mjs', 'node:fs', '../x.mjs')),
    name,
    isolation: fc.constantFrom('loop', 'thread', 'process', 'x'),
  };
  const file = fc.record({ dataDir: name, epoch: number, index: number, sizeBytes: number, digest: bytes });
  const remembered = fc.record({
    dataDir: name,
    contentDigest: fc.constantFrom('A'.repeat(43), '-_'.repeat(21).concat('9')),
    sizeBytes: number,
  });
  const value = fc.oneof(
    fc.record({ kind: fc.constant('of-run' as const), ...run, functionId, origin: node, part: nullable(number) }),
    fc.record({ kind: fc.constant('of-file' as const), ...run, functionId, origin: node, file, part: nullable(number) }),
    fc.record({ kind: fc.constant('remembered' as const), ...run, functionId, origin: node, file: remembered, part: nullable(number) }),
    fc.record({ kind: fc.constant('composite' as const), ...run, functionId, origin: node, first: number }),
    fc.record({ kind: fc.constant('of-dag' as const), dagId, functionId }),
    fc.record({ kind: fc.constant('offered' as const), offer: number }),
    fc.record({
      kind: fc.constant('serialized' as const),
      ...run,
      functionId,
      origin: node,
      dagId,
      consumer: functionId,
      attempt: number,
      since: nullable(number),
      element: nullable(number),
      ...code,
      extra: bytes,
      timeoutMs: nullable(amount),
      file: nullable(file),
    }),
  );
  const given = fc.oneof(
    fc.record({ packed: bytes, freeze: fc.boolean() }),
    fc.record({ from: node, value, sizeBytes: number, sole: fc.boolean() }),
  );
  const step = fc.record({
    ...code,
    role: fc.constantFrom('function', 'inline', 'serialize', 'deserialize'),
    functionId,
    inputs: fc.array(fc.oneof(number, given), { maxLength: 3 }),
    asList: fc.boolean(),
    extra: nullable(given),
    wanted: fc.boolean(),
    sole: fc.boolean(),
    shape: nullable(fc.constantFrom('split', 'dag')),
    gist: nullable(number),
    digested: fc.boolean(),
  });
  const phases = nullable(fc.tuple(amount, amount, amount, amount, amount));
  const outcome = fc.oneof(
    fc.record({
      type: fc.constant('succeeded'),
      sizeBytes: number,
      tookMs: amount,
      packed: nullable(bytes),
      fits: fc.boolean(),
      facts: nullable(bytes),
      phases,
      slot: number,
      span: nullable(text),
    }),
    fc.record({
      type: fc.constant('filed'),
      sizeBytes: number,
      tookMs: amount,
      file,
      facts: nullable(bytes),
      phases,
      slot: number,
      span: nullable(text),
    }),
    fc.record({ type: fc.constant('failed'), error: bytes, final: fc.boolean(), phases, slot: number }),
    fc.record({ type: fc.constant('argument-lost'), functionId, error: bytes }),
    fc.record({ type: fc.constant('stopped') }),
  );
  const usage = fc.record({ capabilities: resources, used: resources, usedByYou: resources });
  const question = fc.oneof(
    fc.record({ kind: fc.constant('check-room'), required: resources }),
    fc.record({
      kind: fc.constant('keep-value'),
      ...{ dagId, functionId, as: fc.constantFrom('value', 'result') },
      value: fc.oneof(fc.record({ packed: bytes }), fc.record({ offer: number })),
    }),
    fc.record({ kind: fc.constant('await-value'), dagId, functionId, timeoutMs: amount }),
    fc.record({ kind: fc.constant('lookup-location'), dagId, functionId }),
    fc.record({ kind: fc.constant('clear-dag'), dagId }),
    fc.record({ kind: fc.constant('compare-module'), module: name, digest: text }),
    fc.record({ kind: fc.constant('take-digest'), value }),
    fc.record({ kind: fc.constant('check-content'), modules: fc.array(fc.record({ module: name, digest: text }), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('inherit-run'), ...run, dagId }),
    fc.record({ kind: fc.constant('has-remembered'), files: fc.array(remembered, { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('remember-value'), ...run, functionId }),
    fc.record({ kind: fc.constant('show-status'), all: fc.boolean() }),
    fc.record({ kind: fc.constant('list-runs'), all: fc.boolean(), runId: nullable(run.runId) }),
    fc.record({ kind: fc.constant('show-run'), all: fc.boolean(), runId: run.runId, request: text }),
    // A member may cancel any run.
    fc.record({ kind: fc.constant('cancel-run'), all: fc.boolean(), runId: fc.constant('no such run'), reason: text }),
    fc.record({
      ...{ kind: fc.constant('watch-run'), all: fc.boolean(), runId: run.runId, output: fc.boolean(), wait: fc.boolean() },
      from: nullable(fc.tuple(amount, number, number)),
    }),
  );
  const list = fc.array(fc.tuple(functionId, number), { maxLength: 3 });
  const beat = {
    ...{ seq: number, lagMs: amount, leaving: fc.boolean(), capabilities: resources, used: resources },
    byDriver: fc.array(fc.tuple(node, resources), { maxLength: 3 }),
    ...{
      running: number,
      queued: number,
      blocked: number,
      heldBytes: number,
      diskBytes: number,
      limitBytes: number,
      memoryLimitBytes: number,
      rememberedBytes: number,
      rememberedResults: number,
      rememberedHits: number,
    },
    isSpilling: fc.boolean(),
    log: fc.constantFrom('ok', 'lost'),
  };
  const of = <T extends string>(type: T, fields: Record<string, fc.Arbitrary<unknown>> = {}): fc.Arbitrary<unknown> =>
    fc.record({ type: fc.constant(type), ...fields });
  return fc.oneof(
    of('beat', beat),
    of('members', { members: fc.array(fc.tuple(fc.oneof(node, name), name, nullable(text)), { maxLength: 4 }) }),
    of('ask', { id: number, question }),
    of('withdraw-question', { id: number }),
    of('answer', { id: number, value: plain, error: nullable(bytes) }),
    of('run-attempt', {
      ...{
        ...attempt,
        dagId,
        since: nullable(number),
        element: nullable(number),
        cost: resources,
        mayQueue: fc.boolean(),
        isAhead: fc.boolean(),
      },
      ...{ steps: fc.array(step, { maxLength: 3 }), timeoutMs: nullable(amount), stopGraceMs: amount },
      recording: nullable(fc.record({ index: number, isSynced: fc.boolean(), isCopied: fc.boolean() })),
      origin: nullable(fc.record({ traceparent: text, tracestate: nullable(text), links: fc.array(text, { maxLength: 3 }) })),
    }),
    of('attempt-queued', { ...attempt, lacking: resources }),
    of('attempt-started', { ...attempt, slot: number }),
    of('attempt-refused', { ...attempt, usage }),
    of('attempt-ended', { ...attempt, outcome }),
    of('stop-attempt', { ...attempt, reason: bytes, graceMs: amount }),
    of('take-back-attempt', { ...attempt, ask: number }),
    of('attempt-taken-back', { ...attempt, ask: number }),
    of('runs-under-way', { runs: fc.array(fc.tuple(runId, run.epoch, list), { maxLength: 3 }) }),
    of('run-begun', { ...run, dagId }),
    of('run-refused', { ...run, error: bytes }),
    of('adopt-attempts', { ...run, attempts: list }),
    of('release-values', { ...run, ids: fc.array(functionId, { maxLength: 3 }) }),
    of('end-run', { ...run, retainMs: amount, isInterrupted: fc.boolean() }),
    of('fetch-value', { id: number, value }),
    of('value-found', { id: number, freeze: fc.boolean(), packed: nullable(bytes) }),
    of('value-missing', { id: number, error: nullable(bytes) }),
    of('tell-location', { dagId, functionId, node }),
    of('forget-copies', { dagId }),
    of('function-output', { ...attempt, dagId, stream: fc.constantFrom('stdout', 'stderr'), text }),
  ) as fc.Arbitrary<WireMessage>;
}
