import { useConnection } from '../data/use-answers.js';

const TEXTS = { connecting: 'connecting', open: 'live', lost: 'connection lost', refused: 'token wanted', embedded: 'report' } as const;

/** How the page is connected, in the bar above it. A screen reader says when that changes, but not each second that passes. */
export function ConnectionSign() {
  const { state } = useConnection();
  if (state === 'embedded') return null;
  return (
    <span class={`connection connection-${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      <span class="connection-text">{TEXTS[state]}</span>
    </span>
  );
}
