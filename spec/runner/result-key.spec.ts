import { expect } from 'chai';
import fc from 'fast-check';
import type { AnyFunction, CodeRef } from '../../lib/dag/index.js';
import { type CodeFacts, type CodeKey, codeKeyOf, type KeyedStep, resultKeyText } from '../../lib/runner/remember/result-key.js';
import { digestOf } from '../../lib/value/index.js';

const facts: CodeFacts = {
  version: undefined,
  idOf: (id) => id.replace(/\[\d+\]$/, ''),
  nameOf: ({ module }) => module,
  contentOf: ({ module }) => (module === './gone.js' ? undefined : `content of ${module}`),
};
const f: CodeRef = { module: './m.js', name: 'f' };
const codeKey = (
  code: AnyFunction | CodeRef,
  more: Partial<CodeFacts> = {},
  functionId = 'a',
  role: 'function' | 'serialize' = 'function',
) => codeKeyOf({ role, functionId, code }, { ...facts, ...more });
const step = (more: Partial<KeyedStep> = {}): KeyedStep => ({ code: codeKey(f), asList: false, extra: undefined, inputs: ['x'], ...more });

describe('the key of a remembered result', () => {
  it('has of a reference the module, the export, and the content of the code or its version', () => {
    const keys = [
      codeKey(f),
      codeKey({ ...f, name: 'g' }),
      codeKey({ ...f, module: './n.js' }),
      codeKey(f, { contentOf: () => 'other content' }),
      codeKey(f, { version: '1' }),
      codeKey(f, { version: '2' }),
      codeKey(f, { version: 'content of ./m.js' }),
    ].map((key) => JSON.stringify(key));
    expect(new Set(keys).size).to.equal(keys.length);
    // A version stands for the code, whatever the module holds then, and wherever it is.
    expect(codeKey(f, { version: '1', contentOf: () => undefined })).to.deep.equal(codeKey(f, { version: '1' }));
    expect(codeKey(f, {}, 'b')).to.deep.equal(codeKey(f, {}, 'a'));
  });

  it('has of a plain function its version and its id in the DAG, which elements of a map share', () => {
    const plain = (id: string, version = '1', code: AnyFunction = () => 1): CodeKey => codeKey(code, { version }, id);
    expect(plain('a')).to.deep.equal(plain('a', '1', () => 2));
    expect(plain('m[0]')).to.deep.equal(plain('m[7]'));
    expect(plain('a')).to.not.deep.equal(plain('b'));
    expect(plain('a')).to.not.deep.equal(plain('a', '2'));
  });

  it('has of a plain (de)serializer its text, under the version of the function that it serves', () => {
    const edge = (code: AnyFunction, version: string | undefined = '1'): CodeKey => codeKey(code, { version }, 'a', 'serialize');
    const key = edge((x: number) => x + 1);
    expect(edge((x: number) => x + 1)).to.deep.equal(key);
    expect(edge((x: number) => x + 2)).to.not.deep.equal(key);
    expect(edge((x: number) => x + 1, '2')).to.not.deep.equal(key);
    expect(edge(Math.abs as AnyFunction)).to.equal(null);
    // A reference is its module's content, as nothing else says what it is then.
    expect(codeKey(f, {}, 'a', 'serialize')).to.deep.equal(codeKey(f));
    expect(codeKey(f, { version: '1' }, 'a', 'serialize')).to.deep.equal(codeKey(f));
  });

  it('is there only if all is known', () => {
    expect(codeKey({ ...f, module: './gone.js' })).to.equal(null);
    expect(codeKey(() => 1)).to.equal(null);
    expect(codeKeyOf({ role: 'serialize', functionId: 'a', code: () => 1 }, facts)).to.equal(null);
    expect(resultKeyText([step()])).to.be.a('string');
    expect(resultKeyText([step({ code: null })])).to.equal(undefined);
    expect(resultKeyText([step({ inputs: ['x', undefined] })])).to.equal(undefined);
    expect(resultKeyText([step({ code: null }), step({ inputs: [0] })])).to.equal(undefined);
  });

  it('differs with arguments, their order and how they are passed, constants, and what makes arguments', () => {
    const inline = codeKey({ ...f, name: 'inline' });
    const calls: readonly (readonly KeyedStep[])[] = [
      [step()],
      [step({ inputs: [] })],
      [step({ inputs: ['y'] })],
      [step({ inputs: ['x', 'y'] })],
      [step({ inputs: ['y', 'x'] })],
      [step({ inputs: ['x', 'y'], asList: true })],
      [step({ extra: 'x' })],
      [step({ extra: 'x', inputs: [] })],
      [step({ code: inline })],
      [step({ code: inline }), step({ inputs: [0] })],
      [step({ code: inline }), step({ inputs: ['x'] })],
      [step({ code: inline, inputs: ['y'] }), step({ inputs: [0] })],
      [step({ code: inline, extra: 'e' }), step({ inputs: [0] })],
      [step({ code: inline }), step({ inputs: [0, 0] })],
      [step({ code: inline }), step({ code: inline }), step({ inputs: [0, 1] })],
    ];
    const keys = calls.map(resultKeyText);
    expect(new Set(keys).size).to.equal(calls.length);
    expect(calls.map(resultKeyText)).to.deep.equal(keys);
  });

  it('is equal for equal calls alone', () => {
    const text = fc.constantFrom('', 'a', '"', '",0]', '[', 'null', '\ud800', '0');
    const code = fc.array(fc.option(text), { maxLength: 3 });
    const steps = fc.array(
      fc.record({
        code,
        asList: fc.boolean(),
        extra: fc.option(text, { nil: undefined }),
        inputs: fc.array(fc.oneof(text, fc.nat(2)), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    );
    const plain = (of: unknown): string => digestOf(of, { where: 'steps' });
    fc.assert(
      fc.property(steps, steps, (one, other) => (resultKeyText(one) === resultKeyText(other)) === (plain(one) === plain(other))),
      { numRuns: 1000 },
    );
  });

  it('is the same in each process and version: what is on disk is named by it', () => {
    const text = resultKeyText([step({ extra: 'e' }), step({ inputs: [0, 'y'], asList: true })]);
    expect(text).to.equal(
      '[1,[["reference","./m.js","f","content","content of ./m.js"],0,"e",["x"]],' +
        '[["reference","./m.js","f","content","content of ./m.js"],1,null,[0,"y"]]]',
    );
  });
});
