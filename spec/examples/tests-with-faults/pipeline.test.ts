// How a pipeline is tested against failing functions, dying nodes and bad networks. `node --import tsx --test spec/examples/tests-with-faults/*.test.ts`
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandoffError } from 'handoff-dag';
import { simulate, TestCluster } from 'handoff-dag/testing';
import { pipeline } from './pipeline.js';

const orders = [1, 2, 3, 4, 5, 6, 7, 8];
const TOTAL = 108;
const two = [{ capabilities: { cpu: 2 } }, { capabilities: { cpu: 2 } }];

test('a function that fails twice is tried again', async () => {
  await using cluster = await TestCluster.start({ nodes: two });
  await cluster.faults.failFunction('price-3', { times: 2 });
  const { results } = await cluster.node('n1').execute(pipeline(orders), { maxRetries: 2 });
  assert.equal(results.total, TOTAL);
});

test('a function that fails too often ends the run with its own error', async () => {
  await using cluster = await TestCluster.start({ nodes: two });
  await cluster.faults.failFunction('price-3', { times: 3, error: new Error('the price list is closed') });
  const run = cluster.node('n1').execute(pipeline(orders), { maxRetries: 1 });
  await assert.rejects(Promise.resolve(run), (error) => {
    assert.ok(HandoffError.is(error, 'HANDOFF_FUNCTION_FAILED'));
    assert.equal(error.functionId, 'price-3');
    assert.equal((error.cause as Error).message, 'the price list is closed');
    return true;
  });
});

test('a node may die amid a run', async () => {
  await using cluster = await TestCluster.start({ nodes: two });
  const run = cluster.node('n1').execute(pipeline(orders));
  for await (const event of run) if (event.type === 'function-started' && event.node === 'n2') break;
  await cluster.kill('n2');
  assert.equal((await run).results.total, TOTAL);
});

test('whatever goes wrong in twenty simulated clusters, the total is right', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { result } = await simulate({ seed, nodes: 3, faults: 'random', mode: 'liveness' }, (cluster) =>
      cluster.node('n1').execute(pipeline(orders)),
    );
    assert.equal(result.results.total, TOTAL, `seed ${seed}`);
  }
});
