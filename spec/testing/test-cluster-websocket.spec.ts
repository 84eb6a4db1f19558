import { testClusterLaws } from './test-cluster-laws.js';

testClusterLaws('websocket');
