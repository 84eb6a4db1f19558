import { useEffect, useState } from 'preact/hooks';
import { GROUP_COLOURS, LOST_COLOUR, STATE_LOOKS, THEME_NAMES, THEME_TOKENS, type ThemeName } from './tokens.js';

/** What a person chose: a theme, or the system's. */
export type ThemeChoice = ThemeName | 'system';

const KEY = 'handoff-theme';
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<(theme: ThemeName) => void>();

/** The choice of this browser. Storage may be forbidden: then each page begins with the system's theme. */
export function themeChoice(): ThemeChoice {
  try {
    const kept = localStorage.getItem(KEY);
    return THEME_NAMES.find((name) => name === kept) ?? 'system';
  } catch {
    return 'system';
  }
}

let choice = themeChoice();
const chosenTheme = (): ThemeName => (choice === 'system' ? (prefersDark.matches ? 'dark' : 'light') : choice);

/** Sets the custom properties of the theme: `--ink`, `--state-running`, `--group-0`, and so on. */
function applyTheme(): void {
  const theme = chosenTheme();
  const root = document.documentElement;
  root.dataset.theme = theme;
  root.style.colorScheme = theme;
  for (const [name, colour] of Object.entries(THEME_TOKENS[theme])) root.style.setProperty(`--${name}`, colour);
  for (const [state, look] of Object.entries(STATE_LOOKS)) {
    root.style.setProperty(`--state-${state}`, look[theme]);
    root.style.setProperty(`--on-${state}`, theme === 'light' ? look.onLight : look.onDark);
  }
  root.style.setProperty('--lost', LOST_COLOUR[theme]);
  for (const [at, colour] of GROUP_COLOURS[theme].entries()) root.style.setProperty(`--group-${at}`, colour);
  for (const listener of listeners) listener(theme);
}

/** Begins to follow the system's theme and the choice. Called before anything is drawn, so that no page flashes in another theme. */
export function startTheme(): void {
  prefersDark.addEventListener('change', applyTheme);
  applyTheme();
}

/** Keeps a choice, and applies it. */
export function chooseTheme(chosen: ThemeChoice): void {
  choice = chosen;
  try {
    if (chosen === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // Storage is forbidden: the choice holds until the page is closed.
  }
  applyTheme();
}

/** The theme in use: for what is drawn on a canvas, which custom properties do not reach. */
export function useTheme(): ThemeName {
  const [theme, setTheme] = useState(chosenTheme);
  useEffect(() => {
    listeners.add(setTheme);
    setTheme(chosenTheme());
    return () => {
      listeners.delete(setTheme);
    };
  }, []);
  return theme;
}
