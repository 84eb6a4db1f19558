import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { callSite, HandoffError, silentLogger, withCallSite } from '../../lib/base/index.js';
import { Dag, functionsIn, Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';

const lib = fileURLToPath(new URL('../../lib/', import.meta.url));

/** The files of the frames of a stack. */
const frames = (stack: string | undefined): string[] =>
  (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());

const isEngine = (frame: string): boolean => frame.includes('node:internal') || frame.includes('/nact/') || frame.includes(lib);

describe('an error of the engine', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ logger: silentLogger });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  const fails = (): never => {
    throw new RangeError('no');
  };
  const failing = () => new Dag('fails').add({ id: 'f', code: fails, maxRetries: 0 });

  it('names the line that called execute, and no frame of the engine', async () => {
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      [
        'execute',
        async function callsExecute() {
          return handoff.execute(failing());
        },
      ],
      [
        'executeLocal',
        async function callsExecuteLocal() {
          return handoff.executeLocal(failing());
        },
      ],
      [
        'executeDistributed',
        async function callsExecuteDistributed() {
          return handoff.executeDistributed(failing());
        },
      ],
      [
        'a refused run',
        async function callsRefused() {
          return handoff.execute(new Dag('x').add({ id: 'a', code: fails, cost: { cpu: -1 } }));
        },
      ],
      [
        'getValue',
        async function callsGetValue() {
          return handoff.getValue('nobody', 'knows');
        },
      ],
      [
        'Handoff.start',
        async function callsStart() {
          return Handoff.start({ join: ['ws://127.0.0.1:9'], joinTimeoutMs: 20, logger: silentLogger });
        },
      ],
    ];
    for (const [what, call] of calls) {
      const error = (await caught(call())) as unknown as HandoffError;
      expect(HandoffError.is(error), what).to.equal(true);
      const [first] = frames(error.stack);
      expect(first, `${what}: ${error.stack}`).to.match(/^at .*calls\w+.*call-site\.spec\.ts/);
      expect(frames(error.stack).filter(isEngine), what).to.deep.equal([]);
      expect(error.stack!.split('\n')[0]).to.equal(`HandoffError: ${error.message}`);
    }
  });

  it("keeps the function's own frames with its cause", async () => {
    const error = (await caught(handoff.execute(failing()))) as unknown as HandoffError;
    expect((error.cause as Error).stack).to.include('fails');
    expect(inspect(error)).to.include('[cause]: RangeError: no');
  });

  it('is trimmed with those among its causes and failures', async () => {
    const missing = functionsIn('./nowhere.js') as unknown as Record<string, never>;
    const dag = new Dag('lost').add({ id: 'f', code: missing.there!, maxRetries: 0 });
    const error = (await caught(handoff.execute(dag as never))) as unknown as HandoffError;
    expect(HandoffError.is(error.cause, 'HANDOFF_CODE_NOT_FOUND')).to.equal(true);
    const [failure] = error.failures!;
    for (const one of [error, error.cause as HandoffError, failure!]) {
      expect(one.stack!.split('\n')[0]).to.equal(`HandoffError: ${one.message}`);
      expect(frames(one.stack).filter(isEngine)).to.deep.equal([]);
    }
  });

  it('is left as it is when it is none of ours, or cannot be changed', () => {
    const site = callSite();
    const other = new Error('other');
    const { stack } = other;
    expect(withCallSite(other, site)).to.equal(other);
    expect(other.stack).to.equal(stack);
    const frozen = Object.freeze(new HandoffError('HANDOFF_TIMEOUT', 'late'));
    expect(withCallSite(frozen, site)).to.equal(frozen);
    for (const thrown of [undefined, null, 42, Object.create(null)]) expect(withCallSite(thrown, site)).to.equal(thrown);
  });

  it('remembers who called whatever the limit of stacks is, and leaves that as it was', () => {
    const { stackTraceLimit } = Error;
    for (const limit of [0, 1, 100]) {
      Error.stackTraceLimit = limit;
      callSite();
      expect(Error.stackTraceLimit).to.equal(limit);
    }
    Error.stackTraceLimit = stackTraceLimit;
  });
});
