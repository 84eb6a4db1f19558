import { after } from '../browser-clock.js';
import { AnswerError, type PageFault, type PageQuestion } from './data-source.js';

/** The code of the page's own: the server could not be reached. */
export const NO_CONNECTION = 'NO_CONNECTION';
/** The code of the page's own: the server wants a token, or another one. */
export const TOKEN_WANTED = 'TOKEN_WANTED';

/** How long an answer may take, ms: a driver behind another node has 11 s, and answers to a question that is asked often rest for 5 s. */
const ANSWER_MS = 30_000;

/** Whether asking again is in vain: the run is not there, or the question is wrong. Anything else may pass. */
export const isFinalFault = ({ code }: PageFault): boolean =>
  ['HANDOFF_NOT_FOUND', 'HANDOFF_NODE_LOST', 'BAD_REQUEST', 'HTTP_404'].includes(code);

const part = encodeURIComponent;

/** Where a question is answered once. */
export function addressOfAnswer(question: PageQuestion): string {
  if (question.of !== 'run') return `/api/${question.of}`;
  return `/api/run/${part(question.runId)}/view?request=${part(JSON.stringify(question.request))}`;
}

/** Where a question is answered again and again. */
export function addressOfStream(question: PageQuestion): string {
  if (question.of !== 'run') return `/api/stream?of=${question.of}`;
  return `/api/stream?of=${part(`run/${question.runId}`)}&request=${part(JSON.stringify(question.request))}`;
}

/**
 * Sends a request to the server that the page came from, with its token. Returns a response that is in order.
 * @throws AnswerError if the server cannot be reached, or refuses.
 */
export async function requestFrom(path: string, token: string | undefined, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, cache: 'no-store', credentials: 'omit', redirect: 'error' });
  } catch {
    throw new AnswerError({ code: NO_CONNECTION, message: 'The dashboard cannot be reached' });
  }
  if (response.ok) return response;
  throw new AnswerError(await faultOf(response, token !== undefined));
}

/**
 * Sends a request as `requestFrom` does. Returns its answer, once that is whole.
 * @throws AnswerError as `requestFrom` does, and if the answer breaks off, is no JSON, or has not come within 30 s.
 */
export async function answerFrom(path: string, token: string | undefined, init: RequestInit = {}): Promise<unknown> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const cancelTimer = after(ANSWER_MS, abort);
  init.signal?.addEventListener('abort', abort);
  try {
    const response = await requestFrom(path, token, { ...init, signal: controller.signal });
    return await response.json();
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    throw new AnswerError({ code: NO_CONNECTION, message: 'The answer of the dashboard has not come whole' });
  } finally {
    cancelTimer();
    init.signal?.removeEventListener('abort', abort);
  }
}

async function faultOf(response: Response, hadToken: boolean): Promise<PageFault> {
  if (response.status === 401) {
    const message = hadToken ? 'The dashboard has another token' : 'This dashboard needs a token';
    return { code: TOKEN_WANTED, message };
  }
  const text = await response.text().catch(() => '');
  return (
    readFault(text) ?? { code: `HTTP_${response.status}`, message: `The dashboard says ${response.status} ${response.statusText}`.trim() }
  );
}

/** Reads `{ error: { code, message } }`; `undefined` for anything else. */
export function readFault(json: string): PageFault | undefined {
  try {
    const { error } = JSON.parse(json) as { readonly error?: { readonly code?: unknown; readonly message?: unknown } };
    return error && typeof error.message === 'string' ? { code: String(error.code), message: error.message } : undefined;
  } catch {
    return undefined;
  }
}
