import { useState } from 'preact/hooks';
import { groupNameOf } from '../../../runner/observed/index.js';
import type { CriticalStep, SummaryView } from '../../views/view-types.js';
import { countOf, countText, durationText } from '../format/amounts.js';
import { PhasesBar } from '../parts/bars.js';
import { EmptyState } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { Panel } from '../parts/panel.js';
import { paletteIndexOf } from '../theme/tokens.js';
import { longestOf, type StripPart, stripOf } from './critical-strip.js';
import { adviceFor, allPhasesOf, lengthWords, madeOfWords, noPathWords, PHASES_IN_ORDER } from './summary-words.js';

/** How many functions of the path are listed at first: the longest ones. */
const LISTED_AT_FIRST = 8;

/** The chain of functions that the end of the run waited for: in words, as a strip, and as a list of its longest functions. */
export function CriticalPathPanel({ summary: { run, criticalPath, moreCritical, criticalPhases } }: { readonly summary: SummaryView }) {
  const [isWhole, setWhole] = useState(false);
  if (criticalPath.length === 0) {
    const { title, text } = noPathWords(run);
    return (
      <Panel title="Critical path">
        <EmptyState title={title}>{text}</EmptyState>
      </Panel>
    );
  }
  const count = criticalPath.length + moreCritical;
  const listed = isWhole ? criticalPath : longestOf(criticalPath, LISTED_AT_FIRST);
  const longestMs = Math.max(...criticalPath.map(({ phases }) => allPhasesOf(phases)));
  const advice = adviceFor(criticalPhases);
  return (
    <Panel title="Critical path" aside={<span class="quiet">{lengthWords(count, allPhasesOf(criticalPhases), run.elapsedMs)}</span>}>
      <p class="critical-words">
        <strong>{madeOfWords(criticalPhases)}.</strong> {advice}
      </p>
      {moreCritical > 0 && (
        <p class="quiet">
          {countOf(moreCritical, 'earlier function')} of the path {moreCritical === 1 ? 'is' : 'are'} not shown.
        </p>
      )}
      <Strip runId={run.runId} path={criticalPath} />
      <div class="scroll-x">
        <table class="data critical-list">
          <thead>
            <tr>
              <th scope="col">Function</th>
              <th scope="col" class="is-wide-only">
                Node
              </th>
              <th scope="col" class="right is-wide-only">
                Ready after
              </th>
              <th scope="col" class="right">
                Took, with wait
              </th>
              <th scope="col" class="is-bar">
                Made of
              </th>
            </tr>
          </thead>
          <tbody>
            {listed.map((step) => (
              <tr key={step.functionId}>
                <td>
                  <span class="named">
                    <GroupSwatch group={groupNameOf(step.functionId)} />
                    <PageLink to={{ page: 'function', runId: run.runId, functionId: step.functionId }}>{step.functionId}</PageLink>
                  </span>
                </td>
                <td class="is-wide-only">{step.node}</td>
                <td class="right number is-wide-only">{durationText(step.endMs - allPhasesOf(step.phases))}</td>
                <td class="right number">{durationText(allPhasesOf(step.phases))}</td>
                <td class="is-bar">
                  <PhasesBar phases={step.phases} longestMs={longestMs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {criticalPath.length > LISTED_AT_FIRST && (
        <button type="button" class="button button-quiet more-button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? `Show the ${LISTED_AT_FIRST} longest only` : `Show all ${countText(criticalPath.length)} functions`}
        </button>
      )}
    </Panel>
  );
}

/** The colour of a group, beside its name. */
export const GroupSwatch = ({ group }: { readonly group: string }) => (
  <span class={`swatch group-${paletteIndexOf(group)}`} aria-hidden="true" />
);

/** The path from left to right, each function as wide as it took. Its phases are told apart, and it is a link. */
function Strip({ runId, path }: { readonly runId: string; readonly path: readonly CriticalStep[] }) {
  const parts = stripOf(path);
  const total = parts.reduce((sum, { tookMs }) => sum + tookMs, 0);
  return (
    <div class="strip">
      <ol class="strip-parts" aria-label="The critical path, each function as wide as it took">
        {parts.map((part) => (
          <li key={part.steps[0]!.functionId} style={{ flexGrow: part.tookMs }}>
            <StripPartView runId={runId} part={part} />
          </li>
        ))}
      </ol>
      <ol class="strip-labels" aria-hidden="true">
        {parts.map((part) => (
          <li key={part.steps[0]!.functionId} style={{ flexGrow: part.tookMs }}>
            {part.tookMs >= LABELLED_PART * total && nameOf(part)}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** A part that is narrower has no room for its name. */
const LABELLED_PART = 0.06;

const nameOf = ({ steps }: StripPart): string => (steps.length === 1 ? steps[0]!.functionId : `${steps.length} short ones`);

function StripPartView({ runId, part }: { readonly runId: string; readonly part: StripPart }) {
  const { steps, tookMs } = part;
  const [first] = steps as readonly [CriticalStep, ...CriticalStep[]];
  const words =
    steps.length === 1
      ? `${first.functionId}, ${durationText(tookMs)} on ${first.node}: ${phaseWords(first)}`
      : `${countOf(steps.length, 'short function')} from ${first.functionId} on, ${durationText(tookMs)}`;
  return (
    <PageLink
      class="strip-part"
      to={{ page: 'function', runId, functionId: first.functionId }}
      style={{ '--of-group': `var(--group-${paletteIndexOf(groupNameOf(first.functionId))})` }}
      aria-label={words}
      title={words}
    >
      {PHASES_IN_ORDER.filter((phase) => steps.some(({ phases }) => phases[phase] > 0)).map((phase) => (
        <span
          key={phase}
          class={`in-group in-group-${phase}`}
          style={{ flexGrow: steps.reduce((sum, { phases }) => sum + phases[phase], 0) }}
        />
      ))}
    </PageLink>
  );
}

const phaseWords = ({ phases }: CriticalStep): string =>
  PHASES_IN_ORDER.filter((phase) => phases[phase] > 0)
    .map((phase) => `${phase.slice(0, -2)} ${durationText(phases[phase])}`)
    .join(', ');
