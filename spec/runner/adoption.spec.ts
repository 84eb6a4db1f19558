import { expect } from 'chai';
import { compile, Dag } from '../../lib/dag/index.js';
import { adoptionOf, type NodeInheritance } from '../../lib/runner/brain/adoption.js';

const no = (): void => {};

/** What an heir takes over of a run, as `function#attempt@node`; `recorded` are functions with a success of that epoch. */
function adopt(
  edges: Readonly<Record<string, readonly string[]>>,
  recorded: Readonly<Record<string, number>>,
  has: readonly (readonly [string, Partial<NodeInheritance>])[],
  since: Readonly<Record<string, number>> = {},
) {
  const dag = Dag.dynamic('d');
  for (const [id, args] of Object.entries(edges)) dag.add({ id, code: no, args: [...args] });
  const plan = compile(dag);
  const column = (of: Readonly<Record<string, number>>, or: number): Uint32Array => Uint32Array.from(plan.ids, (id) => of[id] ?? or);
  const { adopted, places } = adoptionOf(
    { ...plan, indexOf: plan.indexOf, since: column(since, 1), madeIn: column(recorded, 0) },
    has.map(([node, { attempts = [], values = [] }]) => [node, { attempts, values }] as const),
  );
  return {
    adopted: adopted.map(({ index, attempt, node }) => `${plan.ids[index]}#${attempt}@${node}`).sort(),
    places: Object.fromEntries([...places].map(([index, node]) => [plan.ids[index], node])),
  };
}
const runs = (functionId: string, attempt = 1, epoch = 1) => ({ functionId, attempt, epoch, isOver: false });
const over = (functionId: string, attempt = 1, epoch = 1) => ({ functionId, attempt, epoch, isOver: true });

describe('what an heir takes over', () => {
  const edges = { a: [], b: ['a'], c: ['b'] };

  it('is what runs or has succeeded with arguments that are recorded', () => {
    const has = [['n', { attempts: [runs('b'), over('x')] }]] as const;
    expect(adopt(edges, { a: 1 }, has)).to.deep.equal({ adopted: ['b#1@n'], places: {} });
    expect(adopt(edges, {}, has).adopted, 'a will be made again').to.deep.equal([]);
    expect(adopt({ a: [] }, {}, [['n', { attempts: [runs('a', 2)] }]]).adopted).to.deep.equal(['a#2@n']);
  });

  it('may have used successes that are taken over too, and not what only runs', () => {
    expect(
      adopt(edges, {}, [
        ['n', { attempts: [over('a')] }],
        ['m', { attempts: [over('b'), runs('c')] }],
      ]).adopted,
    ).to.deep.equal([...['a#1@n', 'b#1@m', 'c#1@m']]);
    expect(adopt(edges, {}, [['n', { attempts: [runs('a'), over('b'), runs('c')] }]]).adopted).to.deep.equal(['a#1@n']);
  });

  it('is nothing that is recorded, that a recorded success has used, or that is of the function as it was', () => {
    expect(adopt(edges, { a: 1 }, [['n', { attempts: [runs('a', 2)] }]]).adopted).to.deep.equal([]);
    expect(adopt(edges, { b: 1 }, [['n', { attempts: [runs('a', 2)] }]]).adopted).to.deep.equal([]);
    expect(adopt(edges, {}, [['n', { attempts: [runs('a')] }]], { a: 2 }).adopted).to.deep.equal([]);
    expect(adopt(edges, {}, [['n', { attempts: [runs('a', 1, 2)] }]], { a: 2 }).adopted).to.deep.equal(['a#1@n']);
  });

  it('is of several attempts at a function the latest', () => {
    const has = [
      ['n', { attempts: [over('a', 3)] }],
      ['m', { attempts: [runs('a', 1, 2)] }],
      ['o', { attempts: [runs('a', 2)] }],
    ] as const;
    expect(adopt({ a: [] }, {}, has).adopted).to.deep.equal(['a#1@m']);
  });

  it('is the value of a recorded success that was made in the same epoch, where it is found first', () => {
    const value = (functionId: string, epoch: number) => ({ functionId, epoch });
    const has = [
      ['n', { values: [value('a', 1), value('b', 2), value('c', 1), value('x', 1)] }],
      ['m', { values: [value('a', 2), value('b', 2)] }],
    ] as const;
    expect(adopt(edges, { a: 2, b: 2 }, has).places).to.deep.equal({ a: 'm', b: 'n' });
  });
});
