import { inspect } from 'node:util';
import { HandoffError } from '../../lib/index.js';
import { ExitCode, UsageError } from '../exit-codes.js';
import type { Colors } from './colors.js';
import { faultLines } from './faults.js';
import { ownFrames } from './own-frames.js';
import { isSystemError } from './system-error.js';
import { terminalLine, terminalLines } from './terminal-text.js';

/** How many nested causes are shown. */
const CAUSES_TOLD = 8;
/** An error's own fields that are not listed again. */
const TOLD = new Set(['name', 'message', 'stack', 'cause', 'errors', 'code']);

/** Returns the exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (HandoffError.is(error, 'HANDOFF_JOIN_REFUSED') || HandoffError.is(error, 'HANDOFF_PROTOCOL_MISMATCH')) return ExitCode.notJoined;
  return error instanceof UsageError || HandoffError.is(error, 'HANDOFF_INVALID_DAG') ? ExitCode.wrongUsage : ExitCode.failed;
}

/**
 * Formats an error for a person: what failed and after how many attempts, then the function's own message and frames, with its causes
 * indented. Lists all failures of a run and all faults of a DAG.
 */
export function errorReport(error: unknown, colors: Colors): string {
  const title = (text: string): string => `${colors.bold(colors.red('handoff:'))} ${terminalLines(text)}\n`;
  if (error instanceof UsageError) return title(error.message) + causeOf(error, '', colors, CAUSES_TOLD);
  if (!HandoffError.is(error) && isSystemError(error)) return title(error.message);
  if (!HandoffError.is(error)) return title('an error outside of any function') + told(error, '  ', colors, CAUSES_TOLD);
  if (error.code === 'HANDOFF_INVALID_DAG') {
    const faults = error.faults ?? [];
    if (faults.length === 0) return title(error.message);
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    return title(`DAG "${error.dagId}" is invalid: ${count}`) + indented(faultLines(faults), '  ');
  }
  const failures = error.failures?.length ? error.failures : [error];
  const heading = failures.length === 1 ? '' : title(`${failures.length} functions failed`);
  return heading + failures.map((failure) => title(sentenceOf(failure)) + causeOf(failure, '  ', colors, CAUSES_TOLD)).join('');
}

/** A function's failure without the message of its cause, which follows. */
function sentenceOf(error: HandoffError): string {
  if (error.code !== 'HANDOFF_FUNCTION_FAILED' || error.functionId === undefined || error.attempts === undefined) {
    const reason = error.code === 'HANDOFF_STORAGE_FAILED' && error.reason !== undefined ? `: ${error.reason}` : '';
    return `${error.message} (${error.code}${reason})`;
  }
  if (error.attempts === 0) return `function "${error.functionId}" failed`;
  return `function "${error.functionId}" failed after ${error.attempts} ${error.attempts === 1 ? 'attempt' : 'attempts'}`;
}

function causeOf(error: Error, indent: string, colors: Colors, left: number): string {
  // A thrown value may also be undefined.
  const isThrown = error instanceof UsageError ? 'cause' in error : HandoffError.is(error, 'HANDOFF_FUNCTION_FAILED');
  return error.cause === undefined && !isThrown ? '' : told(error.cause, indent === '' ? '  ' : indent, colors, left);
}

/** Formats any thrown value. Reading it may throw as well. */
function told(thrown: unknown, indent: string, colors: Colors, left: number): string {
  try {
    return toldOf(thrown, indent, colors, left);
  } catch {
    return `${indent}thrown: something that cannot be shown\n`;
  }
}

function toldOf(thrown: unknown, indent: string, colors: Colors, left: number): string {
  if (left === 0) return `${indent}…\n`;
  if (!isError(thrown)) return indented(terminalLines(`thrown: ${inspect(thrown, { depth: 3 })}\n`), indent);
  const isOurs = HandoffError.is(thrown);
  const lines = [terminalLines(`${isOurs ? thrown.code : thrown.name}: ${thrown.message}`)];
  if (!isOurs)
    lines.push(
      ...ownFrames(thrown.stack).map((frame) => `  ${colors.dim(terminalLine(frame))}`),
      ...fieldsOf(thrown).map((field) => `  ${terminalLines(field)}`),
    );
  let text = indented(`${lines.join('\n')}\n`, indent);
  const inner = [...(thrown.cause === undefined ? [] : [thrown.cause]), ...errorsOf(thrown)];
  for (const cause of inner.slice(0, CAUSES_TOLD)) text += `${indent}  caused by\n${told(cause, `${indent}    `, colors, left - 1)}`;
  if (inner.length > CAUSES_TOLD) text += `${indent}  and ${inner.length - CAUSES_TOLD} more\n`;
  return text + hintOf(thrown, indent);
}

const isError = (value: unknown): value is Error =>
  value instanceof Error ||
  (typeof value === 'object' && value !== null && typeof (value as Error).message === 'string' && 'stack' in value);

const errorsOf = (error: Error): readonly unknown[] => {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) ? errors : [];
};

function fieldsOf(error: Error): string[] {
  return Object.entries(error)
    .filter(([field]) => !TOLD.has(field))
    .map(([field, value]) => `${field}: ${inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY })}`);
}

function hintOf(error: Error, indent: string): string {
  const isOutside = HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND') && error.message.includes('outside root');
  return isOutside ? `${indent}Give the folder that holds the modules: --root <dir>\n` : '';
}

const indented = (text: string, indent: string): string => text.replace(/^(?=.)/gm, indent);
