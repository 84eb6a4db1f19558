import { expect } from 'chai';
import { arg, collocatedWith, Dag, Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';

const BAD = ['\ud800', 'a\udc00', '\udc00\ud800', 'x\ud83d'];
const GOOD = ['\ud83d\ude00', 'é', '\u0000', '\ufffd', '__proto__'];
const code = (): number => 1;

type Call = (text: string) => unknown;

/** Whatever takes text that other nodes are told. */
const CALLS: Readonly<Record<string, Call>> = {
  'the id of a DAG': (text) => new Dag(text),
  'the id of Dag.dynamic': (text) => Dag.dynamic(text),
  'the id of Dag.of': (text) => Dag.of(text, {}),
  'a key of Dag.of': (text) => Dag.of('d', { [text]: { code } } as never),
  'the id of Dag.fromJSON': (text) => Dag.fromJSON({ id: text, functions: [] }),
  'a function of Dag.fromJSON': (text) => Dag.fromJSON({ id: 'd', functions: [{ id: text, code: { module: 'm', name: 'n' } }] }),
  'an input of Dag.fromJSON': (text) => Dag.fromJSON({ id: 'd', functions: [], inputs: [text] }),
  'the id of a function': (text) => Dag.dynamic().add({ id: text, code }),
  'the id of an input': (text) => Dag.dynamic().input(text),
  'an argument': (text) => Dag.dynamic().add({ id: 'f', code, args: [text] }),
  'an argument with a serializer': (text) => Dag.dynamic().add({ id: 'f', code, args: [arg(text, {})] }),
  'a module': (text) => Dag.dynamic().add({ id: 'f', code: { module: text, name: 'n' } }),
  'the name of an export': (text) => Dag.dynamic().add({ id: 'f', code: { module: 'm', name: text } }),
  'the module of a serializer': (text) =>
    Dag.dynamic().add({ id: 'f', code, args: [arg('a', { serialize: { module: text, name: 'n' } })] }),
  'the node of a function': (text) => Dag.dynamic().add({ id: 'f', code, node: text }),
  'a collocation': (text) => collocatedWith(text),
  'a resource of a cost': (text) => Dag.dynamic().add({ id: 'f', code, cost: { [text]: 1 } }),
};

/** The same, for the calls of a node. */
const ASKED: Readonly<Record<string, (node: Handoff, text: string) => Promise<unknown>>> = {
  'storeValue, the DAG': (node, text) => node.storeValue(text, 'id', 1),
  'storeValue, the id': (node, text) => node.storeValue('d', text, 1),
  'storeResult, the DAG': (node, text) => node.storeResult(text, 'id', 1),
  'storeResult, the id': (node, text) => node.storeResult('d', text, 1),
  'storeResult, the node': (node, text) => node.storeResult('d', 'id', 1, text),
  'getResult, the DAG': (node, text) => node.getResult(text, 'id', { timeoutMs: 0 }),
  'getResult, the id': (node, text) => node.getResult('d', text, { timeoutMs: 0 }),
  getLocalValue: (node, text) => node.getLocalValue('d', text),
  'getValue, the id': (node, text) => node.getValue('d', text),
  'getValue, the node': (node, text) => node.getValue('d', 'id', text),
  'registerDataLocation, the id': (node, text) => node.registerDataLocation('d', text, 'n'),
  'registerDataLocation, the node': (node, text) => node.registerDataLocation('d', 'id', text),
  lookupDataLocation: (node, text) => node.lookupDataLocation(text, 'id'),
  clear: (node, text) => node.clear(text),
  'registerNode, the node': (node, text) => node.registerNode(text, {}),
  'registerNode, a resource': (node, text) => node.registerNode(node.name, { [text]: 1 }),
  registerLocalNode: (node, text) => node.registerLocalNode({ [text]: 1 }),
  resourcesAvailable: (node, text) => node.resourcesAvailable(node.name, { [text]: 1 }),
};

describe('text with half of a surrogate pair', () => {
  let node: Handoff;
  before(async () => {
    node = await Handoff.start({ name: 'here' });
  });
  after(() => node.stop());

  for (const [what, call] of Object.entries(CALLS)) {
    it(`is refused as ${what}; whole characters are taken`, () => {
      for (const text of BAD) expect(() => call(text), JSON.stringify(text)).to.throw(TypeError, 'lone surrogate');
      for (const text of GOOD) expect(() => call(text), JSON.stringify(text)).not.to.throw();
    });
  }

  for (const [what, call] of Object.entries(ASKED)) {
    it(`is refused by ${what}`, async () => {
      for (const text of BAD)
        expect(await caught(call(node, text)), JSON.stringify(text))
          .to.be.instanceOf(TypeError)
          .with.property('message')
          .that.contains('lone surrogate');
    });
  }

  it('is refused as the name of a node, and of a resource', async () => {
    for (const text of BAD) {
      for (const options of [{ name: text }, { capabilities: { [text]: 1 } }]) {
        expect(await caught(Handoff.start(options)), JSON.stringify(options)).to.be.instanceOf(TypeError);
      }
    }
  });

  it('in a value is a value like any other', async () => {
    await node.storeValue('d', 'text', BAD);
    expect(await node.getValue('d', 'text')).to.deep.equal(BAD);
  });
});
