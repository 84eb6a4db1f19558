import TinyQueue from 'tinyqueue';
import { parentsFirst, replayMs, type Workflow } from './workflows.js';

/** No schedule on so many cpus can be shorter: neither than the critical path, nor than all the work shared evenly, ms. */
export function lowerBoundMs(workflow: Workflow, timeScale: number, cpus: number): number {
  const work = workflow.ids.reduce((sum, _, task) => sum + replayMs(workflow, task, timeScale), 0);
  return Math.max(...remainingMs(workflow, timeScale), work / cpus);
}

/**
 * How long the critical-path list schedule takes, ms, on cpus that are all alike and move nothing: whenever one is free, the ready task
 * with the longest remaining path goes next. Every duration is known; it is computed here, without the engine.
 */
export function listScheduleMs(workflow: Workflow, timeScale: number, cpus: number): number {
  const remaining = remainingMs(workflow, timeScale);
  const missing = workflow.parents.map(({ length }) => length);
  const ready = new TinyQueue<number>([], (a, b) => remaining[b]! - remaining[a]! || a - b);
  const running = new TinyQueue<{ readonly task: number; readonly endMs: number }>([], (a, b) => a.endMs - b.endMs);
  for (const [task, count] of missing.entries()) if (count === 0) ready.push(task);
  let nowMs = 0;
  for (;;) {
    while (ready.length > 0 && running.length < cpus) {
      const task = ready.pop()!;
      running.push({ task, endMs: nowMs + replayMs(workflow, task, timeScale) });
    }
    const first = running.peek();
    if (!first) return nowMs;
    nowMs = first.endMs;
    while (running.peek()?.endMs === nowMs) {
      for (const child of workflow.children[running.pop()!.task]!) {
        missing[child]! -= 1;
        if (missing[child] === 0) ready.push(child);
      }
    }
  }
}

/** By task: the longest path from its start to an end of the workflow. */
function remainingMs(workflow: Workflow, timeScale: number): readonly number[] {
  const remaining = new Array<number>(workflow.ids.length).fill(0);
  for (const task of [...parentsFirst(workflow)].reverse()) {
    const after = workflow.children[task]!.reduce((longest, child) => Math.max(longest, remaining[child]!), 0);
    remaining[task] = after + replayMs(workflow, task, timeScale);
  }
  return remaining;
}
