import { useState } from 'preact/hooks';
import { PageTitle } from '../parts/page-title.js';

/** Asks for the token of a dashboard that is not on loopback. It goes into the storage of the tab, never into an address. */
export function TokenForm({ message, onToken }: { readonly message: string; onToken(token: string): void }) {
  const [text, setText] = useState('');
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== '') onToken(text.trim());
  };
  return (
    <form class="token-form" onSubmit={onSubmit}>
      <PageTitle title="Token" />
      <p role="alert">{message}.</p>
      <p class="quiet">
        It is in the address that was printed when the dashboard was started, behind <code>#</code>, or in the file that was given.
      </p>
      <label>
        Token
        <input type="password" autocomplete="off" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
      </label>
      <button type="submit" class="button button-primary">
        Open the dashboard
      </button>
    </form>
  );
}
