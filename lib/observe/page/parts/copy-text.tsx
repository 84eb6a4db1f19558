import { useState } from 'preact/hooks';
import { after } from '../browser-clock.js';

/** A text that a click copies, such as an id that is wanted on a command line. */
export function CopyText({ text, what, shown = text }: { readonly text: string; readonly what: string; readonly shown?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const onClick = (): void => {
    navigator.clipboard?.writeText(text).then(
      () => {
        setIsCopied(true);
        after(1_500, () => setIsCopied(false));
      },
      () => undefined,
    );
  };
  return (
    <button type="button" class="copy mono" onClick={onClick} title={text} aria-label={`Copy ${what} ${text}`}>
      {shown}
      <svg class="copy-sign" viewBox="0 0 16 16" aria-hidden="true">
        <title>copy</title>
        {isCopied ? <path d="M3 8.5l3.2 3.2L13 4.8" /> : <path d="M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2" />}
      </svg>
      <span class="hidden" role="status">
        {isCopied ? 'copied' : ''}
      </span>
    </button>
  );
}
