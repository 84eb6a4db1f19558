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
 * kept for the tab alone. A further tab of the same origin asks the open ones.
 */
export class TokenStore {
  #token: string | undefined;
  readonly #changed = new Set<() => void>();
  readonly #channel: BroadcastChannel | undefined;

  constructor() {
    this.#token = this.#kept();
    this.#takeFromAddress();
    window.addEventListener('hashchange', () => this.#takeFromAddress());
    this.#channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL);
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data === 'wanted' && this.#token !== undefined) this.#channel?.postMessage({ token: this.#token });
      const token = (data as { readonly token?: unknown } | null)?.token;
      if (typeof token === 'string' && this.#token === undefined) this.use(token);
    });
    if (this.#token === undefined) this.#channel?.postMessage('wanted');
  }

  /** The token; `undefined` if there is none. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Keeps a token for this tab. */
  use(token: string): void {
    this.#token = token;
    try {
      sessionStorage.setItem(KEY, token);
    } catch {
      // Storage is forbidden: the token holds until the page is loaded anew.
    }
    for (const changed of [...this.#changed]) changed();
  }

  /** Calls `changed` whenever there is another token. Returns what ends this. */
  onChange(changed: () => void): () => void {
    this.#changed.add(changed);
    return () => {
      this.#changed.delete(changed);
    };
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
