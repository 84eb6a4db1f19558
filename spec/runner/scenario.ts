import { HandoffError } from '../../lib/base/index.js';
import { canGrow, growingShape } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import { recover } from '../../lib/runner/brain/recover.js';
import { newRunState, type RunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { liveRunError } from '../../lib/runner/run/live-errors.js';
import { commandText } from '../../lib/runner/trace/trace-replay.js';
import { thrownData } from '../../lib/value/index.js';
import { factsOf, type Given, type ProgramFunction, planOf, Registry } from './growing-program.js';

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

/** What each function says of being tried again. */
const TRIES = { retry: { jitter: 0 } };
const RECEIPT = { node: 'n', sizeBytes: 8, tookMs: 1 };

/**
 * Reads a DAG: a line for each function, `id: arg arg`, perhaps with `over=id` (a map), `expand`, `when=id`, `when=id:value`, `optional`,
 * `concurrency=2`; `input id` is an input.
 */
function readProgram(body: readonly string[]): { functions: readonly ProgramFunction[]; inputs: readonly string[] } {
  const inputs = body.flatMap((line) => (line.startsWith('input ') ? [line.slice('input '.length)] : []));
  const lines = body.filter((line) => !line.startsWith('input '));
  const ids = lines.map((line) => line.split(/[: ]/)[0]!);
  const producer = (id: string): number => (inputs.includes(id) ? -1 - inputs.indexOf(id) : ids.indexOf(id));
  const functions = lines.map((line, at): ProgramFunction => {
    const words = line
      .slice(ids[at]!.length)
      .replace(':', '')
      .split(' ')
      .filter((word) => word !== '');
    const options = Object.fromEntries(words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]));
    const flags = ['expand', 'optional'];
    const [on, value] = options.when?.split(':') ?? [];
    return {
      id: ids[at]!,
      type: options.over === undefined ? (words.includes('expand') ? 'expand' : 'regular') : 'map',
      args: words.filter((word) => !word.includes('=') && !flags.includes(word)).map(producer),
      over: options.over === undefined ? 0 : producer(options.over),
      concurrency: options.concurrency === undefined ? undefined : Number(options.concurrency),
      when: on === undefined ? undefined : { on: producer(on), test: value === undefined ? 'truthy' : { is: value } },
      optional: words.includes('optional'),
      gives: { primitive: undefined },
      fails: 0,
      inside: undefined,
    };
  });
  return { functions, inputs };
}

/** What a word stands for: a number an array of so many elements, `undefined` and `false` for themselves, `Map` for one. */
function givenOf(word: string): Given {
  if (/^\d+$/.test(word)) return { array: Number(word) };
  if (word === 'Map') return { other: 'a Map' };
  if (word === 'undefined') return { primitive: undefined };
  return { primitive: word === 'false' ? 0 : word };
}

/** Plays a scenario: what the brain says to each step, in lines. */
export class ScenarioPlayer {
  #state: RunState | undefined;
  #told: string[] = [];
  #nowMs = 0;
  #error: string | undefined;
  #registry: Registry | undefined;
  #inputs: readonly string[] = [];

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
        return this.#feed(this.#happening(what!, words, options, body));
    }
  }

  get #run(): RunState {
    return this.#state!;
  }

  get #moment(): { nowMs: number; wallMs: number } {
    return { nowMs: this.#nowMs, wallMs: this.#nowMs };
  }

  #begin(
    body: readonly string[],
    { maxRetries = '3', onFailure = 'abort', collect, most = '1000' }: Readonly<Record<string, string>>,
  ): string[] {
    const { functions, inputs } = readProgram(body);
    const { shape } = planOf(functions, inputs.length, TRIES);
    const collected = Uint8Array.from(shape.ids, (id) => Number(collect === undefined || collect.split(',').includes(id)));
    const maxFunctions = Number(most);
    const policy = { maxRetries: Number(maxRetries), onFailure: onFailure as 'abort' | 'continue', stopGraceMs: 500, collected };
    const plan = canGrow(shape.growth) ? growingShape(shape) : shape;
    this.#state = newRunState('r', plan, { ...policy, driver: 'n', maxFunctions });
    this.#registry = new Registry({ functions }, TRIES);
    this.#inputs = inputs;
    this.#nowMs = 0;
    this.#told = [];
    this.#error = undefined;
    return [];
  }

  #happening(
    what: string,
    [first, second]: readonly string[],
    options: Readonly<Record<string, string>>,
    body: readonly string[],
  ): RunHappening {
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
        return {
          type: 'run-begun',
          inputs: this.#inputs.map((id, input) => [-1 - input, factsOf(givenOf(options[id] ?? ''))] as const),
        };
      case 'turn':
        return { type: 'turn-taken' };
      case 'place':
        return { type: 'function-placed', index: indexOf(first), node: second ?? 'n', mayQueue: false };
      case 'start':
        return { type: 'attempt-started', ...of() };
      case 'succeed':
        return {
          type: 'attempt-succeeded',
          ...of(),
          receipt: { ...RECEIPT, isHere: second !== 'far', ...factsOf(givenOf(options.gives ?? '')) },
        };
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
      case 'add': {
        const by = indexOf(first);
        if (this.#run.plan.growth?.maps.has(by)) {
          const { added, total } = this.#run.growth!.composites.get(by)!;
          const fragment = this.#registry!.elements(this.#run, by, added, Math.min(Number(second ?? total), total - added), total);
          return { type: 'functions-added', added: fragment };
        }
        this.#registry!.give(first!, readProgram(body).functions);
        return { type: 'functions-added', added: this.#registry!.insides(this.#run, by)! };
      }
      case 'refuse-growth':
        return { type: 'growth-refused', index: indexOf(first), error: thrownData(new HandoffError('HANDOFF_INVALID_DAG', 'a circle')) };
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
        const {
          functionId = '',
          by = '',
          count = '',
          reason = '',
        } = command.event as unknown as Readonly<Record<string, string | undefined>>;
        this.#told.push([command.event.type, functionId, by, count, reason].filter((word) => word !== '').join(' '));
      } else said.push(commandText(command, this.#run.plan.ids));
      if (command.type === 'end-run' && command.error) this.#error = liveRunError(command.error).message;
    }
    return said;
  }
}
