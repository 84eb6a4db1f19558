import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import { compile, Dag, type DynamicDag, recordDag, recordPlan } from '../../lib/dag/index.js';
import { GroupReader } from '../../lib/journal/index.js';
import { OpeningReader, openingGroups } from '../../lib/runner/durable/record/opening-record.js';
import type { Opening } from '../../lib/runner/durable/record/records.js';
import { ConstantColumn, pack } from '../../lib/value/index.js';

const MODULE = './m.js';

function openingOf(dag: DynamicDag): Opening {
  const plan = compile(dag);
  const deps = { nameOf: (module: string) => module, contentOf: () => 'c', inputDigest: () => 'd', constants: new ConstantColumn() };
  const record = doAtOnce(recordPlan(plan, { ...deps, epoch: 3 }));
  const { values, ...rest } = doAtOnce(recordDag(plan));
  return {
    dagId: 'd',
    mode: 'local',
    planned: {
      plan: { ...record, constants: Uint8Array.from(record.constants) },
      dag: { ...rest, values: values.map((value) => Uint8Array.from(pack(value, { where: 'value' }))) },
    },
    inputs: [['in', Uint8Array.of(1, 2)]],
    options: { maxRetries: 3 },
    reasons: [[7, 'code']],
  };
}

function read(groups: readonly Uint8Array[]): (Opening | undefined)[] {
  const openings = new OpeningReader();
  const found: (Opening | undefined)[] = [];
  for (const group of groups) for (const reader = new GroupReader(group); reader.next(); ) found.push(openings.read(reader));
  return found;
}

describe('the record of an opening', () => {
  it('comes back as it was, whatever its size, with its last entry; groups are small', () => {
    for (const count of [0, 1, 999, 1000, 60_000]) {
      const dag = Dag.dynamic('d').input('in');
      for (let at = 0; at < count; at += 1) {
        const id = at % 3 === 0 ? `"\n, ${at}` : `ü${at}`;
        const code = { module: MODULE, name: `f${at % 5}` };
        if (at % 11 === 0) dag.map({ id, code, over: 'in', when: { id: 'in', isNot: at % 3 }, concurrency: 2, optional: true });
        else dag.add({ id, code, args: ['in'], extraArgs: at % 7 === 0 ? [at, 'x'.repeat(50)] : [] });
      }
      const opening = openingOf(dag);
      const groups = doAtOnce(openingGroups(opening));
      for (const { length } of groups) expect(length).to.be.below(1.4 * 1024 * 1024);
      const found = read(groups);
      // Much faster than chai's.
      expect(isDeepStrictEqual(found.pop(), opening), `${count}`).to.equal(true);
      expect(found.every((one) => one === undefined)).to.equal(true);
    }
  });

  it('may come without a plan, as the one before still holds', () => {
    const first = openingOf(Dag.dynamic('d').add({ id: 'a', code: { module: MODULE, name: 'a' } }));
    const { planned: _, ...again } = first;
    const groups = [first, again, first].flatMap((opening) => doAtOnce(openingGroups(opening)));
    expect(read(groups).filter(Boolean)).to.deep.equal([first, again, first]);
  });
});
