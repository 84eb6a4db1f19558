import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';
import { type PageRoute, pagePathOf, pageRouteOf } from './page-route.js';

/** Where a person is: a page, and how it is filtered. Both are in the address, so that it can be shared. */
export interface Place {
  readonly route: PageRoute;
  readonly query: URLSearchParams;
}

/**
 * The address of the page. Pages of a dashboard are paths; those of a report, which is a file, are fragments of its address. Nothing is
 * loaded when another page is shown.
 */
export class Navigation {
  readonly #isReport: boolean;
  readonly #home: PageRoute;
  readonly #listeners = new Set<(place: Place) => void>();
  #place: Place;

  constructor(isReport: boolean, home: PageRoute) {
    this.#isReport = isReport;
    this.#home = home;
    this.#place = this.#read();
    window.addEventListener(isReport ? 'hashchange' : 'popstate', () => this.#moved());
  }

  get place(): Place {
    return this.#place;
  }

  /** The address of a page, for a link. */
  hrefOf(route: PageRoute, query?: Readonly<Record<string, string>>): string {
    const search = query ? `?${new URLSearchParams(query)}` : '';
    return `${this.#isReport ? '#' : ''}${pagePathOf(route)}${search}`;
  }

  /** Shows another page. */
  go(href: string): void {
    if (this.#isReport) location.hash = href;
    else {
      history.pushState(null, '', href);
      this.#moved();
    }
  }

  /** Changes how this page is filtered: an empty value is left out. It replaces the entry of the history: each letter would be one. */
  setQuery(name: string, value: string): void {
    const query = new URLSearchParams(this.#place.query);
    if (value === '') query.delete(name);
    else query.set(name, value);
    const search = query.size > 0 ? `?${query}` : '';
    history.replaceState(history.state, '', `${this.#isReport ? '#' : ''}${pagePathOf(this.#place.route)}${search}`);
    this.#moved();
  }

  onMove(listener: (place: Place) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #moved(): void {
    this.#place = this.#read();
    for (const listener of this.#listeners) listener(this.#place);
  }

  #read(): Place {
    if (!this.#isReport) return { route: pageRouteOf(location.pathname), query: new URLSearchParams(location.search) };
    const [path, search] = location.hash.slice(1).split('?') as [string, string?];
    return { route: path === '' ? this.#home : pageRouteOf(path), query: new URLSearchParams(search ?? '') };
  }
}

/** The navigation of the page. */
export const NavigationContext = createContext<Navigation>(undefined as unknown as Navigation);

/** The navigation of the page. */
export const useNavigation = (): Navigation => useContext(NavigationContext);

/** Where the person is. */
export function usePlace(): Place {
  const navigation = useNavigation();
  const [place, setPlace] = useState(navigation.place);
  useEffect(() => {
    setPlace(navigation.place);
    return navigation.onMove(setPlace);
  }, [navigation]);
  return place;
}

/** One filter of this page, kept in its address. */
export function useFilter(name: string): readonly [value: string, set: (value: string) => void] {
  const navigation = useNavigation();
  const { query } = usePlace();
  const set = useCallback((value: string) => navigation.setQuery(name, value), [navigation, name]);
  return [query.get(name) ?? '', set];
}
