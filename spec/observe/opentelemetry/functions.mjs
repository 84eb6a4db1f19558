import { trace } from '@opentelemetry/api';

/** Does `body` in a span of the user's own. */
const spanned = (name, body) =>
  trace.getTracer('user').startActiveSpan(name, async (span) => {
    try {
      return await body();
    } finally {
      span.end();
    }
  });

export const numbers = () => spanned('own span of numbers', async () => [1, 2, 3]);
export const plusOne = (n) => spanned(`own span of ${n}`, async () => n + 1);
export const sum = (list) => spanned('own span of sum', async () => list.reduce((a, b) => a + b, 0));

let tries = 0;
export const flaky = () => {
  tries += 1;
  if (tries === 1) throw new RangeError('not the first time');
  return tries;
};

export const failing = () => {
  throw new RangeError('never');
};

export const endless = () => new Promise(() => {});

/** On a node's own loop the span of the attempt itself is at hand. */
export const marked = () => {
  trace.getActiveSpan()?.setAttribute('user.mark', 'made');
  return 'marked';
};
