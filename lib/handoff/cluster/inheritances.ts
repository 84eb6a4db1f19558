import { type Logger, textOf } from '../../base/index.js';
import type { Membership } from '../../nodes/index.js';
import { type Inheritance, inheritance } from '../../peer/index.js';
import type { ClusterQuestions } from './cluster-questions.js';

/** How long a member may take to say what it has of a run, ms. A silent one must not hold the run up. */
const ANSWER_MS = 2000;

/**
 * Asks every member with a link what it has of a run that this node goes on with; a member that is silent already is not asked. Never
 * rejects: a member that does not answer in time, or not with an inheritance, has nothing, and what it runs is stopped.
 */
export async function inheritancesOf(
  { cluster, membership, logger }: { readonly cluster: ClusterQuestions; readonly membership: Membership; readonly logger: Logger },
  run: { readonly runId: string; readonly epoch: number; readonly dagId: string },
): Promise<readonly (readonly [node: string, inheritance: Inheritance])[]> {
  const names = membership.members.filter(({ reach, status }) => reach === 'linked' && status !== 'suspect').map(({ name }) => name);
  const answers = await Promise.all(
    names.map(async (name) => {
      try {
        const answer = await cluster.ask<unknown>(name, { kind: 'inherit-run', ...run }, ANSWER_MS);
        const fault = inheritance(answer);
        if (fault === undefined) return [name, answer as Inheritance] as const;
        logger.warn({ code: 'HANDOFF_BAD_MESSAGE', peer: name, runId: run.runId, fault }, 'a node does not say what it has of a run');
      } catch (error) {
        logger.info({ member: name, runId: run.runId, why: textOf(error) }, 'has not said what it has of a run');
      }
      return undefined;
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}
