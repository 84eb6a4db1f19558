import { expect } from 'chai';
import fc from 'fast-check';
import { expectedBy, SimulatedCluster, type SimulatedNode, seenBy } from './simulated-cluster.js';

const expectAllWell = (cluster: SimulatedCluster): void => {
  for (const node of cluster.living) expect(seenBy(node), node.identity.name).to.deep.equal(expectedBy(cluster, node));
};

/** `n1` to `n<size>`, joined through `n1`, at rest. */
const clusterOf = (size: number, silentOnes: readonly string[] = []): SimulatedCluster => {
  const cluster = new SimulatedCluster();
  for (let number = 1; number <= size; number += 1) {
    const name = `n${number}`;
    cluster.start(name, { listens: !silentOnes.includes(name), join: number === 1 ? [] : ['n1'] });
  }
  cluster.advance(2000);
  for (const { events } of cluster.living) events.length = 0;
  return cluster;
};

const told = ({ events }: SimulatedNode): string[] =>
  events
    .filter(({ type }) => type !== 'member-beat' && type !== 'member-changed')
    .map(({ type, member }) => `${type} ${member.incarnation}`);

describe('a cluster of memberships', () => {
  for (const size of [3, 10, 50]) {
    it(`becomes a full mesh of ${size} when all join through one`, () => expectAllWell(clusterOf(size)));
  }

  it('hears what each member says of itself', () => {
    const cluster = clusterOf(3);
    expect(cluster.node('n3').membership.contentOf('n2')?.capabilities).to.deep.equal([['n2!2', 1]]);
  });

  it('lists members that cannot be reached from here as told of, for as long as somebody has a link with them', () => {
    const cluster = clusterOf(4, ['n3', 'n4']);
    expectAllWell(cluster);
    expect(seenBy(cluster.node('n3'))).to.include('n4!4 told up');
    cluster.kill('n4');
    cluster.advance(6000);
    expect(told(cluster.node('n3'))).to.deep.equal(['member-untold n4!4']);
    expectAllWell(cluster);
  });

  it('loses a listening member that is killed within a tenth of a second, a silent one by time', () => {
    const cluster = clusterOf(4, ['n4']);
    cluster.kill('n3');
    cluster.advance(100);
    expect(told(cluster.node('n1'))).to.deep.equal(['member-lost n3!3']);
    cluster.kill('n4');
    cluster.advance(2000);
    expect(told(cluster.node('n1')).slice(1)).to.deep.equal([]);
    cluster.advance(3500);
    expect(told(cluster.node('n1')).slice(1)).to.deep.equal(['member-suspect n4!4', 'member-lost n4!4']);
    expectAllWell(cluster);
  });

  it('loses a member whose machine vanishes between 5 and 5.5 s after it was last heard', () => {
    const cluster = clusterOf(3);
    for (const other of ['n1', 'n2']) cluster.cut('n3', other);
    cluster.advance(4400);
    expect(told(cluster.node('n1'))).to.deep.equal(['member-suspect n3!3']);
    cluster.advance(1100);
    expect(told(cluster.node('n1'))).to.deep.equal(['member-suspect n3!3', 'member-lost n3!3']);
  });

  it('sees a goodbye as leaving, and nothing else', () => {
    const cluster = clusterOf(4, ['n4']);
    cluster.node('n3').membership.leave();
    cluster.advance(10);
    expect(cluster.node('n2').membership.find('n3')?.status).to.equal('leaving');
    cluster.stop('n3');
    cluster.advance(10_000);
    for (const name of ['n1', 'n2', 'n4']) expect(told(cluster.node(name)), name).to.deep.equal(['member-left n3!3']);
    expectAllWell(cluster);
  });

  it('takes a member back under a new incarnation when it is started again at once', () => {
    const cluster = clusterOf(3);
    cluster.kill('n3');
    cluster.advance(20);
    cluster.start('n3', { join: ['n1'] });
    cluster.advance(2000);
    for (const name of ['n1', 'n2']) expect(told(cluster.node(name)), name).to.deep.equal(['member-lost n3!3', 'member-joined n3!4']);
    expectAllWell(cluster);
  });

  it('finds the member that all joined through when it is started again and joins nobody, also after a goodbye', () => {
    for (const end of ['kill', 'stop'] as const) {
      const cluster = clusterOf(3);
      cluster[end]('n1');
      cluster.advance(60_000);
      cluster.start('n1');
      cluster.advance(3000);
      expectAllWell(cluster);
    }
  });

  it('does not notice a short cut, but for suspicion', () => {
    const cluster = clusterOf(3);
    cluster.cut('n1', 'n2');
    cluster.advance(2000);
    cluster.heal();
    cluster.advance(3000);
    expect(told(cluster.node('n1'))).to.deep.equal([]);
    cluster.cut('n1', 'n2');
    cluster.advance(4000);
    cluster.heal();
    cluster.advance(3000);
    expect(told(cluster.node('n1'))).to.deep.equal(['member-suspect n2!2', 'member-up n2!2']);
    expectAllWell(cluster);
  });

  it('rejoins both halves of a partition under the same incarnations, however long it lasted', () => {
    const cluster = clusterOf(6, ['n5']);
    for (const one of ['n1', 'n2', 'n3']) for (const other of ['n4', 'n5', 'n6']) cluster.cut(one, other);
    cluster.advance(1_000_000);
    expect(seenBy(cluster.node('n1')).map((seen) => seen.slice(0, 2))).to.deep.equal(['n2', 'n3']);
    expect(seenBy(cluster.node('n5')).map((seen) => seen.slice(0, 2))).to.deep.equal(['n4', 'n6']);
    cluster.heal();
    cluster.advance(5000);
    expectAllWell(cluster);
    expect(told(cluster.node('n1')).filter((event) => event.endsWith('n4!4'))).to.deep.equal([
      'member-suspect n4!4',
      'member-lost n4!4',
      'member-joined n4!4',
    ]);
  });

  it('resolves a cut of one direction without flapping: both lose each other once, and hear of each other through the third', () => {
    const cluster = clusterOf(3);
    cluster.cutOneWay('n1', 'n2');
    cluster.advance(120_000);
    expect(told(cluster.node('n2'))).to.deep.equal(['member-suspect n1!1', 'member-lost n1!1', 'member-told n1!1']);
    expect(told(cluster.node('n1'))).to.deep.equal(['member-suspect n2!2', 'member-lost n2!2', 'member-told n2!2']);
    for (const one of ['n1', 'n2', 'n3']) expect(cluster.node(one).membership.members).to.have.length(3);
    expect(told(cluster.node('n3'))).to.deep.equal([]);
    cluster.heal();
    cluster.advance(3000);
    expectAllWell(cluster);
  });

  it('raises no false alarm on a node whose own loop was late, whatever the lateness', () => {
    const cluster = clusterOf(4, ['n4']);
    for (let times = 0; times < 30; times += 1) {
      cluster.block('n1', 400 + times * 400);
      cluster.advance(400 + times * 400 + 700);
    }
    const alarms = told(cluster.node('n1')).filter((event) => event.startsWith('member-suspect') || event.startsWith('member-lost'));
    expect(alarms).to.deep.equal([]);
  });

  it('suspects nobody while loops stand still for up to 1.8 s at a time, whoever they are', () => {
    const standstill = fc.tuple(
      fc.constantFrom('n1', 'n2', 'n3', 'n4'),
      fc.integer({ min: 1, max: 1800 }),
      fc.integer({ min: 10, max: 2000 }),
    );
    fc.assert(
      fc.property(fc.array(standstill, { maxLength: 30 }), (standstills) => {
        const cluster = clusterOf(4, ['n4']);
        for (const [name, forMs, pauseMs] of standstills) {
          if (cluster.node(name).blockedUntilMs < cluster.clock.now()) cluster.block(name, forMs);
          cluster.advance(pauseMs);
        }
        for (const node of cluster.living) expect(told(node)).to.deep.equal([]);
      }),
      { numRuns: 100 },
    );
  });

  it('loses one that stands still, and takes it back when it goes on', () => {
    const cluster = clusterOf(3);
    cluster.block('n3', 30_000);
    cluster.advance(6000);
    expect(told(cluster.node('n1'))).to.deep.equal(['member-suspect n3!3', 'member-lost n3!3']);
    cluster.advance(30_000);
    expect(told(cluster.node('n1')).slice(2)).to.deep.equal(['member-joined n3!3']);
    expectAllWell(cluster);
  });

  it('keeps out a second node of a living name', () => {
    const cluster = clusterOf(3);
    const first = cluster.node('n3');
    expect(cluster.node('n1').membership.refusalOf({ ...first.identity, incarnation: 'other' })).to.equal(
      'another node named "n3" is a member',
    );
    expect(cluster.node('n1').membership.refusalOf(first.identity)).to.equal(undefined);
  });

  it('ends with all living nodes knowing exactly each other, once faults have stopped and links are healed', function () {
    this.timeout(480_000);
    const names = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
    const seeds = ['n1', 'n2'];
    const startOne = (cluster: SimulatedCluster, name: string): unknown =>
      cluster.has(name) || cluster.start(name, { listens: name < 'n5', join: seeds.filter((seed) => seed !== name) });
    const one = fc.constantFrom(...names);
    const fault = fc.oneof(
      fc.record({ type: fc.constant('kill'), one }),
      fc.record({ type: fc.constant('stop'), one }),
      fc.record({ type: fc.constant('start'), one }),
      fc.record({ type: fc.constant('cut'), one, other: one }),
      fc.record({ type: fc.constant('cut-one-way'), one, other: one }),
      fc.record({ type: fc.constant('heal'), one }),
      fc.record({ type: fc.constant('block'), one, ms: fc.integer({ min: 10, max: 9000 }) }),
    );
    const pause = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 100, max: 9000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fault, pause), { maxLength: 25 }), (faults) => {
        const cluster = new SimulatedCluster();
        for (const name of names) startOne(cluster, name);
        for (const [what, ms] of faults) {
          if (what.type === 'start') startOne(cluster, what.one);
          else if (what.type === 'heal') cluster.heal();
          else if (!cluster.has(what.one)) continue;
          else if (what.type === 'kill' || what.type === 'stop') cluster[what.type](what.one);
          else if ('ms' in what) cluster.block(what.one, what.ms);
          else if ('other' in what && what.type === 'cut') cluster.cut(what.one, what.other);
          else if ('other' in what) cluster.cutOneWay(what.one, what.other);
          cluster.advance(ms);
        }
        cluster.heal();
        for (const seed of seeds) startOne(cluster, seed);
        cluster.advance(30_000);
        expectAllWell(cluster);
        for (const { events } of cluster.living) expectLives(events);
      }),
      { numRuns: 100 },
    );
  });
});

/** Each incarnation joins, is suspect and up in turn, and goes once; told and untold come in turn. */
function expectLives(events: SimulatedNode['events']): void {
  const lives = new Map<string, string>();
  for (const { type, member } of events) {
    const before = lives.get(member.incarnation) ?? 'gone';
    const after = LIVES[type]?.[before];
    expect(after, `${type} of ${member.incarnation}, which was ${before}`).to.be.a('string');
    lives.set(member.incarnation, after!);
  }
}

const LIVES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'member-joined': { gone: 'up' },
  'member-suspect': { up: 'suspect' },
  'member-up': { suspect: 'up' },
  'member-changed': { up: 'up', suspect: 'suspect' },
  'member-beat': { up: 'up' },
  'member-left': { up: 'gone', suspect: 'gone' },
  'member-lost': { up: 'gone', suspect: 'gone' },
  'member-told': { gone: 'told', told: 'told' },
  'member-untold': { told: 'gone' },
};
