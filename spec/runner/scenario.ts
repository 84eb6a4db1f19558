import { HandoffError } from '../../lib/base/index.js';
import { compile, Dag } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import { recover } from '../../lib/runner/brain/recover.js';
import { newRunState, type RunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { liveRunError } from '../../lib/runner/run/live-errors.js';
import { commandText } from '../../lib/runner/trace/trace-replay.js';
import { thrownData } from '../../lib/value/index.js';

/** One step of a scenario: a line with what happens, perhaps indented lines below it, and what the brain is to say. */
export interface ScenarioStep {
  readonly words: readonly string[];
  readonly body: readonly string[];
  readonly said: readonly string[];
  /** The lines before it, with which it begins: comments and blank ones. */
  readonly before: readonly string[];
}

/** A scenario: its title, and its steps. Each begins with a `dag`. */
export interface Scenario {
  readonly title: string;
  readonly steps: readonly ScenarioStep[];
}

/** Reads a file of scenarios. Throws where it is none. */
export function readScenarios(text: string): Scenario[] {
  const scenarios: { title: string; steps: ScenarioStep[] }[] = [];
  let before: string[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    if (line.trim() === '' || line.startsWith('#')) {
      before.push(line);
      at += 1;
      continue;
    }
    const body: string[] = [];
    for (at += 1; lines[at]?.startsWith('  '); at += 1) body.push(lines[at]!.trim());
    if (lines[at] !== '----') throw new Error(`line ${at + 1}: "----" is missing after "${line}"`);
    const said: string[] = [];
    for (at += 1; at < lines.length && lines[at] !== ''; at += 1) said.push(lines[at]!);
    const words = line.split(' ');
    if (words[0] === 'dag') scenarios.push({ title: (before.findLast((one) => one.startsWith('# ')) ?? '# untitled').slice(2), steps: [] });
    if (scenarios.length === 0) throw new Error(`line ${at + 1}: a scenario begins with "dag"`);
    scenarios.at(-1)!.steps.push({ words, body, said, before });
    before = [];
  }
  return scenarios;
}

/** A step as it stands in its file. */
export const stepText = ({ words, body, before }: ScenarioStep, said: readonly string[]): string =>
  [...before, words.join(' '), ...body.map((line) => `  ${line}`), '----', ...said].join('\n');

const no = (): void => {};

/** Plays a scenario: what the brain says to each step, in lines. */
export class ScenarioPlayer {
  #state: RunState | undefined;
  #told: string[] = [];
  #nowMs = 0;
  #error: string | undefined;

  play({ words: [what, ...given], body }: ScenarioStep): string[] {
    const words = given.filter((word) => !word.includes('='));
    const options = Object.fromEntries(given.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]));
    switch (what) {
      case 'dag':
        return this.#begin(body, options);
      case 'at':
        this.#nowMs = Number(words[0]);
        return [];
      case 'clone':
        this.#state = structuredClone(this.#run);
        return [];
      case 'recover':
        return recover(this.#run, this.#moment).map((command) => commandText(command, this.#run.plan.ids));
      case 'events':
        return this.#told.splice(0);
      case 'error':
        return [this.#error ?? 'none'];
      case 'states':
        return this.#run.plan.ids.map((id, index) => `${id} ${this.#run.states[index]}`);
      case 'progress':
        return [
          Object.entries(progressOf(this.#run))
            .flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
            .join(', '),
        ];
      default:
        return this.#feed(this.#happening(what!, words, options));
    }
  }

  get #run(): RunState {
    return this.#state!;
  }

  get #moment(): { nowMs: number; wallMs: number } {
    return { nowMs: this.#nowMs, wallMs: this.#nowMs };
  }

  #begin(body: readonly string[], { maxRetries = '3', onFailure = 'abort', collect }: Readonly<Record<string, string>>): string[] {
    const dag = Dag.dynamic('d');
    for (const line of body) {
      const [id, args = ''] = line.split(':');
      dag.add({ id: id!, code: no, args: args.split(' ').filter((arg) => arg !== ''), retry: { jitter: 0 } });
    }
    const plan = compile(dag);
    const collected = Uint8Array.from(plan.ids, (id) => Number(collect === undefined || collect.split(',').includes(id)));
    const policy = { maxRetries: Number(maxRetries), onFailure: onFailure as 'abort' | 'continue', stopGraceMs: 500, collected };
    this.#state = newRunState('r', plan.shape, policy);
    this.#nowMs = 0;
    this.#told = [];
    this.#error = undefined;
    return [];
  }

  #happening(what: string, [first, second]: readonly string[], options: Readonly<Record<string, string>>): RunHappening {
    const indexOf = (id: string | undefined): number => {
      const index = this.#run.plan.ids.indexOf(id!);
      if (index < 0) throw new Error(`"${what} ${id}": there is no function ${id}`);
      return index;
    };
    const of = (): { index: number; attempt: number } => {
      const index = indexOf(first);
      return { index, attempt: Number(options.attempt ?? this.#run.attempts[index]) };
    };
    const lost = thrownData(new HandoffError('HANDOFF_RESULT_LOST', 'nobody has it'));
    switch (what) {
      case 'begin':
        return { type: 'run-begun' };
      case 'turn':
        return { type: 'turn-taken' };
      case 'place':
        return { type: 'function-placed', index: indexOf(first), node: second ?? 'n', mayQueue: false };
      case 'start':
        return { type: 'attempt-started', ...of() };
      case 'succeed':
        return { type: 'attempt-succeeded', ...of(), receipt: { node: 'n', sizeBytes: 8, tookMs: 1, isHere: second !== 'far' } };
      case 'fail':
        return { type: 'attempt-failed', ...of(), error: thrownData(new Error('boom')), final: second === 'final', random: 0 };
      case 'stop':
        return { type: 'attempt-stopped', ...of() };
      case 'decline':
        return { type: 'attempt-declined', ...of() };
      case 'lose-node':
        return { type: 'attempt-lost', ...of() };
      case 'lose-argument':
        return { type: 'argument-lost', ...of(), producer: indexOf(second), error: lost };
      case 'lose-value':
        return { type: 'values-lost', indices: [indexOf(first)] };
      case 'fetched':
        return { type: 'value-fetched', ...of() };
      case 'missing':
        return { type: 'value-missing', ...of(), error: lost };
      case 'rest':
        return { type: 'function-rested', ...of() };
      case 'refuse':
        return {
          type: 'placement-refused',
          index: indexOf(first),
          error: thrownData(new HandoffError('HANDOFF_ALLOCATION_FAILED', 'no room')),
        };
      case 'end':
        return { type: 'run-ending', error: thrownData(new HandoffError('HANDOFF_RUN_CANCELLED', 'cancelled')), graceMs: Number(first) };
      case 'abandon':
        return { type: 'run-abandoned', error: thrownData(new HandoffError('HANDOFF_RUN_ABORTED', 'given up')) };
      default:
        throw new Error(`"${what}" is no step of a scenario`);
    }
  }

  #feed(happening: RunHappening): string[] {
    const out: RunCommand[] = [];
    stepRun(this.#run, happening, this.#moment, out);
    const said: string[] = [];
    for (const command of out) {
      if (command.type === 'announce') {
        const { functionId = '' } = command.event as { functionId?: string };
        this.#told.push(`${command.event.type} ${functionId}`.trim());
      } else said.push(commandText(command, this.#run.plan.ids));
      if (command.type === 'end-run' && command.error) this.#error = liveRunError(command.error).message;
    }
    return said;
  }
}
