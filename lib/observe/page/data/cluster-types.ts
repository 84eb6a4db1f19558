import type { ClusterStatus, NodeUse } from '../../cluster-status.js';

/** What `/api/cluster` tells: the status of the cluster. */
export type ClusterAnswer = ClusterStatus;

/** A member. */
export type ClusterNode = NodeUse;
