const KEY = 'handoff-token';
const CHANNEL = 'handoff-token';

/** The token of a fragment: `#token=…`, or a bare one. A fragment that is a place within a report is none. */
export function tokenOf(fragment: string): string | undefined {
  const text = fragment.replace(/^#/, '');
  const given = /^token=(.*)$/.exec(text)?.[1] ?? (/^[\w.~+-]{16,}$/.test(text) ? text : undefined);
  try {
    return given === undefined ? undefined : decodeURIComponent(given) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The token of this tab. It comes in the fragment of the address, which no request carries; it is taken out of the address at once and
 * kept for the tab alone. A tab without a token, or with one that was refused, asks the open tabs of the same origin, and takes the next
 * one that a person gives to any of them.
 */
export class TokenStore {
  #token: string | undefined;
  #isRefused = false;
  readonly #changed = new Set<() => void>();
  readonly #channel: BroadcastChannel | undefined;

  constructor() {
    this.#channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL);
    this.#token = this.#kept();
    this.#takeFromAddress();
    window.addEventListener('hashchange', () => this.#takeFromAddress());
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const hasToken = this.#token !== undefined && !this.#isRefused;
      if (data === 'wanted' && hasToken) this.#tellOthers();
      const token = (data as { readonly token?: unknown } | null)?.token;
      if (typeof token === 'string' && !hasToken && token !== this.#token) this.#keep(token);
    });
    if (this.#token === undefined) this.#channel?.postMessage('wanted');
  }

  /** The token; `undefined` if there is none. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Keeps a token that a person has given to this tab. */
  use(token: string): void {
    this.#keep(token);
    this.#tellOthers();
  }

  /** The server has refused a token, or wants one. */
  refused(token: string | undefined): void {
    if (token !== this.#token || this.#isRefused) return;
    this.#isRefused = true;
    this.#channel?.postMessage('wanted');
  }

  /** Calls `changed` whenever there is another token. Returns what ends this. */
  onChange(changed: () => void): () => void {
    this.#changed.add(changed);
    return () => {
      this.#changed.delete(changed);
    };
  }

  #tellOthers(): void {
    this.#channel?.postMessage({ token: this.#token });
  }

  #keep(token: string): void {
    this.#token = token;
    this.#isRefused = false;
    try {
      sessionStorage.setItem(KEY, token);
    } catch {
      // Storage is forbidden: the token holds until the page is loaded anew.
    }
    for (const changed of [...this.#changed]) changed();
  }

  #takeFromAddress(): void {
    const token = tokenOf(location.hash);
    if (token === undefined) return;
    history.replaceState(history.state, '', location.pathname + location.search);
    this.use(token);
  }

  #kept(): string | undefined {
    try {
      return sessionStorage.getItem(KEY) ?? undefined;
    } catch {
      return undefined;
    }
  }
}
