import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import { dagDataOf, readDagData } from '../../lib/dag/index.js';
import { Dag } from '../../lib/index.js';

const refOf = (module: string, name: string) => ({ module, name });
const code = { module: './m.js', name: 'f' };
const head = (changes: object = {}): object => ({ format: 1, id: 'd', inputs: [], chunks: 1, ...changes });
const chunk = (changes: object = {}): object => ({ ids: ['x'], codes: [code], args: [[]], extra: [[]], rest: [undefined], ...changes });
const all = (count: number, one: unknown): unknown[] => Array.from({ length: count }, () => one);
/** Takes no memory, and says that it is as long as an array can be. */
const endless = (): unknown[] => {
  const list: unknown[] = [];
  list.length = 2 ** 32 - 1;
  return list;
};
const read = (...parts: unknown[]) => doAtOnce(readDagData((part) => parts[part], refOf));

const LIES: Readonly<Record<string, readonly [why: string, ...parts: unknown[]]>> = {
  'no head': ['no DAG that this version knows', undefined],
  'a text': ['no DAG that this version knows', 'x'],
  'a negative number of parts': ['its head is wrong', head({ chunks: -1 }), chunk()],
  'half a part': ['its head is wrong', head({ chunks: 0.5 }), chunk()],
  'more parts than there are': ['a part of it is wrong', head({ chunks: 2 }), chunk()],
  'inputs that are no list': ['its head is wrong', head({ inputs: 7 }), chunk()],
  'endless inputs': ['is not a non-empty string', head({ inputs: endless() }), chunk()],
  'an input twice': ['"a" is taken twice', head({ inputs: ['a', 'a'] }), chunk()],
  'an input that is a function': ['"x" is taken twice', head({ inputs: ['x'] }), chunk()],
  'a function twice': [
    '"x" is taken twice',
    head(),
    chunk({ ids: ['x', 'x'], codes: [code, code], args: [[], []], extra: [[], []], rest: [undefined, undefined] }),
  ],
  'more functions in a part than fit': [
    'a part of it is wrong',
    head(),
    {
      ids: all(1000, 0).map((_, at) => `f${at}`),
      codes: all(1000, code),
      args: all(1000, []),
      extra: all(1000, []),
      rest: all(1000, undefined),
    },
  ],
  'endless columns': ['a part of it is wrong', head(), Object.fromEntries(Object.keys(chunk()).map((column) => [column, endless()]))],
  'columns of several lengths': ['a part of it is wrong', head(), chunk({ codes: [] })],
  'an id that is none': ['is not a non-empty string', head(), chunk({ ids: [7] })],
  'code that is none': ['code is neither', head(), chunk({ codes: ['rm'] })],
  'endless arguments': ['an argument is not a non-empty string', head(), chunk({ args: [endless()] })],
  'arguments that are none': ['some arguments are missing', head(), chunk({ args: [7] })],
  'an edge without an id': ['the id of an argument', head(), chunk({ args: [[{ extra: [] }]] })],
  'endless constants': ['some constants are no primitives', head(), chunk({ extra: [endless()] })],
  'constants among its functions': ['some constants are missing', head(), chunk({ extra: [{ part: 1, length: 1 }] })],
  'constants nowhere': ['some constants are missing', head(), chunk({ extra: [{ length: 1 }] })],
  'a field that is none': ['unknown field "evil"', head(), chunk({ rest: [{ evil: 1 }] })],
  'a prototype': ['unknown field "__proto__"', head(), chunk({ rest: [JSON.parse('{"__proto__":{"cost":{}}}')] })],
  'the slots of a node': ['begins with "slot:"', head(), chunk({ rest: [{ cost: { 'slot:thread': 1 } }] })],
  'a map over nothing': ['over is not a non-empty string', head(), chunk({ rest: [{ type: 'map' }] })],
};

describe('the data of a DAG that another node has made', () => {
  for (const [lie, [why, ...parts]] of Object.entries(LIES)) {
    it(`is refused with ${lie}`, () => {
      expect(() => read(...parts)).to.throw(TypeError, why);
    });
  }

  it('takes no more memory for constants than they have', () => {
    const { snapshot, constants } = read(head(), chunk({ extra: [{ part: 2, length: 2 ** 32 - 1 }] }), []);
    expect(constants.map(({ part }) => part)).to.deep.equal([2]);
    expect(snapshot.graph.graph.specs[0]!.extraArgs).to.have.length(1);
  });

  it('cannot make a function another one, whatever its other fields are', () => {
    const { snapshot } = read(head(), chunk({ rest: [{ id: 'y', code: 7, args: 7, extraArgs: 7 }] }));
    expect(snapshot.graph.graph.specs).to.deep.include.members([
      { id: 'x', code, args: [], extraArgs: [], argumentInclusion: 'variadic', type: 'regular' },
    ]);
  });

  it('is read no further than the most functions that it may have, inline ones apart', () => {
    const dag = Dag.dynamic('d');
    for (let at = 0; at < 2000; at += 1) dag.add({ id: `f${at}`, code, ...(at % 2 === 0 && { type: 'inline' as const }) });
    const { plain } = dagDataOf(dag, (module) => module);
    const opened: number[] = [];
    const open = (part: number): unknown => {
      opened.push(part);
      return plain[part];
    };
    expect(() => doAtOnce(readDagData(open, refOf, 300))).to.throw(RangeError, 'the run may have 300');
    expect(opened).to.deep.equal([0, 1, 2]);
    expect(doAtOnce(readDagData(open, refOf, 1000)).snapshot.graph.size).to.equal(2000);
  });
});
