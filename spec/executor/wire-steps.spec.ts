import { expect } from 'chai';
import { isRemote, moduleOnWire, type RemoteValue, RIDES_ALONG_BYTES, type UngatheredStep } from '../../lib/executor/index.js';
import { stepsForWire, stepsFromWire } from '../../lib/executor/remote/wire-steps.js';
import { pack, StoredValue } from '../../lib/value/index.js';

const step = (over: Partial<UngatheredStep> = {}): UngatheredStep => ({
  role: 'function',
  functionId: 'f',
  isolation: 'thread',
  code: { module: './m.ts', name: 'f' },
  inputs: [],
  asList: false,
  extra: undefined,
  wanted: true,
  ...over,
});
const name = (functionId: string) => ({ kind: 'of-run', runId: 'r', epoch: 0, functionId, origin: 'b', part: null }) as const;
const far = (held: StoredValue | undefined, sizeBytes = held?.sizeBytes ?? 0): RemoteValue => ({
  from: 'b',
  value: name('x'),
  sizeBytes,
  inline: held,
});
const sized = (bytes: number): StoredValue => StoredValue.packed(pack(new Uint8Array(bytes), { where: 'result' }));
/** `rides` or `far`, for each input of each step. */
const ways = (steps: readonly UngatheredStep[]): string[][] =>
  stepsForWire(steps, '/project').map(({ inputs }) =>
    inputs.map((input) => (typeof input === 'number' ? String(input) : 'packed' in input ? 'rides' : 'far')),
  );

describe('modules on the wire', () => {
  it('are relative to the root where they lie below it', () => {
    expect(moduleOnWire('file:///project/lib/tasks.js', '/project')).to.equal('./lib/tasks.js');
    expect(moduleOnWire('file:///project/with%20space.js', '/project')).to.equal('./with space.js');
    expect(moduleOnWire('file:///project/..hidden/tasks.js', '/project')).to.equal('./..hidden/tasks.js');
  });

  it('stay as they are where they do not, or are no files', () => {
    for (const module of ['file:///other/tasks.js', 'file:///projects/tasks.js', './tasks.ts', 'tasks', '@scope/package/tasks']) {
      expect(moduleOnWire(module, '/project')).to.equal(module);
    }
  });
});

describe('the steps of an attempt on the wire', () => {
  it('arrive as they were sent, with one code object for each reference', () => {
    const refs: string[] = [];
    const ref = { module: './m.ts', name: 'f' };
    const sent = [
      step({ role: 'serialize', functionId: 'x', isolation: 'loop', inputs: [StoredValue.live({ a: 1 }, 8)], wanted: false }),
      step({ inputs: [0, StoredValue.live([2], 8, 'caller')], asList: true, extra: StoredValue.live(['e'], 8, 'caller') }),
    ];
    const [first, second] = stepsFromWire(stepsForWire(sent, '/project'), (module, one) => {
      refs.push(`${module}#${one}`);
      return ref;
    }) as [UngatheredStep, UngatheredStep];
    expect(refs).to.deep.equal(['./m.ts#f', './m.ts#f']);
    expect(first).to.deep.include({
      role: 'serialize',
      functionId: 'x',
      isolation: 'loop',
      asList: false,
      wanted: false,
      extra: undefined,
    });
    expect(second).to.deep.include({ role: 'function', functionId: 'f', isolation: 'thread', asList: true, wanted: true });
    expect(second.code).to.equal(ref);
    const opened = [...first.inputs, second.inputs[1]!, second.extra!].map((held) => (held as StoredValue).open(true));
    expect(opened).to.deep.equal([{ a: 1 }, [2], ['e']]);
    expect(
      opened.map((value) => Object.isFrozen(value)),
      'what the caller gave is not frozen',
    ).to.deep.equal([true, false, false]);
    expect(second.inputs[0]).to.equal(0);
  });

  it('are refused where they are none, or need a later one', () => {
    const [first, second] = stepsForWire([step(), step({ inputs: [0] })], '/project');
    for (const wrong of [[], [second!, first!], [{ ...first!, inputs: [0] }]]) {
      expect(() => stepsFromWire(wrong, (module, one) => ({ module, name: one }))).to.throw(/have no order/);
    }
  });

  it('name the values that lie elsewhere, and where', () => {
    const sole = { ...far(undefined, 9_000_000), isSole: true };
    const [sent] = stepsForWire([step({ inputs: [sole], extra: far(undefined, 5) })], '/project');
    expect(sent!.inputs).to.deep.equal([{ from: 'b', value: name('x'), sizeBytes: 9_000_000, sole: true }]);
    expect(sent!.extra).to.deep.equal({ from: 'b', value: name('x'), sizeBytes: 5, sole: false });
    const [there] = stepsFromWire([sent!], (module, one) => ({ module, name: one }));
    expect(isRemote(there!.inputs[0])).to.equal(true);
    expect(there!.inputs[0]).to.deep.include({ isSole: true });
    expect(there!.extra).to.deep.include({ isSole: false });
  });

  it('take small values along, and not what is larger packed than it seemed', () => {
    expect(ways([step({ inputs: [far(sized(1000)), far(sized(RIDES_ALONG_BYTES)), far(sized(1000))] })])).to.deep.equal([
      ['rides', 'far', 'rides'],
    ]);
    const seemsSmall = StoredValue.live(new Uint8Array(RIDES_ALONG_BYTES + 1), 10);
    expect(ways([step({ inputs: [far(seemsSmall)] })])).to.deep.equal([['far']]);
  });

  it('take along what could not be fetched, whatever its size', () => {
    expect(ways([step({ inputs: [sized(RIDES_ALONG_BYTES * 2)] })])).to.deep.equal([['rides']]);
  });

  it('take a mebibyte along in all', () => {
    const inputs = Array.from({ length: 12 }, () => far(sized(60_000)));
    const [first, second] = ways([step({ inputs }), step({ inputs })]) as [string[], string[]];
    expect(first.filter((way) => way === 'rides')).to.have.length(12);
    expect(second.filter((way) => way === 'rides')).to.have.length(5);
    expect(ways([step({ inputs })])[0], 'the next attempt begins anew').to.not.include('far');
  });
});
