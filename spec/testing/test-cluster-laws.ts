import type { ClusterTransport } from '../../lib/testing/index.js';
import { clusterUnderTest } from './test-cluster/cluster-under-test.js';
import { faultLaws } from './test-cluster/fault-laws.js';
import { linkLaws } from './test-cluster/link-laws.js';
import { nodeLaws } from './test-cluster/node-laws.js';
import { recordLaws } from './test-cluster/record-laws.js';

/** What a cluster does wherever its nodes live. A file for each transport, so that they run beside each other. */
export function testClusterLaws(transport: ClusterTransport): void {
  describe(`TestCluster: ${transport}`, function () {
    this.timeout(480_000);
    const given = clusterUnderTest(transport);
    nodeLaws(given);
    linkLaws(given);
    faultLaws(given);
    recordLaws(given);
  });
}
