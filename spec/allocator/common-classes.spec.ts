import { expect } from 'chai';
import { CommonClasses } from '../../lib/allocator/index.js';

const needs = { slot: 'loop', costs: {}, pinnedTo: undefined, opens: false };

describe('the classes of claims that runs have in common', () => {
  it('are one object for the same needs, in whatever order the costs are named', () => {
    const common = new CommonClasses();
    const one = common.classOf({ ...needs, costs: { cpu: 1, gpu: 2 } });
    expect(common.classOf({ ...needs, costs: { gpu: 2, cpu: 1 } })).to.equal(one);
    expect(one).to.deep.include({ slot: 'loop', costs: { cpu: 1, gpu: 2 }, pinnedTo: undefined, group: undefined, growsMemory: false });
  });

  it('differ by slot, costs, node and whether they leave values behind', () => {
    const common = new CommonClasses();
    const other = [{}, { slot: 'thread' }, { costs: { cpu: 1 } }, { costs: { cpu: 2 } }, { pinnedTo: 'n' }, { opens: true }];
    const classes = other.map((one) => common.classOf({ ...needs, ...one }));
    expect(new Set(classes).size).to.equal(other.length);
  });

  it('are few: what is known stays, and others belong to their runs', () => {
    const common = new CommonClasses();
    const first = common.classOf(needs);
    const made = Array.from({ length: 100 }, (_, cpu) => common.classOf({ ...needs, costs: { cpu: cpu + 1 } }));
    expect(made.filter((one) => one !== undefined)).to.have.length(15);
    expect(common.classOf(needs)).to.equal(first);
  });

  it('keep the costs as they were given, whatever becomes of the object', () => {
    const costs = { cpu: 1 };
    const one = new CommonClasses().classOf({ ...needs, costs })!;
    costs.cpu = 2;
    expect(one.costs).to.deep.equal({ cpu: 1 });
    expect(Object.isFrozen(one.costs)).to.equal(true);
  });
});
