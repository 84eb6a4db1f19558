import { Dag, type DagLike, functionsIn, type } from 'handoff-dag';
import { resultsOf } from '../support.js';

const makers = functionsIn<typeof import('../makers.js')>('./makers.js');
const small = (): Dag<{ a: number }> => new Dag('small').add({ id: 'a', code: () => 1 });
const dag = new Dag('bad')
  .input('whatever')
  .add({ id: 'n', code: () => 3 })
  .add({ id: 'perhaps', code: () => 3, when: 'n' })
  .expand({ id: 'closed', code: small })
  .expand({ id: 'sometimes', code: small, when: 'n' })
  .expand({ id: 'may fail', code: small, optional: true })
  .expand({ id: 'pair', code: () => small().add({ id: 'b', code: (a: number) => String(a), args: ['a'] }) });

dag.expand({ id: 'a', code: () => 1 }); // error
dag.expand({ id: 'a', code: () => {} }); // error
dag.expand({ id: 'a', code: (): unknown => small() }); // error
dag.expand({ id: 'a', code: () => [small()] }); // error
dag.expand({ id: 'a', code: () => ({ dag: small() }) }); // error
dag.expand({ id: 'a', code: () => small }); // error
dag.expand({ id: 'a', code: () => small().toJSON() }); // error
dag.expand({ id: 'a', code: () => (Math.random() < 0.5 ? small() : undefined) }); // error
dag.expand({ id: 'a', code: () => (Math.random() < 0.5 ? small() : 1) }); // error
dag.expand({ id: 'a', code: async () => null }); // error
dag.expand({ id: 'a', code: () => new Dag().input('x', type<number>()) }); // error
dag.expand({ id: 'a', code: () => (Math.random() < 0.5 ? small() : new Dag().input('x')) }); // error
dag.expand({ id: 'a', code: makers.withInput }); // error
dag.expand({ id: 'a', code: makers.size, args: ['n'] }); // error
dag.expand({ id: 'a', code: (): DagLike => small() }); // error
dag.expand({ id: 'a', code: small() }); // error
dag.expand({ id: 'a', code: makers.missing }); // error
dag.expand({ id: 'a' }); // error
dag.expand({ code: small }); // error
dag.expand({ id: 'n', code: small }); // error
dag.expand({ id: 'closed', code: small }); // error
dag.expand({ id: `a${Math.random()}` as string, code: small }); // error
dag.expand({ id: 'a', code: makers.chainOf }); // error
dag.expand({ id: 'a', code: makers.chainOf, args: ['whatever'] }); // error
dag.expand({ id: 'a', code: makers.chainOf, args: ['perhaps'] }); // error
dag.expand({ id: 'a', code: makers.chainOf, args: ['nothing'] }); // error
dag.expand({ id: 'a', code: makers.chainOf, args: ['n', 'n'] }); // error
dag.expand({ id: 'a', code: makers.chainOf, extraArgs: ['3'] }); // error
dag.expand({ id: 'a', code: makers.laterOf, args: ['n'] }); // error
dag.expand({ id: 'a', code: (n) => small().add({ id: 'b', code: () => n }), args: ['n'] }); // error
dag.expand({ id: 'a', code: small, type: 'inline' }); // error
dag.expand({ id: 'a', code: small, argumentInclusion: 'as-list' }); // error
dag.expand({ id: 'a', code: small, over: 'n' }); // error
dag.expand({ id: 'a', code: small, concurrency: 2 }); // error
dag.expand({ id: 'a', code: small, inputs: {} }); // error
dag.expand({ id: 'a', code: small, when: 'nothing' }); // error
dag.expand({ id: 'a', code: small, when: { id: 'n', is: 'three' } }); // error
dag.expand({ id: 'a', code: small, optional: 'yes' }); // error
dag.expand({ id: 'a', code: small, timeoutMs: '1' }); // error
dag.expand(small); // error
dag.expand('a', small()); // error

dag.add({ id: 'a', code: (record: { a: string }) => record, args: ['closed'] }); // error
dag.add({ id: 'a', code: (a: number) => a, args: ['closed'] }); // error
dag.add({ id: 'a', code: (record: { a: number }) => record, args: ['pair'] }); // error
dag.add({ id: 'a', code: (record: { a: number }) => record, args: ['sometimes'] }); // error
dag.add({ id: 'a', code: (record: { a: number }) => record, args: ['may fail'] }); // error
dag.add({ id: 'a', code: (a: number) => a, args: ['closed/a'] }); // error
dag.add({ id: 'a', code: () => 1, when: 'closed/a' }); // error
dag.map({ id: 'a', over: 'closed', code: (x: number) => x }); // error
resultsOf(dag)['closed/a']; // error
resultsOf(dag).pair.a; // error
resultsOf(dag).closed.a.length; // error
resultsOf(dag).sometimes.a; // error
resultsOf(dag)['may fail'].a; // error
resultsOf(dag, 'sinks').n; // error

new Dag().expand({ id: 'a', code: makers.chainOf, args: ['n'] }).add({ id: 'n', code: () => 1 }); // error
Dag.of('bad', { a: { code: small, type: 'expand' } }); // error
Dag.dynamic().expand({ id: 'a' }); // error
Dag.dynamic().expand({ id: 'a', code: small, type: 'expand' }); // error
Dag.dynamic().expand({ id: 'a', code: small, concurrency: 1 }); // error
Dag.dynamic().add({ id: 'a', code: small, type: 'expand' }); // error
