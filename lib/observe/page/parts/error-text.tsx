import type { ObservedError } from '../../../runner/index.js';

/** An error with its causes, the nearest first. Stacks are folded: the message is what most people want. */
export const ErrorText = ({ error, isOpen = false }: { readonly error: ObservedError; readonly isOpen?: boolean }) => (
  <div class="error">
    <p class="error-message">
      <strong>{error.name}</strong> {error.code && <code class="error-code">{error.code}</code>}{' '}
      <span class="error-words">{error.message}</span>
    </p>
    {error.stack && (
      <details open={isOpen}>
        <summary>Stack</summary>
        <pre>{error.stack}</pre>
      </details>
    )}
    {error.cause && (
      <div class="error-cause">
        <p class="quiet">caused by</p>
        <ErrorText error={error.cause} />
      </div>
    )}
  </div>
);
