import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { HandoffError, NonRetryableError } from '../../lib/base/index.js';
import { packThrown, packThrownForWire, unpackError, unpackThrown } from '../../lib/value/index.js';

type Fields = Error & Readonly<Record<string, unknown>>;

const sent = (thrown: unknown): Fields => unpackThrown(packThrown(thrown)) as Fields;
const overWire = (thrown: unknown): Fields => unpackThrown(packThrownForWire(thrown)) as Fields;

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}

function chainOf(length: number): Error {
  let error = new Error('the root cause');
  for (let at = 1; at < length; at += 1) error = new Error(`cause ${length - at}`, { cause: error });
  return error;
}

function causesOf(error: Error): string[] {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages;
}

function treeOf(depth: number): Error {
  return depth === 0 ? new Error('leaf') : new AggregateError([treeOf(depth - 1), treeOf(depth - 1)], 'branch');
}

const countOf = (error: unknown): number =>
  error instanceof Error ? 1 + ((error as AggregateError).errors ?? []).reduce((sum: number, one: unknown) => sum + countOf(one), 0) : 0;

describe('an error on its way', () => {
  it('leaves out a field that is no value, and keeps its others, its class, its code and its stack', () => {
    const tree = nested(3000);
    const error = Object.assign(new SyntaxError('x'), { tree, code: 'E_CODE', line: 3, callback: () => 1, again: { tree } });
    for (const way of [sent, overWire]) {
      const back = way(error);
      expect(back).to.be.instanceOf(SyntaxError).and.include({ code: 'E_CODE', line: 3, message: 'x', stack: error.stack });
      expect(back).not.to.have.any.keys('tree', 'callback', 'again');
    }
  });

  it('of another realm does the same', () => {
    const error = runInNewContext("Object.assign(new RangeError('x'), { code: 'E_CODE', callback() {} })") as Fields;
    const back = sent(error);
    expect(back).to.be.instanceOf(RangeError).and.include({ code: 'E_CODE', stack: error.stack });
    expect(back).not.to.have.any.keys('callback');
    const outer = sent(new Error('outer', { cause: error }));
    expect(outer.cause).to.be.instanceOf(RangeError).with.property('code', 'E_CODE');
  });

  it('runs no accessor of its fields', () => {
    const error = Object.defineProperty(new Error('x'), 'field', {
      enumerable: true,
      get() {
        throw new Error('was read');
      },
    });
    expect(sent(error)).not.to.have.any.keys('field');
  });

  it('takes a chain of a hundred causes along whole', () => {
    expect(causesOf(sent(chainOf(100)))).to.deep.equal(causesOf(chainOf(100)));
  });

  it('keeps both ends of a longer chain, and says how many causes were left out', () => {
    for (const length of [101, 2000, 50_000]) {
      const messages = causesOf(sent(chainOf(length)));
      expect(messages).to.have.length(101);
      expect(messages[0]).to.equal('cause 1');
      expect(messages[50]).to.equal(`${length - 100} causes were left out here`);
      expect(messages.at(-1)).to.equal('the root cause');
    }
    const far = causesOf(overWire(chainOf(50_000)));
    expect(far[0]).to.equal('cause 1');
    expect(far.join()).to.match(/\d+ causes were left out here/);
    expect(far.at(-1)).to.equal('the root cause');
  });

  it('keeps cycles of causes', () => {
    const [one, two] = [new Error('one'), new Error('two')];
    one.cause = two;
    two.cause = one;
    const back = sent(one);
    expect((back.cause as Error).cause).to.equal(back);
    const self = new Error('self');
    self.cause = self;
    const again = sent(self);
    expect(again.cause).to.equal(again);
  });

  it('is packed once for each in a tree of them, however large', () => {
    const error = treeOf(12);
    const back = sent(error);
    expect(countOf(back)).to.equal(2 ** 13 - 1);
    expect(packThrown(error).byteLength).to.be.below(4 * packThrown(treeOf(10)).byteLength);
    expect(overWire(error)).to.be.instanceOf(AggregateError);
  });

  it('says how many errors were left out where there are too many for a message', () => {
    const many = new AggregateError(
      Array.from({ length: 5000 }, (_, at) => new Error(`error ${at}`)),
      'many',
    );
    const errors = (overWire(many) as unknown as AggregateError).errors as Error[];
    expect(errors[0]!.message).to.equal('error 0');
    expect(errors.at(-1)!.message).to.match(/^\d+ more were left out$/);
  });

  it('walks what its fields share once, not once for each', () => {
    const shared = Array.from({ length: 20_000 }, (_, at) => ({ at }));
    const errors = Array.from({ length: 5000 }, () => Object.assign(new Error('x'), { details: { shared, no: () => 1 } }));
    expect(sent(new AggregateError(errors, 'many')).message).to.equal('many');
  });

  it('fits a message, however large its name, its message, its stack, its fields', () => {
    const long = 'x\u0100'.repeat(5 * 1024 * 1024);
    const large: unknown[] = [
      Object.defineProperty(new Error('x'), 'name', { value: long }),
      new Error(long),
      Object.assign(new Error('x'), { stack: long }),
      Object.assign(new Error('x'), { data: Buffer.alloc(5 * 1024 * 1024) }),
      Object.assign(new Error('x'), { cause: long }),
      new Error('x', { cause: new Error(long, { cause: new Error(long) }) }),
      long,
      { long },
      Array.from({ length: 1000 }, () => new Error(long)),
    ];
    for (const thrown of large) {
      const packed = packThrownForWire(thrown);
      expect(packed.byteLength).to.be.at.most(1024 * 1024);
      expect(unpackThrown(packed)).to.satisfy((back: unknown) => back instanceof Error || typeof back === 'string');
    }
  });

  it('stays ours, and final, and a DOMException', () => {
    expect(HandoffError.is(sent(new HandoffError('HANDOFF_TIMEOUT', 'x')), 'HANDOFF_TIMEOUT')).to.equal(true);
    expect(NonRetryableError.is(sent(new NonRetryableError('x')))).to.equal(true);
    expect(sent(new DOMException('x', 'AbortError')))
      .to.be.instanceOf(DOMException)
      .and.include({ name: 'AbortError', code: 20, message: 'x' });
  });

  it('is what was thrown if that was a value', () => {
    for (const thrown of [42, 'text', undefined, null, { status: 404 }, [1]]) expect(sent(thrown)).to.deep.equal(thrown);
    expect(sent(Symbol('x')))
      .to.be.instanceOf(Error)
      .with.property('message', 'Symbol(x)');
    expect(sent(() => 1)).to.be.instanceOf(Error);
  });

  it('that does not open is an error that says so', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(0xff, 0x0f, 0x6f), Uint8Array.of(0x02, 0xff), Uint8Array.of(0x14)]) {
      expect(unpackThrown(bytes)).to.be.instanceOf(Error).with.property('message').that.contains('cannot be read');
    }
    expect(unpackError(packThrown(42)))
      .to.be.instanceOf(Error)
      .and.include({ message: '42', cause: 42 });
  });
});
