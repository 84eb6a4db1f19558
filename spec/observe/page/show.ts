import { sampleCluster } from './sample-cluster.js';
import { servedPage } from './served-page.js';

/** Shows the built page over a cluster of fakes: `node --import tsx spec/observe/page/show.ts [port]`. Its large run goes on by itself. */
const cluster = sampleCluster();
const { url } = await servedPage(cluster, { address: { host: '127.0.0.1', port: Number(process.argv[2] ?? 0) } });
console.log(url);
const runs = [...cluster.runs.values()].filter(({ state }) => state === 'running');
setInterval(() => {
  for (const run of runs) {
    run.elapsedMs = Date.now() - run.startedAtMs;
    for (let index = 0, left = 4; index < run.size && left > 0; index++) {
      if (run.stateOf(index) !== 'running' || run.size < 1_000) continue;
      run.ended({ id: run.idOf(index), node: run.nodeOf(index)!, endMs: run.elapsedMs, runMs: 40, waitMs: 1 });
      left--;
    }
    run.version++;
  }
}, 500);
