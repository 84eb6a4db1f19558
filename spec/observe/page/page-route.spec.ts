import { expect } from 'chai';
import fc from 'fast-check';
import { type PageRoute, pagePathOf, pageRouteOf, RUN_TABS } from '../../../lib/observe/page/router/page-route.js';

describe('the addresses of pages', () => {
  it('lead to their pages', () => {
    expect(pageRouteOf('/')).to.deep.equal({ page: 'cluster' });
    expect(pageRouteOf('/runs')).to.deep.equal({ page: 'runs' });
    expect(pageRouteOf('/runs/')).to.deep.equal({ page: 'runs' });
    expect(pageRouteOf('/run/r1')).to.deep.equal({ page: 'run', runId: 'r1', tab: 'timeline' });
    expect(pageRouteOf('/run/r1/graph')).to.deep.equal({ page: 'run', runId: 'r1', tab: 'graph' });
    expect(pageRouteOf('/run/r1/function/a%2Fb')).to.deep.equal({ page: 'function', runId: 'r1', functionId: 'a/b' });
  });

  it('are unknown if there is no such page, or if they cannot be decoded', () => {
    for (const path of [
      '/nodes',
      '/run',
      '/run/',
      '/run/r/other',
      '/run/r/graph/more',
      '/run/r/function',
      '/run/%E0%A4%A',
      '/runs/all',
      '//',
    ]) {
      expect(pageRouteOf(path).page, path).to.equal('unknown');
    }
  });

  it('are read as they were written, whatever an id is', () => {
    const runId = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !/[\uD800-\uDFFF]/u.test(text));
    const routes: fc.Arbitrary<PageRoute> = fc.oneof(
      fc.constantFrom<PageRoute>({ page: 'cluster' }, { page: 'runs' }),
      fc.record({ page: fc.constant('run' as const), runId, tab: fc.constantFrom(...RUN_TABS) }),
      fc.record({ page: fc.constant('function' as const), runId, functionId: runId }),
    );
    fc.assert(fc.property(routes, (route) => void expect(pageRouteOf(pagePathOf(route))).to.deep.equal(route)));
  });
});
